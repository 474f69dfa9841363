"""vLLM's OpenAI-compatible server, 0.18 or newer.

Follows the vLLM documentation, "Using Docker", "Using Kubernetes" and "Production metrics" (0.23), and for draining
vllm-project/vllm PR 36666 and kserve/kserve PR 5485 and PR 5496.
"""

from math import ceil
from typing import Final

from components.runtimes.contract import HTTP, Drain, HttpProbe, QueueMetric, Server
from stacks.spec.runtime import VllmRuntime

PORT: Final = 8000
"""vLLM's own default, one port for requests, health and metrics."""

PRE_STOP_SECONDS: Final = 15
"""Time endpoints need to forget a leaving pod (kserve PR 5485)."""

DRAIN_SECONDS: Final = 40
"""Time running requests get unless the stack says otherwise; with the wait and the margin this is KServe's 60 s."""

_MARGIN_SECONDS: Final = 5  # between the end of the drain and SIGKILL, for the processes to end
_USER: Final = 2000  # the image is prepared for user 2000 with group 0 (docs/deployment/docker.md)
_GROUP: Final = 0
_HOME: Final = "/home/vllm"
_QUEUE: Final = QueueMetric(name="vllm:num_requests_waiting", target=5)  # production-stack's default target
_CACHE: Final = "vllm:kv_cache_usage_perc"  # 0 to 1 despite its name; `gpu_cache_usage_perc` up to 0.8
_STARTUP_PERIOD_SECONDS: Final = 10
_SHM_ONE_CARD_MIB: Final = 2048  # vLLM's Kubernetes example
_SHM_TENSOR_PARALLEL_MIB: Final = 8192  # ranks exchange tensors through it: the ROCm example of the same docs

_ENV: Final = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",  # the loader brings the model; a typo in a path must not become a download
    "HOME": _HOME,
    "VLLM_CACHE_ROOT": f"{_HOME}/.cache/vllm",
    "VLLM_NO_USAGE_STATS": "1",
}


def render(
    spec: VllmRuntime,
    *,
    name: str,
    accelerators: int,
    model_path: str,
    startup_seconds: int,
    drain_seconds: int | None,
) -> Server:
    """Return the server of one model.

    Args:
        spec: the model's ``runtime`` section.
        name: the model's name; clients use it as model id unless the spec says otherwise.
        accelerators: cards of one pod; more than one means tensor parallel over all of them.
        model_path: directory of the weights inside the container.
        startup_seconds: time one pod may take from container start to its first healthy answer.
        drain_seconds: time running requests get after SIGTERM; None = ``DRAIN_SECONDS``.

    Raises:
        ValueError: there is no model path; vLLM would then try to download its default model.
    """
    if not model_path:
        raise ValueError(
            f'model "{name}": runtime vllm has no weights to load, because the model has no `source`; add one'
        )
    drain = DRAIN_SECONDS if drain_seconds is None else drain_seconds
    return _server(
        spec,
        (*_args(spec, name, accelerators, model_path), "--shutdown-timeout", str(drain), *spec.extra_args),
        shm_mib=_SHM_TENSOR_PARALLEL_MIB if accelerators > 1 else _SHM_ONE_CARD_MIB,
        startup_seconds=startup_seconds,
        drain=Drain(pre_stop_seconds=PRE_STOP_SECONDS, grace_seconds=PRE_STOP_SECONDS + drain + _MARGIN_SECONDS),
    )


def _server(spec: VllmRuntime, args: tuple[str, ...], *, shm_mib: int, startup_seconds: int, drain: Drain) -> Server:
    return Server(
        image=spec.image,
        args=args,
        ports={HTTP: PORT},
        startup=HttpProbe(
            path="/health",
            period_seconds=_STARTUP_PERIOD_SECONDS,
            failure_threshold=ceil(startup_seconds / _STARTUP_PERIOD_SECONDS),
        ),
        readiness=HttpProbe(path="/health", period_seconds=5),
        # Far more patient than readiness: a long prefill must cost traffic, never the loaded weights.
        liveness=HttpProbe(path="/health", timeout_seconds=5, failure_threshold=6),
        metrics_path="/metrics",
        env=dict(_ENV),
        writable=(_HOME, "/tmp"),  # noqa: S108 - a mount point in the container, not a file of this machine
        shm_mib=shm_mib,
        user=_USER,
        group=_GROUP,
        drain=drain,
        queue=_QUEUE,
        cache_metric=_CACHE,
        # nvidia-cdi-hook writes into the root file system (kserve config/llmisvcconfig/config-llm-template.yaml).
        read_only_root=False,
    )


def _args(spec: VllmRuntime, name: str, accelerators: int, model_path: str) -> list[str]:
    """Return the flags before the drain; the image's entrypoint is already ``vllm serve``, the model is positional."""
    args = [model_path, "--served-model-name", spec.served_model_name or name, "--port", str(PORT)]
    if accelerators > 1:
        args += ["--tensor-parallel-size", str(accelerators)]
    if accelerators:
        args += ["--gpu-memory-utilization", f"{spec.gpu_memory_utilization:g}"]
    if spec.max_model_len is not None:
        args += ["--max-model-len", str(spec.max_model_len)]
    if spec.max_num_seqs is not None:
        args += ["--max-num-seqs", str(spec.max_num_seqs)]
    return [*args, "--dtype", spec.dtype]
