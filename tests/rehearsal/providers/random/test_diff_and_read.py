"""Replacement, refresh and import."""

from typing import Any

import bcrypt
import pytest

from rehearsal.providers.codec import UNKNOWN, Tree, plain
from rehearsal.providers.serve import ProviderError
from tests.rehearsal.providers.random.calls import create, diff, read


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("RandomPet", {}, {"length": 2, "separator": "-"}),
        ("RandomPet", {"length": 2}, {}),
        ("RandomString", {"length": 3, "number": False}, {"length": 3, "numeric": False}),
        ("RandomUuid", {"keepers": {}}, {}),
        ("RandomId", {"byteLength": 3}, {"byteLength": 3, "prefix": None}),
    ],
)
def test_what_means_the_same_is_no_change(kind: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert diff(kind, create(kind, old)[1], new) == []


@pytest.mark.parametrize(
    ("kind", "old", "new", "replaces"),
    [
        ("RandomPet", {"keepers": {"a": "1"}}, {"keepers": {"a": "2"}}, ["keepers"]),
        ("RandomPet", {"keepers": {"a": "1"}}, {"keepers": {"a": UNKNOWN}}, ["keepers"]),
        ("RandomPet", {"keepers": {"a": "1"}}, {}, ["keepers"]),
        ("RandomPet", {}, {"length": 3}, ["length"]),
        ("RandomString", {"length": 4}, {"length": 5, "special": False}, ["length", "special"]),
        ("RandomString", {"length": 4}, {"length": 4, "number": False}, ["numeric", "number"]),
        ("RandomShuffle", {"inputs": ["a"]}, {"inputs": ["a", "b"]}, ["inputs"]),
    ],
)
def test_any_other_change_replaces(kind: str, old: dict[str, Any], new: dict[str, Any], replaces: list[str]) -> None:
    assert diff(kind, create(kind, old)[1], new) == replaces


def test_an_ignored_change_does_not() -> None:
    olds = create("RandomString", {"length": 4})[1]

    assert diff("RandomString", olds, {"length": 5}, ignore=("length",)) == []


def test_a_refresh_changes_nothing() -> None:
    identity, outputs = create("RandomPassword", {"length": 9})

    assert read("RandomPassword", identity, outputs)[:2] == (identity, outputs)


@pytest.mark.parametrize(
    ("kind", "text", "inputs"),
    [
        ("RandomBytes", "8/fu3q+2DcgSJ19i0jZ5Cw==", {"length": 16}),
        ("RandomId", "p-9hUg", {"byteLength": 4}),
        ("RandomId", "my-prefix-,p-9hUg", {"byteLength": 4, "prefix": "my-prefix-"}),
        ("RandomInteger", "15390,1,50000", {"min": 1, "max": 50000}),
        ("RandomInteger", "-3,-5,7,seed", {"min": -5, "max": 7, "seed": "seed"}),
        ("RandomPassword", "securepassword", {"length": 14}),
        ("RandomString", "test", {"length": 4}),
        ("RandomUuid", "aabbccdd-eeff-0011-2233-445566778899", {}),
    ],
)
def test_an_import_gives_inputs_that_need_no_change(kind: str, text: str, inputs: Tree) -> None:
    identity, outputs, found = read(kind, text)

    assert found == inputs
    assert outputs["id"] == identity
    assert diff(kind, outputs, inputs) == []


def test_an_imported_value_is_spelt_as_a_made_one() -> None:
    identity, outputs, _ = read("RandomId", "my-,p-9hUg")
    assert (identity, outputs["hex"], outputs["b64Url"]) == ("p-9hUg", "my-a7ef6152", "my-p-9hUg")
    assert read("RandomInteger", "15390,1,50000")[1]["result"] == 15390
    hashed = plain(read("RandomPassword", "securepassword")[1]["bcryptHash"])
    assert bcrypt.checkpw(b"securepassword", hashed.encode())


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        ("RandomInteger", "5", "RESULT,MIN,MAX"),
        ("RandomBytes", "not base64!", "base64 text"),
        ("RandomId", "what is this?", "BASE64URL"),
        ("RandomUuid", "1234", "a UUID"),
    ],
)
def test_an_import_from_another_text_names_the_form_and_not_the_text(kind: str, text: str, form: str) -> None:
    with pytest.raises(ProviderError, match=form) as caught:
        read(kind, text)
    assert text not in str(caught.value)


@pytest.mark.parametrize("kind", ["RandomPet", "RandomShuffle"])
def test_what_cannot_be_imported_says_so(kind: str) -> None:
    with pytest.raises(ProviderError, match=f"{kind} cannot be imported"):
        read(kind, "some-pet")
