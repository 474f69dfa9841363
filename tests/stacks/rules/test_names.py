"""The names a model may not have are those the namespace's policies really have."""

from components.security.network_policy import DENY_NAME, DNS_NAME
from stacks.rules.names import POLICIES


def test_reserved_names_are_those_of_the_policies() -> None:
    assert {DENY_NAME, DNS_NAME} == POLICIES
