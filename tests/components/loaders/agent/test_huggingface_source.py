"""A Hugging Face hub as a source, from the outside; the hub is a stand-in."""

from pathlib import Path

import pytest

from components.loaders.agent.errors import AuthError, NotFoundError
from components.loaders.agent.hfreference import parse_huggingface
from tests.components.loaders.agent.conftest import is_untouched
from tests.components.loaders.agent.fake_hub import FakeHub
from tests.components.loaders.agent.fake_web import FakeWeb, Starter
from tests.components.loaders.agent.file_sources import FILES, TOKEN, Load, content_of, follow, options_of, soon
from tests.components.loaders.agent.kits import noise

COMMIT = "c0ffee" + "0" * 34
NEXT = "badcab" + "1" * 34
BIG = "weights/model.safetensors"
REFERENCE = f"team/tiny:main@{COMMIT}"


@pytest.fixture
def cdn(servers: Starter) -> FakeWeb:
    """The storage that large files are redirected to."""
    return servers.start(FakeWeb())


@pytest.fixture
def hub(servers: Starter, cdn: FakeWeb) -> FakeHub:
    """A hub with one model; two of its files are large."""
    hub = servers.start(FakeHub(redirect_to=cdn, large={BIG, "weights/odd näme #1?.bin"}))
    hub.add(COMMIT, {**FILES, ".gitattributes": b"*.bin filter=lfs\n"}, "main")
    return hub


def test_files_are_loaded_and_a_second_load_asks_nothing(
    tmp_path: Path, hub: FakeHub, cdn: FakeWeb, load: Load
) -> None:
    first = load("huggingface", REFERENCE, tmp_path, "--endpoint", hub.base)

    assert first.code == 0, first.text
    assert content_of(tmp_path / "current") == FILES  # without .gitattributes
    assert first.last("done")["moved_bytes"] == sum(len(data) for data in FILES.values())
    assert [path for path in hub.paths() if path.startswith("/api")] == [f"/api/models/team/tiny/tree/{COMMIT}"] * 2
    assert sorted(cdn.paths()) == sorted(f"/store/{COMMIT}/{path}" for path in hub.large)
    assert (tmp_path / "current").resolve().name == parse_huggingface(REFERENCE, pinned=True).key(())

    hub.asked.clear()
    second = load("huggingface", f"team/tiny@{COMMIT}", tmp_path, "--endpoint", hub.base)

    assert (second.code, second.last("done")["result"], hub.asked) == (0, "unchanged", [])


def test_next_commit_moves_only_what_changed(tmp_path: Path, hub: FakeHub, cdn: FakeWeb, load: Load) -> None:
    assert load("huggingface", REFERENCE, tmp_path, "--endpoint", hub.base).code == 0
    changed = {**FILES, "config.json": b"{}", BIG: noise(1000, 7)}
    hub.add(NEXT, changed, "main")
    hub.sent_bytes = cdn.sent_bytes = 0

    run = load("huggingface", f"team/tiny@{NEXT}", tmp_path, "--endpoint", hub.base)

    assert run.code == 0, run.text
    assert content_of(tmp_path / "current") == changed
    assert (hub.sent_bytes, cdn.sent_bytes) == (len(b"{}"), 1000)


@pytest.mark.parametrize("page", [1, 2, 100])
def test_every_page_is_read_from_the_mirror_even_if_it_points_elsewhere(
    tmp_path: Path, hub: FakeHub, load: Load, page: int
) -> None:
    hub.page, hub.link_base = page, "http://127.0.0.1:1"  # nobody listens there

    run = load("huggingface", REFERENCE, tmp_path, "--endpoint", hub.base)

    assert run.code == 0, run.text
    assert content_of(tmp_path / "current") == FILES


