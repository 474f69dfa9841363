"""A provider on a real gRPC server: port first, clear errors, partial failures, an end when the engine ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent import futures
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from rehearsal.providers.codec import decode
from rehearsal.providers.serve import EngineLog, InitFailedError, Provider, ProviderError, start_server

if TYPE_CHECKING:
    from collections.abc import Iterator

CLONE = Path(__file__).parents[3]


class Example(Provider):
    """A provider whose answers are errors of every kind."""

    def check(self, request: Any) -> Any:  # noqa: ANN401  # a protobuf message
        """Echo."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def create(self, request: Any) -> Any:  # noqa: ANN401  # a protobuf message
        """Fail in the way the name asks for."""
        if request.name == "expected":
            raise ProviderError("the server said no", grpc.StatusCode.INVALID_ARGUMENT)
        if request.name == "partial":
            raise InitFailedError("ns/x", {"a": 1}, {}, ["not ready", "no GPU"])
        raise KeyError("oops")


@pytest.fixture
def stub(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """A client of a running `Example`."""
    log = EngineLog()
    server = start_server(Example(log, "pulumi"), log)
    port = int(capsys.readouterr().out.splitlines()[0])
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(grace=None).wait()


def failure(stub: Any, name: str) -> Any:  # noqa: ANN401  # grpc ships no types
    """The error of a creation."""
    with pytest.raises(grpc.RpcError) as raised:
        stub.Create(provider_pb2.CreateRequest(name=name))
    return raised.value


def test_an_expected_error_keeps_its_text_and_code(stub: Any) -> None:  # noqa: ANN401  # grpc ships no types
    error = failure(stub, "expected")

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details() == "the server said no"


def test_a_partial_failure_carries_the_object_and_its_reasons(stub: Any) -> None:  # noqa: ANN401  # grpc ships no types
    error = failure(stub, "partial")
    status = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()

    assert status.details[0].Unpack(detail)
    assert (detail.id, decode(detail.properties), list(detail.reasons)) == ("ns/x", {"a": 1}, ["not ready", "no GPU"])


def test_a_defect_is_called_one(stub: Any) -> None:  # noqa: ANN401  # grpc ships no types
    error = failure(stub, "defect")

    assert error.code() is grpc.StatusCode.INTERNAL
    assert "failed in Create with KeyError" in error.details()


def test_a_call_the_provider_lacks_is_unimplemented(stub: Any) -> None:  # noqa: ANN401  # grpc ships no types
    with pytest.raises(grpc.RpcError) as raised:
        stub.Invoke(provider_pb2.InvokeRequest(tok="a:b:c"))

    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_the_version_is_that_of_the_plugin_folder(stub: Any) -> None:  # noqa: ANN401  # grpc ships no types
    stub.Handshake(provider_pb2.ProviderHandshakeRequest(program_directory="/x/plugins/resource-kubernetes-v4.34.2"))

    assert stub.GetPluginInfo(empty_pb2.Empty()).version == "4.34.2"


def test_without_a_folder_the_version_is_that_of_the_sdk() -> None:
    assert Provider(EngineLog(), "pulumi").get_plugin_info(empty_pb2.Empty()).version.count(".") == 2


def test_cancel_asks_waits_to_end() -> None:
    provider = Provider(EngineLog(), "pulumi")
    provider.cancel(empty_pb2.Empty())

    assert provider.cancelled.is_set()


def engine(received: list[Any]) -> tuple[grpc.Server, str]:
    """An engine that only takes log messages."""

    def log(request: Any, _context: Any) -> Any:  # noqa: ANN401  # protobuf messages
        received.append(request)
        return empty_pb2.Empty()

    handler = grpc.unary_unary_rpc_method_handler(
        log, engine_pb2.LogRequest.FromString, empty_pb2.Empty.SerializeToString
    )
    server = grpc.server(futures.ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("pulumirpc.Engine", {"Log": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{port}"


def test_messages_reach_the_engine_with_their_resource() -> None:
    received: list[Any] = []
    server, address = engine(received)
    provider = Provider(EngineLog(), "pulumi")
    provider.attach(plugin_pb2.PluginAttach(address=address))
    sink = provider.log
    sink.status("waiting", "urn:x")
    sink.warning("careful", "urn:y")
    server.stop(grace=None).wait()

    assert [(m.severity, m.message, m.urn, m.ephemeral) for m in received] == [
        (engine_pb2.INFO, "waiting", "urn:x", True),
        (engine_pb2.WARNING, "careful", "urn:y", False),
    ]


def test_a_message_nobody_takes_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    EngineLog("127.0.0.1:1").warning("careful")

    assert "careful" in capsys.readouterr().err


PLUGIN = [sys.executable, "-m", "rehearsal.providers.kubernetes", "127.0.0.1:1"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CLONE)}


def test_the_process_prints_its_port_and_ends_at_a_signal() -> None:
    with subprocess.Popen(PLUGIN, stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=10) == 0


def test_the_process_ends_with_its_parent() -> None:
    script = "import subprocess,sys; p=subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, *PLUGIN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as parent:
        assert parent.stdout is not None
        lines = sorted(int(parent.stdout.readline()) for _ in range(2))
        parent.kill()
        parent.wait()
        # The child holds the pipe open: reading to its end means that it has ended.
        assert parent.stdout.read() == b""
    assert len(lines) == 2
