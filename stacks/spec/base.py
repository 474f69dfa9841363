"""The base of every section: camelCase in YAML, snake_case here, unknown keys refused, values never echoed."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel


class Section(BaseModel):
    """A frozen part of the stack file.

    ``hide_input_in_errors`` keeps a secret that was typed into the wrong key out of every message.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        strict=True,
        validate_default=True,
    )


FORMS: dict[str, str] = {}
"""What each pattern of the spec means, in words, for messages."""


def form(pattern: str, words: str) -> str:
    """Return the pattern and remember its meaning."""
    FORMS[pattern] = words
    return pattern


_NAME = form(
    r"^[a-z]([-a-z0-9]*[a-z0-9])?$",
    "lower-case letters, digits and hyphens, start with a letter and end with a letter or digit",
)
_CONFIG_KEY = form(
    r"^[a-z][A-Za-z0-9]*$", "the name of a secret config key (camelCase letters and digits), not its value"
)
_KUBERNETES = form(r"^1\.\d{2}(\.\d+)?$", 'a Kubernetes version in quotes, such as "1.34"')
_IMAGE = form(
    r"^[a-z0-9][a-z0-9._/:-]*(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$",
    "host/repository:tag or host/repository@sha256:…",
)
_OCI = form(
    r"^[a-z0-9][A-Za-z0-9.:-]*/[a-z0-9._/-]+(:[A-Za-z0-9._-]+)?@sha256:[0-9a-f]{64}$",
    "host/repository[:tag]@sha256:<64 hex digits>; a tag alone can move between check and use",
)
_LIST = r"@sha256:[0-9a-f]{64}$"
_S3 = form(
    r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s@]*)?" + _LIST,
    "s3://bucket/prefix@sha256:<64 hex digits>, the digest of the object SHA256SUMS below the prefix",
)
_HTTP_LIST = form(
    r"^https?://[^\s/@?#]+/[^\s@?#]*[^\s/@?#]" + _LIST,
    "https://host/directory/SHA256SUMS@sha256:<64 hex digits>, without user, password and query",
)
_HUB_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,95}"
_HUB = form(
    rf"^{_HUB_PART}(/{_HUB_PART})?(:[^\s:@?#]{{1,200}})?@[0-9a-f]{{40}}$",
    "organisation/name[:branch]@<40 hex digits of the commit>; a branch alone can move between check and use",
)
_SHA256 = form(r"^sha256:[0-9a-f]{64}$", "sha256:<64 hex digits>")
_ENDPOINT = form(r"^https?://[^\s/@?#]+(/[^\s?#@]*)?$", "https://host[:port], without user, password and query")
_OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_CIDR = form(rf"^({_OCTET}\.){{3}}{_OCTET}/(3[0-2]|[12]?\d)$", "an IPv4 network such as 10.0.0.0/8")
_LABEL_KEY = form(
    r"^([a-z0-9][a-z0-9.-]*/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$", "a Kubernetes label key, [prefix/]name"
)
_LABEL_VALUE = form(
    r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$", "a Kubernetes label value, at most 63 characters"
)
HTTP_URL = form(r"^https?://[^\s/@]+(/\S*)?$", "an http or https address without user name and password")
HTTP_PATH = form(r"^/\S*$", "a path that starts with /")

Name = Annotated[str, StringConstraints(pattern=_NAME, min_length=1, max_length=40)]
"""A DNS-1123 label. 40 characters leave 23 of Kubernetes' 63 for what a component appends."""

ConfigKey = Annotated[str, StringConstraints(pattern=_CONFIG_KEY, max_length=60)]
"""The *name* of a flat secret key; a spec never holds the value itself."""

KubernetesVersion = Annotated[str, StringConstraints(pattern=_KUBERNETES)]

ImageReference = Annotated[str, StringConstraints(pattern=_IMAGE, max_length=400)]
"""A container image with a tag or a digest; rules refuse ``latest`` and no tag."""

OciDigestReference = Annotated[str, StringConstraints(pattern=_OCI, max_length=400)]
"""An artifact pinned by digest; the tag before it is for people."""

S3Reference = Annotated[str, StringConstraints(pattern=_S3, max_length=1000)]
HttpListReference = Annotated[str, StringConstraints(pattern=_HTTP_LIST, max_length=1000)]
HuggingFaceReference = Annotated[str, StringConstraints(pattern=_HUB, max_length=500)]
FileListDigest = Annotated[str, StringConstraints(pattern=_SHA256)]
Endpoint = Annotated[str, StringConstraints(pattern=_ENDPOINT, max_length=400)]

Cidr = Annotated[str, StringConstraints(pattern=_CIDR)]
LabelKey = Annotated[str, StringConstraints(pattern=_LABEL_KEY, max_length=317)]
LabelValue = Annotated[str, StringConstraints(pattern=_LABEL_VALUE)]
