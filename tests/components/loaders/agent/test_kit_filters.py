"""Filters mean what ``kit unpack --filter`` means: a table from its help text and source, and what holds in general."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NotRequired, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.loaders.agent.errors import UsageError
from components.loaders.agent.kitfilter import KitFilter, parse_filter, selects, selects_kitfile
from components.loaders.agent.plan import store_key
from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import push_kit, tar_of, tree_of


class Entry(TypedDict):
    """A line of the Kitfile and the file it stands for."""

    file: str
    section: str
    name: NotRequired[str]
    path: str
    layer: str


class Chosen(TypedDict):
    """Filters and the files they bring."""

    filters: list[str]
    files: list[str]
    why: str


class Refused(TypedDict):
    """A filter that is none."""

    filter: str
    why: str


class Table(TypedDict):
    """The file."""

    source: str
    entries: list[Entry]
    chosen: list[Chosen]
    refused: list[Refused]
    refused_here_only: list[Refused]


TABLE: Final[Table] = json.loads(Path(__file__).with_name("kit_filters.json").read_text())


def push_table_kit(registry: FakeRegistry) -> str:
    """Push the kit that the table speaks of, each file with its own path as content."""
    layers: list[tuple[str, bytes]] = []
    kitfile: dict[str, list[dict[str, str]]] = {}
    for entry in TABLE["entries"]:
        if entry["section"] == "kitfile":
            continue
        content = entry["file"].encode()
        raw = entry["layer"] == "mcpb"
        data = content if raw else tar_of({entry["file"]: content})
        layers.append((f"{entry['layer']}.v1.{'raw' if raw else 'tar'}", data))
        line = {
            "path": entry["path"],
            "digest": digest_of(data),
            **({"name": entry["name"]} if "name" in entry else {}),
        }
        kitfile.setdefault(entry["section"], []).append(line)
    model = {**kitfile.pop("model")[0], "parts": kitfile.pop("parts")}
    return push_kit(registry, "ns/kit", {"manifestVersion": "1.0.0", "model": model, **kitfile}, layers)


@pytest.mark.parametrize("row", TABLE["chosen"], ids=lambda row: " ".join(row["filters"]) or "none")
def test_table(tmp_path: Path, registry: FakeRegistry, agent: Agent, row: Chosen) -> None:
    digest = push_table_kit(registry)

    run = agent(digest, tmp_path, *[word for value in row["filters"] for word in ("--filter", value)])

    if row["files"]:
        assert run.code == 0, run.text
        assert sorted(tree_of(tmp_path / "current")) == row["files"], row["why"]
        moved = [path for _, path, _, _ in registry.requests if "/blobs/" in path]
        assert len(moved) == 1 + len([file for file in row["files"] if file != "Kitfile"])  # the config, and no more
    else:
        assert (run.code, "chooses nothing" in run.why) == (2, True), run.text


@pytest.mark.parametrize("row", [*TABLE["refused"], *TABLE["refused_here_only"]], ids=lambda row: repr(row["filter"]))
def test_what_is_no_filter(row: Refused) -> None:
    with pytest.raises(UsageError, match="--filter"):
        parse_filter(row["filter"])


TYPES = ("kitfile", "model", "datasets", "code", "docs", "prompts", "mcpservers")
WORDS = st.text("abAB./-_", min_size=1, max_size=4)


@st.composite
def filters(draw: st.DrawFn) -> str:
    """Draw a filter."""
    types = ",".join(draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3)))
    chosen = ",".join(draw(st.lists(WORDS, max_size=3)))
    return f"{types}:{chosen}" if chosen else types


VALUES = filters()
ENTRIES = st.tuples(st.sampled_from(TYPES[1:]), st.just("") | WORDS, WORDS)


def oracle(values: Sequence[str], part: str, name: str, path: str) -> bool:
    """Decide as the help text says it, without a parser: any of the filters, one of its types, one of its names."""
    for value in values:
        types, _, names = value.partition(":")
        if f",{part}," in f",{types}," and (not names or f",{path}," in f",{names},"):
            return True
        if f",{part}," in f",{types}," and name and f",{name}," in f",{names},":
            return True
    return not values


def parsed(values: Sequence[str]) -> tuple[KitFilter, ...]:
    """Parse filters."""
    return tuple(map(parse_filter, values))


@given(st.lists(VALUES, max_size=3), ENTRIES)
def test_choice_is_what_the_help_text_says(values: list[str], entry: tuple[str, str, str]) -> None:
    assert selects(parsed(values), *entry) == oracle(values, *entry)


@given(st.lists(VALUES, min_size=1, max_size=3), st.lists(VALUES, min_size=1, max_size=3), ENTRIES)
def test_several_filters_are_their_union(one: list[str], other: list[str], entry: tuple[str, str, str]) -> None:
    both = selects(parsed([*one, *other]), *entry)

    assert both == (selects(parsed(one), *entry) or selects(parsed(other), *entry))
    assert selects_kitfile(parsed([*one, *other])) == (selects_kitfile(parsed(one)) or selects_kitfile(parsed(other)))


@given(st.lists(VALUES, min_size=1, max_size=4), st.randoms(use_true_random=False), ENTRIES)
def test_order_and_repetition_do_not_matter(
    values: list[str], shuffler: random.Random, entry: tuple[str, str, str]
) -> None:
    other = [*values, values[0]]
    shuffler.shuffle(other)

    assert selects(parsed(values), *entry) == selects(parsed(other), *entry)
    assert store_key(f"sha256:{'0' * 64}", tuple(values)) == store_key(f"sha256:{'0' * 64}", tuple(other))


@given(st.sampled_from(TYPES[1:]), WORDS, WORDS, WORDS)
def test_names_and_paths_match_exactly(part: str, name: str, path: str, more: str) -> None:
    assert selects(parsed([f"{part}:{name}"]), part, name, path)
    assert selects(parsed([f"{part}:{path}"]), part, name, path)
    for other in (name + more, more + name, name.swapcase(), path + more, more + path, f"./{path}"):
        if other not in {name, path}:
            assert not selects(parsed([f"{part}:{other}"]), part, name, path)


@given(st.sampled_from(TYPES[1:]), st.lists(st.sampled_from(TYPES), min_size=1, max_size=4), WORDS)
def test_a_filter_never_brings_a_section_it_does_not_name(part: str, types: list[str], word: str) -> None:
    assert selects(parsed([",".join(types)]), part, word, word) == (part in types)
