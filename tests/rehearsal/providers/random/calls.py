"""Calls to the stand-in as the engine makes them."""

from collections.abc import Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import Tree, decode, encode
from rehearsal.providers.random.provider import RandomProvider
from rehearsal.providers.serve import EngineLog


class Log(EngineLog):
    """Keeps the warnings."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def warning(self, message: str, urn: str = "") -> None:
        assert urn
        self.warnings.append(message)


LOG = Log()
PROVIDER = RandomProvider(LOG)


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::sample::slipway:security:Secrets$random:index/{kind[0].lower()}{kind[1:]}:{kind}::one"


def check(kind: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return reason by property."""
    answer = PROVIDER.check(provider_pb2.CheckRequest(urn=urn(kind), news=encode(inputs)))
    assert decode(answer.inputs) == inputs
    return {failure.property: failure.reason for failure in answer.failures}


def create(kind: str, inputs: Mapping[str, Any], *, preview: bool = False) -> tuple[str, Tree]:
    """Return id and outputs."""
    answer = PROVIDER.create(provider_pb2.CreateRequest(urn=urn(kind), properties=encode(inputs), preview=preview))
    return answer.id, decode(answer.properties)


def diff(kind: str, olds: Tree, news: Mapping[str, Any], ignore: tuple[str, ...] = ()) -> list[str]:
    """Return the inputs that ask for a replacement."""
    answer = PROVIDER.diff(
        provider_pb2.DiffRequest(urn=urn(kind), olds=encode(olds), news=encode(news), ignoreChanges=ignore)
    )
    some = answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert some == bool(answer.replaces)
    assert set(answer.detailedDiff) == set(answer.replaces)
    return list(answer.replaces)


def read(kind: str, identity: str, properties: Tree | None = None) -> tuple[str, Tree, Tree]:
    """Return id, outputs and inputs."""
    answer = PROVIDER.read(provider_pb2.ReadRequest(urn=urn(kind), id=identity, properties=encode(properties or {})))
    return answer.id, decode(answer.properties), decode(answer.inputs)
