"""Looks at, and changes by hand, the cluster of an engine stack: kubectl, as a person would."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.engine.command_line import EngineStack

OURS = "app.kubernetes.io/part-of=slipway"
BUILT_IN = (
    "nodes,namespaces,persistentvolumes,deployments,services,configmaps,secrets,persistentvolumeclaims,"
    "serviceaccounts,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,jobs,cronjobs,daemonsets,pods"
)
KINDS = f"{BUILT_IN},scaledobjects,servicemonitors,prometheusrules"


def kubectl(stack: EngineStack, *words: str) -> str:
    """Run kubectl on the stack's cluster and return what it printed.

    Raises:
        AssertionError: it failed.
    """
    name = stack.section("cluster")["name"]
    kubeconfig = f"{stack.env['SLIPWAY_HOME']}/clusters/{name}/kubeconfig.yaml"
    done = subprocess.run(
        ["kubectl", "--kubeconfig", kubeconfig, *words],  # noqa: S607 - found through the env's PATH
        env=stack.env,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(stack: EngineStack, *words: str) -> dict[str, Any]:
    """Return an object or a list."""
    return json.loads(kubectl(stack, "get", *words, "--output", "json"))


def objects_of_ours(stack: EngineStack, kinds: str = KINDS) -> set[str]:
    """Return ``Kind/name`` of everything that carries the project's label."""
    found = read(stack, kinds, "--all-namespaces", "--selector", OURS)["items"]
    return {f"{item['kind']}/{item['metadata']['name']}" for item in found}
