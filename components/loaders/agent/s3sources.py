"""From the command line to an object store."""

from .awscredentials import AwsCredentialsFile
from .deadline import Deadline
from .logs import Log
from .plan import Source, Tracked
from .reach import transport_of
from .s3 import S3Source, S3Tracked
from .s3address import endpoint_of, parse_pinned_s3, parse_s3
from .s3client import S3Client
from .sourceoptions import SourceOptions


def s3_client_of(options: SourceOptions, bucket: str, deadline: Deadline, log: Log) -> S3Client:
    """Return what reads a bucket.

    Raises:
        UsageError: region, endpoint and addressing do not go together.
    """
    endpoint = endpoint_of(bucket, options.endpoint, options.region, options.addressing)
    credentials = AwsCredentialsFile(options.credentials)
    return S3Client(transport_of(options, deadline), endpoint, credentials, deadline, log)


def pinned(options: SourceOptions, deadline: Deadline, log: Log) -> Source:
    """Return the version that the digest of a list pins."""
    address = parse_pinned_s3(options.reference)
    return S3Source(s3_client_of(options, address.bucket, deadline, log), address, options.filters)


def moving(options: SourceOptions, log: Log) -> Tracked:
    """Return a prefix whose list may be replaced."""
    address = parse_s3(options.reference)
    bucket = address.bucket
    endpoint_of(bucket, options.endpoint, options.region, options.addressing)  # options that do not fit show at once
    return S3Tracked(lambda deadline: s3_client_of(options, bucket, deadline, log), address, options.filters)
