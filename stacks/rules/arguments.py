"""Arguments that would show a secret or undo what the program sets itself."""

import re
from collections.abc import Iterator
from typing import Final

from stacks.errors import Problem, shown
from stacks.spec.runtime import HttpRuntime, Runtime, VllmRuntime
from stacks.spec.stack import StackSpec

_HOLDS_A_SECRET: Final = re.compile(r"--?([a-z0-9]+-)*(api-key|passwd|password|secret|token)", re.IGNORECASE)

_SERVING: Final = "remove it: probes, Service and network policy rely on the program's own"
_VLLM_OWN: Final = {
    "--dtype": "use runtime.dtype",
    "--gpu-memory-utilization": "use runtime.gpuMemoryUtilization",
    "--host": _SERVING,
    "--max-model-len": "use runtime.maxModelLen",
    "--max-num-seqs": "use runtime.maxNumSeqs",
    "--model": "use source",
    "--port": _SERVING,
    "--served-model-name": "use runtime.servedModelName",
    "--shutdown-timeout": "use rollout.drainSeconds",
    "--tensor-parallel-size": "use placement.accelerators",
    "-tp": "use placement.accelerators",
}
"""Flags of ``vllm serve`` the program writes; a second one later on the line would win (Python ``argparse``)."""


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield arguments that hold a secret, without their value, and flags that are already set."""
    for index, model in enumerate(spec.models):
        command = model.runtime.command if isinstance(model.runtime, HttpRuntime) else ()
        for key, arguments in (("command", command), ("extraArgs", model.runtime.extra_args)):
            yield from _wrong(f"slipway:models[{index}].runtime.{key}", arguments, model.runtime)


def _wrong(path: str, arguments: tuple[str, ...], runtime: Runtime) -> Iterator[Problem]:
    for place, argument in enumerate(arguments):
        flag = argument.partition("=")[0].replace("_", "-")
        if _HOLDS_A_SECRET.fullmatch(flag):
            rule = f"{flag} would show a secret to everyone who may read pods, and in the state"
            yield Problem(path=f"{path}[{place}]", rule=rule, fix="let a gateway in front of the model ask for it")
        elif isinstance(runtime, VllmRuntime) and flag in _VLLM_OWN:
            rule = "this flag is already on the command line"
            yield Problem(path=f"{path}[{place}]", value=shown(flag), rule=rule, fix=_VLLM_OWN[flag])
