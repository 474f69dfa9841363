"""Readiness of what leads traffic to pods, and of storage and definitions."""

from typing import Final

from rehearsal.providers.codec import Tree
from rehearsal.providers.kubernetes.awaiting.verdict import READY, Look, Verdict, described, failed, waiting
from rehearsal.providers.kubernetes.objects import Kind, condition, items, name_of, namespace_of, pick, text
from rehearsal.providers.kubernetes.transport import ApiError

# The real plugin waits until endpoints have not changed for 10 s; the rehearsal's change within one.
SETTLE_SECONDS: Final = 1.0
NO_PODS: Final = (
    "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels "
    "on any Pods"
)
NO_ADDRESS: Final = "Service was not allocated an IP address; does your cloud provider support this?"
_ENDPOINT_SLICE: Final = Kind("discovery.k8s.io", "v1", "EndpointSlice")
_STORAGE_CLASS: Final = Kind("storage.k8s.io", "v1", "StorageClass")
_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"


def service(look: Look) -> Verdict:
    """Traffic reaches ready pods and, for a load balancer, there is an address."""
    live = look.live
    type_ = text(live, "spec", "type")
    reasons: list[str] = []
    leads_nowhere = type_ == "ExternalName" or text(live, "spec", "clusterIP") == "None"
    if not leads_nowhere and pick(live, "spec", "selector") and not _has_endpoints(look):
        reasons.append(NO_PODS)
    if type_ == "LoadBalancer" and not items(live, "status", "loadBalancer", "ingress"):
        reasons.append(NO_ADDRESS)
    if reasons:
        step = "[1/3] Finding Pods to direct traffic to" if reasons[0] == NO_PODS else "[2/3] Attempting to allocate IP"
        return waiting(step, *reasons)
    if leads_nowhere or not pick(live, "spec", "selector") or look.settled_seconds >= SETTLE_SECONDS:
        return READY
    return waiting("Waiting for endpoints to settle")


def _has_endpoints(look: Look) -> bool:
    """Tell whether there is an endpoint and none is unready."""
    slices = look.cluster.list_of(
        _ENDPOINT_SLICE, namespace_of(look.live), labels=f"kubernetes.io/service-name={name_of(look.live)}"
    )
    ready = [
        pick(endpoint, "conditions", "ready") is not False for part in slices for endpoint in items(part, "endpoints")
    ]
    return bool(ready) and all(ready)


def ingress(look: Look) -> Verdict:
    """A controller has given the Ingress an address."""
    if items(look.live, "status", "loadBalancer", "ingress"):
        return READY
    return waiting(
        "Waiting for update of .status.loadBalancer with hostname/IP",
        "Ingress .status.loadBalancer field was not updated with a hostname/IP address. "
        "Is an Ingress controller running, and does the ingress class name it?",
    )


def persistent_volume_claim(look: Look) -> Verdict:
    """The claim is bound; a new claim whose class binds at first use may be pending."""
    phase = text(look.live, "status", "phase")
    if phase == "Bound":
        return READY
    if phase == "Lost":
        return failed("The claim lost its PersistentVolume")
    class_name, mode = _binding_mode(look)
    if look.created and phase == "Pending" and mode == "WaitForFirstConsumer":
        return READY
    return waiting(
        f"Waiting for the claim to be bound ({phase or 'Pending'})",
        f"PersistentVolumeClaim is {phase or 'Pending'}, not Bound (storage class {class_name or 'none'!r})",
    )


def _binding_mode(look: Look) -> tuple[str, str]:
    wanted = pick(look.live, "spec", "storageClassName")
    if wanted == "":
        return "", ""
    try:
        classes = look.cluster.list_of(_STORAGE_CLASS, "")
    except ApiError:  # reading classes may not be allowed; then the claim has to be bound
        return str(wanted or ""), ""
    for item in classes:
        default = text(item, "metadata", "annotations", _DEFAULT_CLASS) == "true"
        if name_of(item) == wanted or (wanted is None and default):
            return name_of(item), text(item, "volumeBindingMode")
    return str(wanted or ""), ""


def persistent_volume(look: Look) -> Verdict:
    """The volume is available or in use."""
    phase = text(look.live, "status", "phase")
    if phase in {"Available", "Bound"}:
        return READY
    return waiting("Waiting for the PersistentVolume to be available", f"PersistentVolume is {phase or 'Pending'}")


def definition(look: Look) -> Verdict:
    """The API server serves the new kind."""
    if condition(look.live, "Established").get("status") == "True":
        return READY
    names = condition(look.live, "NamesAccepted")
    if names.get("status") == "False":
        return failed(described(names))
    return waiting("Waiting for the API server to serve the new kind", "CustomResourceDefinition is not established")


def token_secret(look: Look) -> Verdict:
    """A service account token has been filled in; other Secrets are ready at once."""
    if text(look.live, "type") != "kubernetes.io/service-account-token" or _has_token(look.live):
        return READY
    return waiting("Waiting for the token", "The service account token was not filled in")


def _has_token(live: Tree) -> bool:
    return bool(text(live, "data", "token"))
