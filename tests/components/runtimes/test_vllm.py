"""Flags, drain, probes and user of the vLLM server."""

import pytest

from components.runtimes.contract import QueueMetric
from stacks.spec.runtime import VllmRuntime
from tests.components.model_samples import VLLM, serve


def test_one_card_gets_exactly_these_flags() -> None:
    assert serve().args == (
        "/models/current",
        "--served-model-name",
        "qwen",
        "--port",
        "8000",
        "--gpu-memory-utilization",
        "0.9",
        "--dtype",
        "auto",
        "--shutdown-timeout",
        "40",
    )


def test_every_field_of_the_section_reaches_the_flags_and_extra_ones_come_last() -> None:
    spec = VllmRuntime.model_validate(
        {
            "type": "vllm",
            "image": "registry.example.com/vllm:v0.23.0",
            "servedModelName": "qwen3",
            "maxModelLen": 8192,
            "gpuMemoryUtilization": 0.85,
            "maxNumSeqs": 64,
            "dtype": "bfloat16",
            "extraArgs": ("--enable-prefix-caching", "--quantization=fp8"),
        }
    )
    server = serve(spec, accelerators=4, drain_seconds=120)
    assert server.image == "registry.example.com/vllm:v0.23.0"
    assert server.args[1:] == (
        *("--served-model-name", "qwen3", "--port", "8000", "--tensor-parallel-size", "4"),
        *("--gpu-memory-utilization", "0.85", "--max-model-len", "8192", "--max-num-seqs", "64"),
        *("--dtype", "bfloat16", "--shutdown-timeout", "120", "--enable-prefix-caching", "--quantization=fp8"),
    )


def test_the_image_brings_the_command() -> None:
    """``serve`` must not be repeated: the image's entrypoint has it."""
    assert serve().command == ()
    assert "serve" not in serve().args


@pytest.mark.parametrize(("accelerators", "shm_mib"), [(0, 2048), (1, 2048), (2, 8192)])
def test_ranks_get_more_shared_memory(accelerators: int, shm_mib: int) -> None:
    assert serve(accelerators=accelerators).shm_mib == shm_mib


def test_two_cards_already_share_the_model() -> None:
    args = serve(accelerators=2).args
    assert args[args.index("--tensor-parallel-size") + 1] == "2"


def test_without_cards_no_card_memory_is_claimed() -> None:
    assert "--gpu-memory-utilization" not in serve(accelerators=0).args


@pytest.mark.parametrize("drain_seconds", [None, 5, 3600])
def test_the_pod_outlives_its_drain(drain_seconds: int | None) -> None:
    server = serve(drain_seconds=drain_seconds)
    drain = int(server.args[server.args.index("--shutdown-timeout") + 1])
    assert server.drain.grace_seconds >= server.drain.pre_stop_seconds + drain + 5


def test_by_default_a_pod_has_a_minute_to_leave() -> None:
    assert (serve().drain.pre_stop_seconds, serve().drain.grace_seconds) == (15, 60)


@pytest.mark.parametrize("seconds", [10, 605, 14_400])
def test_the_startup_probe_allows_at_least_the_budget(seconds: int) -> None:
    server = serve(startup_seconds=seconds)
    assert seconds <= server.startup_seconds < seconds + server.startup.period_seconds


def test_liveness_gives_up_much_later_than_readiness() -> None:
    server = serve()
    patience = {probe: probe.period_seconds * probe.failure_threshold for probe in (server.liveness, server.readiness)}
    assert patience[server.liveness] >= 4 * patience[server.readiness]
    assert {server.startup.path, server.readiness.path, server.liveness.path} == {"/health"}


def test_nothing_is_downloaded_and_nothing_is_reported_home() -> None:
    env = serve().env
    assert (env["HF_HUB_OFFLINE"], env["VLLM_NO_USAGE_STATS"], env["DO_NOT_TRACK"]) == ("1", "1", "1")


def test_home_and_cache_are_writable() -> None:
    server = serve()
    for key in ("HOME", "VLLM_CACHE_ROOT"):
        assert any(f"{server.env[key]}/".startswith(f"{path}/") for path in server.writable)


def test_it_runs_as_the_user_the_image_is_made_for() -> None:
    server = serve()
    assert (server.user, server.group, server.read_only_root) == (2000, 0, False)


def test_metrics_and_signals() -> None:
    server = serve()
    assert (server.metrics_path, server.ports[server.metrics_port]) == ("/metrics", 8000)
    assert server.queue == QueueMetric(name="vllm:num_requests_waiting", target=5)
    assert server.cache_metric == "vllm:kv_cache_usage_perc"


def test_without_weights_the_error_names_the_model_and_the_fix() -> None:
    with pytest.raises(ValueError, match=r'model "qwen".*no `source`; add one'):
        serve(VLLM, model_path="")
