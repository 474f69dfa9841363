"""Runs a Pulumi program without an engine and records all it registers.

Stands in for the engine: nothing is created and no provider answers. It is stricter than the SDK's own mocks: a second
resource of one URN and an unexpected function call are errors, stack exports and component outputs are recorded, and
URNs are those of the real engine. It does not validate properties: the API tests send the objects to an API server.
Follows ``pulumi/runtime/mocks.py`` of the Python SDK 3.272.0.
"""

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar, cast

from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import config as runtime_config
from pulumi.runtime import mocks, settings
from pulumi.runtime.proto.resource_pb2 import (
    ReadResourceRequest,
    ReadResourceResponse,
    RegisterResourceOutputsRequest,
    RegisterResourceRequest,
    RegisterResourceResponse,
)
from pulumi.runtime.stack import Stack, massage, run_pulumi_func
from typing_extensions import override

from tests.recorded import SECRET, SIGNATURE, UNKNOWN, Properties, Recorded, Resource, Secret, plain

__all__ = ["UNKNOWN", "Properties", "Recorded", "Resource", "Respond", "Secret", "deploy", "plain"]

Respond = Callable[[str, str, Properties], Properties]
"""(type token, logical name, inputs) to the outputs that are added to the inputs."""

_P = ParamSpec("_P")
_T = TypeVar("_T")
_STACK_TYPE = "pulumi:pulumi:Stack"
_PLAIN_OPTIONS = (
    "additionalSecretOutputs",
    "deleteBeforeReplace",
    "deletedWith",
    "ignoreChanges",
    "importId",
    "protect",
    "replaceOnChanges",
    "retainOnDelete",
    "version",
)


def _bag(struct: Struct) -> Properties:
    # Not the SDK's own reader: it lifts a secret leaf to the whole mapping, and a test wants to see which leaf it is.
    return plain(MessageToDict(struct))


def _options(request: RegisterResourceRequest) -> Properties:
    options: Properties = {}
    for key in _PLAIN_OPTIONS:
        value = getattr(request, key)
        if value:
            options[key] = value if isinstance(value, bool | str) else list(value)
    timeouts = {key: getattr(request.customTimeouts, key) for key in ("create", "update", "delete")}
    if any(timeouts.values()):
        options["customTimeouts"] = {key: value for key, value in timeouts.items() if value}
    aliases = [MessageToDict(alias) for alias in request.aliases]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportUnknownArgumentType] - the generated stub lacks the element type
    if aliases:
        options["aliases"] = [alias.get("urn") or alias["spec"] for alias in aliases]
    if request.providers:
        options["providers"] = {key: _reference_name(value) for key, value in sorted(request.providers.items())}
    return options


def _reference_name(reference: str) -> str:
    """Return the logical name inside a provider reference ``urn::id``."""
    return reference.split("::")[3] if reference else ""


class _Mocks(mocks.Mocks):
    """Answers with the inputs, plus what the test wants to answer."""

    def __init__(self, respond: Respond | None, *, preview: bool) -> None:
        self._respond = respond
        self._preview = preview

    @override
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"unexpected function call {args.token}: components make resources, they look nothing up")

    @override
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs: Properties = vars(args)["inputs"]  # by key, because the SDK types the attribute as a bare dict
        answer = self._respond(args.typ, args.name, plain(inputs)) if self._respond else {}
        return ("" if self._preview else args.resource_id or f"{args.name}-id"), {**inputs, **answer}


