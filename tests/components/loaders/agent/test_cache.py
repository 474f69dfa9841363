"""Several models on one node: each on its own, whatever happens to the others."""

import json
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from components.loaders.agent.cacheoptions import parse_list
from components.loaders.agent.cli import main
from components.loaders.agent.errors import UsageError
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.processes import AgentProcess, running, wait_for
from tests.components.loaders.agent.test_health import fetch
from tests.components.loaders.agent.watching import push


def args_of(registry: FakeRegistry, tail: str) -> list[str]:
    return ["--source", "oci", "--reference", f"{registry.host}/ns/kit{tail}", "--plain-http"]


def pinned(registry: FakeRegistry, text: str) -> list[str]:
    return args_of(registry, "@" + push(registry, text).replace("-", ":"))


def write_list(mount: Path, models: Mapping[str, list[str]] | str) -> Path:
    """Write the list as the kubelet does: a new directory, and a link that is swapped."""
    mount.mkdir(exist_ok=True)
    text = models if isinstance(models, str) else json.dumps([{"name": k, "args": v} for k, v in models.items()])
    fresh = mount / f"..dated-{len(list(mount.iterdir()))}"
    fresh.mkdir()
    (fresh / "models.json").write_text(text)
    (mount / "..new").symlink_to(fresh.name)
    (mount / "..new").replace(mount / "..data")
    if not (mount / "models.json").is_symlink():
        (mount / "models.json").symlink_to("..data/models.json")
    return mount / "models.json"


@contextmanager
def caching(
    tmp_path: Path, models: Path, *more: str
) -> Generator[tuple[AgentProcess, Callable[[str], tuple[int, str]]]]:
    """Run the cache; yield it and a way to fetch a page from it."""
    fixed = ["cache", "--models", str(models), "--into", str(tmp_path / "node"), "--listen", "127.0.0.1:0"]
    with running(tmp_path, [*fixed, "--interval-seconds", "0.5", *more]) as agent:
        wait_for(lambda: bool(agent.lines("caching")))
        port = int(str(agent.lines("caching")[0]["port"]))
        yield agent, partial(fetch, port)


def test_each_model_is_kept_and_one_failing_stops_no_other(tmp_path: Path, registry: FakeRegistry) -> None:
    registry.faults.corrupt[digest_of(b"broken")] = 1000
    push(registry, "first", "prod")
    listed = {
        "broken": pinned(registry, "broken"),
        "wrong": ["--source", "oci"],
        "good": pinned(registry, "good"),
        "moving": args_of(registry, ":prod"),
    }
    models = write_list(tmp_path / "list", listed)
    umask = os.umask(0o077)
    try:
        with caching(tmp_path, models) as (agent, page):
            node = tmp_path / "node"
            wait_for(lambda: (node / "good/current").exists() and (node / "moving/current").exists())
            wait_for(lambda: {line["model"] for line in agent.lines("model-failed")} == {"broken", "wrong"})
            assert page("/healthz")[0] == 200
            wait_for(lambda: page("/readyz") == (503, "not there yet: broken, wrong\n"))
            text = page("/metrics")[1]
            assert 'model_loader_attempts_total{model="broken",result="digest"} ' in text
            assert 'model_loader_served_info{model="good",' in text

            fresh = push(registry, "second", "prod")
            wait_for(lambda: (node / "moving/current").readlink().name == fresh)
            registry.faults.corrupt.clear()
            write_list(tmp_path / "list", {**listed, "wrong": listed["good"]})
            wait_for(lambda: page("/readyz")[0] == 200)
            assert agent.terminate() < 5
    finally:
        os.umask(umask)
    for path in (node / "good", node / "good/.store", (node / "good/current").resolve()):
        assert path.stat().st_mode & 0o777 == 0o755, path
    assert (node / "good/current/file").stat().st_mode & 0o777 == 0o644
    assert next((node / "good/.store").glob("*.json")).stat().st_mode & 0o777 == 0o644


