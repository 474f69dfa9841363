"""Property bags keep secrets, unknowns and whole numbers."""

import pytest
from google.protobuf import struct_pb2

from rehearsal.providers.codec import (
    OUTPUT_SIGNATURE,
    RESOURCE_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN,
    UNKNOWN_MARKERS,
    Secret,
    Tree,
    copy_secrets,
    decode,
    decode_plain,
    encode,
    has_secret,
    has_unknown,
    plain,
)

TREE: Tree = {
    "name": "x",
    "count": 3,
    "share": 0.5,
    "on": True,
    "off": False,
    "none": None,
    "empty": {},
    "list": [1, {"deep": [Secret("s")]}, []],
    "later": UNKNOWN,
    "password": Secret({"a": "b"}),
}


def bag(value: Tree) -> struct_pb2.Struct:
    """A property bag of plain JSON."""
    struct = struct_pb2.Struct()
    struct.update(value)
    return struct


def test_what_was_encoded_comes_back() -> None:
    assert decode(encode(TREE)) == TREE


def test_whole_numbers_come_back_as_integers() -> None:
    decoded = decode(bag({"port": 8000.0, "share": 0.25}))

    assert decoded == {"port": 8000, "share": 0.25}
    assert isinstance(decoded["port"], int)


def test_a_boolean_is_not_taken_for_a_number() -> None:
    assert decode(encode({"on": True}))["on"] is True


@pytest.mark.parametrize("marker", sorted(UNKNOWN_MARKERS))
def test_every_marker_of_the_unknown_is_known(marker: str) -> None:
    assert decode(bag({"a": marker}))["a"] is UNKNOWN


def test_output_values_become_what_they_hold() -> None:
    outputs = {
        "known": {SIGNATURE_KEY: OUTPUT_SIGNATURE, "value": "v", "dependencies": ["urn"]},
        "secret": {SIGNATURE_KEY: OUTPUT_SIGNATURE, "value": "v", "secret": True},
        "unknown": {SIGNATURE_KEY: OUTPUT_SIGNATURE},
        "resource": {SIGNATURE_KEY: RESOURCE_SIGNATURE, "urn": "u", "id": "i"},
    }

    assert decode(bag(outputs)) == {"known": "v", "secret": Secret("v"), "unknown": UNKNOWN, "resource": "i"}


def test_plain_unwraps_secrets_at_any_depth_and_in_both_ways() -> None:
    unwrapped: Tree = {**TREE, "list": [1, {"deep": ["s"]}, []], "password": {"a": "b"}}

    assert plain(TREE) == unwrapped
    assert decode_plain(encode(TREE)) == unwrapped


def test_plain_shares_nothing_that_can_change() -> None:
    tree: Tree = {"a": {"b": [1]}}
    copy = plain(tree)
    copy["a"]["b"].append(2)

    assert tree == {"a": {"b": [1]}}


def test_a_secret_does_not_print_its_value() -> None:
    assert "hunter2" not in repr({"a": Secret("hunter2")})


def test_unknowns_and_secrets_are_found_inside_each_other() -> None:
    assert has_unknown({"a": [Secret({"b": UNKNOWN})]})
    assert not has_unknown({"a": [Secret("b")]})
    assert has_secret({"a": [{"b": Secret(1)}]})
    assert not has_secret({"a": [{"b": 1}]})


def test_secrecy_is_copied_leaf_by_leaf_but_lists_become_secret_as_a_whole() -> None:
    inputs: Tree = {"data": {"a": Secret("x"), "b": "y"}, "env": [{"v": Secret("x")}], "same": "z"}
    outputs: Tree = {"data": {"a": "x", "b": "y", "c": "n"}, "env": [{"v": "x"}], "same": "z", "status": {"p": 1}}

    assert copy_secrets(inputs, outputs) == {
        "data": {"a": Secret("x"), "b": "y", "c": "n"},
        "env": Secret([{"v": "x"}]),
        "same": "z",
        "status": {"p": 1},
    }


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="a property bag cannot hold a set"):
        encode({"a": {1}})
