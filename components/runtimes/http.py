"""Any HTTP server that brings its own image.

The server learns its port from ``PORT`` and, where a loader brings a model, the directory from ``MODEL_PATH``; a
server that reads neither takes both from its ``extraArgs``.
"""

from math import ceil
from typing import Final

from components.runtimes.contract import HTTP, Drain, HttpProbe, Server
from stacks.spec.runtime import HttpRuntime

PRE_STOP_SECONDS: Final = 10
"""Time endpoints need to forget a leaving pod."""

DRAIN_SECONDS: Final = 30
"""Time running requests get unless the stack says otherwise: uvicorn and gunicorn finish them after SIGTERM."""

_MARGIN_SECONDS: Final = 5  # between the end of the drain and SIGKILL
_STARTUP_PERIOD_SECONDS: Final = 5
_HOME: Final = "/tmp"  # noqa: S108 - a mount point in the container, not a file of this machine


def render(
    spec: HttpRuntime, *, accelerators: int, model_path: str, startup_seconds: int, drain_seconds: int | None
) -> Server:
    """Return the server of one model.

    Args:
        spec: the model's ``runtime`` section.
        accelerators: cards of one pod.
        model_path: directory of the weights inside the container; empty = the image brings them.
        startup_seconds: time one pod may take from container start to its first healthy answer.
        drain_seconds: time running requests get after SIGTERM; None = ``DRAIN_SECONDS``.
    """
    drain = DRAIN_SECONDS if drain_seconds is None else drain_seconds
    env = {"HOME": _HOME, "PORT": str(spec.port)}
    if model_path:
        env["MODEL_PATH"] = model_path
    return Server(
        image=spec.image,
        command=spec.command,
        args=spec.extra_args,
        ports={HTTP: spec.port},
        startup=HttpProbe(
            path=spec.health_path,
            period_seconds=_STARTUP_PERIOD_SECONDS,
            failure_threshold=ceil(startup_seconds / _STARTUP_PERIOD_SECONDS),
        ),
        readiness=HttpProbe(path=spec.health_path, period_seconds=5),
        liveness=HttpProbe(path=spec.health_path, timeout_seconds=5, failure_threshold=6),
        metrics_path=spec.metrics_path,
        env=env,
        writable=(_HOME, *(path for path in spec.writable_dirs if path != _HOME)),
        drain=Drain(pre_stop_seconds=PRE_STOP_SECONDS, grace_seconds=PRE_STOP_SECONDS + drain + _MARGIN_SECONDS),
        queue=None,
        # nvidia-cdi-hook writes into the root file system of a container with a card.
        read_only_root=accelerators == 0,
    )
