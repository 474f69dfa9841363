"""Which official download servers answer, found out once and fast."""

from __future__ import annotations

import os
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rehearsal.toolchain.versions import TOOLS

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT_SECONDS: Final = 3.0


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Base addresses of the official files.

    Sources: the Pulumi installer https://get.pulumi.com; https://kubernetes.io/releases/download/ (dl.k8s.io); the
    release pages of etcd-io/etcd, kubernetes-sigs/kwok and distribution/distribution on GitHub, whose API carries a
    SHA-256 digest per file.
    """

    pulumi: str = "https://get.pulumi.com"
    kubernetes: str = "https://dl.k8s.io"
    github: str = "https://github.com"
    github_api: str = "https://api.github.com"

    def probes(self) -> dict[str, str]:
        """One small address per server; redirects are followed, so the server behind it must answer too."""
        etcd = TOOLS["etcd"][0].version
        return {
            self.pulumi: f"{self.pulumi}/install.sh",
            self.kubernetes: f"{self.kubernetes}/release/stable.txt",
            self.github: f"{self.github}/etcd-io/etcd/releases/download/v{etcd}/SHA256SUMS",
            self.github_api: f"{self.github_api}/repos/kubernetes-sigs/kwok",
        }


@dataclass
class Reach:
    """Answers whether a server is reachable; asks all of them at the first question and never again.

    Attributes:
        sources: The servers.
        offline: Why nothing may be asked at all; empty when asking is fine.
        limit_seconds: Longest wait for all answers together.
    """

    sources: Sources = field(default_factory=Sources)
    offline: str = ""
    limit_seconds: float = LIMIT_SECONDS
    _problems: dict[str, str] | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Reach:
        """Takes `SLIPWAY_OFFLINE=1` as: ask nobody, use what this machine and the Go module proxy have."""
        env = os.environ if environment is None else environment
        return cls(offline="SLIPWAY_OFFLINE is set" if env.get("SLIPWAY_OFFLINE", "") not in {"", "0"} else "")

    def problem(self, *servers: str) -> str:
        """Why one of these servers cannot be used; empty when all answer."""
        if self.offline:
            return self.offline
        if self._problems is None:
            self._problems = _ask(self.sources.probes(), self.limit_seconds)
        answers: dict[str, list[str]] = {}
        for server in servers:
            if self._problems[server]:
                answers.setdefault(self._problems[server], []).append(server)
        return "; ".join(f"{', '.join(names)}: {answer}" for answer, names in answers.items())


def _ask(probes: Mapping[str, str], limit_seconds: float) -> dict[str, str]:
    answers = dict.fromkeys(probes, f"no answer in {limit_seconds:g} s")

    def ask(server: str, address: str) -> None:
        answers[server] = _head(address, limit_seconds)

    # Daemon threads: a name lookup cannot be given a limit, so a hanging one is left behind.
    threads = [threading.Thread(target=ask, args=probe, daemon=True) for probe in probes.items()]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + limit_seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return answers.copy()


def _head(address: str, limit_seconds: float) -> str:
    request = urllib.request.Request(address, method="HEAD")  # noqa: S310 - addresses come from Sources only
    try:
        with urllib.request.urlopen(request, timeout=limit_seconds):  # noqa: S310 - as above
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return f"HTTP {error.code}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
