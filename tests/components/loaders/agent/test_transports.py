"""The containers as they are rendered, run by the real agent: what one writes is what the next one waits for and reads.

Stands in for a pod: every mount point of a container becomes a directory below the test's own, and the agent runs in a
process of its own with the rendered arguments. The registry is the fake one of this folder.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from components.loaders import dispatch, node_cache_pods
from components.loaders.agent import __file__ as package
from components.loaders.node_cache_pods import CachedModel, CachePool
from stacks.spec.loader import Loader, NodeCacheLoader, PreloadLoader, SyncLoader
from stacks.spec.source import ModelKitSource
from tests.components.loader_samples import ON_GPU_NODES, of_kind
from tests.components.loaders.agent.kits import noise, small_kit
from tests.components.loaders.agent.processes import wait_for
from tests.components.model_samples import load, place

if TYPE_CHECKING:
    from pathlib import Path

    from components.loaders.contract import Loaded
    from components.objects import Manifest
    from tests.components.loaders.agent.fake_registry import FakeRegistry

SHARED = place(claim="weights", secret=None)
PRELOAD, SYNC, NODE_CACHE = PreloadLoader(type="preload"), SyncLoader(type="sync"), NodeCacheLoader(type="nodeCache")


def kit(registry: FakeRegistry, digest: str) -> ModelKitSource:
    reference = f"{registry.host}/ns/kit:1.0@{digest}"
    raw = {"type": "modelkit", "reference": reference, "sizeGib": 0.1, "plainHttp": True}
    return ModelKitSource.model_validate(raw)


def command(container: Manifest, volume: Path, **replaced: str) -> list[str]:
    """Return the container's command line with its mounts below ``volume`` and some options' values replaced."""
    args: list[str] = [_below(argument, volume) for argument in container["args"]]
    for option, value in {"deadline_seconds": "10", **replaced}.items():
        args[args.index(f"--{option.replace('_', '-')}") + 1] = value
    assert container["command"] == ["python3", "-m", "agent"]
    return [sys.executable, "-B", "-m", "agent", *args]


def _below(argument: str, volume: Path) -> str:
    return f"{volume}{argument.removeprefix('/models-store')}" if argument.startswith("/models-store") else argument


def environment() -> dict[str, str]:
    return {"PYTHONPATH": os.path.dirname(os.path.dirname(str(package))), "PATH": os.environ["PATH"]}  # noqa: PTH120  # one line


def run(container: Manifest, volume: Path, **replaced: str) -> int:
    done = subprocess.run(command(container, volume, **replaced), env=environment(), timeout=60, check=False)
    return done.returncode


def gate(loaded: Loaded) -> Manifest:
    (container,) = loaded.init_containers
    return container


def loading(job: Manifest) -> Manifest:
    spec: dict[str, Any] = job["spec"]
    spec = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
    return spec["template"]["spec"]["containers"][0]


def served(loader: Loader, source: ModelKitSource, volume: Path) -> Path:
    """Return what the server reads, through its mount of the model's directory."""
    return volume / "qwen" / dispatch.model_path(loader, source).removeprefix("/models/")


def test_the_gate_opens_for_what_the_preload_job_brought(tmp_path: Path, registry: FakeRegistry) -> None:
    source = kit(registry, small_kit(registry))
    loaded = load(source, SHARED, PRELOAD)

    assert run(gate(loaded), tmp_path, deadline_seconds="0.2") == 10, "nothing is there yet, not even the directory"
    assert list(tmp_path.iterdir()) == [], "the gate writes nothing"
    assert run(loading(of_kind(loaded, "Job")), tmp_path) == 0
    assert run(gate(loaded), tmp_path) == 0

    assert (served(PRELOAD, source, tmp_path) / "model/weights.bin").read_bytes() == noise(300_000)


