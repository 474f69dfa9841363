"""A mounted directory as a source, from the outside: what is in the store, and what is refused."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from components.loaders.agent import localfile
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import DigestError, NotFoundError
from components.loaders.agent.localfile import LocalBlob
from tests.components.loaders.agent.conftest import is_untouched
from tests.components.loaders.agent.file_sources import (
    BIG,
    FILES,
    Load,
    content_of,
    digest_of,
    follow,
    lay,
    list_of,
    options_of,
    soon,
)
from tests.components.loaders.agent.kits import noise


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A directory with a model."""
    lay(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Where to load to."""
    return tmp_path / "into"


def test_files_are_copied_and_a_second_load_reads_nothing(model: Path, into: Path, load: Load) -> None:
    reference = lay(model)
    first = load("claim", reference, into)

    assert first.code == 0, first.text
    assert content_of(into / "current") == FILES
    (model / BIG).write_bytes(b"edited in place")  # does not reach the version
    assert content_of(into / "current") == FILES

    shutil.rmtree(model)
    second = load("claim", reference, into)
    assert (second.code, second.last("done")["result"]) == (0, "unchanged")


def test_list_of_sha256sum_and_find_is_taken_as_it_comes(tmp_path: Path, into: Path, load: Load) -> None:
    root = tmp_path / "model"
    odd = {"a b": b"1", "new\nline": b"2", "back\\slash": b"3", "d/ünï": b"4", " lead": b"5", "*star": b"6"}
    lay(root, odd)
    (root / "SHA256SUMS").unlink()
    recipe = "find . -type f -exec sha256sum {} + > ../sums && mv ../sums SHA256SUMS && sha256sum SHA256SUMS"
    done = subprocess.run(["sh", "-c", recipe], cwd=root, capture_output=True, text=True, check=True)  # noqa: S607  # sh

    run = load("claim", f"{root}@sha256:{done.stdout.split()[0]}", into)

    assert run.code == 0, run.text
    assert content_of(into / "current") == odd


def test_new_list_copies_only_what_changed(model: Path, into: Path, load: Load) -> None:
    assert load("claim", lay(model), into).code == 0
    changed = {**FILES, "config.json": b"{}"}

    run = load("claim", lay(model, changed), into)

    assert run.code == 0, run.text
    assert content_of(into / "current") == changed
    assert (run.last("missing")["reused"], run.last("done")["moved_bytes"]) == (len(FILES) - 1, len(b"{}"))


def test_filters_choose_files_and_the_rest_need_not_be_there(model: Path, into: Path, load: Load) -> None:
    reference = lay(model)
    (model / BIG).unlink()

    run = load("claim", reference, into, "--filter", "*.json")

    assert run.code == 0, run.text
    assert sorted(content_of(into / "current")) == ["config.json"]
    assert load("claim", reference, into, "--filter", "*.gguf").code == 2


def test_link_to_the_directory_is_followed_once(tmp_path: Path, model: Path, into: Path, load: Load) -> None:
    (tmp_path / "latest").symlink_to(model)
    digest = lay(model).partition("@")[2]

    assert load("claim", f"{tmp_path / 'latest'}@{digest}", into).code == 0
    assert content_of(into / "current") == FILES


@pytest.mark.parametrize("what", ["file", "directory", "list", "pipe", "subdirectory"])
def test_links_and_what_is_no_file_are_refused(tmp_path: Path, model: Path, into: Path, load: Load, what: str) -> None:
    reference = lay(model)
    outside = tmp_path / "outside"
    outside.mkdir()
    match what:
        case "file" | "list":
            path = model / (BIG if what == "file" else "SHA256SUMS")
            path.rename(outside / "same")  # the very bytes that are promised
            path.symlink_to(outside / "same")
        case "directory":
            (model / "weights").rename(outside / "weights")
            (model / "weights").symlink_to(outside / "weights")
        case "pipe":
            (model / BIG).unlink()
            os.mkfifo(model / BIG)
        case _:
            (model / "config.json").unlink()
            (model / "config.json").mkdir()

    run = load("claim", reference, into)

    assert run.code == 7, run.text
    assert is_untouched(into)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "weights/../../outside"])
def test_list_with_an_unsafe_path_is_refused(model: Path, into: Path, load: Load, name: str) -> None:
    (model / "SHA256SUMS").write_bytes(list_of({name: b"x"}))

    run = load("claim", f"{model}@{digest_of(list_of({name: b'x'}))}", into)

    assert run.code == 7
    assert is_untouched(into)


@pytest.mark.parametrize(
    ("damage", "code"), [("changed", 5), ("shorter", 5), ("gone", 9), ("list", 5), ("no-list", 9), ("nothing", 9)]
)
def test_what_is_not_as_listed_is_refused(model: Path, into: Path, load: Load, damage: str, code: int) -> None:
    reference = lay(model)
    match damage:
        case "changed":
            (model / BIG).write_bytes(noise(400_000, 99))
        case "shorter":
            (model / BIG).write_bytes(FILES[BIG][:-1])
        case "gone":
            (model / BIG).unlink()
        case "list":
            (model / "SHA256SUMS").write_bytes(list_of({**FILES, "config.json": b"{}"}))
        case "no-list":
            (model / "SHA256SUMS").unlink()
        case _:
            shutil.rmtree(model)

    run = load("claim", reference, into)

    assert run.code == code, run.text
    assert is_untouched(into)


def test_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    data = noise(3_000_000)
    (tmp_path / "f").write_bytes(data)
    blob = LocalBlob(root=tmp_path, name="f", digest=digest_of(data), size=len(data))
    body = blob.open(1_000_000)
    assert body.read(Deadline(5)) == data[1_000_000 : 1_000_000 + 1024 * 1024]
    os.truncate(tmp_path / "f", 1_500_000)
    with pytest.raises(DigestError, match="became 951424 bytes shorter"):
        body.read(Deadline(5))
    body.close()
    with pytest.raises(DigestError, match="has 1500000 bytes now"):
        blob.open(0)


def test_unreadable_file_says_what_helps(model: Path, into: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    reference, real = lay(model), os.open

    def refusing(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == "config.json" and dir_fd is not None:  # root may read everything, so the refusal is put here
            raise PermissionError(13, "Permission denied")
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(localfile.os, "open", refusing)

    run = load("claim", reference, into)

    assert run.code == 6
    assert "this user may not read it" in run.why


@pytest.mark.parametrize("reference", ["model@sha256:" + "0" * 64, "/model", "/model@sha256:12", "/model@" + "0" * 64])
def test_references_that_pin_nothing_are_refused(tmp_path: Path, load: Load, reference: str) -> None:
    assert load("claim", reference, tmp_path).code == 2


def test_list_that_is_replaced_is_followed(model: Path) -> None:
    directory = follow(options_of("claim", str(model)))
    first = directory.latest("", soon())
    assert first is not None
    assert first.reference == lay(model)
    assert directory.latest(first.token, soon()) is None

    lay(model, {"config.json": b"{}"})
    second = directory.latest(first.token, soon())
    assert second is not None
    assert [layer.blob.name for layer in second.source.plan().layers] == ["config.json"]
    (model / "SHA256SUMS").unlink()
    with pytest.raises(NotFoundError):
        directory.latest(second.token, soon())


def test_between_two_volumes_files_are_copied(small_volume: Callable[[int], Path], model: Path, load: Load) -> None:

    volume = small_volume(80_000_000)

    run = load("claim", lay(model), volume)

    assert run.code == 0, run.text
    assert content_of(volume / "current") == FILES
