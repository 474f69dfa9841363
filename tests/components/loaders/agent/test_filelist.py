"""The list of files: what ``sha256sum`` really prints is read back, and nothing that could do harm is."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.loaders.agent.errors import AgentError, DigestError, UnsafeError, UnsupportedError, UsageError
from components.loaders.agent.filelist import ListedFile, chosen, parse_file_list, pinned_file_list, selects
from components.loaders.agent.paths import safe_file_path

HEX = hashlib.sha256(b"x").hexdigest()
OTHER = hashlib.sha256(b"y").hexdigest()
NAMES = st.binary(min_size=1, max_size=40).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in {b".", b"..", b"SHA256SUMS"}
)
"""Every name a Linux file system takes."""


def listed(*lines: str) -> bytes:
    """Return a list of one digest for every line's name."""
    return "".join(f"{HEX}  {line}\n" for line in lines).encode()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs coreutils' sha256sum")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, st.binary(max_size=8), min_size=1, max_size=8), st.sampled_from(["--text", "--binary"]))
def test_what_sha256sum_prints_is_read_back(contents: dict[bytes, bytes], mode: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = os.fsencode(directory)
        for name, content in contents.items():
            Path(os.fsdecode(os.path.join(root, name))).write_bytes(content)  # noqa: PTH118  # bytes, not text
        # With a directory before it, as `find` prints names: "-" alone would be standard input.
        command = [b"sha256sum", mode.encode(), *(b"./" + name for name in contents)]
        printed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout

    files = parse_file_list(printed, "list")

    assert [(os.fsencode(file.path), file.digest) for file in files] == [
        (name, f"sha256:{hashlib.sha256(content).hexdigest()}") for name, content in contents.items()
    ]


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200)
    | st.lists(st.binary(max_size=30)).map(lambda names: b"\n".join(HEX.encode() + b"  " + name for name in names))
)
def test_whatever_is_accepted_stays_below_the_directory(data: bytes) -> None:
    try:
        files = parse_file_list(data, "list")
    except AgentError:
        return
    paths = [file.path for file in files]
    assert paths
    assert len(set(paths)) == len(paths)
    for path in paths:
        assert "/".join(safe_file_path(path, "here")) == path
        assert not {"", ".", ".."} & set(path.split("/"))


def test_paths_of_find_lose_their_dot_and_hex_its_capitals() -> None:
    files = parse_file_list(f"# made with find\n{HEX.upper()} *./a/b c\n{OTHER}  d".encode(), "list")

    assert files == (
        ListedFile(path="a/b c", digest=f"sha256:{HEX}"),
        ListedFile(path="d", digest=f"sha256:{OTHER}"),
    )


@pytest.mark.parametrize(
    "line", ["/etc/passwd", "../a", "a/../../b", ".", "./", "a" * 256, "a/" * 1200 + "b", "a\n" + f"{HEX}  ./a"]
)
def test_unsafe_paths_are_refused(line: str) -> None:
    with pytest.raises(UnsafeError, match=r"list, line [12]"):
        parse_file_list(listed(line), "list")


def test_escaped_name_that_climbs_is_refused() -> None:
    with pytest.raises(UnsafeError, match="climbs"):
        parse_file_list(f"\\{HEX}  ..\\\\/../x\n".encode().replace(b"..\\\\/", b""), "list")


def test_file_that_is_also_a_directory_is_refused() -> None:
    with pytest.raises(UnsafeError, match="'a' is a file and the directory of 'a/b/c'"):
        parse_file_list(listed("a/b/c", "a"), "list")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"# nothing\n",
        f"SHA256 (a) = {HEX}\n".encode(),
        f"{HEX}  a\0{HEX}  b\0".encode(),
        f"{HEX}  a\r\n".encode(),
        f"{HEX[:-1]}  a\n".encode(),
        f"{HEX}\ta\n".encode(),
        f"{HEX}  \n".encode(),
        f"\\{HEX}  a\\t\n".encode(),
        f"\\{HEX}  a\\\n".encode(),
        f"{HEX}  a\n\n{HEX}  b\n".encode(),
        f"{HEX}  ./SHA256SUMS\n".encode(),
    ],
)
def test_other_forms_are_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedError, match="list"):
        parse_file_list(data, "list")


def test_another_list_than_the_pinned_one_is_refused() -> None:
    data = listed("a")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"

    assert pinned_file_list(data, digest, "list") == parse_file_list(data, "list")
    with pytest.raises(DigestError, match=f"{digest} is pinned"):
        pinned_file_list(data + b"# changed\n", digest, "list")


def test_patterns_choose_files() -> None:
    files = parse_file_list(listed("a/x.safetensors", "config.json", "X.JSON"), "list")

    assert chosen(files, (), "list") == files
    assert [file.path for file in chosen(files, ("*.safetensors", "conf*"), "list")] == [
        "a/x.safetensors",
        "config.json",
    ]
    assert not selects(("*.json",), "X.JSON")
    with pytest.raises(UsageError, match="no file matches --filter nothing"):
        chosen(files, ("nothing",), "list")
