"""The table of contents: from a checked stack file to components, one paragraph per part."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.cluster.contract import ClusterAccess
from components.cluster.dispatch import Cluster, ClusterArgs
from components.loaders.code import config_map
from components.loaders.source_secret import SourceSecret, SourceSecretArgs, needs_secret
from components.node_pool.component import NodePool, NodePoolArgs
from components.objects import KubernetesObject
from components.registry.pull_secret import PullSecret, PullSecretArgs
from components.security.tenancy import Tenancy, TenancyArgs
from components.storage.dispatch import ModelStorage, ModelStorageArgs
from stacks.config import StackInputs
from stacks.node_cache import declare_node_cache
from stacks.outputs import Built, outputs_of
from stacks.plan.loader_choice import told
from stacks.plan.loading import choice_of, loads_into
from stacks.plan.objects import keeps_store, open_crds, storage_classes
from stacks.serve import Shared, serve
from stacks.spec.source import ImageSource
from stacks.spec.stack import StackSpec

PULL_SECRET = "registry-credentials"  # noqa: S105 - the name of a Secret
MODEL_STORE = "model-store"


def build(inputs: StackInputs) -> Mapping[str, pulumi.Input[Any]]:
    """Declare every resource of the stack and return its outputs."""
    spec = inputs.spec
    secrets = {**inputs.secrets, **_stand_ins(inputs.stand_ins)}

    cluster_args = ClusterArgs(
        spec=spec.cluster,
        node_pools=spec.node_pools,
        secrets=secrets,
        storage_classes=storage_classes(spec),
        open_crds=open_crds(spec),
    )
    cluster = Cluster("cluster", cluster_args).access
    opts = pulumi.ResourceOptions(provider=cluster.provider)

    for pool in spec.node_pools:
        NodePool(pool.name, NodePoolArgs(pool=pool, simulated=cluster.simulated), opts)

    pull_secret = PULL_SECRET if spec.registry else None
    tenancy = _tenancy(spec, cluster, pull_secret, opts)
    claim, store = _storage(spec, tenancy, opts)
    cache = declare_node_cache(spec, cluster, tenancy, pull_secret, secrets, opts)

    shared = Shared(
        spec=spec,
        cluster=cluster,
        tenancy=tenancy,
        pull_secret=pull_secret,
        storage_claim=claim,
        before_pods=(tenancy.barrier, *store, *cache, *_for_loaders(spec, secrets, tenancy, opts)),
    )
    _tell_choices(spec)
    endpoints = tuple(serve(model, shared, opts) for model in spec.models)
    return outputs_of(Built(spec=spec, cluster=cluster, endpoints=endpoints, stand_ins=inputs.stand_ins))


def _tell_choices(spec: StackSpec) -> None:
    """Say in previews, too, which loader was chosen where the stack file names none."""
    for model in spec.models:
        if model.source is not None and model.loader is None:
            pulumi.log.info(f"model {model.name}: loader {told(choice_of(spec, model))}")


def _stand_ins(keys: tuple[str, ...]) -> dict[str, pulumi.Output[str]]:
    """Make up the secrets a rehearsal was not given; the output ``standInSecrets`` names them."""
    if not keys:
        return {}
    from pulumi_random import RandomPassword  # only a rehearsal without secrets pays for this import

    made = {key: RandomPassword(f"stand-in-{key}", length=24, special=False) for key in keys}
    return {key: password.result for key, password in made.items()}


def _tenancy(spec: StackSpec, cluster: ClusterAccess, pull_secret: str | None, opts: pulumi.ResourceOptions) -> Tenancy:
    """Declare the models' namespace."""
    args = TenancyArgs(
        namespace=spec.security.namespace,
        pod_security=spec.security.pod_security,
        kubernetes_version=cluster.kubernetes_version,
        pull_secrets=[pull_secret] if pull_secret else [],
        kept=keeps_store(spec),
    )
    return Tenancy(spec.security.namespace, args, opts)


def _storage(
    spec: StackSpec, tenancy: Tenancy, opts: pulumi.ResourceOptions
) -> tuple[str | None, tuple[pulumi.Resource, ...]]:
    """Declare the shared volume; return its claim's name and what pods wait for.

    Pods must be gone before their claim is deleted: they would hold that up until its time is over.
    """
    volume = spec.storage.models
    if volume is None:
        return None, ()
    args = ModelStorageArgs(
        volume=volume, namespace=tenancy.namespace, protected=keeps_store(spec), after=(tenancy.namespace_object,)
    )
    storage = ModelStorage(MODEL_STORE, args, opts)
    return storage.claim_name, () if storage.barrier is None else (storage.barrier,)


def _agent(spec: StackSpec, tenancy: Tenancy, opts: pulumi.ResourceOptions) -> tuple[pulumi.Resource, ...]:
    """Declare the loader agent's code once for all models; the kubelet mounts images without it."""
    if all(model.source is None or isinstance(model.source, ImageSource) for model in spec.models):
        return ()
    # Immutable, and named by its contents: other code is another object, made before the pods that use it.
    options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[tenancy.namespace_object]))
    return (KubernetesObject("loader-agent", config_map(tenancy.namespace), options),)


def _for_loaders(
    spec: StackSpec, secrets: Mapping[str, pulumi.Output[str]], tenancy: Tenancy, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Resource, ...]:
    """Declare what loaders read: their code, and credentials as files."""
    return (
        *_agent(spec, tenancy, opts),
        *_credentials(spec, secrets, tenancy, opts),
        *_source_secrets(spec, secrets, tenancy, opts),
    )


def _credentials(
    spec: StackSpec, secrets: Mapping[str, pulumi.Output[str]], tenancy: Tenancy, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Resource, ...]:
    """Declare the registry's pull secret."""
    if spec.registry is None:
        return ()
    args = PullSecretArgs(
        server=spec.registry.server,
        username=secrets[spec.registry.username_key],
        password=secrets[spec.registry.password_key],
        namespace=tenancy.namespace,
        after=(tenancy.namespace_object,),
    )
    return (PullSecret(PULL_SECRET, args, opts).barrier,)


def _source_secrets(
    spec: StackSpec, secrets: Mapping[str, pulumi.Output[str]], tenancy: Tenancy, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Resource, ...]:
    """Declare the credentials of sources that are no registry, for the pods of the models' namespace."""
    made: list[pulumi.Resource] = []
    for model in spec.models:
        source = model.source
        if source is None or isinstance(source, ImageSource) or loads_into(spec, model) == "node":
            continue
        if needs_secret(source):
            args = SourceSecretArgs(
                source=source, secrets=secrets, namespace=tenancy.namespace, after=(tenancy.namespace_object,)
            )
            made.append(SourceSecret(model.name, args, opts).barrier)
    return tuple(made)
