"""Official files come through a local mirror: taken when right, refused when changed, replaced by a build."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest
from pulumi.automation import PulumiCommand

from rehearsal.toolchain import install_pulumi
from rehearsal.toolchain.install import Setup
from rehearsal.toolchain.paths import platform_name
from rehearsal.toolchain.reach import Reach
from rehearsal.toolchain.tools import find_tool, read_selection
from rehearsal.toolchain.versions import NEEDED, TOOLS
from tests.rehearsal.toolchain.fakes import write_tool

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.toolchain.paths import Paths
    from tests.rehearsal.toolchain.fakes import FakeGo, Mirror

_SYSTEM, _ARCH = platform_name()
_ETCD = f"etcd-v3.6.5-{_SYSTEM}-{_ARCH}"
_REGISTRY = f"/gh/distribution/distribution/releases/download/v3.1.2/registry_3.1.2_{_SYSTEM}_{_ARCH}.tar.gz"
_KUBECTL = f"/k8s/release/v1.34.4/bin/{_SYSTEM}/{_ARCH}/kubectl"

pytestmark = pytest.mark.skipif(_SYSTEM != "linux", reason="the projects publish server programs for Linux only")


def _script(version: str) -> bytes:
    return f"#!/bin/sh\necho v{version}\n".encode()


def _archive(name: str = f"{_ETCD}/etcd", version: str = "3.6.5") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(_script(version))
        archive.addfile(member, io.BytesIO(_script(version)))
    return packed.getvalue()


@pytest.fixture
def full_mirror(mirror: Mirror, go: FakeGo) -> Mirror:
    """All files but the engine's, which is on PATH with its host."""
    write_tool(go.folder, "pulumi", "3.250.0")
    write_tool(go.folder, "pulumi-language-python", "3.250.0")
    for tool in TOOLS["kubectl"][0].tools:
        mirror.add_with_checksum(_KUBECTL.replace("kubectl", tool.name), _script("1.34.4"))
    base = "/gh/etcd-io/etcd/releases/download/v3.6.5"
    mirror.files[f"{base}/{_ETCD}.tar.gz"] = _archive()
    listing = f"{hashlib.sha256(_archive()).hexdigest()}  {_ETCD}.tar.gz\n"
    mirror.files[f"{base}/SHA256SUMS"] = listing.encode()
    file = f"kwok-{_SYSTEM}-{_ARCH}"
    mirror.files[f"/gh/kubernetes-sigs/kwok/releases/download/v0.8.0/{file}"] = _script("0.8.0")
    assets = [{"name": file, "digest": f"sha256:{hashlib.sha256(_script('0.8.0')).hexdigest()}"}]
    mirror.files["/api/repos/kubernetes-sigs/kwok/releases/tags/v0.8.0"] = json.dumps({"assets": assets}).encode()
    mirror.add_probes(pulumi=False)
    return mirror


def _setup(paths: Paths, mirror: Mirror, extra: tuple[str, ...] = ()) -> str:
    stream = io.StringIO()
    Setup(paths=paths, reach=Reach(mirror.sources), stream=stream, extra=extra).run()
    return stream.getvalue()


def test_everything_is_downloaded_and_nothing_built(paths: Paths, go: FakeGo, full_mirror: Mirror) -> None:
    (go.folder / "go").unlink()  # a machine without Go is fine with the network
    said = _setup(paths, full_mirror)
    assert "[3/3] kubernetes 1.34.4: official download" in said
    origins = {name: fields["origin"] for name, fields in read_selection(paths).items()}
    assert origins.pop("pulumi") == "PATH"
    assert set(origins.values()) == {"official"}
    assert all(find_tool(name, paths).read_bytes().startswith(b"#!/bin/sh") for name in NEEDED)
    asked = len(full_mirror.asked)
    _setup(paths, full_mirror)
    assert [line for line in full_mirror.asked[asked:] if line.startswith("GET")] == []


def test_a_changed_file_is_refused_and_built_instead(paths: Paths, go: FakeGo, full_mirror: Mirror) -> None:
    full_mirror.files[_KUBECTL] = _script("1.34.4") + b"# and more\n"
    said = _setup(paths, full_mirror)
    assert "kubectl has SHA-256" in said
    assert "the file was refused" in said
    assert go.builds == ["kubernetes"]
    assert read_selection(paths)["kubectl"]["origin"] == "built"
    assert b"and more" not in find_tool("kubectl", paths).read_bytes()


def test_the_registry_is_downloaded_where_it_is_asked_for(paths: Paths, go: FakeGo, full_mirror: Mirror) -> None:
    full_mirror.add_with_checksum(_REGISTRY, _archive("registry", "3.1.2"))
    _setup(paths, full_mirror, extra=("registry",))
    assert go.builds == []
    assert find_tool("registry", paths).read_bytes() == _script("3.1.2")


def test_a_changed_registry_is_refused_and_built_instead(paths: Paths, go: FakeGo, full_mirror: Mirror) -> None:
    full_mirror.add_with_checksum(_REGISTRY, _archive("registry", "3.1.2"))
    full_mirror.files[_REGISTRY] = _archive("registry", "3.1.2")[:-1]
    assert "the file was refused" in _setup(paths, full_mirror, extra=("registry",))
    assert go.builds == ["registry"]


def test_an_honest_file_of_another_version_is_not_used(paths: Paths, go: FakeGo, full_mirror: Mirror) -> None:
    full_mirror.add_with_checksum(_KUBECTL, _script("1.30.0"))
    assert "kubectl (official) says 1.30.0 instead of 1.34.4" in _setup(paths, full_mirror)
    assert go.builds == ["kubernetes"]


def test_a_server_that_does_not_answer_means_a_build_of_its_part_only(
    paths: Paths, go: FakeGo, full_mirror: Mirror
) -> None:
    del full_mirror.files["/k8s/release/stable.txt"]
    said = _setup(paths, full_mirror)
    assert "kubernetes: will be built from pinned Go modules" in said
    assert "/k8s: HTTP 404" in said
    assert go.builds == ["kubernetes"]


def test_the_installer_program_asks_the_automation_api(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, object] = {}

    class _Command:
        command, version = "root/bin/pulumi", "3.250.0"

    def install(**options: object) -> _Command:
        asked.update(options)
        return _Command()

    monkeypatch.setattr(PulumiCommand, "install", install)
    install_pulumi.main(str(tmp_path), "3.250.0")
    assert (asked["root"], str(asked["version"])) == (str(tmp_path), "3.250.0")
    assert "installed 3.250.0" in capsys.readouterr().out
