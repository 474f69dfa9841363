"""What must hold for every pod runtime."""

from typing import get_args

import pytest

from components.runtimes.contract import HTTP as PORT_NAME
from stacks.spec.runtime import HttpRuntime, Runtime, VllmRuntime
from tests.components.model_samples import HTTP, VLLM, serve

ALL = (HTTP, VLLM)


def test_every_runtime_is_here() -> None:
    assert {type(spec) for spec in ALL} == set(get_args(get_args(Runtime)[0]))


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.type)
def test_every_named_port_exists(spec: HttpRuntime | VllmRuntime) -> None:
    server = serve(spec)
    used = {server.startup.port, server.readiness.port, server.liveness.port, server.metrics_port, PORT_NAME}
    assert used <= server.ports.keys()


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.type)
def test_no_runtime_runs_as_root(spec: HttpRuntime | VllmRuntime) -> None:
    assert serve(spec).user > 0


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.type)
def test_the_server_may_write_to_its_home(spec: HttpRuntime | VllmRuntime) -> None:
    server = serve(spec)
    assert server.env["HOME"] in server.writable
