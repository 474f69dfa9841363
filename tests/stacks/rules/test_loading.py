"""Every transport's wrong stacks give one problem each, at the key to change; the right ones beside them give none."""

from typing import Any

import pytest

from stacks.spec.stack import StackSpec
from tests.stacks.rules.loading_stacks import IMAGE, ONE_NODE, SHARED, TAGGED, UNTAGGED, model, on, problems, stack

SIDECAR, SYNC, PRELOAD = {"type": "sidecar"}, {"type": "sync"}, {"type": "preload"}
CACHE, MOUNT = {"type": "nodeCache"}, {"type": "image"}
BY_REQUEST = {"type": "http", "path": "/reload"}
BY_ITSELF = {"type": "self"}
VLLM = {"type": "vllm"}
CACHED = "each cpu node keeps what is cached there, and two versions of a model that changes"
TWO = {"scaling": {"min": 2}}


def big(size_gib: float) -> dict[str, Any]:
    return {**TAGGED, "sizeGib": size_gib}


WRONG: dict[str, tuple[StackSpec, str, str]] = {
    "preload without storage": (stack(model(PRELOAD)), "loader.type", "there is no slipway:storage.models"),
    "sync without storage": (stack(model(SYNC, reload=BY_ITSELF)), "loader.type", "there is no slipway:storage.models"),
    "init into no storage": (
        stack(model({"type": "init", "into": "storage"})),
        "loader.into",
        "there is no slipway:storage.models",
    ),
    "two pods, one node's volume": (
        stack(model({"type": "init", "into": "storage"}, **TWO), storage=ONE_NODE),
        "loader.into",
        "up to 2 pods on several nodes cannot mount one ReadWriteOnce volume",
    ),
    "a Job beside the pod, one node's volume": (
        stack(model(PRELOAD), storage=ONE_NODE),
        "loader.type",
        "up to 1 pod and 1 that loads the model on several nodes cannot mount one ReadWriteOnce volume",
    ),
    "a model larger than the storage": (
        stack(model(PRELOAD, source=big(501)), storage=SHARED),
        "source.sizeGib",
        "storage.models has 500 GiB",
    ),
    "no room for what a tag brings next": (
        stack(model(SYNC, source=big(200), reload=BY_ITSELF), storage=SHARED),
        "source.sizeGib",
        "storage.models has 500 GiB, and 3 versions lie there together",
    ),
    "a node without room for what a tag brings next": (
        stack(model(SIDECAR, source=big(70), reload=BY_REQUEST)),
        "source.sizeGib",
        "3 versions with room for unpacking need 234 GiB; a cpu node has 200 GiB of disk",
    ),
    "a cache larger than a node's disk": (
        stack(model(CACHE, source=big(100))),
        "source.sizeGib",
        f"{CACHED}: 223 GiB, and it has 200 GiB of disk",
    ),
    "an image larger than a node's disk": (
        stack(model(MOUNT, source={**IMAGE, "sizeGib": 120}), cluster=on("1.35")),
        "source.sizeGib",
        "with room for unpacking they need 240 GiB; a cpu node has 200 GiB of disk",
    ),
    "a cache where no node is": (
        stack(model(CACHE), serverless=True),
        "loader.type",
        "pool cpu has no nodes of its own: no DaemonSet runs there, and no directory of a node exists",
    ),
    "an artifact as a volume": (
        stack(model(MOUNT), cluster=on("1.35")),
        "loader.type",
        "the kubelet mounts images only, and the source is of type modelkit",
    ),
    "an image for the agent": (
        stack(model(PRELOAD, source=IMAGE), storage=SHARED),
        "loader.type",
        "a source of type image is mounted by the kubelet, no loader agent reads it",
    ),
    "an image, the gate is off": (
        stack(model(None, source=IMAGE), cluster=on("1.34")),
        "source.type",
        "Kubernetes 1.34 mounts no images unless its feature gate ImageVolume is on; 1.35 does by itself",
    ),
    "an image, there is no gate yet": (
        stack(model(None, source=IMAGE), cluster=on("1.30", imageVolumes=True)),
        "source.type",
        "Kubernetes 1.30 mounts no images unless its feature gate ImageVolume is on; 1.35 does by itself",
    ),
    "a sidecar before there were any": (
        stack(model(SIDECAR, reload=BY_REQUEST), cluster=on("1.28")),
        "loader.type",
        "Kubernetes 1.28 would take it for an init container that never ends; it needs 1.29",
    ),
    "vllm changes no weights": (
        stack(model(SIDECAR, runtime=VLLM), accelerator="nvidia-l20"),
        "loader.type",
        "vLLM cannot change the weights of a running server, so a new version needs new pods",
    ),
    "a server that would not notice": (
        stack(model(SIDECAR)),
        "runtime.reload",
        "required for loaders that change the version in place: nothing says how the server takes it",
    ),
    "nobody tells the server": (
        stack(model(SYNC, reload=BY_REQUEST), storage=SHARED),
        "runtime.reload.type",
        "loader sync changes the shared storage, and nobody in the pod tells the server",
    ),
    "files go under a server that reads them": (
        stack(model({**SIDECAR, "keepPrevious": 0}, reload=BY_ITSELF)),
        "loader.keepPrevious",
        "nobody knows when a server that follows the link itself has left the previous version",
    ),
    "nothing to follow": (
        stack(model(SIDECAR, source=UNTAGGED, reload=BY_REQUEST)),
        "source.reference",
        "it names no tag, so a loader that follows one has nothing to follow",
    ),
    "nothing to follow on storage": (
        stack(model(SYNC, source=UNTAGGED, reload=BY_ITSELF), storage=SHARED),
        "source.reference",
        "it names no tag, so a loader that follows one has nothing to follow",
    ),
    "a time that never comes": (
        stack(model({**SYNC, "schedule": "0 0 31 2 *"}, reload=BY_ITSELF), storage=SHARED),
        "loader.schedule",
        "no month has such a day, so it would never run",
    ),
}

