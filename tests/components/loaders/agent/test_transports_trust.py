"""Rendered containers that check signatures, trust a private CA and ask a mirror, run by the real agent.

Stands in for a pod as ``test_transports`` does; the files of the ConfigMap lie in a directory of the test's own.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from components.loaders import node_cache_pods
from components.loaders.contract import Trust
from components.loaders.node_cache_pods import CachedModel, CachePool
from components.loaders.trust import MOUNT
from stacks.spec.loader import InitLoader
from stacks.spec.loading import Signature
from stacks.spec.source import ModelKitSource
from tests.components.loader_samples import ON_GPU_NODES, of_kind
from tests.components.loaders.agent.certificates import PrivateAuthority
from tests.components.loaders.agent.cosigners import sign_classic
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import noise, push_kit, small_kit, tar_of
from tests.components.loaders.agent.processes import wait_for
from tests.components.loaders.agent.signers import KEY, OTHER, bundle_of, public_pem
from tests.components.loaders.agent.test_transports import (
    NODE_CACHE,
    PRELOAD,
    SHARED,
    command,
    environment,
    free_port,
    gate,
    loading,
    served,
    status,
)
from tests.components.model_samples import load, place

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from components.loaders.contract import Loaded
    from components.objects import Manifest

WEIGHTS = noise(50_000)
SIGNATURE_REFUSED = 13
CERTIFICATE_REFUSED = 11
NO_SIGNATURE = Trust(ca_certificates="none is needed")


def signed_kit(registry: FakeRegistry) -> str:
    """Push a kit of a model, its signature below docs, and a text that is not signed."""
    said = {"model/weights.bin": hashlib.sha256(WEIGHTS).hexdigest()}
    layers = [
        ("model.v1.tar", tar_of({"model/weights.bin": WEIGHTS})),
        ("docs.v1.tar", tar_of({"model.sig": bundle_of(said, KEY)})),
        ("docs.v1.tar", tar_of({"README.md": b"# not signed\n"})),
    ]
    model, signature, text = (digest_of(data) for _, data in layers)
    kitfile = {
        "manifestVersion": "1.0.0",
        "package": {"name": "signed"},
        "model": {"path": "model/weights.bin", "digest": model},
        "docs": [{"path": "model.sig", "digest": signature}, {"path": "README.md", "digest": text}],
    }
    return push_kit(registry, "ns/kit", kitfile, layers, "1.0")


def source(registry: FakeRegistry, digest: str, *parts: str) -> ModelKitSource:
    raw = {"type": "modelkit", "reference": f"{registry.host}/ns/kit@{digest}", "sizeGib": 0.1, "plainHttp": True}
    return ModelKitSource.model_validate({**raw, "filter": parts or ("model", "docs:model.sig")})


def trusting(*keys: EllipticCurvePrivateKey) -> Trust:
    return Trust(signature=Signature.model_validate({"publicKeys": tuple(public_pem(key).decode() for key in keys)}))


def run(container: Manifest, loaded: Loaded, tmp_path: Path, **replaced: str) -> subprocess.CompletedProcess[str]:
    """Run a container beside the files that its ConfigMap would show; the volume is ``tmp_path/volume``."""
    files = tmp_path / "trust"
    files.mkdir(exist_ok=True)
    for name, text in of_kind(loaded, "ConfigMap")["data"].items():
        (files / name).write_text(text)
    (tmp_path / "volume").mkdir(exist_ok=True)
    line = [one.replace(MOUNT, str(files)) for one in command(container, tmp_path / "volume", **replaced)]
    return subprocess.run(line, env=environment(), timeout=60, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("keys", [(KEY,), (OTHER, KEY)])
def test_a_signed_kit_is_brought_with_its_signature(
    tmp_path: Path, registry: FakeRegistry, keys: tuple[EllipticCurvePrivateKey, ...]
) -> None:
    kit = source(registry, signed_kit(registry))
    loaded = load(kit, replace(SHARED, trust=trusting(*keys)), PRELOAD)
    done = run(loading(of_kind(loaded, "Job")), loaded, tmp_path)
    assert done.returncode == 0, done.stderr
    assert run(gate(loaded), loaded, tmp_path).returncode == 0
    assert (served(PRELOAD, kit, tmp_path / "volume") / "model/weights.bin").read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("key", "parts", "why"),
    [
        (OTHER, ("model", "docs:model.sig"), "by none of the trusted keys"),
        (KEY, ("model",), "holds no signature 'model.sig'"),
        (KEY, ("model", "docs"), "'README.md': in the model, but not signed"),
    ],
)
def test_what_nobody_trusted_has_signed_fails_the_job_at_once_and_opens_no_gate(
    tmp_path: Path, registry: FakeRegistry, key: EllipticCurvePrivateKey, parts: tuple[str, ...], why: str
) -> None:
    kit = source(registry, signed_kit(registry), *parts)
    loaded = load(kit, replace(SHARED, trust=trusting(key)), PRELOAD)
    job = of_kind(loaded, "Job")
    done = run(loading(job), loaded, tmp_path)
    assert done.returncode == SIGNATURE_REFUSED
    assert why in done.stderr
    assert SIGNATURE_REFUSED in job["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"]
    assert run(gate(loaded), loaded, tmp_path, deadline_seconds="0.2").returncode == 10


@pytest.mark.parametrize("key", [KEY, OTHER])
def test_what_lies_there_already_is_checked_once_a_signature_is_asked_for(
    tmp_path: Path, registry: FakeRegistry, key: EllipticCurvePrivateKey
) -> None:
    kit = source(registry, signed_kit(registry))
    before = load(kit, replace(SHARED, trust=NO_SIGNATURE), PRELOAD)
    assert run(loading(of_kind(before, "Job")), before, tmp_path).returncode == 0
    for loader in (PRELOAD, InitLoader(type="init", into="storage")):
        loaded = load(kit, replace(SHARED, trust=trusting(key)), loader)
        container = loading(of_kind(loaded, "Job")) if loader is PRELOAD else gate(loaded)
        assert run(container, loaded, tmp_path).returncode == (0 if key is KEY else SIGNATURE_REFUSED)


@pytest.mark.parametrize("key", [KEY, OTHER])
def test_cosign_of_a_rendered_job_and_its_gate(
    tmp_path: Path, registry: FakeRegistry, key: EllipticCurvePrivateKey
) -> None:
    digest = small_kit(registry)
    sign_classic(registry, "ns/kit", digest, KEY)
    kit = source(registry, digest, "model")
    signature = Signature.model_validate({"kind": "cosign", "publicKeys": (public_pem(key).decode(),)})
    before, loaded = (
        load(kit, replace(SHARED, trust=trust), PRELOAD) for trust in (NO_SIGNATURE, Trust(signature=signature))
    )
    assert run(loading(of_kind(before, "Job")), before, tmp_path).returncode == 0
    assert run(gate(loaded), loaded, tmp_path, deadline_seconds="0.2").returncode == 10
    done = run(loading(of_kind(loaded, "Job")), loaded, tmp_path)
    assert done.returncode == (0 if key is KEY else SIGNATURE_REFUSED), done.stderr
    assert run(gate(loaded), loaded, tmp_path, deadline_seconds="0.2").returncode == (0 if key is KEY else 10)


def test_the_cache_keeps_what_is_signed_and_refuses_the_rest(tmp_path: Path, registry: FakeRegistry) -> None:
    kit = source(registry, signed_kit(registry))
    models = (
        CachedModel(name="qwen", source=kit, trust=trusting(KEY)),
        CachedModel(name="wrong", source=kit, trust=trusting(OTHER)),
    )
    pool = CachePool(pool="l20", nodes=ON_GPU_NODES, image="none", models=models)
    listed, node, port = tmp_path / "listed", tmp_path / "node", free_port()
    listed.mkdir()
    node.mkdir()
    for name, text in node_cache_pods.render_list(pool, "models-node-cache", pull_secret=False)["data"].items():
        (listed / name).write_text(text.replace("/etc/slipway/models", str(listed)))
    container = node_cache_pods.render_daemon_set(pool, "models", None)["spec"]["template"]["spec"]["containers"][0]
    line = command(container, node, models=str(listed / "models.json"), listen=f"127.0.0.1:{port}")
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(line, env=environment(), stderr=log)
        try:
            opened = command(gate(load(kit, place(), NODE_CACHE)), node)
            assert subprocess.run(opened, env=environment(), timeout=60, check=False).returncode == 0
            wait_for(lambda: "SignatureError" in (tmp_path / "log").read_text(), "the other one is refused")
            assert status(port, "/readyz") == 503
            shut = command(gate(load(kit, place(model="wrong"), NODE_CACHE)), node, deadline_seconds="0.2")
            assert subprocess.run(shut, env=environment(), timeout=60, check=False).returncode == 10
        finally:
            process.terminate()
            assert process.wait(timeout=20) == 143


def test_a_cache_takes_other_keys_from_its_list_and_gates_ask_for_them(tmp_path: Path, registry: FakeRegistry) -> None:
    """A version from before the signature lies in the store; new pods may not read it until its check is noted."""
    kit, node, listed, port = source(registry, signed_kit(registry)), tmp_path / "node", tmp_path / "list", free_port()
    node.mkdir()
    listed.mkdir()

    def cached(trust: Trust) -> CachePool:
        model = CachedModel(name="qwen", source=kit, trust=trust)
        pool = CachePool(pool="l20", nodes=ON_GPU_NODES, image="none", models=(model,))
        data = node_cache_pods.render_list(pool, "models-node-cache", pull_secret=False)["data"]
        for name, text in sorted(data.items(), key=lambda item: item[0] == "models.json"):
            (listed / name).write_text(text.replace("/etc/slipway/models", str(listed)))
        return pool

    pod = node_cache_pods.render_daemon_set(cached(Trust()), "models", None)["spec"]["template"]["spec"]
    where = {"models": str(listed / "models.json"), "listen": f"127.0.0.1:{port}"}
    process = subprocess.Popen(command(pod["containers"][0], node, **where), env=environment())
    try:
        wait_for(lambda: status(port, "/readyz") == 200, "without a signature")
        cached(trusting(OTHER))
        wait_for(lambda: status(port, "/readyz") == 503, "not signed by this key")
        both = replace(place(), trust=trusting(OTHER, KEY))
        shut = command(gate(load(kit, both, NODE_CACHE)), node, deadline_seconds="0.2")
        assert subprocess.run(shut, env=environment(), timeout=60, check=False).returncode == 10
        cached(trusting(OTHER, KEY))
        wait_for(lambda: status(port, "/readyz") == 200, "signed by one of two")
        opened = command(gate(load(kit, both, NODE_CACHE)), node)
        assert subprocess.run(opened, env=environment(), timeout=60, check=False).returncode == 0
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 143


@contextmanager
def behind_tls(authority: PrivateAuthority) -> Generator[FakeRegistry]:
    registry = FakeRegistry()
    server = registry.make_server()
    server.socket = authority.server().context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_mirror_behind_a_private_ca_serves_what_docker_io_would(tmp_path: Path, *, trusted: bool) -> None:
    authority, stranger = (PrivateAuthority(tmp_path / name) for name in ("authority", "stranger"))
    with behind_tls(authority) as registry:
        raw: dict[str, Any] = {"type": "modelkit", "reference": f"docker.io/ns/kit@{small_kit(registry)}"}
        kit = ModelKitSource.model_validate({**raw, "sizeGib": 0.1})
        trust = Trust(
            ca_certificates=(authority if trusted else stranger).file.read_text(),
            mirrors={"docker.io": f"https://{registry.host}/"},
        )
        loaded = load(kit, replace(SHARED, trust=trust), InitLoader(type="init", into="storage"))
        assert loaded.egress_ports == (443, registry.port)
        done = run(gate(loaded), loaded, tmp_path)
    assert done.returncode == (0 if trusted else CERTIFICATE_REFUSED), done.stderr
    assert bool(registry.requests) == trusted
    if trusted:
        assert json.loads(done.stderr.splitlines()[-1])["event"]
        assert (tmp_path / "volume/qwen/current/model/weights.bin").read_bytes() == noise(300_000)
