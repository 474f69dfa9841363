"""Serve one provider to the engine: the port on stdout, logs, errors a person can act on, and an end when it ends.

The duties are those of a resource plugin of pulumi/pulumi v3.250.0 (``sdk/go/common/resource/plugin``): argv ends with
the engine's address, the first line on stdout is the port, SIGINT asks the plugin to stop. A provider is a class with
one method per call of ``provider.proto`` in snake case (``check_config`` for ``CheckConfig``), each from request to
response message; a call without a method is answered "unimplemented", which the engine tolerates where it is optional.
"""

import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeAlias

import grpc
from google.protobuf import any_pb2, empty_pb2, message_factory
from pulumi.runtime.proto import engine_pb2, plugin_pb2, provider_pb2, status_pb2

from rehearsal.providers.codec import Tree, encode

Message: TypeAlias = Any
"""A protobuf message; grpc and protobuf ship no types."""

MESSAGE_BYTES: Final = 400 * 1024 * 1024  # the SDK's own limit, pulumi 3.272 runtime/_grpc_settings.py
WORKER_THREADS: Final = 128  # a wait holds a thread; above any PULUMI_PARALLEL in use here
PARENT_POLL_SECONDS: Final = 1.0
OPTIONS: Final = (("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES))
_VERSION_OF_FOLDER: Final = re.compile(r"-v(\d+\.\d+\.\d+[^/\\]*)/?$")


class ProviderError(Exception):
    """An expected failure. Its text is shown to the person as it is."""

    def __init__(self, message: str, code: grpc.StatusCode = grpc.StatusCode.FAILED_PRECONDITION) -> None:
        super().__init__(message)
        self.code = code


class InitFailedError(Exception):
    """The object exists but did not become ready: it stays in state and the next update waits for it again."""

    def __init__(self, identity: str, outputs: Tree, inputs: Tree, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.identity = identity
        self.outputs = outputs
        self.inputs = inputs
        self.reasons = tuple(reasons)

    def status(self) -> Message:
        """Build the ``google.rpc.Status`` by whose details the engine knows a partial failure."""
        detail = provider_pb2.ErrorResourceInitFailed(
            id=self.identity, properties=encode(self.outputs), inputs=encode(self.inputs), reasons=self.reasons
        )
        packed = any_pb2.Any()
        packed.Pack(detail)
        code: int = grpc.StatusCode.UNKNOWN.value[0]
        return status_pb2.Status(code=code, message=str(self), details=[packed])


class _PartialFailure(grpc.Status):
    """A `google.rpc.Status` as ``abort_with_status`` wants it."""

    def __init__(self, status: Message) -> None:
        self.code = grpc.StatusCode.UNKNOWN
        self.details = status.message
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)


class EngineLog:
    """Messages to the person, by way of the engine, which hides a plugin's own output. Dropped while there is none."""

    def __init__(self, address: str = "") -> None:
        self.address = address
        self._send: Callable[[Message], Message] | None = None
        self._lock = threading.Lock()

    def use(self, address: str) -> None:
        """Send to another engine from now on. An empty address changes nothing."""
        if address and address != self.address:
            with self._lock:
                self.address, self._send = address, None

    def debug(self, message: str, urn: str = "") -> None:
        """Show only under ``--debug``."""
        self._log(engine_pb2.DEBUG, message, urn, status=False)

    def info(self, message: str, urn: str = "") -> None:
        """Show beside the resource and keep."""
        self._log(engine_pb2.INFO, message, urn, status=False)

    def status(self, message: str, urn: str = "") -> None:
        """Show beside the resource until the next status."""
        self._log(engine_pb2.INFO, message, urn, status=True)

    def warning(self, message: str, urn: str = "") -> None:
        """Show as a warning."""
        self._log(engine_pb2.WARNING, message, urn, status=False)

    def _log(self, severity: int, message: str, urn: str, *, status: bool) -> None:
        if not self.address:
            return
        request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=status)  # pyright: ignore[reportArgumentType]  # protobuf enums are ints
        try:
            self._sender()(request)
        except grpc.RpcError as error:  # the engine is going down: nobody reads the message any more
            print(f"the engine at {self.address} took no log message ({error}): {message}", file=sys.stderr)

    def _sender(self) -> Callable[[Message], Message]:
        with self._lock:
            if self._send is None:
                channel = grpc.insecure_channel(self.address, options=OPTIONS)
                self._send = channel.unary_unary(
                    "/pulumirpc.Engine/Log",
                    request_serializer=engine_pb2.LogRequest.SerializeToString,
                    response_deserializer=empty_pb2.Empty.FromString,
                )
            return self._send


class Provider:
    """The calls that are the same for every stand-in. A provider inherits and adds its own."""

    def __init__(self, log: EngineLog, package: str) -> None:
        self.log = log
        self.cancelled = threading.Event()
        self._package = package  # the SDK's distribution on PyPI; its version is the plugin's
        self._version = ""

    def handshake(self, request: Message) -> Message:
        """Agree on secrets, and learn the version from the plugin folder the engine found."""
        self.log.use(request.engine_address)
        found = _VERSION_OF_FOLDER.search(request.program_directory)
        self._version = found.group(1) if found else ""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    def attach(self, request: Message) -> Message:
        """Use another engine: sent only when started with ``PULUMI_DEBUG_PROVIDERS``."""
        self.log.use(request.address)
        return empty_pb2.Empty()

    def get_plugin_info(self, _request: Message) -> Message:
        """Tell the version: the folder's, else that of the installed SDK."""
        if not self._version:
            from importlib import metadata  # late: 20 ms that only a start outside a plugin folder needs

            self._version = metadata.version(self._package)
        return plugin_pb2.PluginInfo(version=self._version)

    def check_config(self, request: Message) -> Message:
        """Accept the provider's inputs as they are."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def diff_config(self, _request: Message) -> Message:
        """Say that a changed configuration replaces nothing."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def configure(self, _request: Message) -> Message:
        """Take no configuration."""
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def cancel(self, _request: Message) -> Message:
        """Ask every wait to end soon."""
        self.cancelled.set()
        return empty_pb2.Empty()


def guarded(name: str, call: Callable[[Message], Message], log: EngineLog) -> Callable[[Message, Message], Message]:
    """Wrap a provider's method as a grpc handler: every exception becomes an error with a text for the person."""

    def handle(request: Message, context: Message) -> Message:
        try:
            return call(request)
        except ProviderError as error:
            return context.abort(error.code, str(error))
        except InitFailedError as error:
            return context.abort_with_status(_PartialFailure(error.status()))
        except Exception as error:  # noqa: BLE001  # the last line of defence: told to the person, with its trace under --debug
            log.debug("".join(traceback.format_exception(error)))
            text = f"the stand-in plugin failed in {name} with {type(error).__name__}: {error}; this is a defect of it"
            return context.abort(grpc.StatusCode.INTERNAL, text)

    return handle


def serve(make_provider: Callable[[EngineLog], Provider]) -> None:
    """Serve until the engine asks to stop or is gone. Prints the port first."""
    # Both before the port is printed: from then on the engine may stop the plugin, or be gone itself.
    stop, parent = threading.Event(), os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    log = EngineLog(sys.argv[-1] if len(sys.argv) > 1 else "")
    server = start_server(make_provider(log), log)
    while not stop.wait(PARENT_POLL_SECONDS) and os.getppid() == parent:
        pass
    server.stop(grace=None)
    os._exit(0)  # a thread that still waits for an object must not hold the process


def start_server(provider: Provider, log: EngineLog) -> grpc.Server:
    """Start the server on a free port of the loopback device and print that port."""
    service = provider_pb2.DESCRIPTOR.services_by_name["ResourceProvider"]
    handlers: dict[str, Message] = {}
    for method in service.methods:
        call = getattr(provider, re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower(), None)
        if call is not None:
            handlers[method.name] = grpc.unary_unary_rpc_method_handler(
                guarded(method.name, call, log),
                request_deserializer=message_factory.GetMessageClass(method.input_type).FromString,
                response_serializer=message_factory.GetMessageClass(method.output_type).SerializeToString,
            )
    server = grpc.server(ThreadPoolExecutor(WORKER_THREADS), options=OPTIONS)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    return server
