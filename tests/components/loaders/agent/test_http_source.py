"""A web server as a source, from the outside: what is on the disk, what went over the wire, what the log says."""

from pathlib import Path

import pytest

from components.loaders.agent.errors import AuthError, NotFoundError
from tests.components.loaders.agent.conftest import is_untouched
from tests.components.loaders.agent.fake_web import FakeWeb, Starter
from tests.components.loaders.agent.file_sources import (
    FILES,
    TOKEN,
    Load,
    content_of,
    digest_of,
    follow,
    list_of,
    options_of,
    soon,
)
from tests.components.loaders.agent.kits import noise

BIG = "/m/weights/model.safetensors"


@pytest.fixture
def web(servers: Starter) -> FakeWeb:
    """A server with a model below ``/m``."""
    files = {f"/m/{name}": data for name, data in FILES.items()}
    return servers.start(FakeWeb(files={**files, "/m/SHA256SUMS": list_of(FILES)}))


def pinned(web: FakeWeb, *, name: str = "SHA256SUMS") -> str:
    """Return the reference of the server's list as it is now."""
    return f"{web.base}/m/{name}@{digest_of(web.files[f'/m/{name}'])}"


def test_files_are_loaded_and_a_second_load_asks_nothing(tmp_path: Path, web: FakeWeb, load: Load) -> None:
    first = load("http", pinned(web), tmp_path, "--plain-http")

    assert first.code == 0, first.text
    assert content_of(tmp_path / "current") == FILES
    assert first.last("done")["moved_bytes"] == sum(len(data) for data in FILES.values())
    assert (tmp_path / "current").resolve().name == digest_of(list_of(FILES)).replace(":", "-")

    web.asked.clear()
    second = load("http", pinned(web), tmp_path, "--plain-http")

    assert (second.code, second.last("done")["result"], web.asked) == (0, "unchanged", [])


def test_new_list_moves_only_what_changed(tmp_path: Path, web: FakeWeb, load: Load) -> None:
    assert load("http", pinned(web), tmp_path, "--plain-http").code == 0
    web.sent_bytes = 0
    changed = {**FILES, "config.json": b"{}"}
    web.files |= {"/m/config.json": b"{}", "/m/SHA256SUMS": list_of(changed)}

    run = load("http", pinned(web), tmp_path, "--plain-http")

    assert run.code == 0, run.text
    assert content_of(tmp_path / "current") == changed
    assert web.sent_bytes == len(list_of(changed)) + len(b"{}")


def test_filters_choose_files_and_name_another_version(tmp_path: Path, web: FakeWeb, load: Load) -> None:
    run = load("http", pinned(web), tmp_path, "--plain-http", "--filter", "*.safetensors", "--filter", "conf*")

    assert run.code == 0, run.text
    assert sorted(content_of(tmp_path / "current")) == ["config.json", "weights/model.safetensors"]
    assert (tmp_path / "current").resolve().name.startswith(digest_of(list_of(FILES)).replace(":", "-") + ".")

    nothing = load("http", pinned(web), tmp_path, "--plain-http", "--filter", "*.gguf")
    assert nothing.code == 2
    assert "no file matches --filter *.gguf" in nothing.why


def test_cut_connection_is_resumed_at_the_byte_it_broke(tmp_path: Path, web: FakeWeb, load: Load) -> None:
    web.cut_at[BIG] = [100_000, 50_000]

    run = load("http", pinned(web), tmp_path, "--plain-http")

    assert run.code == 0, run.text
    assert content_of(tmp_path / "current") == FILES
    ranges = [one.range for one in web.asked if one.path == BIG and one.method == "GET"]
    assert ranges == ["", "bytes=100000-", "bytes=150000-"]
    assert web.sent_bytes == len(list_of(FILES)) + sum(len(data) for data in FILES.values())  # no byte twice


def test_another_list_than_the_pinned_one_changes_nothing(tmp_path: Path, web: FakeWeb, load: Load) -> None:
    reference = pinned(web)
    web.files["/m/SHA256SUMS"] += b"# changed\n"

    run = load("http", reference, tmp_path, "--plain-http")

    assert run.code == 5
    assert "is pinned" in run.why
    assert is_untouched(tmp_path)


@pytest.mark.parametrize(("times", "code"), [(1, 0), (2, 5)])
def test_wrong_bytes_are_fetched_once_more_and_no_further(
    tmp_path: Path, web: FakeWeb, load: Load, times: int, code: int
) -> None:
    web.corrupt[BIG] = times

    run = load("http", pinned(web), tmp_path, "--plain-http")

    assert run.code == code, run.text
    assert web.paths().count(BIG) == 2
    assert is_untouched(tmp_path) == (code == 5)


def test_file_that_changed_its_size_is_refused(tmp_path: Path, web: FakeWeb, load: Load) -> None:
    reference = pinned(web)
    web.files[BIG] = noise(1000, 9)

    run = load("http", reference, tmp_path, "--plain-http")

    assert run.code == 5
    assert "have digest" in run.why


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b"])
def test_list_with_an_unsafe_path_is_refused(tmp_path: Path, web: FakeWeb, load: Load, name: str) -> None:
    web.files["/m/SHA256SUMS"] = list_of({name: b"x"})

    run = load("http", pinned(web), tmp_path, "--plain-http")

    assert run.code == 7
    assert is_untouched(tmp_path)


