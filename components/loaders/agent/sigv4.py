"""AWS Signature Version 4 for reading requests of an object store.

Facts: Amazon S3 API Reference (2006-03-01), "Authenticating Requests: Using the Authorization Header (AWS Signature
Version 4)" and "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk". The path
is signed as it is sent, encoded once and not normalized, which is what sets S3 apart from other services.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

from .awscredentials import AwsCredentials

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_SERVICE: Final = "s3"
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}

NO_BODY: Final = hashlib.sha256(b"").hexdigest()
"""Digest of the body that a GET or HEAD does not have; boto3 sends the same, so every S3-compatible store takes it."""


def encode_key(key: str) -> str:
    """Return an object's key as a URL path: every byte but the unreserved ones and slashes is escaped."""
    return quote(key.encode("utf-8", "surrogateescape"), safe="/-_.~")


def canonical_query(parameters: Iterable[tuple[str, str]]) -> str:
    """Return a query string in the order and encoding that is signed, so that what is sent is what is signed."""
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parameters)
    return "&".join(f"{name}={value}" for name, value in encoded)


def host_header(url: str) -> str:
    """Return the ``Host`` header of a URL: without the port where it is the scheme's own (RFC 9110 section 7.2)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    return name if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f"{name}:{parts.port}"


def signed_headers(
    method: str, url: str, headers: Mapping[str, str], region: str, credentials: AwsCredentials, now: datetime
) -> dict[str, str]:
    """Return the headers a request has to carry: those given, and those that sign them all.

    Args:
        method: GET or HEAD; there is no body.
        url: with path from ``encode_key`` and query from ``canonical_query``.
        headers: what else is sent and signed; no ``Host``.
        region: region the signature is for.
        credentials: whose signature.
        now: time of the signature, with a zone; stores refuse it if it is 15 minutes off.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "Host": host_header(url), "x-amz-content-sha256": NO_BODY, "x-amz-date": stamp}
    if credentials.session_token:
        sent["x-amz-security-token"] = credentials.session_token
    canonical = {name.lower(): " ".join(value.split()) for name, value in sorted(sent.items(), key=_by_lower_name)}
    names = ";".join(canonical)
    parts = urlsplit(url)
    lines = [method, parts.path or "/", parts.query, *(f"{name}:{value}" for name, value in canonical.items())]
    request = "\n".join([*lines, "", names, NO_BODY])
    scope = f"{stamp[:8]}/{region}/{_SERVICE}/aws4_request"
    to_sign = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{credentials.access_key_id}/{scope}"
    sent["Authorization"] = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return sent


def _by_lower_name(header: tuple[str, str]) -> str:
    return header[0].lower()
