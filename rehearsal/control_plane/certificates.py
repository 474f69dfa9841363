"""Keys and certificates of a cluster: three small authorities and what they sign.

The set follows "PKI certificates and requirements" of the Kubernetes documentation (1.34): one authority for the
cluster, one for etcd, one for the front proxy, so that no certificate of one opens another.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rehearsal.control_plane.layout import write_private

if TYPE_CHECKING:
    from pathlib import Path

SERVICE_ACCOUNT_KEY, SERVICE_ACCOUNT_PUBLIC_KEY = "service-account.key", "service-account.pub"
# First address of the service range, which the Service "kubernetes" takes.
SERVICE_CIDR, _SERVICE_ADDRESS = "10.96.0.0/16", "10.96.0.1"
_ADMINISTRATORS = "system:masters"  # the group that the API server always lets do everything (RBAC documentation)
_VALID_FOR = dt.timedelta(days=3650)
_CLOCK_SLACK = dt.timedelta(hours=1)
_LOOPBACK = ("127.0.0.1", "localhost")
_API_SERVER_NAMES = (
    *_LOOPBACK,
    _SERVICE_ADDRESS,
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    name: str
    authority: str
    common_name: str
    group: str | None = None
    hosts: tuple[str, ...] = ()  # none: a client certificate only


_CERTIFICATES = (
    _Wanted(name="api-server", authority="ca", common_name="kube-apiserver", hosts=_API_SERVER_NAMES),
    _Wanted(name="kubelet-client", authority="ca", common_name="kube-apiserver-kubelet", group=_ADMINISTRATORS),
    _Wanted(name="admin", authority="ca", common_name="slipway-admin", group=_ADMINISTRATORS),
    _Wanted(name="kube-controller-manager", authority="ca", common_name="system:kube-controller-manager"),
    _Wanted(name="kube-scheduler", authority="ca", common_name="system:kube-scheduler"),
    _Wanted(name="kwok", authority="ca", common_name="kwok", group=_ADMINISTRATORS, hosts=_LOOPBACK),
    _Wanted(name="rehearsal-controller", authority="ca", common_name="rehearsal-controller", group=_ADMINISTRATORS),
    _Wanted(name="etcd", authority="etcd-ca", common_name="etcd", hosts=_LOOPBACK),
    _Wanted(name="etcd-client", authority="etcd-ca", common_name="kube-apiserver-etcd-client"),
    _Wanted(name="front-proxy-client", authority="front-proxy-ca", common_name="front-proxy-client"),
)


@dataclass(frozen=True)
class _Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def ensure_certificates(directory: Path) -> None:
    """Make the whole set unless it is there; it appears in one step, so a killed process leaves no half of it."""
    if directory.is_dir():
        return
    new = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    authorities: dict[str, _Authority] = {}
    for name in ("ca", "etcd-ca", "front-proxy-ca"):
        authorities[name] = _make_authority(name)
        _write(new, name, authorities[name].key, authorities[name].certificate)
    for wanted in _CERTIFICATES:
        key = ec.generate_private_key(ec.SECP256R1())
        _write(new, wanted.name, key, _sign(wanted, key, authorities[wanted.authority]))
    _write_service_account_keys(new)
    new.rename(directory)


def _subject(common_name: str, group: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if group is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(attributes)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + _VALID_FOR)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _make_authority(name: str) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(f"slipway-rehearsal-{name}")
    certificate = (
        _builder(subject, subject, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _Authority(key, certificate)


def _sign(wanted: _Wanted, key: ec.EllipticCurvePrivateKey, authority: _Authority) -> x509.Certificate:
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        _builder(_subject(wanted.common_name, wanted.group), authority.certificate.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    if wanted.hosts:
        usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
        names = x509.SubjectAlternativeName([_host(host) for host in wanted.hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False).sign(authority.key, hashes.SHA256())


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(directory: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    write_private(directory / f"{name}.key", _private_text(key))
    write_private(directory / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _write_service_account_keys(directory: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    write_private(directory / SERVICE_ACCOUNT_KEY, _private_text(key))
    write_private(directory / SERVICE_ACCOUNT_PUBLIC_KEY, public)


def _private_text(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
