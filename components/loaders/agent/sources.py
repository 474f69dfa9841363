"""From the command line to a source."""

from .authorizer import Authorizer
from .credentials import DockerConfig
from .deadline import Deadline
from .logs import Log
from .modelkit import ModelKitSource
from .oci import OciSource
from .plan import Source
from .reference import parse_pinned
from .registry import Registry
from .sourceoptions import SourceOptions
from .transport import Transport


def transport_of(options: SourceOptions, deadline: Deadline) -> Transport:
    """Return what opens connections for a source."""
    bases = (*options.mirrors.values(), options.endpoint)
    plain_http = options.plain_http or any(base.startswith("http://") for base in bases)
    return Transport(options.ca_file, deadline, plain_http=plain_http)


def registry_of(options: SourceOptions, deadline: Deadline, log: Log) -> Registry:
    """Return every registry a source may need."""
    transport = transport_of(options, deadline)
    authorizer = Authorizer(DockerConfig(options.registry_config), transport, deadline)
    return Registry(transport, authorizer, deadline, log, options.mirrors, plain_http=options.plain_http)


def pinned_source(options: SourceOptions, deadline: Deadline, log: Log) -> Source:
    """Return the version that a reference pins.

    Raises:
        UsageError: the reference cannot be right, or pins nothing.
    """
    match options.kind:
        case "modelkit":
            registry = registry_of(options, deadline, log)
            return ModelKitSource(registry, parse_pinned(options.reference), options.filters)
        case "oci":
            return OciSource(registry_of(options, deadline, log), parse_pinned(options.reference))