def test_filters_choose_files(tmp_path: Path, hub: FakeHub, load: Load) -> None:
    run = load("huggingface", REFERENCE, tmp_path, "--endpoint", hub.base, "--filter", "*.json", "--filter", BIG)

    assert run.code == 0, run.text
    assert sorted(content_of(tmp_path / "current")) == ["config.json", BIG]

    nothing = load("huggingface", REFERENCE, tmp_path, "--endpoint", hub.base, "--filter", ".gitattributes")
    assert nothing.code == 2
    assert "matches --filter" in nothing.why


def test_cut_connection_is_resumed_at_the_byte_it_broke(tmp_path: Path, hub: FakeHub, cdn: FakeWeb, load: Load) -> None:
    cdn.cut_at[f"/store/{COMMIT}/{BIG}"] = [100_000, 1]
    hub.cut_at[f"{COMMIT}/config.json"] = [3]

    run = load("huggingface", REFERENCE, tmp_path, "--endpoint", hub.base)

    assert run.code == 0, run.text
    assert content_of(tmp_path / "current") == FILES
    assert hub.sent_bytes + cdn.sent_bytes == sum(len(data) for data in FILES.values())  # no byte twice


@pytest.mark.parametrize("path", ["config.json", BIG])
@pytest.mark.parametrize(("times", "code"), [(1, 0), (2, 5)])
def test_wrong_bytes_are_fetched_once_more_and_no_further(
    tmp_path: Path, hub: FakeHub, load: Load, path: str, times: int, code: int
) -> None:
    assert hub.redirect_to is not None
    hub.corrupt[f"{COMMIT}/{path}"] = hub.redirect_to.corrupt[f"/store/{COMMIT}/{path}"] = times

    run = load("huggingface", REFERENCE, tmp_path, "--endpoint", hub.base)

    assert run.code == code, run.text
    assert is_untouched(tmp_path) == (code == 5)
    if code:
        assert ("git-sha1:" if path == "config.json" else "sha256:") in run.why


def test_signed_address_that_ran_out_is_asked_for_again(tmp_path: Path, hub: FakeHub, cdn: FakeWeb, load: Load) -> None:
    cdn.statuses[f"/store/{COMMIT}/{BIG}"] = [403, 403]

    run = load("huggingface", REFERENCE, tmp_path, "--endpoint", hub.base)

    assert run.code == 0, run.text
    assert hub.paths().count(f"/team/tiny/resolve/{COMMIT}/{BIG}") == 3


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", ""])
def test_listing_with_an_unsafe_path_is_refused(tmp_path: Path, hub: FakeHub, load: Load, path: str) -> None:
    hub.extra = [{"type": "file", "oid": "0" * 40, "size": 1, "path": path}]

    run = load("huggingface", REFERENCE, tmp_path, "--endpoint", hub.base)

    assert run.code == 7
    assert is_untouched(tmp_path)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"path": "config.json", "oid": "0" * 40, "size": 1}, 7),
        ({"path": "x", "oid": "", "size": 1}, 12),
        ({"path": "x", "oid": "0" * 40, "size": -1}, 12),
        ({"path": "x", "oid": "0" * 40}, 12),
        ({"path": "x", "oid": "0" * 40, "size": 1, "lfs": {"oid": "0" * 40, "size": 1}}, 12),
        ({"path": "x", "oid": "0" * 40, "size": 1, "lfs": "yes"}, 12),
    ],
)
def test_listing_that_cannot_be_relied_on_is_refused(
    tmp_path: Path, hub: FakeHub, load: Load, entry: dict[str, object], code: int
) -> None:
    hub.extra = [{"type": "file", **entry}]

    assert load("huggingface", REFERENCE, tmp_path, "--endpoint", hub.base).code == code


def test_address_that_is_no_hub_is_refused(tmp_path: Path, hub: FakeHub, servers: Starter, load: Load) -> None:
    page = servers.start(FakeWeb(files={f"/api/models/team/tiny/tree/{COMMIT}": b"<html>"}))

    assert load("huggingface", REFERENCE, tmp_path, "--endpoint", page.base).code == 12

    absent = load("huggingface", f"team/other@{COMMIT}", tmp_path, "--endpoint", hub.base)
    assert (absent.code, "does not have this model" in absent.why) == (9, True)
    absent = load("huggingface", f"team/tiny@{NEXT}", tmp_path, "--endpoint", hub.base)
    assert (absent.code, "does not have this commit" in absent.why) == (9, True)