def test_the_directory_a_strict_kubelet_made_is_opened_for_readers(tmp_path: Path, registry: FakeRegistry) -> None:
    """``hostPath`` of type DirectoryOrCreate: mode 0755 less what the kubelet's umask takes away."""
    (tmp_path / "node").mkdir()
    (tmp_path / "node").chmod(0o750)

    with caching(tmp_path, write_list(tmp_path / "list", {"good": pinned(registry, "good")})) as (agent, page):
        wait_for(lambda: page("/readyz")[0] == 200)
        agent.terminate()

    assert (tmp_path / "node").stat().st_mode & 0o777 == 0o755


def test_model_that_is_no_longer_listed_goes(tmp_path: Path, registry: FakeRegistry) -> None:
    both = {"one": pinned(registry, "one"), "two": pinned(registry, "two")}
    models = write_list(tmp_path / "list", both)
    (tmp_path / "node/foreign/.store").mkdir(parents=True)
    with caching(tmp_path, models, "--keep-seconds", "0") as (agent, page):
        wait_for(lambda: page("/readyz")[0] == 200)
        write_list(tmp_path / "list", {"two": both["two"]})

        wait_for(lambda: bool(agent.lines("removed-model")))

        assert agent.lines("removed-model")[0]["model"] == "one"
        assert not (tmp_path / "node/one").exists()
        wait_for(lambda: 'model="one"' not in page("/metrics")[1])
        assert (tmp_path / "node/two/current/file").read_text() == "two"
        assert (tmp_path / "node/foreign").is_dir(), "what the cache did not make stays"


def test_model_that_was_listed_lately_stays(tmp_path: Path, registry: FakeRegistry) -> None:
    models = write_list(tmp_path / "list", {"one": pinned(registry, "one")})
    with caching(tmp_path, models) as (_agent, page):
        wait_for(lambda: page("/readyz")[0] == 200)
        write_list(tmp_path / "list", {"two": pinned(registry, "two")})
        wait_for((tmp_path / "node/two/current").exists)
        assert (tmp_path / "node/one/current/file").read_text() == "one"


def test_broken_list_changes_nothing(tmp_path: Path, registry: FakeRegistry) -> None:
    models = write_list(tmp_path / "list", {"one": pinned(registry, "one")})
    with caching(tmp_path, models, "--keep-seconds", "0") as (agent, page):
        wait_for(lambda: page("/readyz")[0] == 200)
        write_list(tmp_path / "list", "{")

        wait_for(lambda: bool(agent.lines("list-refused")))

        assert (tmp_path / "node/one/current/file").read_text() == "one"
        assert page("/readyz")[0] == 200


def test_registry_down_and_everything_there(tmp_path: Path, registry: FakeRegistry) -> None:
    models = write_list(tmp_path / "list", {"one": pinned(registry, "one")})
    with caching(tmp_path, models) as (_agent, page):
        wait_for(lambda: page("/readyz")[0] == 200)
    registry.stop()
    with caching(tmp_path, models) as (agent, page):
        wait_for(lambda: page("/readyz")[0] == 200)
        assert agent.lines("model-failed") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "write"),
        ("{}", "expected a list"),
        ('[{"name": "../up", "args": []}]', "plain file name"),
        ('[{"name": "a"}, {"name": "a"}]', "listed twice"),
        ('[{"name": "a", "argv": []}]', "unknown argv"),
        ('[{"name": "a", "args": [1]}]', "expected text"),
    ],
)
def test_wrong_lists(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        parse_list(text.encode(), "--models x")


def test_a_wrong_list_is_named_once() -> None:
    with pytest.raises(UsageError) as raised:
        parse_list(b'[{"name": "a", "args": "once"}]', "--models x")

    assert str(raised.value).startswith("--models x[0].args: expected a list")


def test_list_that_is_not_there_ends_it(tmp_path: Path) -> None:
    assert main(["cache", "--models", str(tmp_path / "none"), "--into", str(tmp_path)]) == 2
