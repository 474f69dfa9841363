"""Loads from a real moto server: what is on the disk, who may read, what is asked for."""

import hashlib
import socket
from pathlib import Path

import pytest

from components.loaders.agent import s3listing
from components.loaders.agent.cli import main
from tests.components.loaders.agent.kits import noise, tree_of
from tests.components.loaders.agent.s3.conftest import S3Agent
from tests.components.loaders.agent.s3.cutting_proxy import CuttingProxy
from tests.components.loaders.agent.s3.object_store import REGION, MotoStore, write_keys

FILES = {
    "config.json": b"{}",
    "weights/a b+c%20.bin": noise(300_000, 1),
    "weights/ünï ☃.bin": noise(1000, 2),
    "empty": b"",
}


@pytest.fixture
def keys(store: MotoStore, tmp_path: Path) -> Path:
    """A credentials file of a user who may read; the server checks signatures and permissions."""
    path = tmp_path / "keys"
    write_keys(path, *store.user())
    return path


def test_every_listed_file_with_a_checked_signature(
    tmp_path: Path, store: MotoStore, s3_agent: S3Agent, keys: Path
) -> None:
    reference = store.push("team/qwen 3+%", FILES)
    store.check_signatures(on=True)

    run = s3_agent(reference, tmp_path / "m", "--credentials", str(keys))

    assert run.code == 0, run.text
    current = tmp_path / "m/current"
    assert {name: (current / name).read_bytes() for name in tree_of(current)} == FILES
    assert current.readlink() == Path(".store") / f"sha256-{reference[-64:]}"
    assert run.last("plan")["bytes"] == sum(len(data) for data in FILES.values())


def test_signature_of_a_session(tmp_path: Path, store: MotoStore, s3_agent: S3Agent, proxy: CuttingProxy) -> None:
    reference = store.push("m", FILES)
    key_id, secret, token = store.session()
    write_keys(tmp_path / "keys", key_id, secret, token)
    store.check_signatures(on=True)

    run = s3_agent(reference, tmp_path / "m", "--credentials", str(tmp_path / "keys"), "--verbose")

    assert run.code == 0, run.text
    assert all(f"x-amz-security-token: {token}" in head for head in proxy.heads)
    assert not [secret_part for secret_part in (secret, token) if secret_part in run.text]


@pytest.mark.parametrize(
    ("change", "code"), [("secret", "SignatureDoesNotMatch"), ("id", "InvalidAccessKeyId"), ("token", "InvalidToken")]
)
def test_wrong_keys_are_refused_and_never_shown(
    tmp_path: Path, store: MotoStore, s3_agent: S3Agent, change: str, code: str
) -> None:
    reference = store.push("m", FILES)
    key_id, secret = store.user()
    made = {"id": key_id, "secret": secret, "token": ""} | {change: "canary0123456789"}
    write_keys(tmp_path / "keys", made["id"], made["secret"], made["token"])
    store.check_signatures(on=True)

    run = s3_agent(reference, tmp_path / "m", "--credentials", str(tmp_path / "keys"), "--verbose")

    assert run.code == 4
    assert code in run.why
    assert "canary" not in run.text
    assert secret not in run.text
    assert not (tmp_path / "m/current").exists()


def test_user_who_may_not_list(tmp_path: Path, store: MotoStore, s3_agent: S3Agent, proxy: CuttingProxy) -> None:
    reference = store.push("m", FILES)
    write_keys(tmp_path / "keys", *store.user(["s3:GetObject", "s3:HeadObject"]))
    store.check_signatures(on=True)

    run = s3_agent(reference, tmp_path / "m", "--credentials", str(tmp_path / "keys"))

    assert run.code == 0, run.text
    assert "AccessDenied" in str(run.last("not-listed")["why"])
    assert len(proxy.paths("HEAD ")) == len(FILES)
    assert len(proxy.paths("list-type=2")) == 1


def test_anonymous_reads_of_an_open_and_a_closed_bucket(tmp_path: Path, store: MotoStore, s3_agent: S3Agent) -> None:
    reference = store.push("m", FILES)

    closed = s3_agent(reference, tmp_path / "closed")
    store.open_to_all()
    opened = s3_agent(reference, tmp_path / "open")

    assert closed.code == 4
    assert "--credentials" in closed.why
    assert opened.code == 0, opened.text


def test_bucket_in_the_host_name(
    tmp_path: Path, store: MotoStore, keys: Path, monkeypatch: pytest.MonkeyPatch, proxy: CuttingProxy
) -> None:
    """The name of a bucket's host is answered with loopback here; everything else is as it would be at AWS."""
    reference = store.push("a/b", FILES)
    store.check_signatures(on=True)
    resolve = socket.getaddrinfo

    def loopback(host: str, *rest: int) -> object:
        assert host in {"127.0.0.1", f"{store.bucket}.s3.{REGION}.amazonaws.com"}
        return resolve("127.0.0.1", *rest)

    monkeypatch.setattr(socket, "getaddrinfo", loopback)
    endpoint = f"http://s3.{REGION}.amazonaws.com:{proxy.port}"
    words = ["once", "--source", "s3", "--reference", reference, "--into", str(tmp_path / "m"), "--region", REGION]

    assert main([*words, "--endpoint", endpoint, "--credentials", str(keys)]) == 0

    assert proxy.paths("GET /a/b/SHA256SUMS ")
    assert (tmp_path / "m/current/config.json").read_bytes() == b"{}"