@pytest.mark.parametrize("how", ["no-head", "no-length", "no-range"])
def test_sizes_come_from_a_range_where_head_tells_none(tmp_path: Path, web: FakeWeb, load: Load, how: str) -> None:
    web.head_status = 405 if how != "no-length" else 0
    web.tells_length = how != "no-length"
    web.takes_ranges = how != "no-range"

    run = load("http", pinned(web), tmp_path, "--plain-http")

    assert run.code == 0, run.text
    assert content_of(tmp_path / "current") == FILES


def test_server_that_tells_no_size_is_refused(tmp_path: Path, web: FakeWeb, load: Load) -> None:
    web.tells_length = web.takes_ranges = False

    run = load("http", pinned(web), tmp_path, "--plain-http")

    assert run.code == 12
    assert "tells no size" in run.why


def test_missing_file_ends_the_load(tmp_path: Path, web: FakeWeb, load: Load) -> None:
    del web.files["/m/empty.txt"]

    run = load("http", pinned(web), tmp_path, "--plain-http")

    assert run.code == 9
    assert "/m/empty.txt" in run.why


def test_plain_http_needs_saying_so(tmp_path: Path, web: FakeWeb, load: Load) -> None:
    run = load("http", pinned(web), tmp_path)

    assert run.code != 0
    assert "--plain-http" in run.why
    assert web.asked == []


@pytest.mark.parametrize(
    "reference",
    [
        "http://host/SHA256SUMS",
        f"http://user:{TOKEN}@host/SHA256SUMS@sha256:{'0' * 64}",
        f"http://host/SHA256SUMS?sig={TOKEN}@sha256:{'0' * 64}",
        f"ftp://host/SHA256SUMS@sha256:{'0' * 64}",
        f"http://host/m/@sha256:{'0' * 64}",
        f"http://host/SHA256SUMS@sha256:{'0' * 63}",
    ],
)
def test_references_that_pin_nothing_are_refused(tmp_path: Path, load: Load, reference: str) -> None:
    run = load("http", reference, tmp_path)

    assert run.code == 2
    assert TOKEN not in run.text


def test_token_goes_to_the_server_and_nowhere_else(tmp_path: Path, web: FakeWeb, servers: Starter, load: Load) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    web.token, web.redirect_to = TOKEN, servers.start(FakeWeb())
    web.cut_at[BIG] = []
    web.redirect_to.cut_at[f"/store/{BIG}"] = [100_000]

    run = load("http", pinned(web), tmp_path / "into", "--plain-http", "--credentials", str(token), "--verbose")

    assert run.code == 0, run.text
    assert content_of(tmp_path / "into/current") == FILES
    assert {one.authorization for one in web.asked} == {f"Bearer {TOKEN}"}
    assert {one.authorization for one in web.redirect_to.asked} == {""}
    assert TOKEN not in run.text
    assert "signature" not in run.text
    assert not [
        path for path in (tmp_path / "into").rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()
    ]


def test_expired_token_that_is_rotated_between_attempts_works(tmp_path: Path, web: FakeWeb, load: Load) -> None:
    token = tmp_path / "token"
    token.write_text("expired")
    web.token = TOKEN

    web.on_refusal = lambda: token.write_text(TOKEN)

    run = load("http", pinned(web), tmp_path / "into", "--plain-http", "--credentials", str(token))

    assert run.code == 0, run.text
    assert "renew the token" in str(run.last("retry")["why"])
    assert web.asked[0].authorization == "Bearer expired"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "mount the token"),
        ("", "not a single line"),
        (f"{TOKEN}\nX-Evil: 1", "not a single line"),
        ("wrong", "renew the token"),
    ],
)
def test_bad_token_ends_the_load(tmp_path: Path, web: FakeWeb, load: Load, content: str | None, why: str) -> None:
    token = tmp_path / "token"
    if content is not None:
        token.write_text(content)
    web.token = "another"  # noqa: S105  # of this test

    run = load("http", pinned(web), tmp_path / "into", "--plain-http", "--credentials", str(token))

    assert run.code == 4
    assert why in run.why
    assert TOKEN not in run.text


def test_list_is_followed_with_conditional_requests(web: FakeWeb) -> None:
    name = follow(options_of("http", f"{web.base}/m/SHA256SUMS", filters=("*.json",)))

    first = name.latest("", soon())
    assert first is not None
    assert first.reference == pinned(web)
    assert name.latest(first.token, soon()) is None
    web.has_validators = False
    assert name.latest(first.token, soon()) is None  # the same list again is no news either

    web.files["/m/SHA256SUMS"] = list_of({"config.json": b"{}"})
    second = name.latest(first.token, soon())
    assert second is not None
    assert second.reference == pinned(web) != first.reference
    assert second.source.key != first.source.key
    web.asked.clear()
    assert [layer.blob.name for layer in second.source.plan().layers] == ["config.json"]
    assert web.paths() == []  # the list that was seen is the one that is loaded


def test_list_that_is_gone_or_refused_is_no_news(web: FakeWeb) -> None:
    name = follow(options_of("http", f"{web.base}/m/SHA256SUMS"))
    first = name.latest("", soon())
    assert first is not None

    web.token = TOKEN
    with pytest.raises(AuthError, match="give a token"):
        name.latest(first.token, soon())
    web.token = ""
    del web.files["/m/SHA256SUMS"]
    with pytest.raises(NotFoundError):
        name.latest(first.token, soon())
