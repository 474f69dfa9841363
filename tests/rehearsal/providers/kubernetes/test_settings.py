"""The provider's configuration: what it accepts, and when a change means another cluster."""

import json

import pytest

from rehearsal.providers.codec import UNKNOWN, Tree
from rehearsal.providers.kubernetes.settings import compare_settings, find_failures, read_settings

URN = "urn:pulumi:s::p::pulumi:providers:kubernetes::k"


def kubeconfig(server: str, token: str = "t") -> str:  # noqa: S107  # a test's token
    """A kubeconfig of one cluster."""
    return json.dumps(
        {
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {"token": token}}],
            "current-context": "c",
        }
    )


def test_flags_come_as_booleans_words_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    settings = read_settings({"enableConfigMapMutable": "true", "enableSecretMutable": True, "namespace": "n"})

    assert (settings.config_map_mutable, settings.secret_mutable, settings.delete_unreachable) == (True, True, True)
    assert (settings.namespace, settings.patch_force) == ("n", False)


@pytest.mark.parametrize("name", ["renderYamlToDirectory", "upsertExistingObjects"])
def test_what_the_stand_in_cannot_do_is_refused(name: str) -> None:
    assert [property_ for property_, _reason in find_failures({name: "yes"}, URN)] == [name]


def test_strict_mode_asks_for_an_explicit_provider() -> None:
    assert find_failures({"strictMode": "true", "kubeconfig": "x", "context": "y"}, URN) == []
    assert [name for name, _ in find_failures({"strictMode": "true"}, URN.replace("::k", "::default_4_34_2"))] == [
        "",
        "kubeconfig",
        "context",
    ]


A = {"kubeconfig": kubeconfig("https://a")}


@pytest.mark.parametrize(
    ("old", "new", "changed", "replaces"),
    [
        (A, A, [], []),
        (A, {"kubeconfig": kubeconfig("https://a", "other")}, ["kubeconfig"], []),
        (A, {"kubeconfig": kubeconfig("https://b")}, ["kubeconfig"], ["kubeconfig"]),
        (A, {"kubeconfig": UNKNOWN}, ["kubeconfig"], ["kubeconfig"]),
        ({**A, "clusterIdentifier": "x"}, {"kubeconfig": UNKNOWN, "clusterIdentifier": "x"}, ["kubeconfig"], []),
        (
            {**A, "clusterIdentifier": "x"},
            {**A, "clusterIdentifier": "y"},
            ["clusterIdentifier"],
            ["clusterIdentifier"],
        ),
        (A, {**A, "clusterIdentifier": "x"}, ["clusterIdentifier"], []),
    ],
)
def test_only_another_cluster_replaces(old: Tree, new: Tree, changed: list[str], replaces: list[str]) -> None:
    assert compare_settings(old, new) == (changed, replaces)
