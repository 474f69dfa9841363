"""Custom resource definitions whose schema accepts anything, for kinds that no operator in the cluster brings.

With them a program that makes a ScaledObject or a ServiceMonitor can be rehearsed without KEDA or the Prometheus
operator. They prove that an object is stored, not that its fields are right; label and annotation say so.
"""

from __future__ import annotations

import re
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict

LABEL = "slipway.dev/schema"
LABEL_VALUE = "open"
ANNOTATION = "slipway.dev/schema-note"

_PROMETHEUS = "the Prometheus operator (github.com/prometheus-operator/prometheus-operator)"
_KEDA = "KEDA (github.com/kedacore/keda)"
_KSERVE = "KServe (github.com/kserve/kserve)"
_RAY = "KubeRay (github.com/ray-project/kuberay)"
_GATEWAY = "the Gateway API (github.com/kubernetes-sigs/gateway-api)"
_CERT = "cert-manager (github.com/cert-manager/cert-manager)"
_LWS = "LeaderWorkerSet (github.com/kubernetes-sigs/lws)"

# plural.group/version/Kind/scope, s when the real definition has a status subresource, and who brings it.
# Read from the operators' own manifests: prometheus-operator 0.93.0, KEDA 2.21.0, KServe 0.20.0, KubeRay 1.7.0,
# Gateway API 1.5.1, cert-manager 1.21.2, LeaderWorkerSet 0.10.0.
_KNOWN_ROWS = (
    ("servicemonitors.monitoring.coreos.com/v1/ServiceMonitor/Namespaced", True, _PROMETHEUS),
    ("podmonitors.monitoring.coreos.com/v1/PodMonitor/Namespaced", True, _PROMETHEUS),
    ("prometheusrules.monitoring.coreos.com/v1/PrometheusRule/Namespaced", True, _PROMETHEUS),
    ("probes.monitoring.coreos.com/v1/Probe/Namespaced", True, _PROMETHEUS),
    ("scaledobjects.keda.sh/v1alpha1/ScaledObject/Namespaced", True, _KEDA),
    ("scaledjobs.keda.sh/v1alpha1/ScaledJob/Namespaced", True, _KEDA),
    ("triggerauthentications.keda.sh/v1alpha1/TriggerAuthentication/Namespaced", True, _KEDA),
    ("clustertriggerauthentications.keda.sh/v1alpha1/ClusterTriggerAuthentication/Cluster", True, _KEDA),
    ("inferenceservices.serving.kserve.io/v1beta1/InferenceService/Namespaced", True, _KSERVE),
    ("servingruntimes.serving.kserve.io/v1alpha1/ServingRuntime/Namespaced", False, _KSERVE),
    ("clusterservingruntimes.serving.kserve.io/v1alpha1/ClusterServingRuntime/Cluster", False, _KSERVE),
    ("rayclusters.ray.io/v1/RayCluster/Namespaced", True, _RAY),
    ("rayjobs.ray.io/v1/RayJob/Namespaced", True, _RAY),
    ("rayservices.ray.io/v1/RayService/Namespaced", True, _RAY),
    ("gatewayclasses.gateway.networking.k8s.io/v1/GatewayClass/Cluster", True, _GATEWAY),
    ("gateways.gateway.networking.k8s.io/v1/Gateway/Namespaced", True, _GATEWAY),
    ("httproutes.gateway.networking.k8s.io/v1/HTTPRoute/Namespaced", True, _GATEWAY),
    ("certificates.cert-manager.io/v1/Certificate/Namespaced", True, _CERT),
    ("issuers.cert-manager.io/v1/Issuer/Namespaced", True, _CERT),
    ("clusterissuers.cert-manager.io/v1/ClusterIssuer/Cluster", True, _CERT),
    ("leaderworkersets.leaderworkerset.x-k8s.io/v1/LeaderWorkerSet/Namespaced", True, _LWS),
)
_ENTRY = re.compile(
    r"(?P<plural>[a-z0-9]+)\.(?P<group>[a-z0-9.-]+\.[a-z0-9-]+)/(?P<version>v[a-z0-9]+)"
    r"/(?P<kind>[A-Z][A-Za-z0-9]*)/(?P<scope>Namespaced|Cluster)"
)
_ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}


class OpenCrd(BaseModel):
    """One custom resource definition to install open-schema.

    Attributes:
        plural: Plural name in lower case, the last part of the API path.
        group: API group.
        version: The one served and stored version.
        kind: Kind of the objects.
        scope: Whether objects live in a namespace.
        has_status: Whether status is a subresource of its own, as in the real definition.
        brought_by: Who brings the real definition, for the note on the object.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plural: str
    group: str
    version: str
    kind: str
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"
    has_status: bool = True
    brought_by: str = "the operator that owns this API group"

    @property
    def name(self) -> str:
        """Name of the definition: plural.group."""
        return f"{self.plural}.{self.group}"


def parse_open_crd(text: str) -> OpenCrd:
    """Read "plural.group" of a known kind, or "plural.group/version/Kind/scope" of any.

    Raises:
        ValueError: The text is neither.
    """
    if text in KNOWN:
        return KNOWN[text]
    if not _ENTRY.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a known custom resource definition. Known: {', '.join(sorted(KNOWN))}. "
            "Any other is written plural.group/version/Kind/scope, "
            "for example 'widgets.example.com/v1/Widget/Namespaced'"
        )
    return _parse_entry(text)


def _parse_entry(text: str, *, has_status: bool = True, brought_by: str | None = None) -> OpenCrd:
    match = _ENTRY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not plural.group/version/Kind/scope")
    fields: dict[str, object] = {**match.groupdict(), "has_status": has_status}
    return OpenCrd.model_validate(fields if brought_by is None else {**fields, "brought_by": brought_by})


KNOWN: dict[str, OpenCrd] = {
    crd.name: crd for crd in (_parse_entry(row, has_status=s, brought_by=by) for row, s, by in _KNOWN_ROWS)
}


def manifest(crd: OpenCrd) -> dict[str, Any]:
    """Render the CustomResourceDefinition object.

    The root and the usual blocks keep every field
    (kubernetes.io, "Extend the Kubernetes API with CustomResourceDefinitions", field pruning).
    """
    schema = {"type": "object", **_ANYTHING}
    version = {"name": crd.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    if crd.has_status:
        version["subresources"] = {"status": {}}
    note = f"Accepts anything: field names and values are not checked. The real definition comes from {crd.brought_by}."
    names = {"plural": crd.plural, "singular": crd.kind.lower(), "kind": crd.kind, "listKind": f"{crd.kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": crd.name, "labels": {LABEL: LABEL_VALUE}, "annotations": {ANNOTATION: note}},
        "spec": {"group": crd.group, "scope": crd.scope, "names": names, "versions": [version]},
    }


def is_established(definition: dict[str, Any]) -> bool:
    """Whether the API server serves the kind already."""
    status = cast("dict[str, Any]", definition.get("status") or {})
    conditions = cast("list[dict[str, Any]]", status.get("conditions") or [])
    return any(condition.get("type") == "Established" and condition.get("status") == "True" for condition in conditions)
