"""Following a prefix whose list is replaced, against a moto server."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from components.loaders.agent.cli import main
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import NotFoundError, UsageError
from components.loaders.agent.load import Load, LoadSettings
from components.loaders.agent.logs import Log
from components.loaders.agent.plan import Latest, Tracked
from components.loaders.agent.sourceoptions import SourceOptions
from components.loaders.agent.sources import tracked
from components.loaders.agent.store import Store
from tests.components.loaders.agent.s3.conftest import s3_words
from tests.components.loaders.agent.s3.cutting_proxy import CuttingProxy
from tests.components.loaders.agent.s3.object_store import REGION, MotoStore, file_list, write_keys

LOG = Log(io.StringIO())


def options(reference: str, endpoint: str, credentials: Path | None = None) -> SourceOptions:
    """Return what the command line would give."""
    return SourceOptions(
        kind="s3",
        reference=reference,
        filters=(),
        registry_config=None,
        credentials=credentials,
        ca_file=None,
        mirrors={},
        plain_http=False,
        endpoint=endpoint,
        region=REGION,
        addressing="path",
    )


@pytest.fixture
def name(store: MotoStore, proxy: CuttingProxy, tmp_path: Path) -> Tracked:
    """A followed prefix, read by a user who may; every signature is checked."""
    keys = tmp_path / "keys"
    write_keys(keys, *store.user())
    return tracked(options(f"s3://{store.bucket}/m", proxy.endpoint, keys), LOG)


def load(latest: Latest, into: Path) -> None:
    """Load what was found, as a watcher would."""
    deadline = Deadline(60)
    settings = LoadSettings(reference=latest.reference, keep_previous=1, parallel=2, max_layer_bytes=2**30)
    Load(latest.source, Store(into, "current", deadline, LOG), deadline, LOG, settings).run()


def test_moves_once_for_every_new_list(tmp_path: Path, store: MotoStore, name: Tracked, proxy: CuttingProxy) -> None:
    pinned = store.push("m", {"w": b"1"})
    store.check_signatures(on=True)

    first = name.latest("", Deadline(60))
    assert first is not None
    assert first.reference == pinned
    load(first, tmp_path / "models")
    assert name.latest(first.token, Deadline(60)) is None
    assert 'If-None-Match: "' in proxy.heads[-1]

    store.check_signatures(on=False)
    newer = store.push("m", {"w": b"2", "v": b"3"})
    second = name.latest(first.token, Deadline(60))
    assert second is not None
    assert second.reference == newer
    load(second, tmp_path / "models")
    assert (tmp_path / "models/current/w").read_bytes() == b"2"
    assert name.latest(second.token, Deadline(60)) is None


def test_list_is_read_once_and_what_moved_meanwhile_waits_for_the_next_look(
    tmp_path: Path, store: MotoStore, name: Tracked, proxy: CuttingProxy
) -> None:
    store.push("m", {"w": b"1"})
    first = name.latest("", Deadline(60))
    assert first is not None
    store.put("m/v", b"other")
    store.put("m/SHA256SUMS", file_list({"v": b"other"}))

    load(first, tmp_path / "models")

    assert [path.name for path in (tmp_path / "models/current").iterdir()] == ["w"]
    assert len(proxy.paths("/m/SHA256SUMS")) == 1


def test_store_without_etags_is_followed_by_digest(store: MotoStore, name: Tracked, proxy: CuttingProxy) -> None:
    store.push("m", {"w": b"1"})
    listed = file_list({"w": b"1"})
    proxy.answers["/m/SHA256SUMS"] = [f"HTTP/1.1 200 OK\r\nContent-Length: {len(listed)}\r\n\r\n".encode() + listed] * 2

    first = name.latest("", Deadline(60))

    assert first is not None
    assert first.token == first.reference.rpartition("@")[2]
    assert name.latest(first.token, Deadline(60)) is None


def test_list_that_is_gone(store: MotoStore, name: Tracked) -> None:
    store.push("m", {"w": b"1"})
    first = name.latest("", Deadline(60))
    assert first is not None
    store.client("s3").delete_object(Bucket=store.bucket, Key="m/SHA256SUMS")

    with pytest.raises(NotFoundError, match="SHA256SUMS is not there"):
        name.latest(first.token, Deadline(60))


def test_wrong_options_show_before_the_first_look() -> None:
    with pytest.raises(UsageError, match="--addressing path"):
        tracked(replace(options("s3://bucket/m", "http://127.0.0.1:9"), addressing="virtual"), LOG)


def test_sync_follows_the_prefix(tmp_path: Path, store: MotoStore, proxy: CuttingProxy) -> None:
    """The command as a CronJob runs it: each run is one look, and only what is new is moved."""
    write_keys(tmp_path / "keys", *store.user())
    into = tmp_path / "models"
    once = s3_words(f"s3://{store.bucket}/m", into, proxy.endpoint, "--credentials", str(tmp_path / "keys"))
    words = ["sync", *once[1:]]
    store.push("m", {"w": b"1", "same": b"same"})
    assert main(words) == 0
    assert (into / "current/w").read_bytes() == b"1"

    proxy.heads.clear()
    assert main(words) == 0
    assert not proxy.paths("GET /" + store.bucket + "/m/w ")

    store.push("m", {"w": b"2", "same": b"same"})
    proxy.heads.clear()
    assert main(words) == 0
    assert (into / "current/w").read_bytes() == b"2"
    assert not proxy.paths("GET /" + store.bucket + "/m/same ")