RIGHT: dict[str, StackSpec] = {
    "one pod, one node's volume": stack(model({"type": "init", "into": "storage"}), storage=ONE_NODE),
    "two pods on one node": stack(model({"type": "init", "into": "storage"}, **TWO), storage=ONE_NODE, min=1, max=1),
    "a Job beside the pod on one node": stack(model(PRELOAD), storage=ONE_NODE, min=1, max=1),
    "storage just large enough": stack(model(PRELOAD, source=big(500)), storage=SHARED),
    "sidecar, request": stack(model(SIDECAR, reload=BY_REQUEST), cluster=on("1.29")),
    "sidecar, signal": stack(model(SIDECAR, reload={"type": "signal", "process": "web"})),
    "sidecar, by itself": stack(model(SIDECAR, reload=BY_ITSELF)),
    "sync": stack(model(SYNC, reload=BY_ITSELF), storage=SHARED),
    "cache": stack(model(CACHE)),
    "image by version": stack(model(MOUNT, source=IMAGE), cluster=on("1.35")),
    "image by gate": stack(model(MOUNT, source=IMAGE), cluster=on("1.31", imageVolumes=True)),
    "image in a rehearsal": stack(model(MOUNT, source=IMAGE), cluster={"type": "rehearsal", "imageVolumes": True}),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_stack_has_this_one_problem(case: str) -> None:
    spec, where, rule = WRONG[case]

    (problem,) = problems(spec)
    assert (problem.path, problem.rule) == (f"slipway:models[0].{where}", rule)
    assert problem.fix


@pytest.mark.parametrize("case", RIGHT)
def test_a_right_stack_has_none(case: str) -> None:
    assert problems(RIGHT[case]) == []


def test_a_runtime_that_mounts_no_images_may_say_so() -> None:
    spec = stack(model(None, source=IMAGE), cluster=on("1.35", imageVolumes=False))

    assert [problem.path for problem in problems(spec)] == ["slipway:models[0].source.type"]


def test_models_on_one_nodes_volume_count_together() -> None:
    into = {"type": "init", "into": "storage"}
    spec = stack(model(into), model(into, name="two"), storage=ONE_NODE)

    found = problems(spec)
    assert [problem.path for problem in found] == ["slipway:models[0].loader.into", "slipway:models[1].loader.into"]
    assert {problem.rule for problem in found} == {
        "up to 2 pods of 2 models on several nodes cannot mount one ReadWriteOnce volume"
    }


def test_models_on_the_storage_must_fit_together() -> None:
    spec = stack(model(PRELOAD, source=big(300)), model(PRELOAD, source=big(300), name="two"), storage=SHARED)

    (problem,) = problems(spec)
    assert problem.path == "slipway:storage.models.sizeGib"
    assert problem.rule == "2 models lie on it, which need 600 GiB together"


def test_one_cache_per_pool_has_one_image() -> None:
    other = {**CACHE, "image": "docker.io/library/python:3.12-slim"}
    spec = stack(model(CACHE), model(other, name="two"))

    (problem,) = problems(spec)
    assert problem.path == "slipway:models[1].loader.image"


def test_all_problems_of_one_model_are_told_at_once() -> None:
    # The cluster is too old for a sidecar only, and this is none.
    spec = stack(
        model({**SYNC, "schedule": "61 * * * *"}, source=UNTAGGED, runtime=VLLM),
        cluster=on("1.28"),
        accelerator="nvidia-l20",
    )

    assert [problem.path.removeprefix("slipway:models[0].") for problem in problems(spec)] == [
        "loader.schedule",
        "loader.type",
        "loader.type",
        "source.reference",
    ]
