"""Values in reports."""

import pytest

from stacks.errors import shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("https://bob:canary@registry.example.com/x", '"https://***@registry.example.com/x"'),
        ("bob:canary@registry.example.com", '"***@registry.example.com"'),
        ("http://token@prometheus:9090", '"http://***@prometheus:9090"'),
        ("registry.example.com/models/a:1.2.0@sha256:12", '"registry.example.com/models/a:1.2.0@sha256:12"'),
        ("https://registry.example.com/a:1@sha256:12", '"https://registry.example.com/a:1@sha256:12"'),
        (["nvidia", 1], '["nvidia", 1]'),
    ],
)
def test_credentials_in_addresses_are_not_shown(value: object, text: str) -> None:
    assert shown(value) == text


def test_long_values_are_cut() -> None:
    assert shown("x" * 100) == f'"{"x" * 79}…'


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
def test_private_keys_are_never_shown(kind: str) -> None:
    text = f"-----BEGIN {kind}-----\ncanary\n-----END {kind}-----\n"

    assert shown({"publicKeys": ["a", text]}) == '"***"'
