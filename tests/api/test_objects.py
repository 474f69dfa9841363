"""Every object a model can have goes through a real API server: strict fields, defaults, validation, Pod Security.

A Deployment is only warned about at the level "restricted", so the pod of its template is sent as well.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from components.autoscaling import dispatch as autoscaling
from components.autoscaling.contract import Scaled
from components.loaders.code import config_map
from components.loaders.contract import NOTHING_LOADED, Loaded
from components.monitoring import alerts, pod_monitor, service_monitor
from components.monitoring.contract import Watched, WatchedLoader
from components.workload import manifests, pod
from components.workload.contract import ScaleTarget
from components.workload.rollout import times
from stacks.spec.model import Expose, ExposeCluster, ExposeLoadBalancer, Scaling
from stacks.spec.monitoring import Monitoring
from tests.api.conftest import SUFFIX
from tests.api.differences import differences
from tests.api.kubectl import Refused
from tests.components.model_samples import ARTIFACT, HTTP, KIT, ON_CARDS, ON_CPU, VLLM, load, place, serve

if TYPE_CHECKING:
    from components.objects import Manifest
    from components.runtimes.contract import Server
    from components.workload.pod import PodPlacement
    from tests.api.kubectl import Kubectl

pytestmark = pytest.mark.engine

NAMESPACE = "models"  # the objects are moved to the test's own
MONITORING = Monitoring.model_validate(
    {"labels": {"release": "prometheus"}, "runbookUrl": "https://runbooks.example.com"}
)
LOADER = WatchedLoader(
    model="qwen", namespace=NAMESPACE, port_name="loader-metrics", pause_seconds=60, budget_seconds=600
)
LOADED = {
    "image": NOTHING_LOADED,
    "pod-volume": load(KIT),
    "shared-volume": load(KIT, place(claim="weights")),
    "plain": load(ARTIFACT, place(secret=None)),
}
OPEN = ExposeLoadBalancer.model_validate({"type": "loadBalancer", "sourceRanges": ("10.0.0.0/8",)})
EXPOSE: dict[str, Expose] = {"cluster": ExposeCluster(type="cluster"), "load-balancer": OPEN}
RUNTIMES = {"http": (HTTP, ON_CPU), "vllm": (VLLM, ON_CARDS)}
SIGNALS = {"cpu": Scaling(min=1, max=4, on="cpu"), "queue": Scaling(min=1, max=4, on="queue")}


def served(runtime: str) -> tuple[Server, PodPlacement]:
    spec, placement = RUNTIMES[runtime]
    return serve(spec, accelerators=placement.nodes.accelerators), placement


def template(runtime: str, loaded: Loaded, version: tuple[int, int] = (1, 34)) -> Manifest:
    server, placement = served(runtime)
    return pod.render(server, loaded, placement, name="qwen", kubernetes_version=version)


def pod_of(rendered: Manifest) -> Manifest:
    """Return the pod a ReplicaSet would make of the template."""
    metadata = {**rendered["metadata"], "name": "qwen-6c9f7d5b8-x2x4z"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": rendered["spec"]}


def custom(manifest: Manifest | None) -> Manifest:
    """Return a custom resource under the group that has the real schema."""
    assert manifest is not None
    group, version = manifest["apiVersion"].split("/")
    return {**manifest, "apiVersion": f"{group}{SUFFIX}/{version}"}


def scaler(runtime: str, signal: str) -> Manifest:
    server, _ = served(runtime)
    scaled = Scaled(
        name="qwen",
        namespace=NAMESPACE,
        target=ScaleTarget(api_version="apps/v1", kind="Deployment", name="qwen"),
        service="qwen",
        container=pod.CONTAINER,
        min_pods=1,
        max_pods=4,
        grace_seconds=server.drain.grace_seconds,
    )
    manifest = autoscaling.render(SIGNALS[signal], server, scaled, prometheus_url="http://prometheus:9090")
    assert manifest is not None
    return manifest


def watched() -> Watched:
    server, _ = served("vllm")
    return Watched(
        name="qwen",
        namespace=NAMESPACE,
        port_name=server.metrics_port,
        metrics_path=server.metrics_path,
        startup_seconds=server.startup_seconds,
        min_pods=1,
        max_pods=4,
        queue_metric="vllm:num_requests_waiting",
        waiting_per_pod=5,
        cache_metric=server.cache_metric,
        queue_scaled=True,
        loader=LOADER,
        cron_job="qwen-sync",
    )


@pytest.mark.parametrize(("runtime", "how"), list(product(RUNTIMES, LOADED)))
def test_pods_deployments_and_the_loaders_code(restricted: Kubectl, runtime: str, how: str) -> None:
    rendered = template(runtime, LOADED[how])
    budget = times(served(runtime)[0], load_seconds=300, max_pods=3)
    deployments = [
        manifests.deployment("qwen", NAMESPACE, rendered, replicas=2, chosen=chosen, budget=budget)
        for chosen in ("recreate", "replace", "surge")
    ]
    said = restricted.try_out([pod_of(rendered), *deployments, config_map(NAMESPACE)])
    assert said.count("created (server dry run)") == 5


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_pods_for_older_clusters(restricted: Kubectl, runtime: str) -> None:
    restricted.try_out([pod_of(template(runtime, LOADED["pod-volume"], (1, 29)))])


@pytest.mark.parametrize(("runtime", "expose"), list(product(RUNTIMES, EXPOSE)))
def test_services_and_disruption_budgets(restricted: Kubectl, runtime: str, expose: str) -> None:
    guard = manifests.disruption_budget("qwen", NAMESPACE, max_pods=2)
    assert guard is not None
    restricted.try_out([manifests.service("qwen", NAMESPACE, served(runtime)[0], EXPOSE[expose]), guard])


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_autoscalers_on_the_processor(restricted: Kubectl, runtime: str) -> None:
    restricted.try_out([scaler(runtime, "cpu")])


def test_scaled_objects(real_schemas: Kubectl) -> None:
    real_schemas.try_out([custom(scaler("vllm", "queue"))])


def test_monitors_and_rules(real_schemas: Kubectl) -> None:
    monitors = [service_monitor.render(watched(), MONITORING), pod_monitor.render("qwen", LOADER, MONITORING)]
    rules = [alerts.render(watched(), MONITORING), alerts.render_loaders("node-cache-l20", [LOADER], MONITORING)]
    real_schemas.try_out([custom(manifest) for manifest in (*monitors, *rules)])


def test_what_the_api_server_keeps_is_what_was_written(restricted: Kubectl) -> None:
    """Quantities in another spelling would come back changed, and every refresh would show a difference."""
    pods = [pod_of(template(runtime, LOADED[how])) for runtime, how in product(RUNTIMES, LOADED)]
    for sent, kept in zip(pods, restricted.kept(pods), strict=True):
        assert differences(sent["spec"], kept["spec"]) == []


def test_a_misspelt_field_is_refused(restricted: Kubectl) -> None:
    rendered = pod_of(template("http", NOTHING_LOADED))
    rendered["spec"]["enableServiceLink"] = False
    with pytest.raises(Refused, match='unknown field "enableServiceLink"'):
        restricted.try_out([rendered])


def test_a_misspelt_field_of_a_custom_resource_is_refused(real_schemas: Kubectl) -> None:
    manifest = custom(scaler("vllm", "queue"))
    manifest["spec"]["pollInterval"] = 15
    with pytest.raises(Refused, match='unknown field "pollInterval"'):
        real_schemas.try_out([manifest])


def test_a_pod_that_may_be_root_is_refused(restricted: Kubectl) -> None:
    rendered = pod_of(template("http", NOTHING_LOADED))
    del rendered["spec"]["securityContext"]["runAsNonRoot"]
    with pytest.raises(Refused, match="violates PodSecurity"):
        restricted.try_out([rendered])
