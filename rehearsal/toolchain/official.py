"""Installs a group from the files its project publishes."""

from __future__ import annotations

import os
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.toolchain.download import fetch, listed_checksum, release_checksum, sidecar_checksum
from rehearsal.toolchain.errors import DownloadError
from rehearsal.toolchain.paths import platform_name
from rehearsal.toolchain.run import log_tail, run_logged

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearsal.toolchain.paths import Paths
    from rehearsal.toolchain.reach import Sources
    from rehearsal.toolchain.versions import Group


@dataclass(frozen=True, kw_only=True)
class Official:
    """The official way for each group.

    Attributes:
        sources: Base addresses.
        paths: Where logs go.
        tick: Called with a short text while bytes arrive.
    """

    sources: Sources
    paths: Paths
    tick: Callable[[str], None]

    def servers(self, group: Group) -> tuple[str, ...]:
        """The servers a group needs."""
        return {
            "pulumi": (self.sources.pulumi,),
            "kubernetes": (self.sources.kubernetes,),
            "etcd": (self.sources.github,),
            "kwok": (self.sources.github, self.sources.github_api),
            "registry": (self.sources.github,),
        }[group.name]

    def unsupported(self, group: Group) -> str:
        """Why the project publishes nothing usable for this platform; empty when it does."""
        system, _ = platform_name()
        if group.name == "pulumi" or system == "linux":
            return ""
        return f"no official {group.name} server programs for {system}"  # dl.k8s.io has kube-apiserver for Linux only

    def install(self, group: Group, tools: tuple[str, ...], staging: Path) -> dict[str, str]:
        """Puts each tool at `staging/<tool>/bin/<tool>` and returns the address of each.

        Raises:
            DownloadError: A file is missing, cut short or not the published one.
        """
        if group.name == "pulumi":
            return {"pulumi": self._pulumi(group, staging / "pulumi")}
        return {tool: self._file(group, tool, staging) for tool in tools}

    def _file(self, group: Group, tool: str, staging: Path) -> str:
        target = staging / tool / "bin" / tool
        target.parent.mkdir(parents=True)
        if group.name == "etcd":
            return self._etcd(group, target)
        if group.name == "registry":
            return self._registry(group, target)
        system, arch = platform_name()
        if group.name == "kubernetes":
            address = f"{self.sources.kubernetes}/release/v{group.version}/bin/{system}/{arch}/{tool}"
            checksum = sidecar_checksum(address)
        else:
            name, repository = f"{tool}-{system}-{arch}", "kubernetes-sigs/kwok"
            address = f"{self.sources.github}/{repository}/releases/download/v{group.version}/{name}"
            release = f"{self.sources.github_api}/repos/{repository}/releases/tags/v{group.version}"
            checksum = release_checksum(release, name)
        fetch(address, target, checksum, self.tick)
        return address

    def _etcd(self, group: Group, target: Path) -> str:
        folder = "-".join(("etcd", f"v{group.version}", *platform_name()))
        base = f"{self.sources.github}/etcd-io/etcd/releases/download/v{group.version}"
        address = f"{base}/{folder}.tar.gz"
        checksum = listed_checksum(f"{base}/SHA256SUMS", archive_name(address))
        self._unpack(address, checksum, f"{folder}/etcd", target)
        return address

    def _registry(self, group: Group, target: Path) -> str:
        """Archive, its `.sha256` and the member's name are what distribution 3.1.2 makes (its `Dockerfile`)."""
        file = "_".join(("registry", group.version, *platform_name()))
        base = f"{self.sources.github}/distribution/distribution/releases/download/v{group.version}"
        address = f"{base}/{file}.tar.gz"
        self._unpack(address, sidecar_checksum(address), "registry", target)
        return address

    def _unpack(self, address: str, checksum: str, member: str, target: Path) -> None:
        archive = target.with_name(archive_name(address))
        fetch(address, archive, checksum, self.tick)
        try:
            with tarfile.open(archive) as packed:
                content = packed.extractfile(member)
                target.write_bytes(content.read() if content else b"")  # an empty file fails the version check
        except (KeyError, tarfile.TarError) as error:
            raise DownloadError(f"{address} does not hold {member}: {error}") from error
        archive.unlink()

    def _pulumi(self, group: Group, root: Path) -> str:
        log = self.paths.logs / "install-pulumi.log"
        command = [sys.executable, "-m", "rehearsal.toolchain.install_pulumi", str(root), group.version]
        code = run_logged(
            command,
            cwd=Path(__file__).resolve().parents[2],
            log=log,
            environment=os.environ,
            tick=lambda: self.tick("official installer"),
        )
        if code or not (root / "bin" / "pulumi").is_file():
            raise DownloadError(f"the Pulumi installer ended with code {code}; log: {log}\n{log_tail(log)}")
        return self.sources.pulumi


def archive_name(address: str) -> str:
    """The last part of an address."""
    return address.rsplit("/", 1)[-1]
