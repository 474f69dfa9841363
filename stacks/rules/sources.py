"""Whether sources of single files can be reached as they are written."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from stacks.errors import Problem, shown
from stacks.plan.loading import loader_of
from stacks.spec.file_source import ClaimSource, HttpSource, HuggingFaceSource, S3Source
from stacks.spec.loader import NodeCacheLoader
from stacks.spec.source import Source
from stacks.spec.stack import StackSpec


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield HTTP without TLS that nobody asked for, object stores nobody can find, and volumes out of reach."""
    for index, model in enumerate(spec.models):
        path, source = f"slipway:models[{index}]", model.source
        yield from _plain_http(f"{path}.source", source)
        if isinstance(source, S3Source):
            yield from _bucket(f"{path}.source", source)
        if isinstance(source, ClaimSource) and isinstance(loader_of(spec, model), NodeCacheLoader):
            rule = "the cache has a namespace of its own, where claims of the models' namespace cannot be mounted"
            fix = "loader: {type: init}, or a source that is read over the network"
            yield Problem(path=f"{path}.loader.type", value=shown("nodeCache"), rule=rule, fix=fix)


def _plain_http(path: str, source: Source | None) -> Iterator[Problem]:
    match source:
        case HttpSource(plain_http=False):
            field, address = "reference", source.reference
        case S3Source(plain_http=False) | HuggingFaceSource(plain_http=False):
            field, address = "endpoint", source.endpoint or ""
        case _:
            return
    if address.startswith("http://"):
        rule = "HTTP without TLS shows files and credentials to everybody on the way"
        fix = "https://…, or plainHttp: true if that is meant"
        yield Problem(path=f"{path}.{field}", value=shown(address), rule=rule, fix=fix)


def _bucket(path: str, source: S3Source) -> Iterator[Problem]:
    """Yield what the agent would refuse in each pod: it makes the bucket's address from these values."""
    if source.endpoint is None:
        if source.region is None:
            rule = "without an endpoint the store is AWS, whose address has the region in it"
            yield Problem(path=f"{path}.region", rule=rule, fix="region: eu-central-1, or endpoint: https://…")
        return
    bucket, host = urlsplit(source.reference).hostname or "", urlsplit(source.endpoint).hostname or ""
    if source.addressing == "virtual" and (_is_ip(host) or host.startswith(f"{bucket}.")):
        rule = f"bucket {bucket} cannot be put before this host: it is an IP address, or names the bucket already"
        fix = "the store's own name without the bucket, or addressing: path"
        yield Problem(path=f"{path}.endpoint", value=shown(source.endpoint), rule=rule, fix=fix)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
