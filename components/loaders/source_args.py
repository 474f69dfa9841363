"""One model's source as the agent's arguments, and what else follows from it: its version's name, its port."""

from typing import Final, assert_never

from components.loaders.agent.plan import store_key
from stacks.spec.source import AgentSource, ModelKitSource, OciSource

DIGEST_ANNOTATION: Final = "slipway.dev/model-digest"
SOURCE_ANNOTATION: Final = "slipway.dev/model-source"

REGISTRY_MOUNT: Final = "/run/slipway/registry"
"""Where the pull secret is mounted in every container of the agent."""

REGISTRY_FILE: Final = "config.json"

_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80


def source_args(source: AgentSource, *, pull_secret: bool) -> list[str]:
    """Return the arguments that name a source; credentials go by file, never through here.

    Args:
        source: where the weights are.
        pull_secret: whether the registry's credentials are mounted.
    """
    reference, _ = _pinned(source.reference)
    args = ["--source", source.type, "--reference", reference]
    for part in _filters(source):
        args += ["--filter", part]
    if pull_secret:
        args += ["--registry-config", f"{REGISTRY_MOUNT}/{REGISTRY_FILE}"]
    if source.plain_http:
        args.append("--plain-http")
    return args


def following_args(source: AgentSource, *, pull_secret: bool) -> list[str]:
    """Return the arguments that name a source by its tag, which may move.

    Args:
        source: where the weights are.
        pull_secret: whether the registry's credentials are mounted.

    Raises:
        ValueError: the reference has no tag.
    """
    args = source_args(source, pull_secret=pull_secret)
    args[args.index("--reference") + 1] = followed(source)
    return args


def followed(source: AgentSource) -> str:
    """Return the reference without its digest: a name that may move.

    Raises:
        ValueError: it has no tag.
    """
    if source.followed is None:
        raise ValueError(f'source "{source.reference}" names no tag to follow; write host/repository:tag@sha256:…')
    return source.followed


def version_key(source: AgentSource) -> str:
    """Return the store's name of the pinned version and its selection: a directory below ``.store``."""
    _, digest = _pinned(source.reference)
    return store_key(digest, _filters(source))


def annotations(source: AgentSource) -> dict[str, str]:
    """Return the pod annotations: a new digest rolls pods."""
    _, digest = _pinned(source.reference)
    return {DIGEST_ANNOTATION: digest, SOURCE_ANNOTATION: source.reference}


def egress_ports(source: AgentSource) -> tuple[int, ...]:
    """Return the TCP ports that loading must reach."""
    _, _, port = source.reference.split("/", 1)[0].partition(":")
    if port:
        return (int(port),)
    return (_HTTP_PORT if source.plain_http else _HTTPS_PORT,)


def _filters(source: AgentSource) -> tuple[str, ...]:
    match source:
        case ModelKitSource():
            return source.filter
        case OciSource():
            return ()
        case _:
            assert_never(source)


def _pinned(reference: str) -> tuple[str, str]:
    """Return ``host/repository@digest`` without the tag, which is for people only, and the digest."""
    named, digest = reference.split("@", 1)
    host, repository = named.split("/", 1)
    return f"{host}/{repository.split(':', 1)[0]}@{digest}", digest
