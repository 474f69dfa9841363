"""Ports, locks, certificates, kubeconfig and the record of a cluster."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
import yaml
from cryptography import x509

from rehearsal.control_plane.certificates import ensure_certificates
from rehearsal.control_plane.errors import ClusterError, ComponentError
from rehearsal.control_plane.kubeconfig import write_kubeconfigs
from rehearsal.control_plane.layout import Layout, Ports, Record, clusters_directory, layout_of
from rehearsal.control_plane.locks import locked
from rehearsal.control_plane.options import ClusterOptions
from rehearsal.control_plane.ports import choose_ports, is_free
from rehearsal.control_plane.start import refuse_taken_ports

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An empty cluster directory."""
    made = Layout(directory=tmp_path / "dev")
    made.make_directories()
    return made


def test_ports_of_other_clusters_are_not_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of clusters that do not run now."""
    monkeypatch.setattr("rehearsal.control_plane.ports._FIRST", 24000)
    monkeypatch.setattr("rehearsal.control_plane.ports._LAST", 24010)
    first = Layout(directory=tmp_path / "first")
    first.make_directories()
    first.write_record(Record(name="first", ports=choose_ports(tmp_path), options=ClusterOptions()))
    record = first.read_record()
    assert record is not None

    second = choose_ports(tmp_path)

    assert not set(second.all()) & set(record.ports.all())
    assert len(set(second.all())) == 4


def test_taken_port_is_refused_with_its_number(layout: Layout) -> None:
    """A stopped cluster whose port somebody took cannot start, and says which port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        record = Record(
            name="dev",
            ports=Ports(api_server=port, etcd_client=port, etcd_peer=port, kwok=port),
            options=ClusterOptions(),
        )

        assert not is_free(port)
        with pytest.raises(ClusterError, match=rf"TCP ports {port}.*used by another program"):
            refuse_taken_ports(layout, record)


def test_lock_waits_and_leaves_nothing(tmp_path: Path) -> None:
    """The second holder is refused after its time, by the number of the first; the file is gone at the end."""
    path = tmp_path / "lock"
    refused = pytest.raises(ClusterError, match=r"pid \d+")
    with locked(path, timeout_seconds=1), refused, locked(path, timeout_seconds=0.1):
        pass

    assert not path.exists()


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """The kernel gives the lock back, and the file that stayed does no harm."""
    path = tmp_path / "lock"
    program = textwrap.dedent(f"""
        import os, pathlib, signal
        from rehearsal.control_plane.locks import locked
        with locked(pathlib.Path({str(path)!r}), timeout_seconds=1):
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    subprocess.run([sys.executable, "-c", program], check=False)
    assert path.exists()

    with locked(path, timeout_seconds=1):
        pass

    assert not path.exists()


def test_certificates_are_made_once_and_are_private(layout: Layout) -> None:
    """A second call changes nothing; a half-made set of a killed process is made anew."""
    (layout.directory / "certificates.new").mkdir()
    ensure_certificates(layout.certificates)
    before = {path.name: path.read_bytes() for path in layout.certificates.iterdir()}

    ensure_certificates(layout.certificates)

    assert {path.name: path.read_bytes() for path in layout.certificates.iterdir()} == before
    assert all(path.stat().st_mode & 0o077 == 0 for path in layout.certificates.iterdir())


def test_authorities_sign_only_their_own(layout: Layout) -> None:
    """No certificate of the cluster opens etcd, and the server's names include the loopback address."""
    ensure_certificates(layout.certificates)

    def load(name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((layout.certificates / f"{name}.crt").read_bytes())

    load("admin").verify_directly_issued_by(load("ca"))
    load("etcd-client").verify_directly_issued_by(load("etcd-ca"))
    with pytest.raises(ValueError, match="Issuer"):
        load("admin").verify_directly_issued_by(load("etcd-ca"))
    names = load("api-server").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "127.0.0.1" in [str(address) for address in names.get_values_for_type(x509.IPAddress)]


def test_kubeconfig_holds_everything_and_is_private(layout: Layout) -> None:
    """The text alone opens the cluster, so only this user may read it."""
    ensure_certificates(layout.certificates)

    write_kubeconfigs(layout, 26443)

    config = yaml.safe_load(layout.kubeconfig_path.read_text())
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:26443"
    assert base64.b64decode(config["users"][0]["user"]["client-key-data"]).startswith(b"-----BEGIN PRIVATE KEY")
    assert config["current-context"] == "slipway-dev"
    assert layout.kubeconfig_path.stat().st_mode & 0o077 == 0


def test_unreadable_record_names_the_fix(layout: Layout) -> None:
    """A damaged record is not a missing cluster."""
    layout.record_path.write_text(json.dumps({"name": "dev"}))

    with pytest.raises(ClusterError, match="delete --name dev"):
        layout.read_record()


def test_home_decides_where_clusters_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SLIPWAY_HOME, else .slipway of the clone."""
    monkeypatch.setenv("SLIPWAY_HOME", str(tmp_path))
    assert layout_of("dev").directory == tmp_path / "clusters" / "dev"

    monkeypatch.delenv("SLIPWAY_HOME")
    assert clusters_directory().parts[-2:] == (".slipway", "clusters")


def test_error_ends_with_the_log(tmp_path: Path) -> None:
    """The last lines are shown, long ones cut, and a missing log is said to be missing."""
    log = tmp_path / "etcd.log"
    log.write_text("\n".join(f"line {number}" for number in range(100)) + "\n" + "x" * 5000)

    shown = str(ComponentError("etcd", "ended", log))

    assert "line 99" in shown
    assert "line 80" not in shown
    assert len(shown) < 1500
    assert "no log" in str(ComponentError("etcd", "ended", tmp_path / "none.log"))
