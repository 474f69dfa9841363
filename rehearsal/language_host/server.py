"""The gRPC side: the port on stdout, the calls of ``language.proto``, an end when the engine ends."""

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeAlias

import grpc
from google.protobuf import message_factory
from pulumi.runtime.proto import language_pb2

from rehearsal.language_host.children import Children
from rehearsal.language_host.errors import HostError
from rehearsal.language_host.runtime import LanguageRuntime

Message: TypeAlias = Any
"""A protobuf message or a grpc context; neither library ships types."""

_MESSAGE_BYTES: Final = 400 * 1024 * 1024  # the SDK's own limit, pulumi 3.272 runtime/_grpc_settings.py
_OPTIONS: Final = (("grpc.max_receive_message_length", _MESSAGE_BYTES),)
_WORKERS: Final = 32  # a running program or policy pack holds one
_PARENT_POLL_SECONDS: Final = 0.5


def serve() -> None:
    """Serve the engine whose address is the last argument, until it asks to stop or is gone. Prints the port first."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    parent = os.getppid()
    children = Children()
    server = grpc.server(ThreadPoolExecutor(_WORKERS), options=_OPTIONS)
    server.add_generic_rpc_handlers((_handlers(LanguageRuntime(sys.argv[-1], children)),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while not stop.wait(_PARENT_POLL_SECONDS) and os.getppid() == parent:
        pass
    children.stop_all(for_good=True)
    server.stop(grace=None)
    os._exit(0)  # a worker that still waits must not hold the process


def _handlers(runtime: LanguageRuntime) -> grpc.GenericRpcHandler:
    """Bind every call of the protocol that the runtime has a method for; the rest is answered "unimplemented"."""
    service = language_pb2.DESCRIPTOR.services_by_name["LanguageRuntime"]
    handlers: dict[str, Message] = {}
    for method in service.methods:
        call = getattr(runtime, re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower(), None)
        if call is None:
            continue
        make = grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
        handlers[method.name] = make(
            _guarded_stream(call) if method.server_streaming else _guarded(call),
            request_deserializer=message_factory.GetMessageClass(method.input_type).FromString,
            response_serializer=message_factory.GetMessageClass(method.output_type).SerializeToString,
        )
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _guarded(call: Callable[[Message, Message], Message]) -> Callable[[Message, Message], Message]:
    def handle(request: Message, context: Message) -> Message:
        try:
            return call(request, context)
        except (HostError, OSError) as error:
            return context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    return handle


def _guarded_stream(call: Callable[[Message, Message], Iterator[Message]]) -> Callable[..., Iterator[Message]]:
    def handle(request: Message, context: Message) -> Iterator[Message]:
        try:
            yield from call(request, context)
        except (HostError, OSError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    return handle
