"""From the command line to a list on a web server, or to a hub."""

from .bearer import BearerFile
from .deadline import Deadline
from .hfreference import parse_huggingface
from .httplist import HttpListSource, HttpListTracked, HttpReference, parse_http
from .huggingface import DEFAULT_ENDPOINT, HuggingFaceSource, HuggingFaceTracked, explain
from .logs import Log
from .plan import Source, Tracked
from .reach import transport_of
from .sourceoptions import SourceOptions
from .web import Web


def http_of(options: SourceOptions, reference: HttpReference, deadline: Deadline, log: Log) -> Web:
    """Return the server of a list."""
    return Web(
        transport=transport_of(options, deadline),
        deadline=deadline,
        log=log,
        base=reference.url,
        bearer=BearerFile(options.credentials),
    )


def hub_of(options: SourceOptions, deadline: Deadline, log: Log) -> Web:
    """Return the Hugging Face hub, or the mirror that ``--endpoint`` names."""
    return Web(
        transport=transport_of(options, deadline),
        deadline=deadline,
        log=log,
        base=options.endpoint or DEFAULT_ENDPOINT,
        bearer=BearerFile(options.credentials),
        explain=explain,
    )


def pinned(options: SourceOptions, deadline: Deadline, log: Log) -> Source:
    """Return the version that a commit, or the digest of a list, pins."""
    if options.kind == "huggingface":
        commit = parse_huggingface(options.reference, pinned=True)
        return HuggingFaceSource(hub_of(options, deadline, log), commit, options.filters)
    http = parse_http(options.reference, pinned=True)
    return HttpListSource(http_of(options, http, deadline, log), http, options.filters)


def moving(options: SourceOptions, log: Log) -> Tracked:
    """Return a branch, or a list that may be replaced."""
    if options.kind == "huggingface":
        branch = parse_huggingface(options.reference, pinned=False)
        return HuggingFaceTracked(lambda deadline: hub_of(options, deadline, log), branch, options.filters)
    http = parse_http(options.reference, pinned=False)
    return HttpListTracked(lambda deadline: http_of(options, http, deadline, log), http, options.filters)
