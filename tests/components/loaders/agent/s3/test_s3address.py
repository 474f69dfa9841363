"""References of prefixes, and the URLs their objects have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.loaders.agent.errors import UsageError
from components.loaders.agent.s3address import endpoint_of, parse_pinned_s3, parse_s3

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("endpoint", "region", "addressing", "url"),
    [
        ("", "eu-central-1", "virtual", "https://b-1.s3.eu-central-1.amazonaws.com/a/x"),
        ("", "cn-north-1", "virtual", "https://b-1.s3.cn-north-1.amazonaws.com.cn/a/x"),
        ("", "us-east-1", "path", "https://s3.us-east-1.amazonaws.com/b-1/a/x"),
        (
            "https://cos.ap-guangzhou.myqcloud.com",
            "ap-guangzhou",
            "virtual",
            "https://b-1.cos.ap-guangzhou.myqcloud.com/a/x",
        ),
        (
            "https://s3.oss-cn-hangzhou-internal.aliyuncs.com",
            "cn-hangzhou",
            "virtual",
            "https://b-1.s3.oss-cn-hangzhou-internal.aliyuncs.com/a/x",
        ),
        ("http://minio.models.svc:9000", "", "path", "http://minio.models.svc:9000/b-1/a/x"),
        ("http://[::1]:9000", "", "path", "http://[::1]:9000/b-1/a/x"),
        ("https://gateway.example/storage/s3", "", "path", "https://gateway.example/storage/s3/b-1/a/x"),
    ],
)
def test_url(endpoint: str, region: str, addressing: str, url: str) -> None:
    found = endpoint_of("b-1", endpoint, region, addressing)

    assert found.url("a/x") == url
    assert found.region == (region or "us-east-1")


def test_query_is_sorted_and_escaped() -> None:
    found = endpoint_of("b-1", "http://h", "", "path").url("", [("prefix", "a b/+"), ("list-type", "2")])

    assert found == "http://h/b-1/?list-type=2&prefix=a%20b%2F%2B"


@pytest.mark.parametrize("endpoint", ["https://10.0.0.1:9000", "http://[::1]:9000"])
def test_bucket_before_an_ip_address(endpoint: str) -> None:
    with pytest.raises(UsageError, match="--addressing path"):
        endpoint_of("b-1", endpoint, "", "virtual")


@pytest.mark.parametrize(
    ("value", "prefix", "list_key"),
    [
        ("s3://bucket", "", "SHA256SUMS"),
        ("s3://bucket/", "", "SHA256SUMS"),
        ("s3://bucket/a/b/", "a/b", "a/b/SHA256SUMS"),
        ("s3://bucket/a@b ü", "a@b ü", "a@b ü/SHA256SUMS"),
    ],
)
def test_reference_with_and_without_a_digest(value: str, prefix: str, list_key: str) -> None:
    for digest in ("", DIGEST):
        found = parse_s3(value + (f"@{digest}" if digest else ""))
        assert (found.bucket, found.prefix, found.digest, found.list_key) == ("bucket", prefix, digest, list_key)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).filter(lambda text: "@" not in text))
def test_what_is_written_reads_the_same(prefix: str) -> None:
    address = parse_pinned_s3(f"s3://bucket/{prefix}@{DIGEST}")

    assert address.prefix == prefix.rstrip("/")
    assert parse_pinned_s3(address.at(DIGEST)) == address


@pytest.mark.parametrize(
    "value",
    [
        "",
        "bucket/a",
        "s3://",
        "s3:///a",
        "s3://Bucket/a",
        "s3://-b/a",
        "s3://bucket/a\nb",
        "s3://bucket/a@sha256:123",
        f"s3://bucket/a@{DIGEST}@{DIGEST}",
        f"s3://bucket/a@{DIGEST}0",
    ],
)
def test_what_is_no_reference(value: str) -> None:
    with pytest.raises(UsageError, match="is not s3://bucket/prefix"):
        parse_s3(value)


def test_name_that_may_move_is_not_pinned() -> None:
    with pytest.raises(UsageError, match="no @sha256: digest"):
        parse_pinned_s3("s3://bucket/a")
