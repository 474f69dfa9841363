"""Section ``cluster``: where everything runs."""

from typing import Annotated, Final, Literal

from pydantic import Field

from stacks.spec.base import ConfigKey, ImageReference, KubernetesVersion, LabelValue, Name, Section

REHEARSAL_VERSION: Final = "1.34"
"""Kubernetes version the rehearsal brings; the cluster is asked for it, so another one is an error there."""

Operator = Literal["keda", "prometheusOperator"]
"""Operators whose custom resources a stack may use."""


class RehearsalCluster(Section):
    """A real control plane on this machine with simulated nodes; pods "run" without containers."""

    type: Literal["rehearsal"]
    name: Name = Field(default="slipway", description="cluster name; several can run side by side")
    bind_delay_seconds: float | None = Field(
        default=0, ge=0, le=3600, description="wait before a claim is bound; null = never, to see what a user would see"
    )
    address_delay_seconds: float | None = Field(
        default=0, ge=0, le=3600, description="wait before a LoadBalancer Service gets an address; null = never"
    )
    image_volumes: bool = Field(
        default=False, description="switch the feature gate ImageVolume on, which Kubernetes 1.34 leaves off"
    )


class KindCluster(Section):
    """Kubernetes in Docker through the `kind` command line; needs a Docker engine, has no GPU."""

    type: Literal["kind"]
    name: Name = Field(default="slipway", description="cluster name")
    node_image: ImageReference | None = Field(
        default=None, description="kindest/node image with its digest; left out: the one kind was released with"
    )
    kubernetes_version: KubernetesVersion = Field(
        default="1.34", description="what nodeImage brings; rules and capabilities are judged by it"
    )
    image_volumes: bool = Field(
        default=False, description="switch the feature gate ImageVolume on; from Kubernetes 1.35 on it is on by itself"
    )
    operators: tuple[Operator, ...] = Field(default=(), description="operators already installed in the cluster")


class KubeconfigFromKey(Section):
    """Kubeconfig contents held as a secret of this stack."""

    type: Literal["key"]
    key: ConfigKey = Field(description="secret key with the kubeconfig contents")


class KubeconfigFromFile(Section):
    """Kubeconfig read from a file of the machine that runs the program; its contents become a secret."""

    type: Literal["file"]
    path: str = Field(min_length=1, description="path of the kubeconfig; `~` is expanded")


class KubeconfigFromStack(Section):
    """Kubeconfig that another stack exports."""

    type: Literal["stack"]
    stack: str = Field(min_length=1, description="fully qualified stack name, organization/project/stack")
    output: str = Field(default="kubeconfig", min_length=1, description="name of that stack's output")


Kubeconfig = Annotated[KubeconfigFromKey | KubeconfigFromFile | KubeconfigFromStack, Field(discriminator="type")]


class ExistingCluster(Section):
    """A cluster somebody else made; Slipway only puts objects into it."""

    type: Literal["existing"]
    kubeconfig: Kubeconfig = Field(description="where the kubeconfig comes from")
    context: str | None = Field(default=None, min_length=1, description="context; left out: the file's current one")
    identifier: LabelValue = Field(
        min_length=1, description="stable cluster id; while it stays, a new kubeconfig replaces nothing"
    )
    kubernetes_version: KubernetesVersion = Field(description="server version; rules and capabilities are judged by it")
    image_volumes: bool | None = Field(
        default=None,
        description="pods can mount images: gate ImageVolume, containerd 2.1 or CRI-O 1.31. Left out: from 1.35 on",
    )
    operators: tuple[Operator, ...] = Field(default=(), description="operators already installed in the cluster")


Cluster = Annotated[RehearsalCluster | KindCluster | ExistingCluster, Field(discriminator="type")]