def test_token_goes_to_the_hub_and_not_to_its_storage(tmp_path: Path, hub: FakeHub, cdn: FakeWeb, load: Load) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    hub.token = TOKEN
    hub.link_base = cdn.base  # a listing must not lead the token elsewhere either

    into = tmp_path / "into"
    run = load("huggingface", REFERENCE, into, "--endpoint", hub.base, "--credentials", str(token), "--verbose")

    assert run.code == 0, run.text
    assert content_of(into / "current") == FILES
    assert {one.authorization for one in hub.asked} == {f"Bearer {TOKEN}"}
    assert {one.authorization for one in cdn.asked} == {""}
    assert TOKEN not in run.text
    assert "signature" not in run.text
    assert not [path for path in into.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("given", "gated", "why"),
    [
        (None, False, "private or gated"),
        (None, True, "private or gated"),
        ("wrong", False, "renew it"),
        ("wrong", True, "ask for access"),
    ],
)
def test_refusal_says_what_helps(
    tmp_path: Path, hub: FakeHub, load: Load, given: str | None, *, gated: bool, why: str
) -> None:
    hub.token, hub.gated = TOKEN, gated
    more: list[str] = []
    if given is not None:
        (tmp_path / "token").write_text(given)
        more = ["--credentials", str(tmp_path / "token")]

    run = load("huggingface", REFERENCE, tmp_path / "into", "--endpoint", hub.base, *more)

    assert run.code == 4
    assert why in run.why


def test_expired_token_that_is_rotated_between_attempts_works(tmp_path: Path, hub: FakeHub, load: Load) -> None:
    token = tmp_path / "token"
    token.write_text("expired")
    hub.token = TOKEN
    hub.on_refusal = lambda: token.write_text(TOKEN)

    run = load("huggingface", REFERENCE, tmp_path / "into", "--endpoint", hub.base, "--credentials", str(token))

    assert run.code == 0, run.text
    assert [one.authorization for one in hub.asked][:2] == ["Bearer expired", f"Bearer {TOKEN}"]


@pytest.mark.parametrize("name", ["team/tiny", "team/tiny:main", "team/tiny:refs/pr/1"])
def test_branch_is_followed(hub: FakeHub, name: str) -> None:
    hub.branches["refs/pr/1"] = COMMIT
    branch = follow(options_of("huggingface", name, endpoint=hub.base))

    first = branch.latest("", soon())
    assert first is not None
    assert first.reference.endswith(f"@{COMMIT}")
    assert first.source.key == parse_huggingface(REFERENCE, pinned=True).key(())
    assert branch.latest(first.token, soon()) is None

    hub.add(NEXT, FILES, "main", "refs/pr/1")
    second = branch.latest(first.token, soon())
    assert second is not None
    assert (second.token, second.source.key != first.source.key) == (NEXT, True)


def test_branch_that_is_gone_or_refused_is_no_news(hub: FakeHub) -> None:
    with pytest.raises(NotFoundError, match="this commit or branch"):
        follow(options_of("huggingface", "team/tiny:gone", endpoint=hub.base)).latest(COMMIT, soon())
    hub.token = TOKEN
    with pytest.raises(AuthError, match="private or gated"):
        follow(options_of("huggingface", "team/tiny", endpoint=hub.base)).latest(COMMIT, soon())


@pytest.mark.parametrize(
    "reference",
    [
        "team/tiny",
        "team/tiny:main",
        f"team/tiny@{COMMIT[:39]}",
        f"a/b/c@{COMMIT}",
        f"../x@{COMMIT}",
        f"team/..@{COMMIT}",
    ],
)
def test_references_that_pin_nothing_are_refused(tmp_path: Path, load: Load, reference: str) -> None:
    assert load("huggingface", reference, tmp_path).code == 2
