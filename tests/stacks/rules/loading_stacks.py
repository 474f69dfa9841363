"""Small valid stacks that the tests of the loaders' rules and of their choice break in one place."""

import json
from typing import Any, Final

from stacks.errors import Problem
from stacks.parse import parse
from stacks.rules.every import check
from stacks.spec.stack import StackSpec

DIGEST: Final = f"sha256:{'ab' * 32}"
TAGGED: Final = {"type": "modelkit", "reference": f"registry.example.com/m/one:stable@{DIGEST}", "sizeGib": 4}
UNTAGGED: Final = {**TAGGED, "reference": f"registry.example.com/m/one@{DIGEST}"}
IMAGE: Final = {**TAGGED, "type": "image"}
SHARED: Final = {"models": {"type": "nfs", "server": "10.0.0.9", "path": "/m", "sizeGib": 500}}
ONE_NODE: Final = {
    "models": {"type": "claim", "storageClass": "cbs", "sizeGib": 500, "accessMode": "ReadWriteOnce"},
}


def on(version: str, **keys: Any) -> dict[str, Any]:  # noqa: ANN401  # any key of the section
    """Return a cluster of a Kubernetes version."""
    kubeconfig = {"type": "key", "key": "kubeconfig"}
    return {"type": "existing", "kubeconfig": kubeconfig, "identifier": "c", "kubernetesVersion": version, **keys}


def model(
    loader: dict[str, Any] | None,
    *,
    source: dict[str, Any] = TAGGED,
    runtime: dict[str, Any] | None = None,
    reload: dict[str, Any] | None = None,
    **keys: Any,  # noqa: ANN401  # any key of the section
) -> dict[str, Any]:
    """Return a model on pool ``cpu``, an HTTP server unless said otherwise."""
    server = runtime or {"type": "http", "image": "registry.example.com/web:1.0"}
    server = {**server, "reload": reload} if reload else server
    placement = {"nodePool": "cpu", "cpu": 1, "memoryGib": 1}
    found = {"name": "one", "source": source, "runtime": server, "placement": placement, **keys}
    return found if loader is None else {**found, "loader": loader}


def stack(
    *models: dict[str, Any],
    storage: dict[str, Any] | None = None,
    cluster: dict[str, Any] | None = None,
    **pool: Any,  # noqa: ANN401  # any key of the section
) -> StackSpec:
    """Return a stack with one pool of up to four nodes."""
    sections: dict[str, Any] = {
        "cluster": cluster or {"type": "rehearsal"},
        "nodePools": [{"name": "cpu", "min": 1, "max": 4, **pool}],
        "models": list(models),
    }
    if storage:
        sections["storage"] = storage
    parsed = parse(json.loads(json.dumps(sections)))
    assert isinstance(parsed, StackSpec), parsed
    return parsed


def problems(spec: StackSpec) -> list[Problem]:
    """Return what the rules find, by path."""
    return sorted(check(spec))
