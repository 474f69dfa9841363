"""The table agrees with the pinned modules and reads what real programs print."""

from __future__ import annotations

import pytest

from rehearsal.toolchain.go import needed_go
from rehearsal.toolchain.paths import Paths
from rehearsal.toolchain.versions import GROUPS, TOOLS, Group, dotted, parse_version


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_the_module_pins_the_version_and_names_the_tools(group: Group) -> None:
    module = (Paths.module(group.name) / "go.mod").read_text()
    for tool in group.tools:
        assert f"\t{tool.package}\n" in module or f"tool {tool.package}\n" in module
        pin = f" v{group.version} // indirect"
        assert any(tool.package.startswith(line.split()[0]) for line in module.splitlines() if line.endswith(pin))


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_a_pinned_version_suits_its_own_tools(group: Group) -> None:
    version = parse_version(group.version)
    assert version
    assert all(tool.suits(version) for tool in group.tools)


def test_the_modules_ask_for_no_newer_go_than_their_sources_do() -> None:
    assert {group.name: dotted(needed_go(group)) for group in GROUPS} == {
        "pulumi": "1.25.11",
        "etcd": "1.24.0",
        "kwok": "1.26.0",
        "kubernetes": "1.24.0",
        "registry": "1.26.0",
    }


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("v3.250.0\n", (3, 250, 0)),
        ("etcd Version: 3.6.5\nGit SHA: Not provided\nGo Version: go1.26.8\n", (3, 6, 5)),
        ("kwok version v0.8.0 go1.26.8 (linux/amd64)", (0, 8, 0)),
        ("Kubernetes v1.34.4\n", (1, 34, 4)),
        ("Client Version: v1.34.4\nKustomize Version: v5.7.1\n", (1, 34, 4)),
        ("/cache/bin/registry github.com/distribution/distribution/v3 v3.1.2\n", (3, 1, 2)),
        ("no version here", None),
    ],
)
def test_the_first_version_in_a_text_is_read(printed: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(printed) == version


@pytest.mark.parametrize(
    ("name", "version", "suits"),
    [
        ("kubectl", (1, 32, 4), False),
        ("kubectl", (1, 34, 0), True),
        ("kube-apiserver", (1, 35, 0), False),
        ("pulumi", (3, 249, 9), False),
        ("pulumi", (3, 272, 0), True),
        ("etcd", (3, 5, 1), False),
        ("etcd", (3, 5, 10), True),
        ("kwok", (0, 6, 9), False),
        ("registry", (2, 8, 3), False),
    ],
)
def test_only_versions_in_range_are_taken_from_path(name: str, version: tuple[int, int, int], *, suits: bool) -> None:
    assert TOOLS[name][1].suits(version) is suits


def test_kubernetes_is_stamped_with_its_whole_version() -> None:
    flags = TOOLS["kubectl"][0].link_flags
    assert "-X k8s.io/component-base/version.gitVersion=v1.34.4" in flags
    assert "-X k8s.io/component-base/version.gitMajor=1" in flags
    assert "-X k8s.io/component-base/version.gitMinor=34" in flags
