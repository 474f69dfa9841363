"""The loader that is taken where the stack file names none: each row of the table, and what always holds of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.plan.loader_choice import BIG_GIB, TABLE, Situation, choose, markdown, spelled, told
from stacks.plan.loading import choice_of
from stacks.rules.every import check
from stacks.spec.stack import StackSpec
from tests.stack_files import ROOT
from tests.stacks.rules.loading_stacks import IMAGE, ONE_NODE, SHARED, TAGGED, UNTAGGED, model, on, stack

BIG, SMALL = {**TAGGED, "sizeGib": BIG_GIB}, {**TAGGED, "sizeGib": BIG_GIB - 0.1}
BY_REQUEST, BY_ITSELF = {"type": "http", "path": "/reload"}, {"type": "self"}
MANY = {"scaling": {"min": 3}}
CASES: dict[str, tuple[StackSpec, str]] = {
    "an image": (stack(model(None, source=IMAGE), cluster=on("1.35")), "image"),
    "small, nothing shared": (stack(model(None, source=SMALL)), "init, into the pod"),
    "big, nothing shared": (stack(model(None, source=BIG, **MANY)), "init, into the pod"),
    "small, shared": (stack(model(None, source=SMALL, **MANY), storage=SHARED), "init, into the storage"),
    "big, shared": (stack(model(None, source=BIG, **MANY), storage=SHARED), "preload"),
    "big, shared, one pod": (stack(model(None, source=BIG), storage=SHARED), "preload"),
    "larger than the shared": (
        stack(model(None, source={**TAGGED, "sizeGib": 600}), storage=SHARED, diskGib=2000),
        "init, into the pod",
    ),
    "one pod, one node's volume": (stack(model(None), storage=ONE_NODE), "init, into the storage"),
    "two pods, one node's volume": (stack(model(None, **MANY), storage=ONE_NODE), "init, into the pod"),
    "three pods on one node, its volume": (
        stack(model(None, **MANY), storage=ONE_NODE, min=1, max=1),
        "init, into the storage",
    ),
    "two models, one node's volume": (
        stack(model(None), model(None, name="b"), storage=ONE_NODE),
        "init, into the pod",
    ),
    "hot, told": (stack(model(None, reload=BY_REQUEST), storage=SHARED), "sidecar"),
    "hot, by itself, shared": (stack(model(None, reload=BY_ITSELF), storage=SHARED), "sync"),
    "hot, by itself, nothing shared": (stack(model(None, reload=BY_ITSELF)), "sidecar"),
    "hot, no tag": (stack(model(None, source=UNTAGGED, reload=BY_REQUEST)), "init, into the pod"),
    "hot, an old cluster": (stack(model(None, reload=BY_REQUEST), cluster=on("1.28")), "init, into the pod"),
    "hot, no room for three": (stack(model(None, reload=BY_REQUEST), diskGib=15), "init, into the pod"),
    "no nodes of its own": (stack(model(None, source=BIG, **MANY), serverless=True), "init, into the pod"),
}


def chosen(spec: StackSpec) -> str:
    return spelled(choice_of(spec, spec.models[0]).loader)


@pytest.mark.parametrize("case", CASES)
def test_what_is_chosen(case: str) -> None:
    spec, expected = CASES[case]

    assert chosen(spec) == expected


def test_every_row_of_the_table_is_reached() -> None:
    reasons = {choice_of(spec, spec.models[0]).reason for spec, _ in CASES.values()}

    assert reasons == {row.reason for row in TABLE}


def test_what_is_written_stays() -> None:
    spec = stack(model({"type": "init", "into": "pod"}, source=BIG), storage=SHARED)

    assert told(choice_of(spec, spec.models[0])) == "init, into the pod: the stack file says so"


def test_the_cache_on_nodes_is_advised_where_nodes_stay_and_never_chosen() -> None:
    steady = stack(model(None, source=BIG, **MANY), min=4, max=4)
    growing = stack(model(None, source=BIG, **MANY), min=1, max=4)

    assert "nodeCache" in told(choice_of(steady, steady.models[0]))
    assert "nodeCache" not in told(choice_of(growing, growing.models[0]))
    assert all(row.loader.type != "nodeCache" for row in TABLE)


def test_storage_that_is_not_used_is_told() -> None:
    spec = stack(model(None, **MANY), storage=ONE_NODE)

    assert "storage.models is not used by it" in told(choice_of(spec, spec.models[0]))


def test_the_table_in_the_docs_is_this_one() -> None:
    assert markdown() in (ROOT / "docs" / "loaders.md").read_text()


SITUATIONS = st.builds(
    Situation,
    image=st.booleans(),
    size_gib=st.floats(0.1, 2000),
    room_gib=st.floats(0.1, 3000),
    max_pods=st.integers(1, 1000),
    access=st.sampled_from([None, "ReadWriteOnce", "ReadWriteMany"]),
    storage_gib=st.none() | st.integers(1, 4000),
    one_node=st.booleans(),
    node_disk_gib=st.integers(10, 4000),
    steady=st.booleans(),
    serverless=st.booleans(),
    sidecars=st.booleans(),
    reload=st.sampled_from([None, "http", "signal", "self"]),
    follows=st.booleans(),
)


@given(SITUATIONS, st.integers(1, 1000))
def test_the_number_of_pods_changes_no_transport(situation: Situation, pods: int) -> None:
    """But for the one volume that serves one node, which is `one_node`."""
    assert choose(replace(situation, max_pods=pods)).loader == choose(situation).loader


SOURCES = st.sampled_from([TAGGED, UNTAGGED]).flatmap(
    lambda source: st.floats(0.1, 900).map(lambda size: {**source, "sizeGib": size})
)
STORAGES = st.sampled_from([None, SHARED, ONE_NODE, {"models": {"type": "existingClaim", "name": "weights"}}])
RELOADS = st.sampled_from([None, BY_REQUEST, {"type": "signal", "process": "web"}, BY_ITSELF])
CLUSTERS = st.sampled_from(["1.27", "1.28", "1.29", "1.34", "1.35"]).map(on)
POOLS = st.fixed_dictionaries({"max": st.integers(1, 8), "diskGib": st.integers(10, 3000), "serverless": st.booleans()})


@settings(max_examples=300, deadline=None)
@given(SOURCES, STORAGES, RELOADS, CLUSTERS, POOLS, st.integers(1, 9))
def test_nothing_is_chosen_that_a_rule_refuses(
    source: dict[str, Any],
    storage: dict[str, Any] | None,
    reload: dict[str, Any] | None,
    cluster: dict[str, Any],
    pool: dict[str, Any],
    pods: int,
) -> None:
    """Unless no loader would do: a model that fits neither the nodes nor the storage."""

    def refused(loader: dict[str, Any] | None) -> list[str]:
        spec = stack(
            model(loader, source=source, reload=reload, scaling={"min": pods}), storage=storage, cluster=cluster, **pool
        )
        return [p.path for p in check(spec) if p.path.startswith(("slipway:models", "slipway:storage"))]

    ways = [{"type": kind} for kind in ("sidecar", "sync", "preload")]
    ways += [{"type": "init", "into": into} for into in ("pod", "storage")]
    assert refused(None) == [] or all(refused(way) for way in ways)
