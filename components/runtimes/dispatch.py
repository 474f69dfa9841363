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
    """Return the server of model ``name``; the runtimes' own functions say what the arguments mean.

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
