"""Port, probes and drain of a server that brings its own image."""

import pytest

from components.runtimes.contract import HTTP as PORT_NAME
from stacks.spec.runtime import HttpRuntime
from tests.components.model_samples import HTTP, serve


def test_defaults() -> None:
    server = serve(HTTP, accelerators=0, model_path="", startup_seconds=60)
    assert server.ports == {PORT_NAME: 8080}
    assert (server.command, server.args) == ((), ())
    assert server.env == {"HOME": "/tmp", "PORT": "8080"}  # noqa: S108 - a path in the container
    assert (server.metrics_path, server.queue, server.cache_metric) == (None, None, None)
    assert server.startup_seconds == 60
    assert (server.drain.pre_stop_seconds, server.drain.grace_seconds) == (10, 45)


def test_every_field_of_the_section_is_used() -> None:
    spec = HttpRuntime.model_validate(
        {
            "type": "http",
            "image": "registry.example.com/rsclip:2",
            "port": 9000,
            "command": ("python", "-m", "app"),
            "extraArgs": ("--workers=1",),
            "healthPath": "/healthz",
            "metricsPath": "/metrics",
        }
    )
    server = serve(spec, accelerators=0)
    assert server.image == "registry.example.com/rsclip:2"
    assert server.http_port == 9000
    assert (server.command, server.args) == (("python", "-m", "app"), ("--workers=1",))
    assert {server.startup.path, server.readiness.path, server.liveness.path} == {"/healthz"}
    assert server.metrics_path == "/metrics"
    assert server.env["PORT"] == "9000"


def test_a_loaded_model_is_announced() -> None:
    assert serve(HTTP).env["MODEL_PATH"] == "/models/current"


def test_the_drain_can_be_longer() -> None:
    assert serve(HTTP, drain_seconds=300).drain.grace_seconds == 10 + 300 + 5


@pytest.mark.parametrize(("accelerators", "read_only"), [(0, True), (1, False)])
def test_the_root_is_read_only_except_beside_a_card(accelerators: int, *, read_only: bool) -> None:
    assert serve(HTTP, accelerators=accelerators).read_only_root is read_only
