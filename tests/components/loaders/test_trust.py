"""Keys, private CAs and mirrors: what is mounted, what the agent is told, and what follows when they change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from components.loaders import node_cache_pods, source_args
from components.loaders.agent.arguments import ModelArguments, WaitArguments, parse_arguments, parse_listed
from components.loaders.agent.cosign import cosign_name
from components.loaders.agent.publickey import parse_public_key
from components.loaders.contract import NO_TRUST, Trust
from components.loaders.trust import trust_args
from stacks.spec.file_source import ClaimSource
from stacks.spec.loading import Signature
from tests.components.loader_samples import (
    CACHE,
    HTTP_RELOAD,
    PRELOAD,
    SIDECAR,
    SIGNED_CACHE,
    SYNC,
    TRUST,
    of_kind,
    signed_transports,
    transports,
)
from tests.components.loaders.agent.signers import KEY, OTHER, public_pem
from tests.components.model_samples import ARTIFACT, DIGEST, KIT, load, place

if TYPE_CHECKING:
    from components.loaders.contract import Loaded
    from components.objects import Manifest
    from stacks.spec.loader import PreloadLoader, SidecarLoader, SyncLoader

CHECKING = ["signed-init", "signed-sidecar", "signed-preload", "signed-sync"]
MOUNT = "/run/slipway/trust"
NAMES = [f"signer-{parse_public_key(public_pem(key)).fingerprint[:16]}.pem" for key in (KEY, OTHER)]


def loading_pods(loaded: Loaded) -> list[Manifest]:
    """Return the pod specs in which the agent loads; the pod of the server stands as its containers and volumes."""
    jobs = [one["spec"] for one in loaded.objects if one["kind"] == "Job"]
    jobs += [one["spec"]["jobTemplate"]["spec"] for one in loaded.objects if one["kind"] == "CronJob"]
    if jobs:
        return [job["template"]["spec"] for job in jobs]
    return [{"containers": list(loaded.init_containers), "volumes": list(loaded.volumes)}]


@pytest.mark.parametrize("how", CHECKING)
def test_every_loading_pod_mounts_the_files_that_its_arguments_name(how: str) -> None:
    loaded = signed_transports()[how]
    config_map = loaded.objects[0]
    assert (config_map["kind"], config_map["immutable"]) == ("ConfigMap", True)
    assert sorted(config_map["data"]) == sorted(["ca.pem", *NAMES])

    for pod in loading_pods(loaded):
        (container,) = pod["containers"]
        read = parse_arguments(container["args"])
        assert isinstance(read, ModelArguments)
        assert sorted(read.signature.keys) == sorted(Path(MOUNT, name) for name in NAMES)
        assert read.signature.bundle == "signed/model.sig"
        assert read.source.ca_file == Path(MOUNT, "ca.pem")
        assert read.source.mirrors == {
            "docker.io": "https://mirror.example.com",
            "registry.example.com": "https://mirror.example.com:8443",
        }
        assert {"name": "loader-trust", "mountPath": MOUNT, "readOnly": True} in container["volumeMounts"]
        source = {"name": config_map["metadata"]["name"], "defaultMode": 0o444}
        assert {"name": "loader-trust", "configMap": source} in pod["volumes"]


@pytest.mark.parametrize("how", ["signed-preload", "signed-sync", "signed-node-cache"])
def test_gates_and_servers_see_none_of_it(how: str) -> None:
    loaded = signed_transports()[how]
    assert "loader-trust" not in str((loaded.init_containers, loaded.volumes, loaded.server_mounts))


@pytest.mark.parametrize("how", transports())
def test_without_trust_there_is_nothing_of_it(how: str) -> None:
    assert "trust" not in str(transports()[how])


def test_readers_of_a_node_cache_have_no_objects() -> None:
    assert signed_transports()["signed-node-cache"].objects == ()


def test_another_key_is_another_object_and_another_job() -> None:
    other = Signature.model_validate({"publicKeys": (public_pem(OTHER).decode(),)})
    before, after = (
        signed_transports()["signed-sync"],
        load(KIT, replace(place(claim="weights"), trust=replace(TRUST, signature=other)), SYNC),
    )
    for kind in ("ConfigMap", "Job"):
        assert of_kind(before, kind)["metadata"]["name"] != of_kind(after, kind)["metadata"]["name"]
    assert of_kind(before, "CronJob")["metadata"] == of_kind(after, "CronJob")["metadata"]


def test_the_order_and_the_line_ends_of_keys_do_not_matter() -> None:
    assert TRUST.signature is not None
    turned = tuple(f"\n{text.strip()}\n\n" for text in reversed(TRUST.signature.public_keys))
    same = replace(TRUST, signature=TRUST.signature.model_copy(update={"public_keys": turned}))
    loaded = load(KIT, replace(place(claim="weights"), trust=same, reload=None))
    assert loaded.objects == signed_transports()["signed-init"].objects


def test_the_cache_has_them_beside_its_list_in_its_own_namespace() -> None:
    listed = node_cache_pods.render_list(SIGNED_CACHE, "models-node-cache", pull_secret=True)
    assert listed["metadata"]["namespace"] == "models-node-cache"
    assert sorted(listed["data"]) == sorted(["ca.pem", "models.json", *NAMES])
    args = {one["name"]: one["args"] for one in json.loads(listed["data"]["models.json"])}

    source, signature = parse_listed(args["qwen"])
    assert sorted(signature.keys) == sorted(Path("/etc/slipway/models", name) for name in NAMES)
    assert signature.bundle == "signed/model.sig"
    assert source.ca_file == Path("/etc/slipway/models/ca.pem")
    assert parse_listed(args["bge"])[1].keys == ()


def test_keys_of_a_cached_model_change_without_a_restart() -> None:
    signed, plain = (node_cache_pods.render_daemon_set(one, "models", "registry") for one in (SIGNED_CACHE, CACHE))
    assert signed == plain


@pytest.mark.parametrize(
    ("mirrors", "ports"),
    [({}, (443,)), ({"docker.io": "https://m:8443/"}, (443, 8443)), ({"registry.example.com": "https://m"}, (443,))],
)
def test_ports_of_mirrors_are_open(mirrors: dict[str, str], ports: tuple[int, ...]) -> None:
    assert source_args.egress_ports(KIT, mirrors) == ports
    assert load(KIT, replace(place(), trust=Trust(mirrors=mirrors))).egress_ports == ports


@pytest.mark.parametrize("how", ["signed-preload", "signed-sync"])
def test_policies_of_jobs_open_the_ports_of_mirrors(how: str) -> None:
    policy = of_kind(signed_transports()[how], "NetworkPolicy")
    assert "8443" in json.dumps(policy["spec"]["egress"])


def test_the_policy_of_the_cache_opens_the_ports_of_mirrors() -> None:
    policy = node_cache_pods.render_policy(SIGNED_CACHE, "models-node-cache", (), None)
    assert "8443" in json.dumps(policy["spec"]["egress"])


def test_a_claim_is_reached_over_no_network_and_checked_all_the_same() -> None:
    claim = ClaimSource.model_validate({"type": "claim", "claim": "files", "digest": DIGEST, "sizeGib": 1})
    args = trust_args(claim, TRUST)
    assert "--ca-file" not in args
    assert "--mirror" not in args
    assert args.count("--signature-key") == 2
    assert source_args.egress_ports(claim, TRUST.mirrors) == ()


def test_nothing_to_believe_is_no_argument() -> None:
    assert trust_args(ARTIFACT, NO_TRUST) == []


def test_a_key_that_is_none_is_refused_before_anything_is_made() -> None:
    text = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
    bad = Trust(signature=Signature.model_validate({"publicKeys": (text,)}))
    with pytest.raises(ValueError, match="expected a value of type"):
        load(KIT, replace(place(), trust=bad, reload=None), SIDECAR)


@pytest.mark.parametrize("loader", [SIDECAR, SYNC, PRELOAD])
def test_cosign_is_asked_for_by_what_loads_and_by_gates(loader: SidecarLoader | SyncLoader | PreloadLoader) -> None:
    assert TRUST.signature is not None
    cosign = replace(TRUST, signature=TRUST.signature.model_copy(update={"kind": "cosign"}))
    loaded = load(KIT, replace(place(claim="weights"), trust=cosign, reload=HTTP_RELOAD), loader)
    for pod in loading_pods(loaded):
        read = parse_arguments(pod["containers"][0]["args"])
        assert isinstance(read, ModelArguments)
        assert (read.signature.kind, len(read.signature.keys)) == ("cosign", 2)
    if loader is not SIDECAR:
        gate = parse_arguments(loaded.init_containers[0]["args"])
        assert isinstance(gate, WaitArguments)
        assert gate.checks == (cosign_name([parse_public_key(public_pem(key)) for key in (KEY, OTHER)]),)