def test_the_gate_leaves_no_trace_on_the_volume(tmp_path: Path, registry: FakeRegistry) -> None:
    """It is mounted read-only."""
    loaded = load(kit(registry, small_kit(registry)), SHARED, PRELOAD)
    assert run(loading(of_kind(loaded, "Job")), tmp_path) == 0
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert run(gate(loaded), tmp_path) == 0
    assert {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_the_version_of_old_pods_outlives_the_load_of_the_new_one(tmp_path: Path, registry: FakeRegistry) -> None:
    old = kit(registry, small_kit(registry))
    new = kit(registry, small_kit(registry, weights=b"new weights"))
    for source in (old, new):
        assert run(loading(of_kind(load(source, SHARED, PRELOAD), "Job")), tmp_path) == 0

    assert (served(PRELOAD, old, tmp_path) / "model/weights.bin").is_file()
    assert (served(PRELOAD, new, tmp_path) / "model/weights.bin").read_bytes() == b"new weights"


def test_a_digest_that_lies_ends_with_a_code_that_fails_the_job_at_once(tmp_path: Path, registry: FakeRegistry) -> None:
    digest = small_kit(registry)
    registry.manifests[("ns/kit", digest)] = b'{"schemaVersion": 2, "layers": []}'
    job = of_kind(load(kit(registry, digest), SHARED, PRELOAD), "Job")
    code = run(loading(job), tmp_path)
    assert code in job["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"]


def test_the_first_look_and_the_schedule_bring_what_the_tag_names(tmp_path: Path, registry: FakeRegistry) -> None:
    source = kit(registry, small_kit(registry))
    loaded = load(source, SHARED, SYNC)
    assert run(gate(loaded), tmp_path, deadline_seconds="0.2") == 10
    assert run(loading(of_kind(loaded, "Job")), tmp_path) == 0
    assert run(gate(loaded), tmp_path) == 0
    current = served(SYNC, source, tmp_path)
    assert (current / "model/weights.bin").read_bytes() == noise(300_000)

    small_kit(registry, weights=b"new weights")
    assert run(loading(of_kind(loaded, "CronJob")), tmp_path) == 0
    assert (current / "model/weights.bin").read_bytes() == b"new weights"
    assert run(loading(of_kind(loaded, "Job")), tmp_path) == 0
    assert (current / "model/weights.bin").read_bytes() == b"new weights", "the first look never goes back"


def test_the_cache_becomes_ready_when_its_readers_can_start(tmp_path: Path, registry: FakeRegistry) -> None:
    source = kit(registry, small_kit(registry))
    pool = CachePool(pool="l20", nodes=ON_GPU_NODES, image="none", models=[CachedModel(name="qwen", source=source)])
    listed = node_cache_pods.render_list(pool, "models-node-cache", pull_secret=False)
    models = tmp_path / "models.json"
    models.write_text(listed["data"]["models.json"])
    pod = node_cache_pods.render_daemon_set(pool, "models", None)["spec"]["template"]["spec"]
    node, port = tmp_path / "node", free_port()
    node.mkdir()

    line = command(pod["containers"][0], node, models=str(models), listen=f"127.0.0.1:{port}")
    process = subprocess.Popen(line, env=environment())
    try:
        for probe in ("readinessProbe", "livenessProbe"):
            path = pod["containers"][0][probe]["httpGet"]["path"]
            wait_for(lambda path=path: status(port, path) == 200, f"{probe} answers 200")
        assert run(gate(load(source, place(), NODE_CACHE)), node) == 0
        assert (served(NODE_CACHE, source, node) / "model/weights.bin").read_bytes() == noise(300_000)

        models.write_text(json.dumps([*json.loads(models.read_text()), {"name": "gone", "args": other_args(registry)}]))
        wait_for(lambda: status(port, "/readyz") == 503, "a model that cannot be had makes it not ready")
        assert status(port, "/healthz") == 200, "which is no reason to restart it"
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 143


def other_args(registry: FakeRegistry) -> list[str]:
    return ["--source", "oci", "--reference", f"{registry.host}/ns/none@sha256:{'0' * 64}", "--plain-http"]


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status(port: int, path: str) -> int:
    """Return the status of an answer; 0 while nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
