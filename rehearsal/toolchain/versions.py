"""What is pinned and what counts as suitable, in one table.

Sources of the figures:
- Pins: newest releases that build from public Go modules and work together (`modules/*/go.mod`).
- Kubernetes: the API server, controllers, scheduler and kubectl are kept on one minor
  (https://kubernetes.io/releases/version-skew-policy/, 1.34), since rehearsals compare what that minor serves.
- etcd: Kubernetes names 3.5.10 as the oldest safe one of its line
  (https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/, 1.34); 3.5.0 to 3.5.2 can corrupt data.
- Build seconds: cold builds measured on two cores with Go 1.26.8; build GiB: what they left in the
  Go caches, rounded up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

Version = tuple[int, int, int]
_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One program.

    Attributes:
        name: File name of the program.
        package: Go package that builds it.
        version_args: Arguments that make it print its version on standard output.
        at_least: Oldest version that a rehearsal accepts from PATH.
        below: First version that is too new.
    """

    name: str
    package: str
    version_args: tuple[str, ...]
    at_least: Version
    below: Version

    def suits(self, version: Version) -> bool:
        """Whether a program of this version may be used instead of the pinned one."""
        return self.at_least <= version < self.below

    @property
    def range_text(self) -> str:
        """The accepted versions, for messages."""
        return f">={dotted(self.at_least)} <{dotted(self.below)}"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Programs that come from one source at one version.

    Attributes:
        name: Also the folder under `modules/`.
        version: The pinned version, without a leading v.
        tools: Its programs.
        stamps: Go variables that carry the version (`-X name=value`).
        build_seconds: Cold build on two cores.
        build_gib: Space a cold build takes in the Go caches.
        optional: Made only when it is asked for by name, since no rehearsal needs it.
    """

    name: str
    version: str
    tools: tuple[Tool, ...]
    stamps: tuple[str, ...] = ()
    build_seconds: int
    build_gib: float
    optional: bool = False

    @property
    def made_by(self) -> str:
        """The command that makes its tools available."""
        return f"python -m rehearsal.toolchain setup --with {self.name}" if self.optional else "make setup"

    @property
    def link_flags(self) -> str:
        """The value of `-ldflags`: no debug tables, and the version stamps."""
        return " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in self.stamps)])


def _kubernetes(name: str, *args: str) -> Tool:
    package = f"k8s.io/kubernetes/cmd/{name}"
    return Tool(name=name, package=package, version_args=args, at_least=(1, 34, 0), below=(1, 35, 0))


def _kubernetes_stamps(version: str) -> tuple[str, ...]:
    major, minor, _ = version.split(".")
    values = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "archive"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return tuple(f"{package}.{key}={value}" for package in packages for key, value in values.items())


_PULUMI: Final = "3.250.0"
_KUBERNETES: Final = "1.34.4"
_REGISTRY: Final = "3.1.2"

GROUPS: Final[tuple[Group, ...]] = (
    Group(
        name="pulumi",
        version=_PULUMI,
        tools=(
            Tool(
                name="pulumi",
                package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
                version_args=("version",),
                at_least=(3, 250, 0),
                below=(4, 0, 0),
            ),
        ),
        stamps=(f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{_PULUMI}",),
        build_seconds=280,
        build_gib=3.5,
    ),
    Group(
        name="etcd",
        version="3.6.5",
        tools=(
            Tool(
                name="etcd",
                package="go.etcd.io/etcd/server/v3",
                version_args=("--version",),
                at_least=(3, 5, 10),
                below=(4, 0, 0),
            ),
        ),
        build_seconds=45,
        build_gib=0.5,
    ),
    Group(
        name="kwok",
        version="0.8.0",
        tools=(
            Tool(
                name="kwok",
                package="sigs.k8s.io/kwok/cmd/kwok",
                version_args=("--version",),
                at_least=(0, 7, 0),
                below=(1, 0, 0),
            ),
        ),
        build_seconds=100,
        build_gib=1.5,
    ),
    Group(
        name="kubernetes",
        version=_KUBERNETES,
        tools=(
            _kubernetes("kube-apiserver", "--version"),
            _kubernetes("kube-controller-manager", "--version"),
            _kubernetes("kube-scheduler", "--version"),
            _kubernetes("kubectl", "version", "--client"),
        ),
        stamps=_kubernetes_stamps(_KUBERNETES),
        build_seconds=720,
        build_gib=3.0,
    ),
    Group(
        name="registry",
        version=_REGISTRY,
        tools=(
            Tool(
                name="registry",
                package="github.com/distribution/distribution/v3/cmd/registry",
                version_args=("--version",),
                at_least=(3, 0, 0),
                below=(4, 0, 0),
            ),
        ),
        stamps=(f"github.com/distribution/distribution/v3/version.version=v{_REGISTRY}",),
        build_seconds=90,
        build_gib=2.0,
        optional=True,  # tests of the loaders pull from it
    ),
)

TOOLS: Final[dict[str, tuple[Group, Tool]]] = {tool.name: (group, tool) for group in GROUPS for tool in group.tools}
NEEDED: Final = {name: pair for name, pair in TOOLS.items() if not pair[0].optional}
OPTIONAL: Final = tuple(group.name for group in GROUPS if group.optional)


def parse_version(text: str) -> Version | None:
    """The first x.y.z in a text, or None."""
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def dotted(version: Version) -> str:
    """`(1, 34, 4)` as `1.34.4`."""
    return ".".join(map(str, version))