class _Monitor(mocks.MockMonitor):
    """Records what the program asks of the engine's resource monitor."""

    def __init__(self, answers: _Mocks) -> None:
        super().__init__(answers)
        self.recorded = Recorded()
        self._urns: set[str] = set()

    @override
    def make_urn(self, parent: str, type_: str, name: str) -> str:
        parent_type = parent.split("::")[2] if parent else _STACK_TYPE
        whole = type_ if parent_type == _STACK_TYPE else f"{parent_type}${type_}"
        return f"urn:pulumi:{settings.get_stack()}::{settings.get_project()}::{whole}::{name}"

    def _note(self, request: RegisterResourceRequest | ReadResourceRequest) -> Resource:
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self._urns:
            raise AssertionError(f"duplicate URN {urn}: two resources of one type, parent and logical name")
        self._urns.add(urn)
        registered = isinstance(request, RegisterResourceRequest)
        return Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            inputs=_bag(request.object if registered else request.properties),
            parent="" if _STACK_TYPE in request.parent else request.parent,
            provider=_reference_name(request.provider),
            custom=request.custom if registered else True,
            dependencies=tuple(sorted(request.dependencies)),
            options=_options(request) if registered else {"id": request.id},
        )

    @override
    def RegisterResource(self, request: RegisterResourceRequest) -> RegisterResourceResponse:
        if request.type == _STACK_TYPE:
            return RegisterResourceResponse(urn=self.make_urn("", request.type, request.name))
        self.recorded.resources.append(self._note(request))
        response = super().RegisterResource(request)  # pyright: ignore[reportUnknownMemberType] - the SDK's is untyped
        for key in request.additionalSecretOutputs:  # the engine hides these from every later reader
            value = MessageToDict(response.object).get(key)
            if value is not None and not isinstance(plain(value), Secret):
                response.object.update({key: {SIGNATURE: SECRET, "value": value}})
        return response

    @override
    def ReadResource(self, request: ReadResourceRequest) -> ReadResourceResponse:
        self.recorded.reads.append(self._note(request))
        return super().ReadResource(request)  # pyright: ignore[reportUnknownMemberType] - the SDK's is untyped

    @override
    def RegisterResourceOutputs(self, request: RegisterResourceOutputsRequest) -> Empty:
        outputs = _bag(request.outputs)
        if _STACK_TYPE in request.urn:
            self.recorded.outputs = outputs
        elif request.urn in self.recorded.component_outputs:
            raise AssertionError(f"register_outputs was called twice for {request.urn}")
        else:
            self.recorded.component_outputs[request.urn] = outputs
        return Empty()


class _Immediate(ThreadPoolExecutor):
    """Runs at once on the caller's thread: quick, and always in the same order."""

    @override
    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        done: Future[_T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - an executor hands every error to whoever waits
            done.set_exception(error)
        return done


def deploy(  # noqa: PLR0913 - one optional keyword per thing a program can depend on
    program: Callable[[], object],
    *,
    config: Mapping[str, str] | None = None,
    secrets: tuple[str, ...] = (),
    preview: bool = False,
    project: str = "slipway",
    stack: str = "dev",
    respond: Respond | None = None,
) -> Recorded:
    """Run ``program`` to the end and return what it registered; assert on the result, never inside ``apply``.

    Args:
        program: declares resources; ``pulumi.export`` works in it.
        config: stack configuration with full keys (``slipway:models``), values as the engine passes them.
        secrets: keys of ``config`` that are secret.
        preview: a dry run: identifiers are unknown.
        project: project name.
        stack: stack name.
        respond: outputs a provider would add to the inputs.

    Raises:
        AssertionError: a URN was registered twice, or a function was called.
        Exception: whatever the program or one of its ``apply`` callbacks raises.
    """

    def alone() -> Recorded:
        settings.reset_options(project=project, stack=stack)
        runtime_config.set_all_config(dict(config or {}), list(secrets))
        answers = _Mocks(respond, preview=preview)
        monitor = _Monitor(answers)
        _run(program, lambda: mocks.set_mocks(answers, project, stack, preview=preview, monitor=monitor))
        monitor.recorded.resources.sort(key=lambda resource: resource.urn)
        monitor.recorded.reads.sort(key=lambda resource: resource.urn)
        return monitor.recorded

    # The SDK keeps its settings in context variables: a copy leaves no trace for the next test.
    return contextvars.copy_context().run(alone)


def _run(program: Callable[[], object], set_mocks: Callable[[], None]) -> None:
    """Run the program on an event loop of its own; the SDK binds its futures to the loop that is current."""
    loop = asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        loop.set_default_executor(_Immediate(1))
        loop.set_exception_handler(_already_raised)
        set_mocks()
        loop.run_until_complete(run_pulumi_func(lambda: _main(program)))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _already_raised(_loop: asyncio.AbstractEventLoop, _context: dict[str, Any]) -> None:
    """Drop what asyncio says about abandoned futures.

    A failing program raises its first error from ``deploy``; every output that hung on it dies of the same error, and
    asyncio would log those whenever they are collected, in the middle of some other test.
    """


async def _main(program: Callable[[], object]) -> None:
    program()
    root = cast("Stack", settings.get_root_resource())
    # set_mocks finished the stack before the program exported anything, so its outputs are registered here.
    root.register_outputs(cast("Properties", massage(root.outputs, [])))
