"""The whole stack file as one value."""

from pydantic import Field

from stacks.spec.base import Section
from stacks.spec.cluster import Cluster
from stacks.spec.loading import Loading
from stacks.spec.model import Model
from stacks.spec.monitoring import Monitoring
from stacks.spec.node_pool import NodePool
from stacks.spec.registry import Registry
from stacks.spec.security import Security
from stacks.spec.storage import Storage


class StackSpec(Section):
    """Everything a stack says; each field is one config key ``slipway:<field>``."""

    cluster: Cluster = Field(description="where everything runs")
    node_pools: tuple[NodePool, ...] = Field(min_length=1, description="groups of like nodes")
    models: tuple[Model, ...] = Field(min_length=1, description="what is served")
    storage: Storage = Field(default=Storage(), description="shared volumes")
    registry: Registry | None = Field(default=None, description="private registry; left out: public images only")
    loading: Loading = Field(default=Loading(), description="how loaders reach sources: private CAs and mirrors")
    monitoring: Monitoring | None = Field(default=None, description="scraping and alerts; left out: none")
    security: Security = Field(default=Security(), description="namespace and who may talk to it")
