"""The command line's half about what is loaded and how it is reached."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from .errors import UsageError

Kind = Literal["modelkit", "oci", "s3", "http", "huggingface", "claim"]
Addressing = Literal["virtual", "path"]

REGISTRY_KINDS: Final = frozenset({"modelkit", "oci"})
"""Kinds whose references name a registry."""

_ONLY_FOR: Final = {
    "registry-config": REGISTRY_KINDS,
    "mirror": REGISTRY_KINDS,
    "endpoint": frozenset({"s3", "huggingface"}),
    "region": frozenset({"s3"}),
}
"""Options that nothing would read with another kind of source; a mirror would even allow plain HTTP there."""

_MIRROR: Final = re.compile(r"(?P<host>[^=/\s]+)=(?P<base>https?://[^/\s?#@]+)/?")
_ENDPOINT: Final = re.compile(r"https?://[^/\s?#@]+(/[^\s?#@]*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceOptions:
    """What to load and how to reach it; the meaning of each field is its option's help text."""

    kind: Kind
    reference: str
    filters: tuple[str, ...]
    registry_config: Path | None
    credentials: Path | None
    ca_file: Path | None
    mirrors: Mapping[str, str]
    plain_http: bool
    endpoint: str
    region: str
    addressing: Addressing


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--source", required=True, choices=get_args(Kind), help="kind of source")
    add("--reference", required=True, help="what to load, see docs/loader-sources.md; what stands after @ decides")
    add(
        "--filter",
        action="append",
        default=[],
        help="repeatable; modelkit: model, docs, datasets:NAME, …; files: *.json",
    )
    add("--registry-config", type=Path, help="dockerconfigjson file; read again at every attempt")
    add("--credentials", type=Path, help="file with the credentials of a source that is no registry; read at every use")
    add("--ca-file", type=Path, help="PEM file of a private CA, trusted beside the system's")
    add("--mirror", action="append", default=[], help="HOST=https://mirror; asked in place of HOST, repeatable")
    add("--plain-http", action="store_true", help="speak HTTP without TLS")
    add("--endpoint", default="", help="https://host[:port] of the object store or mirror")
    add("--region", default="", help="region that object store requests are signed for")
    add("--addressing", choices=get_args(Addressing), default="virtual", help="bucket in the host name or in the path")


def source_problems(raw: argparse.Namespace) -> Iterator[str]:
    """Yield what cannot be right."""
    if raw.source == "oci" and raw.filter:
        yield "--filter does not work with --source oci"
    if raw.source in REGISTRY_KINDS | {"claim"} and raw.credentials:
        yield f"--credentials does not work with --source {raw.source}"
    for option, kinds in _ONLY_FOR.items():
        if getattr(raw, option.replace("-", "_")) and raw.source not in kinds:
            yield f"--{option} does not work with --source {raw.source}, only with {' and '.join(sorted(kinds))}"
    if raw.endpoint and not _ENDPOINT.fullmatch(raw.endpoint):
        yield f"--endpoint {raw.endpoint!r} is not https://host[:port]"
    if raw.source == "http" and raw.reference.startswith("http://") and not raw.plain_http:
        yield "--reference is plain HTTP, which is refused; give --plain-http if that is meant"


def read_source_options(raw: argparse.Namespace) -> SourceOptions:
    """Return the options.

    Raises:
        UsageError: a mirror that is none.
    """
    return SourceOptions(
        kind=raw.source,
        reference=raw.reference,
        filters=tuple(raw.filter),
        registry_config=raw.registry_config,
        credentials=raw.credentials,
        ca_file=raw.ca_file,
        mirrors=_mirrors(raw.mirror),
        plain_http=raw.plain_http,
        endpoint=raw.endpoint.rstrip("/"),
        region=raw.region,
        addressing=raw.addressing,
    )


def _mirrors(values: Sequence[str]) -> dict[str, str]:
    mirrors: dict[str, str] = {}
    for value in values:
        match = _MIRROR.fullmatch(value)
        if match is None:
            raise UsageError(f"--mirror {value!r} is not HOST=https://mirror-host[:port]")
        mirrors[match["host"]] = match["base"]
    return mirrors
