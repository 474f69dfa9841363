"""What an object store's refusal means, and what helps.

Codes: Amazon S3 API Reference, "Error responses" (list of error codes). Path addressing is refused by OSS with
``SecondLevelDomainForbidden`` (github.com/peak/s5cmd issue 518) and by COS, for buckets made since 2024, with
``PathStyleDomainForbidden`` (Tencent Cloud document 436/57456, github.com/gobackup/gobackup issue 233). Of an answer
only code, region and endpoint are repeated: its message may hold key names, its ``CanonicalRequest`` the session token.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from .errors import (
    AgentError,
    AuthError,
    DigestError,
    NetworkError,
    NotFoundError,
    UnsupportedError,
    UsageError,
)
from .transport import Response
from .xmlread import leaves

ERROR_LIMIT_BYTES: Final = 256 * 1024
_WORD: Final = re.compile(r"[A-Za-z0-9._:/-]{1,200}")
_NOT_FOUND: Final = 404
_FORBIDDEN: Final = frozenset({401, 403})
_CHANGED: Final = frozenset({412, 416})
_ELSEWHERE: Final = frozenset({301, 302, 303, 307, 308})
_AUTH_CODES: Final = frozenset(
    {
        "AccessDenied",
        "AuthFailure",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidSecurityToken",
        "InvalidToken",
        "SecurityTokenExpired",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
_PATH_REFUSED: Final = frozenset({"SecondLevelDomainForbidden", "PathStyleDomainForbidden"})
_REGION_CODES: Final = frozenset({"AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An answer that is not what was asked for.

    Attributes:
        status: HTTP status.
        code: the store's error code; empty where the answer had none, as answers to HEAD.
        error: the failure it means.
    """

    status: int
    code: str
    error: AgentError


def refusal_of(response: Response, body: bytes, where: str, now: datetime) -> Refusal:
    """Return what a refusal means.

    Args:
        response: the answer.
        body: its body, or what could be read of it.
        where: what was asked for, without a query.
        now: this machine's time, to compare with the server's.
    """
    told = _told(body)
    code = told.get("Code", "")
    status = response.status
    error = _by_code(response, told, f"{where}: {code or f'HTTP {status}'}", now) or _by_status(
        response, f"{where}: HTTP {status}{f' {code}' if code else ''}"
    )
    return Refusal(status=status, code=code, error=error)


def _told(body: bytes) -> dict[str, str]:
    """Return the texts below ``Error`` that are plain words; an answer of some proxy is no XML and says nothing."""
    try:
        found = leaves(body, "error answer") if body else []
    except UnsupportedError:
        return {}
    named = {path.removeprefix("Error/"): text for path, text in found if path.startswith("Error/")}
    return {name: text for name, text in named.items() if _WORD.fullmatch(text)}


def _by_code(response: Response, told: Mapping[str, str], where: str, now: datetime) -> AgentError | None:
    code = told.get("Code", "")
    if code == "RequestTimeTooSkewed":
        return AuthError(f"{where}; {_clocks(response, now)}; set this machine's clock")
    if code in _PATH_REFUSED:
        return UsageError(f"{where}; this store wants --addressing virtual")
    if code == "InvalidObjectState":
        return UnsupportedError(f"{where}; the object is in an archive tier, restore it first")
    region = told.get("Region", "") or _word(response.header("x-amz-bucket-region"))
    if code in _REGION_CODES or (response.status in _ELSEWHERE and region):
        right = f"give --region {region}" if region else "check --region"
        there = f"; the store names {told['Endpoint']}" if "Endpoint" in told else ""
        return UsageError(f"{where}; the bucket is in another region than requests are signed for: {right}{there}")
    return AuthError(f"{where}; {_renew(code)}") if code in _AUTH_CODES else None


def _by_status(response: Response, where: str) -> AgentError:
    status = response.status
    if status in _FORBIDDEN:
        return AuthError(f"{where}; the credentials of --credentials may not read it, or it is not there")
    if status == _NOT_FOUND:
        return NotFoundError(f"{where}; check bucket, prefix, --endpoint and --addressing")
    if status in _CHANGED:
        return DigestError(f"{where}: the object was replaced since it was looked at; nothing was changed, run again")
    if status in _ELSEWHERE:
        return UsageError(f"{where}: a redirect, which no signed request follows; check --endpoint and --region")
    return NetworkError(where, retry_after_seconds=response.retry_after_seconds)


def _renew(code: str) -> str:
    if code == "AccessDenied":
        return "the credentials of --credentials (or an anonymous caller, without) may not read it"
    if code == "SignatureDoesNotMatch":
        return "the secret key of --credentials belongs to another access key, or a proxy changed the request"
    return "the credentials of --credentials are not valid, or no longer; renew the Secret"


def _clocks(response: Response, now: datetime) -> str:
    try:
        there = parsedate_to_datetime(response.header("Date"))
    except ValueError:
        return f"this machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC and the store's something else"
    ahead = round((now - (there if there.tzinfo else there.replace(tzinfo=UTC))).total_seconds())
    return f"this machine's clock is {abs(ahead)} s {'ahead of' if ahead >= 0 else 'behind'} the store's"


def _word(text: str) -> str:
    return text if _WORD.fullmatch(text) else ""
