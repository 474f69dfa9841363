"""Where an object lies: ``s3://bucket/prefix[@sha256:…]``, and the URL it has at an endpoint.

Bucket names: Amazon S3 User Guide, "General purpose buckets naming rules"; a bucket of COS is ``name-appid`` and fits.
URL forms: the same guide, "Virtual hosting of general purpose buckets".
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from .errors import UsageError
from .filelist import LIST_NAME
from .sigv4 import canonical_query, encode_key

DEFAULT_REGION: Final = "us-east-1"
"""What stores without regions sign for unless told otherwise, MinIO and SeaweedFS among them."""

_REFERENCE: Final = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[^\x00-\x1f\x7f]*?))?/?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_REGION: Final = re.compile(r"[A-Za-z0-9-]{1,40}")


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Address:
    """A prefix in a bucket.

    Attributes:
        bucket: name.
        prefix: start of every key, without the last slash; empty for the whole bucket.
        digest: what the file list must be; empty where the name may move.
    """

    bucket: str
    prefix: str
    digest: str

    @property
    def folder(self) -> str:
        """The prefix with its slash; empty for the whole bucket."""
        return f"{self.prefix}/" if self.prefix else ""

    @property
    def list_key(self) -> str:
        """Key of the file list."""
        return self.folder + LIST_NAME

    def at(self, digest: str) -> str:
        """Return the reference that pins a file list."""
        return f"s3://{self.bucket}/{self.prefix}@{digest}"


def parse_s3(value: str) -> S3Address:
    """Parse a reference, pinned or not.

    Raises:
        UsageError: it is none.
    """
    match = _REFERENCE.fullmatch(value)
    if match is None or "@sha256" in (match["prefix"] or ""):
        raise UsageError(f"{value!r} is not s3://bucket/prefix@sha256:<64 hex digits of the {LIST_NAME} object>")
    return S3Address(bucket=match["bucket"], prefix=(match["prefix"] or "").rstrip("/"), digest=match["digest"] or "")


def parse_pinned_s3(value: str) -> S3Address:
    """Parse a reference that must carry a digest.

    Raises:
        UsageError: it is no reference or has no digest.
    """
    address = parse_s3(value)
    if not address.digest:
        raise UsageError(
            f"{value!r} has no @sha256: digest; objects may be replaced between two pods, "
            f"pin what `sha256sum {LIST_NAME}` says"
        )
    return address


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Endpoint:
    """How the objects of one bucket are addressed.

    Attributes:
        base: URL that keys are appended to.
        region: region that requests are signed for.
    """

    base: str
    region: str

    def url(self, key: str, query: Iterable[tuple[str, str]] = ()) -> str:
        """Return the URL of an object, or of the bucket for an empty key."""
        asked = canonical_query(query)
        return f"{self.base}/{encode_key(key)}" + (f"?{asked}" if asked else "")


def endpoint_of(bucket: str, endpoint: str, region: str, addressing: str) -> S3Endpoint:
    """Return how a bucket is addressed.

    Args:
        bucket: name.
        endpoint: URL of the store; empty for AWS.
        region: region; needed for AWS.
        addressing: ``virtual`` puts the bucket before the host, ``path`` after the endpoint's path.

    Raises:
        UsageError: they do not go together.
    """
    if region and not _REGION.fullmatch(region):
        raise UsageError(f"--region {region!r} is not the name of a region, for instance eu-central-1")
    if not endpoint and not region:
        raise UsageError("--source s3 needs --region for AWS, or --endpoint for another store")
    base = endpoint or f"https://s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    if addressing == "path":
        return S3Endpoint(base=f"{base}/{bucket}", region=region or DEFAULT_REGION)
    parts = urlsplit(base)
    host = parts.hostname or ""
    if _is_ip(host):
        raise UsageError(f"--endpoint {endpoint}: no bucket can stand before an IP address; give --addressing path")
    if host.startswith(f"{bucket}."):
        raise UsageError(f"--endpoint {endpoint}: leave the bucket out, it is put before the host")
    return S3Endpoint(base=f"{parts.scheme}://{bucket}.{parts.netloc}{parts.path}", region=region or DEFAULT_REGION)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
