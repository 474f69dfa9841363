"""From the command line to a source."""

from .authorizer import Authorizer
from .awscredentials import AwsCredentialsFile
from .bearer import BearerFile
from .claim import ClaimSource, ClaimTracked, parse_claim
from .credentials import DockerConfig
from .deadline import Deadline
from .hfreference import parse_huggingface
from .httplist import HttpListSource, HttpListTracked, HttpReference, parse_http
from .huggingface import DEFAULT_ENDPOINT, HuggingFaceSource, HuggingFaceTracked, explain
from .logs import Log
from .modelkit import ModelKitSource
from .oci import OciSource
from .plan import Source, Tracked
from .reference import Reference, parse, parse_pinned
from .registry import Registry
from .s3 import S3Source, S3Tracked
from .s3address import endpoint_of, parse_pinned_s3, parse_s3
from .s3client import S3Client
from .sourceoptions import SourceOptions
from .tagtrack import TagTracked
from .transport import Transport
from .web import Web


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


def s3_client_of(options: SourceOptions, bucket: str, deadline: Deadline, log: Log) -> S3Client:
    """Return what reads a bucket.

    Raises:
        UsageError: region, endpoint and addressing do not go together.
    """
    endpoint = endpoint_of(bucket, options.endpoint, options.region, options.addressing)
    credentials = AwsCredentialsFile(options.credentials)
    return S3Client(transport_of(options, deadline), endpoint, credentials, deadline, log)


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
        case "s3":
            address = parse_pinned_s3(options.reference)
            return S3Source(s3_client_of(options, address.bucket, deadline, log), address, options.filters)
        case "http":
            http = parse_http(options.reference, pinned=True)
            return HttpListSource(http_of(options, http, deadline, log), http, options.filters)
        case "huggingface":
            commit = parse_huggingface(options.reference, pinned=True)
            return HuggingFaceSource(hub_of(options, deadline, log), commit, options.filters)
        case "claim":
            return ClaimSource(deadline, parse_claim(options.reference, pinned=True), options.filters)


def tracked(options: SourceOptions, log: Log) -> Tracked:
    """Return a name that may move; what pins it in the reference, if anything, is not looked at.

    Raises:
        UsageError: the reference cannot be right, or names nothing that can move.
    """
    match options.kind:
        case "modelkit" | "oci":
            return TagTracked(
                parse(options.reference),
                lambda deadline: registry_of(options, deadline, log),
                lambda registry, pinned: _registry_source(options, registry, pinned),
            )
        case "s3":
            address = parse_s3(options.reference)
            # Options that do not go together show at once.
            endpoint_of(address.bucket, options.endpoint, options.region, options.addressing)
            bucket = address.bucket
            return S3Tracked(lambda deadline: s3_client_of(options, bucket, deadline, log), address, options.filters)
        case "http":
            http = parse_http(options.reference, pinned=False)
            return HttpListTracked(lambda deadline: http_of(options, http, deadline, log), http, options.filters)
        case "huggingface":
            branch = parse_huggingface(options.reference, pinned=False)
            return HuggingFaceTracked(lambda deadline: hub_of(options, deadline, log), branch, options.filters)
        case "claim":
            return ClaimTracked(parse_claim(options.reference, pinned=False), options.filters)


def _registry_source(options: SourceOptions, registry: Registry, reference: Reference) -> Source:
    if options.kind == "modelkit":
        return ModelKitSource(registry, reference, options.filters)
    return OciSource(registry, reference)
