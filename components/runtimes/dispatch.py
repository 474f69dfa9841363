"""From a model's ``runtime`` section to its Server."""

from typing import assert_never

from components.runtimes import http, vllm
from components.runtimes.contract import Server
from stacks.spec.runtime import HttpRuntime, Runtime, VllmRuntime


def render(
    spec: Runtime,
    *,
    name: str,
    accelerators: int,
    model_path: str,
    startup_seconds: int,
    drain_seconds: int | None,
) -> Server:
    """Return the server of model ``name``.

    Args:
        spec: the model's ``runtime`` section.
        name: the model's name.
        accelerators: cards of one pod.
        model_path: directory of the weights inside the container; empty = the image brings them.
        startup_seconds: time one pod may take from container start to its first healthy answer.
        drain_seconds: time running requests get after SIGTERM; None = the runtime's own.

    Raises:
        ValueError: the runtime needs weights and there are none.
    """
    match spec:
        case HttpRuntime():
            return http.render(
                spec,
                accelerators=accelerators,
                model_path=model_path,
                startup_seconds=startup_seconds,
                drain_seconds=drain_seconds,
            )
        case VllmRuntime():
            return vllm.render(
                spec,
                name=name,
                accelerators=accelerators,
                model_path=model_path,
                startup_seconds=startup_seconds,
                drain_seconds=drain_seconds,
            )
        case _:
            assert_never(spec)
