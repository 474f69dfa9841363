"""How each kind of source writes its references."""

from .claim import parse_claim
from .hfreference import parse_huggingface
from .httplist import parse_http
from .reference import parse_pinned
from .s3address import parse_pinned_s3
from .sourceoptions import Kind


def check_pinned(kind: Kind, reference: str) -> None:
    """Check without disk or network that a reference pins a version.

    Raises:
        UsageError: it is none of its kind, or names something that may move.
    """
    match kind:
        case "modelkit" | "oci":
            parse_pinned(reference)
        case "s3":
            parse_pinned_s3(reference)
        case "http":
            parse_http(reference, pinned=True)
        case "huggingface":
            parse_huggingface(reference, pinned=True)
        case "claim":
            parse_claim(reference, pinned=True)
