"""From the command line to an adapter."""

from .adapter import Adapter, Version
from .adapteroptions import AdapterOptions
from .confirmation import Confirmation
from .deadline import Deadline
from .hook import HookAdapter
from .logs import Log
from .modelrunner import ModelRunnerAdapter
from .runtimecall import RuntimeClient
from .signaller import SignalAdapter
from .tfserving import TfServingAdapter
from .triton import TritonAdapter
from .vllmlora import VllmLoraAdapter


class NoAdapter:
    """For runtimes that read the link by themselves, or only when they start."""

    def prepare(self, version: Version) -> None:
        """Do nothing."""

    def apply(self, version: Version, previous: Version | None, deadline: Deadline) -> None:
        """Do nothing."""

    def retire(self, version: Version, deadline: Deadline) -> None:
        """Do nothing."""


def make_adapter(options: AdapterOptions, log: Log) -> Adapter:
    """Return what tells the runtime of the options."""
    client = RuntimeClient(options.url, options.header_file)
    match options.kind:
        case "none":
            return NoAdapter()
        case "triton":
            return TritonAdapter(client, options.model, options.directory, options.subpath, log)
        case "tf-serving":
            return TfServingAdapter(client, options.model, options.directory, options.subpath, log)
        case "vllm-lora":
            return VllmLoraAdapter(
                client, options.model, root=options.root, subpath=options.subpath, swap=options.swap, log=log
            )
        case "docker-model-runner":
            return ModelRunnerAdapter(client, options.model, log)
        case "http" | "signal":
            return _generic(options, client, log)


def _generic(options: AdapterOptions, client: RuntimeClient, log: Log) -> Adapter:
    confirmation = _confirmation(options)
    if options.kind == "signal":
        return SignalAdapter(
            options.signal, pid_file=options.pid_file, process=options.process, confirmation=confirmation, log=log
        )
    method, body, status = options.method, options.body, options.status
    return HookAdapter(client, method=method, body=body, status=status, confirmation=confirmation, log=log)


def _confirmation(options: AdapterOptions) -> Confirmation | None:
    if not options.confirm_url and options.confirm_file is None:
        return None
    return Confirmation(
        client=RuntimeClient(options.confirm_url, options.header_file) if options.confirm_url else None,
        file=options.confirm_file,
        field=options.confirm_field,
        expected=options.confirm_text,
        seconds=options.confirm_seconds,
    )
