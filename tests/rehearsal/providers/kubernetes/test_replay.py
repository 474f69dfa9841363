"""The stand-in answers the recorded questions as the real plugin did, but for the differences that are wanted."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearsal.providers.kubernetes import create
from tests.rehearsal.providers.kubernetes.replay import Key, Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rehearsal.cluster import Cluster
    from rehearsal.providers.codec import Tree
    from rehearsal.providers.kubernetes.cluster import Cluster as Api

    ByHand = Callable[[Api], object]

RECORDINGS = Path(__file__).parents[5] / "shared" / "traces" / "kubernetes"
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not RECORDINGS.is_dir(), reason="the recorded calls of the real plugin are not beside this clone"
    ),
]

STRICT = "an unknown field is an error from the start; the real plugin drops it without a word"
NEVER_MADE = "the stand-in refused to make it for its unknown field"
TIME_LIMIT = "a claim's time limit holds; the real plugin waited on until it was stopped"
# The wanted differences, also told in docs/stand-ins.md.
WANTED: dict[Key, str] = {
    ("04-unknown-field-preview", "Check", "uf"): STRICT,
    ("04-unknown-field-preview", "Create", "uf"): STRICT,
    ("04-unknown-field-up", "Check", "uf"): STRICT,
    ("04-unknown-field-up", "Create", "uf"): STRICT,
    ("05-unknown-field-2-preview", "Check", "uf"): STRICT,
    ("05-unknown-field-2-preview", "Diff", "uf"): NEVER_MADE,
    ("05-unknown-field-2-preview", "Update", "uf"): NEVER_MADE,
    ("05-unknown-field-2-up", "Check", "uf"): STRICT,
    ("05-unknown-field-2-up", "Diff", "uf"): NEVER_MADE,
    ("05-unknown-field-2-up", "Update", "uf"): NEVER_MADE,
    ("10-pvc-pending-up", "Create", "pp"): TIME_LIMIT,
    ("11-skip-await-up", "Delete", "uf"): NEVER_MADE,
}


def thing(kind: str, name: str, namespace: str, api_version: str = "v1", **more: object) -> Tree:
    """A Kubernetes object."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **more}


def scale(api: Api, namespace: str, name: str, replicas: int, manager: str) -> None:
    """Scale a Deployment by its subresource, as somebody else."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"
    body = {"spec": {"replicas": replicas}}
    api.transport.request("PATCH", path, {"fieldManager": manager}, body, "application/merge-patch+json")


def drift(api: Api) -> None:
    """What was done by hand before the refresh. The autoscaler answers to scaling beyond its maximum by 3."""
    namespace = "trace-lifecycle"
    scale(api, namespace, "web", 3, "kube-controller-manager")
    api.delete(thing("Service", "web", namespace), "Background")
    path = f"/api/v1/namespaces/{namespace}/configmaps/cm-named"
    body = {"data": {"v": "drift"}}
    api.transport.request("PATCH", path, {"fieldManager": "kubectl-patch"}, body, "application/merge-patch+json")
    api.delete(thing("NetworkPolicy", "deny", namespace, "networking.k8s.io/v1"), "Background")


def own(api: Api) -> None:
    """What was done by hand after the first update of the ownership scenario."""
    for name in ("own", "conf"):
        scale(api, "trace-ownership", name, 3, "kubectl")
    api.create(thing("ConfigMap", "imp", "trace-ownership", data={"a": "1"}), dry_run=False)


def hold(api: Api) -> None:
    """Keep an object from going away, for a while."""
    held = thing("ConfigMap", "mut", "trace-ownership")

    def finalizers(operation: str, value: list[str]) -> None:
        api.json_patch(held, [{"op": operation, "path": "/metadata/finalizers", "value": value}])

    finalizers("add", ["slipway.test/hold"])
    threading.Timer(2.0, finalizers, ("replace", [])).start()


BY_HAND: dict[str, ByHand] = {
    "lifecycle/08-refresh-drift": drift,
    "failures/02-exists-preview": lambda api: api.create(thing("ConfigMap", "exists", "trace-failures"), dry_run=False),
    "ownership/02-preview-ignored": own,
    "ownership/10-destroy-finalizer": hold,
}


def steps(scenario: str) -> Iterable[Path]:
    """The recorded steps in order."""
    return sorted((RECORDINGS / scenario).glob("*.jsonl"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait as long as a person would for a namespace that never comes."""
    monkeypatch.setattr(create, "RETRY_SECONDS", (0.01, 0.02))


@pytest.mark.parametrize("scenario", ["lifecycle", "failures", "ownership", "unknown"])
def test_answers_are_those_of_the_real_plugin(scenario: str, bare_cluster: Cluster, api: Api) -> None:
    replay = Replay(bare_cluster.kubeconfig)
    nowhere = bare_cluster.kubeconfig.replace(bare_cluster.server, "https://127.0.0.1:1")
    for step in steps(scenario):
        by_hand = BY_HAND.get(f"{scenario}/{step.stem}")
        if by_hand:
            by_hand(api)
        away = scenario == "failures" and step.stem >= "16-unreachable-preview"
        replay.play(step, nowhere if away else "")
    wanted = {key for key in WANTED if (RECORDINGS / scenario / f"{key[0]}.jsonl").exists()}

    assert {key: text for key, text in replay.differences.items() if key not in wanted} == {}
    assert wanted <= replay.differences.keys()
    assert replay.answered > 10
