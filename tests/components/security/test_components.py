"""What the components register, and in which order."""

import pytest

from components.security.model_network_policy import ModelNetworkPolicy, ModelNetworkPolicyArgs
from components.security.network_policy import ModelTraffic
from components.security.tenancy import Tenancy, TenancyArgs
from tests.mocks import Recorded, deploy

TRAFFIC = ModelTraffic(
    serving_port=8000,
    client_namespaces=(),
    source_ranges=(),
    metrics_ports=(),
    monitoring_namespace=None,
    loader_ports=(443,),
    loader_cidrs=(),
)


def run(*, kept: bool = False) -> tuple[Recorded, list[Tenancy]]:
    made: list[Tenancy] = []

    def program() -> None:
        args = TenancyArgs(
            namespace="serving",
            pod_security="restricted",
            kubernetes_version=(1, 34),
            pull_secrets=("registry-pull",),
            kept=kept,
        )
        tenancy = Tenancy("models", args)
        after = (tenancy.namespace_object,)
        ModelNetworkPolicy("qwen", ModelNetworkPolicyArgs(namespace=tenancy.namespace, traffic=TRAFFIC, after=after))
        made.append(tenancy)

    return deploy(program), made


def test_policies_are_in_place_before_the_barrier() -> None:
    recorded, [tenancy] = run()
    namespace = recorded.one("kubernetes:core/v1:Namespace", "models")
    policies = [p for p in recorded.all("kubernetes:networking.k8s.io/v1:NetworkPolicy") if p.name != "qwen"]
    account = recorded.one("kubernetes:core/v1:ServiceAccount")
    assert [policy.name for policy in policies] == ["allow-dns", "default-deny"]
    assert all(policy.dependencies == (namespace.urn,) for policy in policies)
    assert set(account.dependencies) == {namespace.urn, *(policy.urn for policy in policies)}
    assert account.inputs["imagePullSecrets"] == [{"name": "registry-pull"}]
    assert (tenancy.namespace, tenancy.service_account) == ("serving", "model-server")


@pytest.mark.parametrize("kept", [True, False])
def test_a_namespace_with_a_claim_that_lives_on_is_left_behind(kept: bool) -> None:  # noqa: FBT001 - a parameter of the test
    recorded, _ = run(kept=kept)
    assert recorded.one("kubernetes:core/v1:Namespace").options.get("retainOnDelete", False) is kept


def test_everything_is_inside_the_namespace() -> None:
    recorded, _ = run()
    objects = [resource for resource in recorded.resources if resource.type.startswith("kubernetes:")]
    inside = {o.inputs["metadata"].get("namespace") for o in objects if o.type != "kubernetes:core/v1:Namespace"}
    assert inside == {"serving"}


def test_a_models_policy_waits_for_the_namespace() -> None:
    recorded, _ = run()
    policy = recorded.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "qwen")
    assert policy.dependencies == (recorded.one("kubernetes:core/v1:Namespace").urn,)
    assert policy.parent.endswith("slipway:security:ModelNetworkPolicy::qwen")
