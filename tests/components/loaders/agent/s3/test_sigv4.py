"""Our signature against the published examples, and against botocore's for any key and query."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from components.loaders.agent.awscredentials import AwsCredentials
from components.loaders.agent.s3address import endpoint_of
from components.loaders.agent.sigv4 import host_header, signed_headers

EXAMPLE = AwsCredentials(
    access_key_id="AKIAIOSFODNN7EXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",  # noqa: S106  # of the published examples
)
WHEN = datetime(2013, 5, 24, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
KEYS = st.one_of(
    TEXT, st.lists(st.sampled_from(["a", " ", "+", "%", "%2F", "//", "ü", "=", "&", "~", "."])).map("".join)
)


@pytest.mark.parametrize(
    ("target", "headers", "signature"),
    [
        (
            "test.txt",
            {"Range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        ("?lifecycle=", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("?max-keys=2&prefix=J", {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_published_examples(target: str, headers: dict[str, str], signature: str) -> None:
    """Amazon S3 API Reference, "Examples: Signature Calculations"."""
    url = f"https://examplebucket.s3.amazonaws.com/{target}"

    found = signed_headers("GET", url, headers, "us-east-1", EXAMPLE, WHEN)

    assert found["Authorization"].rpartition("Signature=")[2] == signature


@given(
    key=KEYS,
    query=st.lists(st.tuples(TEXT, st.text(st.characters(exclude_categories=["Cs"]))), unique_by=lambda one: one[0]),
    addressing=st.sampled_from(["virtual", "path"]),
    endpoint=st.sampled_from(["", "https://cos.ap-guangzhou.myqcloud.com", "http://minio.local:9000"]),
    token=st.sampled_from(["", "session+token/="]),
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_signature_is_botocores(
    key: str, query: list[tuple[str, str]], addressing: str, endpoint: str, token: str, method: str
) -> None:
    url = endpoint_of("bucket-1250000000", endpoint, "ap-guangzhou", addressing).url(key, query)
    ours = AwsCredentials(access_key_id="AKIA1", secret_access_key="s", session_token=token)  # noqa: S106  # made up
    found = signed_headers(method, url, {"If-Match": '"etag"'}, "ap-guangzhou", ours, WHEN)

    theirs = _botocore(method, url, {"If-Match": '"etag"', "Host": host_header(url)}, token)

    assert found["Authorization"] == theirs["Authorization"]
    assert found["x-amz-content-sha256"] == theirs["X-Amz-Content-SHA256"]
    assert found.get("x-amz-security-token", "") == theirs.get("X-Amz-Security-Token", "")


def _botocore(method: str, url: str, headers: Mapping[str, str], token: str) -> Mapping[str, str]:
    request: Any = AWSRequest(method=method, url=url, headers=dict(headers))
    signer: Any = auth.S3SigV4Auth(Credentials("AKIA1", "s", token or None), "s3", "ap-guangzhou")
    with mock.patch.object(auth, "get_current_datetime", return_value=WHEN.replace(tzinfo=None)):
        signer.add_auth(request)
    return request.headers


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.example:443/x", "a.example"),
        ("https://a.example:80/x", "a.example:80"),
        ("http://A.example/x", "a.example"),
        ("http://[::1]:9000/x", "[::1]:9000"),
        ("http://[::1]/x", "[::1]"),
    ],
)
def test_host_is_signed_as_it_is_sent(url: str, host: str) -> None:
    assert host_header(url) == host
