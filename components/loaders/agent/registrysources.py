"""From the command line to what a registry holds."""

from .authorizer import Authorizer
from .credentials import DockerConfig
from .deadline import Deadline
from .logs import Log
from .modelkit import ModelKitSource
from .oci import OciSource
from .plan import Source, Tracked
from .reach import transport_of
from .reference import Reference, parse, parse_pinned
from .registry import Registry
from .sourceoptions import SourceOptions
from .tagtrack import TagTracked


def registry_of(options: SourceOptions, deadline: Deadline, log: Log) -> Registry:
    """Return every registry a source may need."""
    transport = transport_of(options, deadline)
    authorizer = Authorizer(DockerConfig(options.registry_config), transport, deadline)
    return Registry(transport, authorizer, deadline, log, options.mirrors, plain_http=options.plain_http)


def pinned(options: SourceOptions, deadline: Deadline, log: Log) -> Source:
    """Return the version that a digest pins."""
    return _source(options, registry_of(options, deadline, log), parse_pinned(options.reference))


def moving(options: SourceOptions, log: Log) -> Tracked:
    """Return a tag."""
    return TagTracked(
        parse(options.reference),
        lambda deadline: registry_of(options, deadline, log),
        lambda registry, found: _source(options, registry, found),
    )


def _source(options: SourceOptions, registry: Registry, reference: Reference) -> Source:
    if options.kind == "modelkit":
        return ModelKitSource(registry, reference, options.filters)
    return OciSource(registry, reference)
