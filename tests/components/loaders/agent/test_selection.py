"""Filters, Kitfiles, references and the command line."""

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.loaders.agent.arguments import ModelArguments, parse_arguments
from components.loaders.agent.errors import UnsupportedError, UsageError
from components.loaders.agent.kitfile import parse_kitfile
from components.loaders.agent.kitfilter import for_parent, parse_filter, selects_kitfile
from components.loaders.agent.kityaml import kitfile_yaml
from components.loaders.agent.plan import store_key
from components.loaders.agent.reference import parse, parse_pinned

DIGEST = f"sha256:{'ab' * 32}"


def test_parents_give_only_their_model() -> None:
    narrowed = for_parent((parse_filter("model,docs:a"), parse_filter("code")))

    assert narrowed == (parse_filter("model:a"),)
    assert for_parent(()) == (parse_filter("model"),)
    assert for_parent((parse_filter("docs"),)) is None


def test_kitfile_is_written_without_filters_or_when_named() -> None:
    assert selects_kitfile(())
    assert selects_kitfile((parse_filter("kitfile,model"),))
    assert not selects_kitfile((parse_filter("model"),))


def test_kitfile_with_a_parent() -> None:
    raw = {"model": {"path": f"r.example/base@{DIGEST}", "parts": [{"name": "adapter", "path": "a", "digest": DIGEST}]}}

    kitfile = parse_kitfile(json.dumps(raw).encode())

    assert str(kitfile.parent) == f"r.example/base@{DIGEST}"
    assert [entry.name for entry in kitfile.entries] == ["adapter"]


def test_datasets_kept_elsewhere_have_no_layer() -> None:
    raw = {"datasets": [{"name": "far", "remotePath": "s3://bucket/x"}, {"name": "near", "path": "d"}]}

    assert [entry.name for entry in parse_kitfile(json.dumps(raw).encode()).entries] == ["near"]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"model": []}', b'{"docs": [3]}', b'{"model": {"path": 3}}'])
def test_what_is_no_kitfile(data: bytes) -> None:
    with pytest.raises(UnsupportedError, match="Kitfile"):
        parse_kitfile(data)


VALUES = st.recursive(
    st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20).filter(lambda text: text.isprintable()),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=5), inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=50, deadline=None)  # PyYAML is slow
@given(
    st.text(min_size=1, max_size=40).filter(lambda text: "\r" not in text),
    st.sampled_from(
        ["1.0", "1.2.0", "yes", "null", "0x1f", "2024-01-01", "- a", "a: b", "a #b", "it's", "x\ny", "x\n"]
    ),
    st.dictionaries(st.text("abc", min_size=1, max_size=5), VALUES, min_size=1, max_size=3),
)
def test_yaml_means_what_the_kitfile_says(name: str, description: str, parameters: dict[str, object]) -> None:
    raw: dict[str, object] = {
        "manifestVersion": "1.0.0",
        "package": {"name": name, "description": description, "authors": [name, "b, c"]},
        "model": {"path": "m", "parameters": parameters},
    }

    assert yaml.safe_load(kitfile_yaml(raw)) == raw


def test_yaml_leaves_out_what_packing_added() -> None:
    raw: dict[str, object] = {
        "manifestVersion": "1.0.0",
        "package": {},
        "docs": [{"path": "a", "digest": DIGEST, "diffId": DIGEST}],
    }

    assert kitfile_yaml(raw) == b"manifestVersion: 1.0.0\ndocs:\n  - path: a\n"


@pytest.mark.parametrize(
    "value", [f"r.example/a@{DIGEST}", f"127.0.0.1:5000/a/b:v1@{DIGEST}", f"[::1]:5000/a@{DIGEST}", "host/a:tag"]
)
def test_references_are_read_and_written(value: str) -> None:
    assert str(parse(value)) == value


@pytest.mark.parametrize(
    "value", ["a", "r.example/A@" + DIGEST, f"r.example/a@{DIGEST[:-1]}", f"r.example/a@{DIGEST}x", "r.example/../a:v"]
)
def test_what_is_no_reference(value: str) -> None:
    with pytest.raises(UsageError):
        parse(value)


def test_a_tag_alone_is_refused() -> None:
    with pytest.raises(UsageError, match="pin the digest"):
        parse_pinned("r.example/a:latest")


def test_store_key_depends_on_the_selection_not_on_its_order() -> None:
    assert store_key(DIGEST, ()) == DIGEST.replace(":", "-")
    assert store_key(DIGEST, ("docs", "model")) == store_key(DIGEST, ("model", "docs", "model"))
    assert len({store_key(DIGEST, one) for one in ((), ("docs",), ("model",))}) == 3


GOOD = ["once", "--source", "modelkit", "--reference", f"r.example/a@{DIGEST}", "--into", "/models"]


def test_arguments() -> None:
    parsed = parse_arguments(
        [*GOOD, "--filter", "model", "--filter", "docs", "--mirror", "r.example=https://m.example"]
    )

    assert isinstance(parsed, ModelArguments)
    assert parsed.source.filters == ("model", "docs")
    assert parsed.source.mirrors == {"r.example": "https://m.example"}
    assert not parsed.source.plain_http


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--source", "oci", "--filter", "model"], "--filter does not work with"),
        (["--endpoint", "https://mirror.example"], "--endpoint does not work with"),
        (["--credentials", "/token"], "--credentials does not work with"),
        (["--link", "../x"], "--link"),
        (["--deadline-seconds", "nan"], "--deadline-seconds"),
        (["--keep-previous", "-1"], "--keep-previous"),
        (["--parallel", "0", "--max-layer-bytes", "0"], "--max-layer-bytes"),
        (["--mirror", "x"], "--mirror"),
        (["--nothing"], "--nothing; see `python -m agent once --help`"),
        (["--region", "eu-west-1"], "--region does not work with --source modelkit, only with s3"),
        (["--source", "claim", "--mirror", "a=http://b"], "--mirror does not work with"),
        (["--source", "http", "--registry-config", "/config.json"], "--registry-config does not work with"),
        (["--source", "http", "--reference", f"http://files/SHA256SUMS@{DIGEST}"], "give --plain-http"),
    ],
)
def test_wrong_arguments(more: list[str], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_arguments([*GOOD, *more])
