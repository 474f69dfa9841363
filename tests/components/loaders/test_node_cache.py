"""The cache on the nodes: its DaemonSet, what it lists, and what readers mount."""

from __future__ import annotations

import json
from dataclasses import replace

from components.loaders import node_cache, node_cache_pods
from components.loaders.agent.plan import store_key
from components.loaders.node_cache_pods import cache_namespace
from tests.components.loader_samples import CACHE, NODE_CACHE
from tests.components.model_samples import DIGEST, KIT, load, place

DAEMON_SET = node_cache_pods.render_daemon_set(CACHE, "models", "registry")
POD = DAEMON_SET["spec"]["template"]["spec"]
CONTAINER = POD["containers"][0]


def test_readers_mount_a_claim_read_only_and_name_no_directory_of_the_node() -> None:
    loaded = load(KIT, place(), NODE_CACHE)
    assert loaded.volumes[0] == {
        "name": "model-store",
        "persistentVolumeClaim": {"claimName": "node-model-cache", "readOnly": True},
    }
    assert loaded.server_mounts == (
        {"name": "model-store", "mountPath": "/models", "readOnly": True, "subPath": "qwen"},
    )
    assert loaded.egress_ports == ()
    assert "registry-config" not in str(loaded)


def test_readers_wait_for_their_version_on_their_own_node() -> None:
    (gate,) = load(KIT, place(), NODE_CACHE).init_containers
    key = store_key(DIGEST, ("model", "docs"))
    assert gate["args"] == ["wait", "--into", "/models-store/qwen", "--key", key, "--deadline-seconds", "3600"]


def test_the_volume_is_the_directory_the_cache_writes_and_only_its_claim_gets_it() -> None:
    volume, claim = node_cache.render_volume("models"), node_cache.render_claim("models")
    (store,) = (volume for volume in POD["volumes"] if "hostPath" in volume)
    assert volume["spec"]["hostPath"] == store["hostPath"]
    assert store["hostPath"] == {"path": "/var/lib/slipway/models/models", "type": "DirectoryOrCreate"}
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]
    reference = volume["spec"]["claimRef"]
    assert (reference["namespace"], reference["name"]) == ("models", claim["metadata"]["name"])
    for spec in (volume["spec"], claim["spec"]):
        assert spec["accessModes"] == ["ReadOnlyMany"]
        assert spec["storageClassName"] == ""
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"


def test_two_stacks_of_one_cluster_do_not_share_a_directory() -> None:
    """A cache removes what its own list lacks."""
    assert node_cache.host_path("team-a") != node_cache.host_path("team-b")


def test_the_list_names_the_models_of_the_pool_with_the_agents_own_arguments() -> None:
    listed = node_cache_pods.render_list(CACHE, "models-node-cache", pull_secret=True)
    entries = json.loads(listed["data"]["models.json"])
    assert [entry["name"] for entry in entries] == ["bge", "qwen"]
    assert entries[1]["args"] == [
        *("--source", "modelkit", "--reference", f"registry.example.com/models/qwen3@{DIGEST}"),
        *("--filter", "model", "--filter", "docs", "--registry-config", "/run/slipway/registry/config.json"),
    ]


def test_another_model_leaves_the_daemon_set_as_it_is() -> None:
    """The agent reads the list again; a restart of every node's cache would be for nothing."""
    smaller = replace(CACHE, models=CACHE.models[:1])
    assert node_cache_pods.render_daemon_set(smaller, "models", "registry") == DAEMON_SET


def test_the_agent_gets_its_list_and_writes_to_the_nodes_directory_only() -> None:
    args = CONTAINER["args"]
    assert args[:5] == ["cache", "--models", "/etc/slipway/models/models.json", "--into", "/models-store"]
    assert args[args.index("--listen") + 1] == "0.0.0.0:9410"
    writable = [mount["name"] for mount in CONTAINER["volumeMounts"] if not mount.get("readOnly")]
    assert writable == ["model-store"]
    assert not [mount for mount in CONTAINER["volumeMounts"] if "subPath" in mount], "a ConfigMap would never change"


def test_root_is_all_it_takes() -> None:
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsUser": 0,
    }
    assert POD["securityContext"] == {
        "runAsGroup": 0,
        "runAsUser": 0,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert POD["automountServiceAccountToken"] is False
    assert POD["serviceAccountName"] == "node-cache"
    assert "priorityClassName" not in POD
    assert not {"hostNetwork", "hostPID", "hostIPC"} & POD.keys()


def test_it_is_ready_when_everything_is_there_and_nobody_waits_for_all_nodes() -> None:
    assert CONTAINER["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "loader-metrics"}
    assert DAEMON_SET["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_it_runs_on_the_nodes_of_its_pool_and_takes_no_card() -> None:
    assert POD["nodeSelector"] == {"slipway.dev/node-pool": "l20"}
    assert POD["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert set(CONTAINER["resources"]["requests"]) == {"cpu", "memory"}


def test_out_to_the_registries_and_in_for_metrics_only() -> None:
    namespace = cache_namespace("models")
    spec = node_cache_pods.render_policy(CACHE, namespace, ("10.0.0.0/8",), "monitoring")["spec"]
    assert spec["egress"] == [
        {
            "to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
            "ports": [{"port": 443, "protocol": "TCP"}, {"port": 5000, "protocol": "TCP"}],
        }
    ]
    scraper = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    assert spec["ingress"] == [{"from": [scraper], "ports": [{"port": 9410, "protocol": "TCP"}]}]
    assert spec["podSelector"]["matchLabels"].items() <= DAEMON_SET["spec"]["template"]["metadata"]["labels"].items()
    assert "ingress" not in node_cache_pods.render_policy(CACHE, namespace, (), None)["spec"]
