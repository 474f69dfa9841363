"""What the component registers."""

from components.node_pool.component import NodePool, NodePoolArgs
from tests.components.spec_samples import pool
from tests.mocks import Recorded, deploy

POOL = pool("l20", accelerator="nvidia-l20", min=2, max=4)


def run(*, simulated: bool) -> Recorded:
    return deploy(lambda: NodePool("l20", NodePoolArgs(pool=POOL, simulated=simulated)))


def test_simulated_pool_makes_its_nodes() -> None:
    nodes = run(simulated=True).all("kubernetes:core/v1:Node")
    assert [node.name for node in nodes] == ["l20-0", "l20-1"]
    assert {node.parent.split("::")[-1] for node in nodes} == {"l20"}


def test_other_capacity_is_another_node() -> None:
    """The API server drops status from an update, so a change in place would be lost."""
    node = run(simulated=True).one("kubernetes:core/v1:Node", "l20-0")
    assert node.options["replaceOnChanges"] == ["status"]
    assert node.options["deleteBeforeReplace"] is True


def test_pool_of_a_real_cluster_makes_nothing() -> None:
    recorded = run(simulated=False)
    assert [resource.type for resource in recorded.resources] == ["slipway:node_pool:NodePool"]
