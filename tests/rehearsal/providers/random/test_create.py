"""What is made, and how it is kept in state."""

import base64
import json
import re
import uuid
from collections import Counter
from itertools import pairwise
from typing import Any

import bcrypt
import pytest

from rehearsal.providers.codec import UNKNOWN, Secret, plain
from rehearsal.providers.random.kinds import KINDS
from rehearsal.providers.random.pet_words import ADJECTIVES, ADVERBS, NAMES
from tests.rehearsal.providers.random.calls import LOG, create

SMALLEST: dict[str, dict[str, Any]] = {
    "RandomBytes": {"length": 16},
    "RandomId": {"byteLength": 8},
    "RandomInteger": {"min": 1, "max": 6},
    "RandomPassword": {"length": 16},
    "RandomPet": {},
    "RandomShuffle": {"inputs": ["a", "b", "c"]},
    "RandomString": {"length": 16},
    "RandomUuid": {},
    "RandomUuid4": {},
    "RandomUuid7": {},
}
# Property names in state, from the real plugin's recorded calls (pulumi-random 4.16, TestProviderUpgrade).
RECORDED = {
    "RandomId": {"id", "b64Std", "b64Url", "byteLength", "dec", "hex"},
    "RandomInteger": {"id", "max", "min", "result"},
    "RandomPet": {"id", "length", "separator"},
    "RandomShuffle": {"id", "inputs", "results"},
    "RandomString": {"__meta", "id", "length", "lower", "minLower", "minNumeric", "minSpecial", "minUpper", "number"}
    | {"numeric", "result", "special", "upper"},
    "RandomPassword": {"__meta", "bcryptHash", "id", "length", "lower", "minLower", "minNumeric", "minSpecial"}
    | {"minUpper", "number", "numeric", "result", "special", "upper"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_makes_nothing(kind: str) -> None:
    identity, outputs = create(kind, SMALLEST[kind], preview=True)

    assert identity == ""
    assert "id" not in outputs
    assert all(plain(outputs[key]) is UNKNOWN for key in KINDS[kind].computed)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"RandomInteger", "RandomShuffle"}))
def test_two_are_never_the_same(kind: str) -> None:
    first, second = (create(kind, SMALLEST[kind] | ({"length": 9} if kind == "RandomPet" else {})) for _ in range(2))

    assert plain(first[1]) != plain(second[1])


