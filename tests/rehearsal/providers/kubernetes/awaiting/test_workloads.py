"""When Deployments, StatefulSets, DaemonSets, Jobs and Pods are ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from rehearsal.providers.kubernetes.awaiting import workloads
from rehearsal.providers.kubernetes.awaiting.verdict import Judge, Look, State, Verdict

if TYPE_CHECKING:
    from rehearsal.providers.codec import Tree
    from rehearsal.providers.kubernetes.cluster import Cluster

NO_CLUSTER = cast("Cluster", None)  # these judges look at nothing but the object


def judged(judge: Judge, status: Tree, generation: int = 1, **spec: object) -> Verdict:
    """Judge an object with this status."""
    live: Tree = {"metadata": {"name": "x", "namespace": "n", "generation": generation}, "spec": spec, "status": status}
    return judge(Look(NO_CLUSTER, live, created=True))


def condition(type_: str, status: str, reason: str = "R", message: str = "M") -> Tree:
    """A condition."""
    return {"type": type_, "status": status, "reason": reason, "message": message}


DONE = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (DONE, State.READY),
        ({**DONE, "observedGeneration": 0}, State.WAITING),
        ({**DONE, "updatedReplicas": 1}, State.WAITING),
        ({**DONE, "availableReplicas": 1}, State.WAITING),
        ({**DONE, "replicas": 3}, State.WAITING),
        ({}, State.WAITING),
    ],
)
def test_a_deployment_is_ready_when_only_new_pods_are_left_and_available(status: Tree, state: State) -> None:
    assert judged(workloads.deployment, status, replicas=2).state is state


def test_a_deployment_of_no_pods_is_ready() -> None:
    assert judged(workloads.deployment, {"observedGeneration": 1}, replicas=0).state is State.READY


def test_a_deployment_tells_its_conditions() -> None:
    status = {"conditions": [condition("Available", "False"), condition("ReplicaFailure", "True", "Quota", "too much")]}
    verdict = judged(workloads.deployment, status, replicas=1)

    assert verdict.reasons == ("[R] M", "[Quota] too much", workloads.NO_LIVE_PODS)


SET = {"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2, "currentRevision": "a", "updateRevision": "a"}


@pytest.mark.parametrize(
    ("status", "strategy", "state"),
    [
        (SET, {}, State.READY),
        ({**SET, "readyReplicas": 1}, {}, State.WAITING),
        ({**SET, "updateRevision": "b"}, {}, State.WAITING),
        ({**SET, "updateRevision": "b"}, {"type": "OnDelete"}, State.READY),
        ({**SET, "updateRevision": "b", "updatedReplicas": 1}, {"rollingUpdate": {"partition": 1}}, State.READY),
    ],
)
def test_a_stateful_set_is_ready_in_its_newest_revision(status: Tree, strategy: Tree, state: State) -> None:
    assert judged(workloads.stateful_set, status, replicas=2, updateStrategy=strategy).state is state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}, State.READY),
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1}, State.WAITING),
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 1, "numberAvailable": 2}, State.WAITING),
        ({"desiredNumberScheduled": 0}, State.READY),
    ],
)
def test_a_daemon_set_is_ready_on_every_node(status: Tree, state: State) -> None:
    assert judged(workloads.daemon_set, {"observedGeneration": 1, **status}).state is state


def test_a_job_is_ready_when_complete_and_lost_when_failed() -> None:
    failed = judged(workloads.job, {"conditions": [condition("Failed", "True", "BackoffLimitExceeded", "no")]})

    assert judged(workloads.job, {"conditions": [condition("Complete", "True")]}).state is State.READY
    assert (failed.state, failed.reasons) == (State.FAILED, ("[BackoffLimitExceeded] no",))
    assert "Active: 1" in judged(workloads.job, {"startTime": "t", "active": 1}).progress


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"phase": "Succeeded"}, State.READY),
        ({"phase": "Running", "conditions": [condition("Ready", "True")]}, State.READY),
        ({"phase": "Running", "conditions": [condition("Ready", "False")]}, State.WAITING),
        ({"phase": "Failed", "reason": "Evicted"}, State.FAILED),
    ],
)
def test_a_pod_is_ready_when_it_says_so_or_has_ended_well(status: Tree, state: State) -> None:
    assert judged(workloads.pod, status).state is state
