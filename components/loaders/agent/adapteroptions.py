"""The command line's half about the runtime that is told."""

import argparse
import json
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from .adapter import Swap
from .errors import UnsafeError
from .paths import safe_file_path, safe_path

Kind = Literal["none", "triton", "tf-serving", "vllm-lora", "docker-model-runner", "http", "signal"]

URLS: Final = {
    "triton": "http://127.0.0.1:8000",
    "tf-serving": "http://127.0.0.1:8501",
    "vllm-lora": "http://127.0.0.1:8000",
    "docker-model-runner": "http://127.0.0.1:12434",
}
"""Where each runtime listens in the same pod, with its own default port."""

BODY: Final = '{"key": "{key}", "path": "{path}"}'
EXPECTED: Final = "{key}"
CONFIRM_SECONDS: Final = 300.0

_URL: Final = re.compile(r"https?://[^/\s?#@]+(/[^\s#]*)?")
_MODEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_REFERENCE: Final = re.compile(r"[a-z0-9][a-z0-9._:/-]*:[A-Za-z0-9._-]+")
_METHOD: Final = re.compile(r"[A-Z]{3,10}")
_STATUSES: Final = range(200, 600)
_SIGNALS: Final = ("HUP", "USR1", "USR2")

_TAKES: Final[dict[str, frozenset[str]]] = {
    "none": frozenset(),
    "triton": frozenset({"url", "model", "directory", "subpath", "header_file"}),
    "tf-serving": frozenset({"url", "model", "directory", "subpath", "header_file"}),
    "vllm-lora": frozenset({"url", "model", "subpath", "root", "swap", "header_file"}),
    "docker-model-runner": frozenset({"url", "model", "header_file"}),
    "http": frozenset(
        {
            "url",
            "method",
            "body",
            "status",
            "header_file",
            "confirm_url",
            "confirm_field",
            "confirm_text",
            "confirm_seconds",
        }
    ),
    "signal": frozenset(
        {"signal", "pid_file", "process", "header_file", "confirm_file"}
        | {"confirm_url", "confirm_field", "confirm_text", "confirm_seconds"}
    ),
}
_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "triton": ("model", "directory"),
    "tf-serving": ("model", "directory"),
    "vllm-lora": ("model",),
    "docker-model-runner": ("model",),
    "http": ("url",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AdapterOptions:
    """Which runtime and how it is told; the meaning of each field is its option's help text."""

    kind: Kind
    url: str
    model: str
    directory: str
    subpath: str
    root: str
    swap: Swap
    header_file: Path | None
    method: str
    body: object
    status: int
    confirm_url: str
    confirm_file: Path | None
    confirm_field: str
    confirm_text: str
    confirm_seconds: float
    signal: signal.Signals
    pid_file: Path | None
    process: str


def add_adapter_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--adapter", choices=get_args(Kind), default="none", help="runtime that is told of a new version")
    add("--adapter-url", help="its address; the runtime's own port on 127.0.0.1 if left out")
    add("--adapter-model", help="name of the model there; for docker-model-runner host/repository:tag")
    add("--adapter-directory", help="triton: model repository, tf-serving: base path; below --into")
    add("--adapter-subpath", help="directory of a version that the runtime is given; the whole if left out")
    add("--adapter-root", help="vllm-lora: where the server sees --into, if elsewhere")
    add("--adapter-swap", choices=get_args(Swap), help="vllm-lora: in-place (no gap) or reload (unload first)")
    add("--adapter-header-file", type=Path, help="file of `Name: value` lines for every request; read each time")
    add("--adapter-method", help="http: method; POST")
    add("--adapter-body", help=f"http: JSON to send, empty for none; {BODY}")
    add("--adapter-status", type=int, help="http: status that means yes; 200")
    add("--adapter-confirm-url", help="http, signal: address whose answer must name the version")
    add("--adapter-confirm-file", type=Path, help="signal: file that must name the version")
    add("--adapter-confirm-field", help="JSON value in that answer, a.b.0; the whole text if left out")
    add("--adapter-confirm-text", help=f"what must be there; {EXPECTED}, {{path}} or {{link}} stand for the version's")
    add("--adapter-confirm-seconds", type=float, help=f"how long it may name another version; {CONFIRM_SECONDS:g}")
    add("--adapter-signal", choices=_SIGNALS, help="signal: which; HUP")
    add("--adapter-pid-file", type=Path, help="signal: file with the number of the process")
    add("--adapter-process", help="signal: name of the program, in a pod that shares its processes")


def _given(raw: argparse.Namespace) -> dict[str, object]:
    fields = AdapterOptions.__dataclass_fields__.keys() - {"kind"}
    return {name: value for name in sorted(fields) if (value := getattr(raw, f"adapter_{name}")) is not None}


def _option(name: str) -> str:
    return f"--adapter-{name.replace('_', '-')}"


def adapter_problems(raw: argparse.Namespace) -> Iterator[str]:
    """Yield what cannot be right."""
    given = _given(raw)
    for name in sorted(given.keys() - _TAKES[raw.adapter]):
        yield f"{_option(name)} has no meaning with --adapter {raw.adapter}"
    for name in _NEEDS.get(raw.adapter, ()):
        if not given.get(name):
            yield f"--adapter {raw.adapter} needs {_option(name)}"
    for name in ("url", "confirm_url"):
        if name in given and not _URL.fullmatch(str(given[name])):
            yield f"{_option(name)} is not http://host[:port]/path"  # the value is not repeated: it may hold a secret
    yield from _path_problems(given)
    yield from _model_problems(raw.adapter, str(given.get("model", "x:1")))
    yield from _request_problems(given)
    yield from _proof_problems(raw.adapter, given)


def _path_problems(given: dict[str, object]) -> Iterator[str]:
    try:
        if "directory" in given and safe_file_path(str(given["directory"]), "--adapter-directory")[0].startswith("."):
            yield "--adapter-directory may not start with a dot"
        safe_path(str(given.get("subpath", "")), "--adapter-subpath")
    except UnsafeError as error:
        yield str(error)


def _model_problems(kind: str, model: str) -> Iterator[str]:
    if kind == "docker-model-runner":
        if not _REFERENCE.fullmatch(model):
            yield f"--adapter-model {model!r} is not host/repository:tag"
    elif model != "x:1" and not _MODEL.fullmatch(model):
        yield f"--adapter-model {model!r} is not a plain name"


def _request_problems(given: dict[str, object]) -> Iterator[str]:
    if not _METHOD.fullmatch(str(given.get("method", "POST"))):
        yield f"--adapter-method {given['method']!r} is no HTTP method"
    if given.get("status", 200) not in _STATUSES:
        yield f"--adapter-status {given['status']} is no HTTP status"
    if body := given.get("body"):
        try:
            json.loads(str(body))
        except (ValueError, RecursionError) as error:
            yield f"--adapter-body is not JSON ({error})"


def _proof_problems(kind: str, given: dict[str, object]) -> Iterator[str]:
    if kind == "signal" and ("pid_file" in given) == ("process" in given):
        yield "--adapter signal needs --adapter-pid-file or --adapter-process, one of them"
    if "confirm_url" in given and "confirm_file" in given:
        yield "--adapter-confirm-url and --adapter-confirm-file exclude each other"
    if "confirm_field" in given and "confirm_url" not in given:
        yield "--adapter-confirm-field needs --adapter-confirm-url"
    if not float(str(given.get("confirm_seconds", 1))) > 0:
        yield f"--adapter-confirm-seconds {given['confirm_seconds']} is not above 0"
    if "confirm_text" in given and not given.keys() & {"confirm_url", "confirm_file"}:
        yield "--adapter-confirm-text needs --adapter-confirm-url or --adapter-confirm-file"


def read_adapter_options(raw: argparse.Namespace) -> AdapterOptions:
    """Return the options."""
    body = BODY if raw.adapter_body is None else raw.adapter_body
    return AdapterOptions(
        kind=raw.adapter,
        url=raw.adapter_url or URLS.get(raw.adapter, ""),
        model=raw.adapter_model or "",
        directory="/".join(safe_path(raw.adapter_directory or "", "--adapter-directory")),
        subpath="/".join(safe_path(raw.adapter_subpath or "", "--adapter-subpath")),
        root=raw.adapter_root or "",
        swap=raw.adapter_swap or "in-place",
        header_file=raw.adapter_header_file,
        method=raw.adapter_method or "POST",
        body=json.loads(body) if body else None,
        status=raw.adapter_status or 200,
        confirm_url=raw.adapter_confirm_url or "",
        confirm_file=raw.adapter_confirm_file,
        confirm_field=raw.adapter_confirm_field or "",
        confirm_text=raw.adapter_confirm_text or EXPECTED,
        confirm_seconds=raw.adapter_confirm_seconds or CONFIRM_SECONDS,
        signal=signal.Signals[f"SIG{raw.adapter_signal or 'HUP'}"],
        pid_file=raw.adapter_pid_file,
        process=raw.adapter_process or "",
    )
