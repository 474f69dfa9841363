"""What the pods that only load have in common, whether a Job or a CronJob makes them.

Why each choice: ``restartPolicy: Never`` and a new pod per attempt, because a pod failure policy needs it (Kubernetes,
"Jobs", "Pod failure policy", stable since 1.31 and on since 1.26). Exit codes that no second attempt can cure fail the
Job at once; an eviction or a drained node costs none of its attempts. The labels hold a dot, which no model's name may,
so the Service of a model called ``qwen-preload`` never sends requests to the pods that load ``qwen``.
"""

import json
from typing import Final

from components.loaders.agent import errors
from components.loaders.agent_container import agent_container, agent_volumes, deadline_seconds
from components.loaders.contract import LoaderPlace
from components.loaders.source_args import egress_ports
from components.loaders.trust import config_map_name, trust_args
from components.loaders.wait import STORE_MOUNT
from components.names import fingerprint, labels, selector
from components.objects import Manifest
from components.security.network_policy import LoaderTraffic, render_loader
from components.security.pod import pod_security
from stacks.spec.source import AgentSource

CONTAINER: Final = "load-model"
"""Name of the container that loads; the same wherever it runs, alerts name it."""

STORE_VOLUME: Final = "model-store"

_COMPONENT: Final = "loader"
_ATTENTION_SECONDS: Final = 600  # scheduling, image pull, the pauses between attempts
_ATTEMPTS: Final = 3  # after the first; the agent itself repeats requests, so these are for lost pods

_REPLACE_FAILED: Final = {"pulumi.com/replaceUnready": "true"}
"""Else the next ``up`` would await the failed Job again (pulumi-kubernetes 4.34, ``provider/pkg/provider/diff.go``)."""

_HOPELESS: Final = sorted(
    error.exit_code
    for error in (
        errors.UsageError,
        errors.DigestError,
        errors.UnsafeError,
        errors.UnsupportedError,
        errors.SignatureError,
    )
)
"""Exit codes after which another attempt would end the same way."""


def loader_name(model: str) -> str:
    """Return the value of the name label of the model's loading pods, and the name of their network policy."""
    return f"{model}.loader"


def store_volume(claim: str) -> Manifest:
    """Return the pod volume with the stores of all models."""
    return {"name": STORE_VOLUME, "persistentVolumeClaim": {"claimName": claim}}


def shared_claim(loader: str, place: LoaderPlace) -> str:
    """Return the claim of the shared volume.

    Raises:
        ValueError: the stack has none.
    """
    if place.storage_claim is None:
        raise ValueError(
            f'model "{place.model}": loader type "{loader}" loads into `storage.models`, and the stack has none'
        )
    return place.storage_claim


def job_spec(command: list[str], image: str, source: AgentSource, place: LoaderPlace, claim: str) -> Manifest:
    """Return the spec of a Job that runs the agent once, into the model's directory on the shared volume.

    One budget holds for all its attempts; what an attempt moved is kept for the next.

    Args:
        command: the agent's command and the arguments that name the source.
        image: image the agent runs in.
        source: what is loaded; its size makes the budget.
        place: where.
        claim: claim of the shared volume.
    """
    budget = deadline_seconds(source)
    into = ["--into", f"{STORE_MOUNT}/{place.model}", "--deadline-seconds", str(budget)]
    container = agent_container(
        name=CONTAINER,
        image=image,
        args=[*command, *trust_args(source, place.trust), *into],
        mounts=[{"name": STORE_VOLUME, "mountPath": STORE_MOUNT}],
        user=place.user,
        pull_secret=place.pull_secret,
        sources={place.model: source},
        trust=config_map_name(source, place),
    )
    return {
        "activeDeadlineSeconds": budget + _ATTENTION_SECONDS,
        "backoffLimit": _ATTEMPTS,
        "completionMode": "NonIndexed",
        "completions": 1,
        "parallelism": 1,
        "podFailurePolicy": {"rules": _failure_rules()},
        "template": _template(container, source, place, claim),
    }


def policy(source: AgentSource, place: LoaderPlace) -> Manifest:
    """Return the network policy of the loading pods: out to where the weights are, nothing in."""
    name = loader_name(place.model)
    traffic = LoaderTraffic(ports=egress_ports(source, place.trust.mirrors), cidrs=place.cidrs)
    return render_loader(name, place.namespace, selector(name), traffic)


def job(verb: str, spec: Manifest, place: LoaderPlace) -> Manifest:
    """Return a Job that ``up`` awaits, named by all that it runs.

    Args:
        verb: what it does, the middle of its name.
        spec: of the Job.
        place: where it runs.
    """
    mark = fingerprint(json.dumps(spec, sort_keys=True))
    metadata = job_metadata(f"{place.model}-{verb}-{mark}", place)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {**metadata, "annotations": dict(_REPLACE_FAILED)},
        "spec": spec,
    }


def job_metadata(name: str, place: LoaderPlace) -> Manifest:
    """Return the metadata of a Job or CronJob."""
    return {"name": name, "namespace": place.namespace, "labels": labels(loader_name(place.model), _COMPONENT)}


def _failure_rules() -> list[Manifest]:
    hopeless = {"containerName": CONTAINER, "operator": "In", "values": list(_HOPELESS)}
    # The API server adds the status where it is left out, and a refresh would show that as a change.
    disrupted = {"type": "DisruptionTarget", "status": "True"}
    return [
        {"action": "FailJob", "onExitCodes": hopeless},
        {"action": "Ignore", "onPodConditions": [disrupted]},
    ]


def _template(container: Manifest, source: AgentSource, place: LoaderPlace, claim: str) -> Manifest:
    read = agent_volumes(place.pull_secret, {place.model: source}, config_map_name(source, place))
    spec: Manifest = {
        "automountServiceAccountToken": False,
        "containers": [container],
        "enableServiceLinks": False,
        "nodeSelector": dict(sorted(place.nodes.node_selector.items())),
        "restartPolicy": "Never",
        "securityContext": pod_security(place.user),
        "serviceAccountName": place.service_account,
        "volumes": [store_volume(claim), *read],
    }
    if place.pull_secret is not None:
        spec["imagePullSecrets"] = [{"name": place.pull_secret}]
    if place.nodes.tolerations:
        spec["tolerations"] = list(place.nodes.tolerations)
    return {"metadata": {"labels": labels(loader_name(place.model), _COMPONENT)}, "spec": spec}
