"""The namespace's Pod Security labels."""

import pytest

from components.security.namespace import PodSecurity, render_namespace


@pytest.mark.parametrize("level", ["restricted", "baseline"])
def test_level_is_enforced_and_the_strictest_is_always_shown(level: PodSecurity) -> None:
    assert render_namespace("models", level, (1, 34)) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "models",
            "labels": {
                "app.kubernetes.io/component": "namespace",
                "app.kubernetes.io/managed-by": "pulumi",
                "app.kubernetes.io/name": "models",
                "app.kubernetes.io/part-of": "slipway",
                "pod-security.kubernetes.io/audit": "restricted",
                "pod-security.kubernetes.io/audit-version": "v1.34",
                "pod-security.kubernetes.io/enforce": level,
                "pod-security.kubernetes.io/enforce-version": "v1.34",
                "pod-security.kubernetes.io/warn": "restricted",
                "pod-security.kubernetes.io/warn-version": "v1.34",
            },
        },
    }