def test_listing_of_several_pages(  # fixtures
    tmp_path: Path,
    store: MotoStore,
    s3_agent: S3Agent,
    proxy: CuttingProxy,
    keys: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(s3listing, "PAGE_KEYS", 10)
    files = {f"part {number:02}+": b"x" for number in range(25)}
    reference = store.push("m", files)

    run = s3_agent(reference, tmp_path / "m", "--credentials", str(keys), "--filter", "part *[05]+")

    assert run.code == 0, run.text
    assert len(proxy.paths("list-type=2")) == 3
    assert not proxy.paths("HEAD ")
    assert len(tree_of(tmp_path / "m/current")) == 5


def test_crowded_prefix_is_not_listed_to_its_end(  # fixtures
    tmp_path: Path,
    store: MotoStore,
    s3_agent: S3Agent,
    proxy: CuttingProxy,
    keys: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(s3listing, "SPARE_PAGES", 1)
    monkeypatch.setattr(s3listing, "PAGE_KEYS", 10)
    for number in range(15):
        store.put(f"m/a{number}", b"")
    reference = store.push("m", {"z": b"late in the order"})

    run = s3_agent(reference, tmp_path / "m", "--credentials", str(keys))

    assert run.code == 0, run.text
    assert (len(proxy.paths("list-type=2")), len(proxy.paths("HEAD "))) == (1, 1)


def test_filters_choose_files_and_are_part_of_the_key(
    tmp_path: Path, store: MotoStore, s3_agent: S3Agent, keys: Path
) -> None:
    reference = store.push("m", FILES)
    words = ("--credentials", str(keys), "--filter")

    run = s3_agent(reference, tmp_path, *words, "weights/*", "--filter", "empty")

    assert run.code == 0, run.text
    assert sorted(tree_of(tmp_path / "current")) == sorted(FILES.keys() - {"config.json"})
    assert s3_agent(reference, tmp_path, *words, "config.json").code == 0
    assert sorted(tree_of(tmp_path / "current")) == ["config.json"]
    nothing = s3_agent(reference, tmp_path, *words, "Config.json")
    assert nothing.code == 2
    assert "no file matches" in nothing.why


def test_second_run_needs_no_network_and_equal_files_are_linked(
    tmp_path: Path, store: MotoStore, s3_agent: S3Agent, keys: Path, proxy: CuttingProxy
) -> None:
    reference = store.push("v1", FILES)
    assert s3_agent(reference, tmp_path, "--credentials", str(keys)).code == 0
    proxy.heads.clear()

    again = s3_agent(reference, tmp_path, "--credentials", str(keys))

    assert (again.last("done")["result"], proxy.heads) == ("unchanged", [])
    newer = s3_agent(store.push("v2", {**FILES, "new": b"new"}), tmp_path, "--credentials", str(keys))
    assert newer.last("missing")["reused"] == len(FILES)
    assert (tmp_path / "current/new").read_bytes() == b"new"


def test_prefix_without_a_list_says_how_to_make_it(
    tmp_path: Path, store: MotoStore, s3_agent: S3Agent, keys: Path
) -> None:
    store.put("m/weights.bin", b"x")

    run = s3_agent(f"s3://{store.bucket}/m@sha256:{'0' * 64}", tmp_path, "--credentials", str(keys))

    assert run.code == 9
    assert "sha256sum {} + > SHA256SUMS" in run.why
    assert "m/SHA256SUMS is not there" in run.why


def test_list_that_is_not_the_pinned_one(tmp_path: Path, store: MotoStore, s3_agent: S3Agent, keys: Path) -> None:
    old = store.push("m", FILES)
    store.push("m", {**FILES, "empty": b"no more"})

    run = s3_agent(old, tmp_path, "--credentials", str(keys))

    assert run.code == 5
    assert (
        hashlib.sha256(
            store.client("s3").get_object(Bucket=store.bucket, Key="m/SHA256SUMS")["Body"].read()
        ).hexdigest()
        in run.why
    )


def test_listed_object_that_is_not_there(tmp_path: Path, store: MotoStore, s3_agent: S3Agent, keys: Path) -> None:
    reference = store.push("m", FILES)
    store.client("s3").delete_object(Bucket=store.bucket, Key="m/empty")

    run = s3_agent(reference, tmp_path, "--credentials", str(keys))

    assert run.code == 9
    assert "/m/empty" in run.why


def test_no_such_bucket(tmp_path: Path, s3_agent: S3Agent, keys: Path) -> None:
    run = s3_agent(f"s3://no-such-bucket/m@sha256:{'0' * 64}", tmp_path, "--credentials", str(keys))

    assert run.code == 9
    assert "NoSuchBucket" in run.why


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--reference", "s3://bucket/m"], "no @sha256: digest"),
        (["--reference", "s3://bucket/m@sha256:abc"], "is not s3://bucket/prefix@sha256:"),
        (["--reference", "s3://B_/m"], "is not s3://bucket/prefix@sha256:"),
        (["--region", ""], "needs --region for AWS, or --endpoint"),
        (["--region", "eu central"], "is not the name of a region"),
        (["--endpoint", "http://127.0.0.1:9"], "give --addressing path"),
        (["--endpoint", "https://bucket.cos.ap-guangzhou.myqcloud.com"], "leave the bucket out"),
    ],
)
def test_command_line_that_cannot_be_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    right = ["--reference", f"s3://bucket/m@sha256:{'0' * 64}", "--region", "eu-central-1", "--into", str(tmp_path)]

    assert main(["once", "--source", "s3", *right, *words]) == 2

    assert says in capsys.readouterr().err