@pytest.mark.parametrize("kind", RECORDED)
def test_the_state_has_the_real_plugin_s_properties(kind: str) -> None:
    assert set(create(kind, SMALLEST[kind])[1]) == RECORDED[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_exactly_the_sensitive_outputs_are_secret(kind: str) -> None:
    outputs = create(kind, SMALLEST[kind])[1]

    assert {key for key, value in outputs.items() if isinstance(value, Secret)} == set(KINDS[kind].secret)


def test_the_schema_version_is_kept_for_the_real_plugin() -> None:
    assert json.loads(create("RandomPassword", {"length": 8})[1]["__meta"]) == {"schema_version": "3"}
    assert json.loads(create("RandomString", {"length": 8})[1]["__meta"]) == {"schema_version": "2"}


def test_an_id_has_four_spellings_of_one_number() -> None:
    identity, outputs = create("RandomId", {"byteLength": 5, "prefix": "p-"})

    data = bytes.fromhex(outputs["hex"].removeprefix("p-"))
    assert len(data) == 5
    assert outputs["b64Url"] == f"p-{identity}"
    assert identity == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert outputs["b64Std"] == f"p-{base64.b64encode(data).decode()}"
    assert outputs["dec"] == f"p-{int.from_bytes(data, 'big')}"


def test_bytes_have_two_spellings_and_an_id_that_tells_nothing() -> None:
    identity, outputs = create("RandomBytes", {"length": 7})

    data = base64.b64decode(plain(outputs["base64"]))
    assert len(data) == 7
    assert plain(outputs["hex"]) == data.hex()
    assert identity == outputs["id"] == "none"


@pytest.mark.parametrize("length", [12, 90])
def test_a_password_matches_its_hash(length: int) -> None:
    identity, outputs = create("RandomPassword", {"length": length})

    password = plain(outputs["result"])
    assert len(password) == length
    assert identity == "none"
    assert plain(outputs["bcryptHash"]).startswith("$2a$10$")
    assert bcrypt.checkpw(password.encode()[:72], plain(outputs["bcryptHash"]).encode())


def test_a_string_has_the_least_of_every_class() -> None:
    inputs = {"length": 12, "minLower": 3, "minUpper": 3, "minNumeric": 3, "minSpecial": 3, "overrideSpecial": "%"}
    identity, outputs = create("RandomString", inputs)

    counted = Counter(re.sub("[a-z]", "a", re.sub("[A-Z]", "A", re.sub("[0-9]", "0", outputs["result"]))))
    assert counted == {"a": 3, "A": 3, "0": 3, "%": 3}
    assert identity == outputs["result"]


@pytest.mark.parametrize("name", ["number", "numeric"])
def test_the_old_and_the_new_name_of_numeric_mean_the_same(name: str) -> None:
    outputs = create("RandomString", {"length": 200, name: False, "special": False})[1]

    assert re.fullmatch("[A-Za-z]{200}", outputs["result"])
    assert outputs["number"] is outputs["numeric"] is False


def test_an_integer_reaches_both_ends() -> None:
    results = {create("RandomInteger", {"min": -1, "max": 1})[1]["result"] for _ in range(200)}

    assert results == {-1, 0, 1}


@pytest.mark.parametrize(
    ("length", "words"), [(1, [NAMES]), (2, [ADJECTIVES, NAMES]), (4, [ADVERBS, ADVERBS, ADJECTIVES, NAMES])]
)
def test_a_pet_has_as_many_words_as_asked_for(length: int, words: list[tuple[str, ...]]) -> None:
    identity, outputs = create("RandomPet", {"length": length, "separator": "_", "prefix": "my"})

    parts = identity.split("_")
    assert parts[0] == "my"
    assert all(part in known for part, known in zip(parts[1:], words, strict=True))
    assert outputs["id"] == identity


@pytest.mark.parametrize("words", [ADVERBS, ADJECTIVES, NAMES])
def test_the_words_of_pets_are_many_and_fit_in_a_name(words: tuple[str, ...]) -> None:
    assert len(set(words)) == len(words) > 80
    assert all(re.fullmatch("[a-z]{2,15}", word) for word in words)


def test_a_shuffle_repeats_only_after_the_whole_list() -> None:
    identity, outputs = create("RandomShuffle", {"inputs": ["a", "b", "c"], "resultCount": 7})

    results = outputs["results"]
    assert identity == "-"
    assert [sorted(results[at:end]) for at, end in pairwise((0, 3, 6))] == [["a", "b", "c"]] * 2
    assert len(results) == 7


def test_a_shuffle_of_nothing_is_nothing() -> None:
    assert create("RandomShuffle", {"inputs": [], "resultCount": 2})[1]["results"] == []


@pytest.mark.parametrize(("kind", "version"), [("RandomUuid", 4), ("RandomUuid4", 4), ("RandomUuid7", 7)])
def test_a_uuid_is_of_its_version(kind: str, version: int) -> None:
    identity, outputs = create(kind, {})

    parsed = uuid.UUID(outputs["result"])
    assert (parsed.version, parsed.variant) == (version, uuid.RFC_4122)
    assert identity == outputs["result"] == str(parsed)


def test_uuids_of_version_7_carry_the_time() -> None:
    first, second = (uuid.UUID(create("RandomUuid7", {})[0]).int >> 80 for _ in range(2))

    assert 1_700_000_000_000 < first <= second < first + 60_000


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [("RandomInteger", {"min": 0, "max": 10**12}), ("RandomShuffle", {"inputs": [str(n) for n in range(30)]})],
)
def test_a_seed_repeats_the_value_and_says_that_the_real_plugin_s_differs(kind: str, inputs: dict[str, Any]) -> None:
    LOG.warnings.clear()

    first, second = (create(kind, inputs | {"seed": "s"})[1] for _ in range(2))

    assert first == second
    assert len(LOG.warnings) == 2
    assert "not the one the real plugin makes" in LOG.warnings[0]


def test_a_secret_input_stays_secret_and_so_does_what_it_is_part_of() -> None:
    outputs = create("RandomId", {"byteLength": 4, "prefix": Secret("hush")})[1]

    assert isinstance(outputs["prefix"], Secret)
    assert all(isinstance(outputs[key], Secret) for key in ("b64Std", "b64Url", "dec", "hex"))


def test_secret_keepers_hide_no_result() -> None:
    outputs = create("RandomInteger", {"min": 1, "max": 2, "keepers": {"a": Secret("x")}})[1]

    assert outputs["keepers"] == {"a": Secret("x")}
    assert isinstance(outputs["result"], int)
