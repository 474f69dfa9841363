"""``sync`` on names that move and are no tags: a list on a server, a branch of a hub, a directory."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from components.loaders.agent.sourceoptions import Kind
from tests.components.loaders.agent.fake_hub import FakeHub
from tests.components.loaders.agent.fake_web import FakeWeb, Starter
from tests.components.loaders.agent.file_sources import FILES, Load, content_of, list_of

NEXT = {**FILES, "config.json": b'{"layers": 3}\n'}
Put = Callable[[Mapping[str, bytes]], None]
"""Replaces the files behind the name."""


def list_on_a_server(servers: Starter, _: Path) -> tuple[str, list[str], Put]:
    """Return reference, arguments and what replaces the files."""
    web = servers.start(FakeWeb())

    def put(files: Mapping[str, bytes]) -> None:
        web.files = {f"/m/{name}": data for name, data in files.items()} | {"/m/SHA256SUMS": list_of(files)}

    return f"{web.base}/m/SHA256SUMS", ["--plain-http"], put


def branch_of_a_hub(servers: Starter, _: Path) -> tuple[str, list[str], Put]:
    """Return reference, arguments and what replaces the files."""
    hub = servers.start(FakeHub())

    def put(files: Mapping[str, bytes]) -> None:
        hub.add(f"{len(hub.commits):040x}", dict(files), "main")

    return "team/tiny:main", ["--endpoint", hub.base], put


def directory(_: Starter, root: Path) -> tuple[str, list[str], Put]:
    """Return reference, arguments and what replaces the files."""

    def put(files: Mapping[str, bytes]) -> None:
        for name, data in {**files, "SHA256SUMS": list_of(files)}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)

    return str(root), [], put


@pytest.mark.parametrize(
    ("kind", "begin"), [("http", list_on_a_server), ("huggingface", branch_of_a_hub), ("claim", directory)]
)
def test_a_name_that_moves_is_followed(
    tmp_path: Path,
    servers: Starter,
    load: Load,
    kind: Kind,
    begin: Callable[[Starter, Path], tuple[str, list[str], Put]],
) -> None:
    reference, more, put = begin(servers, tmp_path / "files")
    into = tmp_path / "into"
    put(FILES)
    assert load(kind, reference, into, *more, command="sync").last("done")["result"] == "ok"
    again = load(kind, reference, into, *more, command="sync").last("done")
    assert (again["result"], again["moved_bytes"]) == ("unchanged", 0)
    assert content_of(into / "current") == FILES
    put(NEXT)

    moved = load(kind, reference, into, *more, command="sync").last("done")

    assert (moved["result"], moved["moved_bytes"]) == ("ok", len(NEXT["config.json"]))
    assert content_of(into / "current") == NEXT
    once = load(kind, str(moved["reference"]), into, *more)
    assert (once.code, once.last("done")["result"]) == (0, "unchanged")  # what was logged pins that version
    assert load(kind, reference, into, *more).code == 2  # `once` needs a pin
