"""What the store refuses, and what the agent says to it. The answers are canned where moto never gives them."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from components.loaders.agent.retry import ATTEMPTS, AUTH_ATTEMPTS
from tests.components.loaders.agent.s3.conftest import S3Agent
from tests.components.loaders.agent.s3.cutting_proxy import CuttingProxy, xml_answer
from tests.components.loaders.agent.s3.object_store import MotoStore, write_keys

REGION_ELSEWHERE = "<Region>ap-guangzhou</Region>"
ENDPOINT_ELSEWHERE = "<Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint>"


@pytest.fixture
def reference(store: MotoStore) -> str:
    """A small model that anyone may read."""
    store.open_to_all()
    return store.push("m", {"w.bin": b"weights"})


@pytest.mark.parametrize(
    ("status", "code", "more", "exit_code", "says"),
    [
        ("403 Forbidden", "AccessDenied", "", 4, "may not read it"),
        ("403 Forbidden", "InvalidAccessKeyId", "", 4, "renew the Secret"),
        ("403 Forbidden", "SignatureDoesNotMatch", "", 4, "secret key"),
        ("400 Bad Request", "ExpiredToken", "", 4, "renew the Secret"),
        ("403 Forbidden", "SecurityTokenExpired", "", 4, "renew the Secret"),
        ("403 Forbidden", "SomethingOfAnotherStore", "", 4, "SomethingOfAnotherStore"),
        ("404 Not Found", "NoSuchBucket", "", 9, "check bucket"),
        ("404 Not Found", "NoSuchKey", "", 9, "sha256sum"),
        ("400 Bad Request", "AuthorizationHeaderMalformed", REGION_ELSEWHERE, 2, "give --region ap-guangzhou"),
        ("301 Moved Permanently", "PermanentRedirect", ENDPOINT_ELSEWHERE, 2, "b.s3.eu-west-1.amazonaws.com"),
        ("307 Temporary Redirect", "TemporaryRedirect", ENDPOINT_ELSEWHERE, 2, "check --region"),
        ("403 Forbidden", "SecondLevelDomainForbidden", "", 2, "--addressing virtual"),
        ("403 Forbidden", "InvalidObjectState", "", 12, "archive tier"),
        ("503 Slow Down", "SlowDown", "", 3, "SlowDown"),
        ("500 Internal Server Error", "InternalError", "", 3, "InternalError"),
    ],
)
def test_refusal(  # noqa: PLR0913, PLR0917  # fixtures and the case
    tmp_path: Path,
    s3_agent: S3Agent,
    proxy: CuttingProxy,
    reference: str,
    status: str,
    code: str,
    more: str,
    exit_code: int,
    says: str,
) -> None:
    proxy.answers["/m/SHA256SUMS"] = [xml_answer(status, code, more)] * 20

    run = s3_agent(reference, tmp_path)

    assert (run.code, says in run.why) == (exit_code, True), run.why
    attempts = {3: ATTEMPTS, 4: AUTH_ATTEMPTS}.get(exit_code, 1)
    assert len(proxy.heads) == attempts
    assert not (tmp_path / "current").exists()


def test_region_that_only_a_header_names(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str
) -> None:
    bare = b"HTTP/1.1 301 Moved Permanently\r\nx-amz-bucket-region: eu-west-3\r\nContent-Length: 0\r\n\r\n"
    proxy.answers["/m/SHA256SUMS"] = [bare]

    assert "give --region eu-west-3" in s3_agent(reference, tmp_path).why


def test_redirect_is_not_followed(tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str) -> None:
    write_keys(tmp_path / "keys", "AKIACANARY", "secret-canary")
    away = f"HTTP/1.1 302 Found\r\nLocation: {proxy.endpoint}/elsewhere?X-Signature=canary\r\nContent-Length: 0\r\n\r\n"
    proxy.answers["/m/SHA256SUMS"] = [away.encode()]

    run = s3_agent(reference, tmp_path / "m", "--credentials", str(tmp_path / "keys"))

    assert run.code == 2
    assert "a redirect, which no signed request follows" in run.why
    assert len(proxy.heads) == 1
    assert "canary" not in run.text.lower()


@pytest.mark.parametrize(("hours", "says"), [(1, "behind"), (-1, "ahead of")])
def test_clock_that_is_off(  # fixtures and the case
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str, hours: int, says: str
) -> None:
    there = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    late = xml_answer("403 Forbidden", "RequestTimeTooSkewed", headers=f"Date: {there}\r\n")
    proxy.answers["/m/SHA256SUMS"] = [late] * 20

    run = s3_agent(reference, tmp_path)

    assert run.code == 4
    assert "this machine's clock is 3" in run.why
    assert f"s {says} the store's; set this machine's clock" in run.why
    assert len(proxy.heads) == AUTH_ATTEMPTS


def test_clock_that_is_off_by_an_unknown_time(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str
) -> None:
    proxy.answers["/m/SHA256SUMS"] = [xml_answer("403 Forbidden", "RequestTimeTooSkewed")] * 20

    assert "set this machine's clock" in s3_agent(reference, tmp_path).why


def test_busy_store_is_asked_again_when_it_says(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str
) -> None:
    busy = xml_answer("503 Slow Down", "SlowDown", headers="Retry-After: 1\r\n")
    proxy.answers["/m/SHA256SUMS"] = [busy]
    proxy.answers["list-type=2"] = [xml_answer("500 Internal Server Error", "InternalError"), b"not http"]
    proxy.answers["GET /m/w.bin"] = [xml_answer("429 Too Many Requests", "TooManyRequests"), b""]

    run = s3_agent(reference, tmp_path)

    assert run.code == 0, run.text
    first = next(line for line in run.lines if line["event"] == "retry")
    assert first["paused_seconds"] == 1.0


def test_session_that_expired_and_was_renewed_between_two_attempts(
    tmp_path: Path, store: MotoStore, s3_agent: S3Agent, proxy: CuttingProxy
) -> None:
    """The Secret changes while the agent waits; the same process goes on with the new one."""
    reference = store.push("m", {"w.bin": b"weights"})
    old, new = store.session(), store.session()
    keys = tmp_path / "keys"
    write_keys(keys, *old)
    store.check_signatures(on=True)
    assert s3_agent(reference, tmp_path / "before", "--credentials", str(keys)).code == 0
    proxy.answers[old[0]] = [xml_answer("400 Bad Request", "ExpiredToken")] * 20
    proxy.on_answer = lambda: write_keys(keys, *new)

    run = s3_agent(reference, tmp_path / "m", "--credentials", str(keys))

    assert run.code == 0, run.text
    assert "ExpiredToken" in str(run.last("retry")["why"])
    assert not [part for part in (*old[1:], *new[1:]) if part in run.text]


def test_session_that_expired_for_good_and_then_was_renewed(
    tmp_path: Path, store: MotoStore, s3_agent: S3Agent, proxy: CuttingProxy
) -> None:
    reference = store.push("m", {"w.bin": b"weights"})
    keys = tmp_path / "keys"
    write_keys(keys, *store.session())
    proxy.answers["/m/SHA256SUMS"] = [xml_answer("400 Bad Request", "ExpiredToken")] * AUTH_ATTEMPTS

    assert s3_agent(reference, tmp_path / "m", "--credentials", str(keys)).code == 4

    assert s3_agent(reference, tmp_path / "m", "--credentials", str(keys)).code == 0


def test_refusal_whose_text_holds_secrets(
    tmp_path: Path, s3_agent: S3Agent, proxy: CuttingProxy, reference: str
) -> None:
    """A store may repeat the request it could not verify, with the session token in it."""
    told = "<CanonicalRequest>x-amz-security-token:canary</CanonicalRequest><AWSAccessKeyId>canary</AWSAccessKeyId>"
    proxy.answers["/m/SHA256SUMS"] = [
        xml_answer("403 Forbidden", "SignatureDoesNotMatch", told),
        xml_answer("403 Forbidden", "Signature canary"),
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 13\r\n\r\n<html>canary<",
    ]

    run = s3_agent(reference, tmp_path, "--verbose")

    assert run.code == 4
    assert "canary" not in run.text


@pytest.mark.parametrize(
    ("body", "exit_code", "says"),
    [
        (b"<html></html>", 12, "is no listing"),
        (b"no xml", 12, "not XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', 12, "document type is refused"),
        (b"<ListBucketResult><Contents><Key>m/w.bin</Key></Contents></ListBucketResult>", 12, "without key or size"),
        (b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", 3, "names no next page"),
    ],
)
def test_listing_that_is_none(  # noqa: PLR0913, PLR0917  # fixtures and the case
    tmp_path: Path,
    s3_agent: S3Agent,
    proxy: CuttingProxy,
    reference: str,
    body: bytes,
    exit_code: int,
    says: str,
) -> None:
    proxy.answers["list-type=2"] = [f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body]

    run = s3_agent(reference, tmp_path)

    assert run.code == exit_code
    assert says in run.why
