"""Against a store that is not Python's: versitygw checks signature, region and time with code of its own.

Set ``SLIPWAY_S3_GATEWAY`` to its binary (``go install github.com/versity/versitygw/cmd/versitygw@v1.8.0``).
"""

import hashlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final

import pytest

from components.loaders.agent import s3client, s3listing
from components.loaders.agent.cli import main
from tests.components.loaders.agent.kits import noise, tree_of
from tests.components.loaders.agent.s3.conftest import s3_words
from tests.components.loaders.agent.s3.object_store import REGION, boto3, file_list, write_keys

GATEWAY: Final = os.environ.get("SLIPWAY_S3_GATEWAY", "")
KEY_ID: Final = "AKIATEST"
SECRET: Final = "secret/+key"  # noqa: S105  # of this server on loopback
FILES: Final = {
    "weights/a b+c%20.bin": noise(300_000, 1),
    "weights/ünï ☃.bin": b"x" * 1000,
    "empty": b"",
    "large": noise(45 * 1024 * 1024 + 7, 2),
}

pytestmark = pytest.mark.skipif(not GATEWAY, reason="SLIPWAY_S3_GATEWAY does not name a versitygw binary")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The store's address; it keeps its objects in a directory."""
    root = tmp_path_factory.mktemp("gateway")
    for name in ("objects", "attributes"):
        (root / name).mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ["--access", KEY_ID, "--secret", SECRET, "--region", REGION, "--port", f"127.0.0.1:{port}"]
    where = ["posix", "--sidecar", str(root / "attributes"), str(root / "objects")]
    process = subprocess.Popen([GATEWAY, *server, *where], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            assert time.monotonic() < end, "the gateway does not listen"
            assert process.poll() is None, "the gateway ended"
            time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=30)


@pytest.fixture(scope="module")
def reference(gateway: str) -> str:
    """A model with names of every kind."""
    keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
    client: Any = boto3.client("s3", endpoint_url=gateway, region_name=REGION, **keys)
    client.create_bucket(Bucket="models-1250000000")
    listed = file_list(FILES)
    for name, data in {**FILES, "SHA256SUMS": listed}.items():
        client.put_object(Bucket="models-1250000000", Key=f"team/qwen 3+%/{name}", Body=data)
    return f"s3://models-1250000000/team/qwen 3+%@sha256:{hashlib.sha256(listed).hexdigest()}"


@pytest.fixture
def words(tmp_path: Path, gateway: str, reference: str) -> list[str]:
    """The command line of a load with the right keys."""
    write_keys(tmp_path / "keys", KEY_ID, SECRET)
    return s3_words(reference, tmp_path / "m", gateway, "--credentials", str(tmp_path / "keys"))


def test_every_file(tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3listing, "PAGE_KEYS", 2)

    assert main(words) == 0

    current = tmp_path / "m/current"
    assert {name: (current / name).read_bytes() for name in tree_of(current)} == FILES


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ("secret", 4, "SignatureDoesNotMatch"),
        ("anonymous", 4, "AccessDenied"),
        ("region", 2, f"give --region {REGION}"),
        ("clock", 4, "s ahead of the store's"),
        ("prefix", 9, "sha256sum {} +"),
    ],
)
def test_refusals(  # noqa: PLR0913, PLR0917  # fixtures and the case
    tmp_path: Path,
    words: list[str],
    reference: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: str,
    code: int,
    says: str,
) -> None:
    class Fast(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Fast":
            return cls.fromtimestamp(time.time() + 3600, tz or UTC)

    match change:
        case "secret":
            write_keys(tmp_path / "keys", KEY_ID, "wrong")
        case "anonymous":
            words = words[:-2]
        case "region":
            words = [*words, "--region", "us-west-1"]
        case "clock":
            monkeypatch.setattr(s3client, "datetime", Fast)
        case _:
            words = [*words, "--reference", reference.replace("qwen", "none")]

    assert main(words) == code

    assert says in capsys.readouterr().err
    assert not (tmp_path / "m/current").exists()
