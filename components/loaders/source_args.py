"""One model's source as the agent's arguments, and what else follows from it: its version's name, its ports."""

from collections.abc import Mapping
from typing import Final, assert_never
from urllib.parse import urlsplit

from components.loaders.agent.hfreference import parse_huggingface
from components.loaders.agent.plan import store_key
from stacks.spec.file_source import ClaimSource, HttpSource, HuggingFaceSource, S3Source
from stacks.spec.secrets import source_keys
from stacks.spec.source import AgentSource, ModelKitSource, OciSource

DIGEST_ANNOTATION: Final = "slipway.dev/model-digest"
SOURCE_ANNOTATION: Final = "slipway.dev/model-source"

REGISTRY_MOUNT: Final = "/run/slipway/registry"
"""Where the pull secret is mounted in every container of the agent."""

REGISTRY_FILE: Final = "config.json"

CLAIM_MOUNT: Final = "/run/slipway/files"
"""Where the volume of a source of type claim is mounted."""

CREDENTIALS_FILE: Final = "credentials"

_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80


def credentials_directory(model: str) -> str:
    """Return where the credentials of a model's source are mounted."""
    return f"/run/slipway/source/{model}"


def source_args(source: AgentSource, *, model: str, pull_secret: bool) -> list[str]:
    """Return the arguments that name a source; credentials go by file, never through here.

    Args:
        source: where the weights are.
        model: the model's name.
        pull_secret: whether the registry's credentials are mounted.
    """
    args = ["--source", source.type, "--reference", _pinned(source)]
    for part in _filters(source):
        args += ["--filter", part]
    if pull_secret and isinstance(source, ModelKitSource | OciSource):
        args += ["--registry-config", f"{REGISTRY_MOUNT}/{REGISTRY_FILE}"]
    if source_keys(source):
        args += ["--credentials", f"{credentials_directory(model)}/{CREDENTIALS_FILE}"]
    if isinstance(source, S3Source | HuggingFaceSource) and source.endpoint is not None:
        args += ["--endpoint", source.endpoint]
    if isinstance(source, S3Source):
        args += ["--addressing", source.addressing]
        args += [] if source.region is None else ["--region", source.region]
    if not isinstance(source, ClaimSource) and source.plain_http:
        args.append("--plain-http")
    return args


def following_args(source: AgentSource, *, model: str, pull_secret: bool) -> list[str]:
    """Return the arguments that name a source by a name that may move.

    Args:
        source: where the weights are.
        model: the model's name.
        pull_secret: whether the registry's credentials are mounted.

    Raises:
        ValueError: the reference has no such name.
    """
    named = followed(source)
    args = source_args(source, model=model, pull_secret=pull_secret)
    args[args.index("--reference") + 1] = _mounted(source) if isinstance(source, ClaimSource) else named
    return args


def watching_args(source: AgentSource, *, model: str, pull_secret: bool) -> list[str]:
    """Return the arguments that name a source by a name that may move, and the version to begin with.

    Raises:
        ValueError: the reference has no such name.
    """
    followed(source)
    args = source_args(source, model=model, pull_secret=pull_secret)
    if not isinstance(source, ClaimSource):
        args[args.index("--reference") + 1] = source.reference
    return args


def followed(source: AgentSource) -> str:
    """Return the reference without what pins it: a name that may move.

    Raises:
        ValueError: it names nothing that moves.
    """
    named = source.followed
    if named is None:
        raise ValueError(f'source "{source.reference}" names no tag or branch to follow; write name:tag@digest')
    return named


def version_key(source: AgentSource) -> str:
    """Return the store's name of the pinned version and its selection: a directory below ``.store``."""
    if isinstance(source, HuggingFaceSource):
        return parse_huggingface(source.reference, pinned=True).key(_filters(source))
    return store_key(_pin(source), _filters(source))


def annotations(source: AgentSource) -> dict[str, str]:
    """Return the pod annotations: a new version rolls pods."""
    return {DIGEST_ANNOTATION: _pin(source), SOURCE_ANNOTATION: source.reference}


def egress_ports(source: AgentSource, mirrors: Mapping[str, str] | None = None) -> tuple[int, ...]:
    """Return the TCP ports that loading must reach.

    A hub redirects to storage elsewhere, whose port cannot be known beforehand; over HTTPS it is taken to be 443. A kit
    may have parents in other registries, so the ports of all mirrors are among them.

    Args:
        source: where the weights are.
        mirrors: address to ask in place of a registry's host.
    """
    match source:
        case ModelKitSource() | OciSource():
            address = f"{'http' if source.plain_http else 'https'}://{source.reference.split('/', 1)[0]}"
        case S3Source() | HuggingFaceSource():
            address = source.endpoint or "https://"
        case HttpSource():
            address = source.followed
        case ClaimSource():
            return ()
        case _:
            assert_never(source)
    ports = {_port(address)}
    if isinstance(source, HuggingFaceSource) and address.startswith("https://"):
        ports.add(_HTTPS_PORT)
    if isinstance(source, ModelKitSource | OciSource):
        ports |= {_port(mirror) for mirror in (mirrors or {}).values()}
    return tuple(sorted(ports))


def _port(address: str) -> int:
    parts = urlsplit(address)
    return parts.port or (_HTTPS_PORT if parts.scheme == "https" else _HTTP_PORT)


def _filters(source: AgentSource) -> tuple[str, ...]:
    return () if isinstance(source, OciSource) else source.filter


def _pin(source: AgentSource) -> str:
    """Return what pins the version: a digest or a commit."""
    return source.reference.rpartition("@")[2]


def _pinned(source: AgentSource) -> str:
    """Return the reference as the agent takes it, without the tag or branch, which is for people only."""
    match source:
        case ModelKitSource() | OciSource():
            host, repository = source.reference.rpartition("@")[0].split("/", 1)
            return f"{host}/{repository.split(':', 1)[0]}@{_pin(source)}"
        case HuggingFaceSource():
            return f"{source.reference.partition('@')[0].partition(':')[0]}@{_pin(source)}"
        case S3Source() | HttpSource():
            return source.reference
        case ClaimSource():
            return f"{_mounted(source)}@{source.digest}"
        case _:
            assert_never(source)


def _mounted(source: ClaimSource) -> str:
    """Return the directory as the agent sees it."""
    return CLAIM_MOUNT + source.path.rstrip("/")
