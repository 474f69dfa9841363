"""A stack made by the real plugin shows under the stand-in what it showed before: same inputs, same differences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf import json_format
from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.kubernetes.provider import KubernetesProvider
from tests.rehearsal.providers.kubernetes.replay import Call, SilentLog, own_calls

RECORDINGS = Path(__file__).parents[5] / "shared" / "traces" / "kubernetes"
NOWHERE = json.dumps(
    {
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c"}}],
        "current-context": "c",
    }
)
UNKNOWN_FIELDS = "unknown-field"  # the real plugin drops them, the stand-in keeps them for the server to name
pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="the recorded calls of the real plugin are not beside this clone"
)


def steps() -> list[Path]:
    """Every recorded step."""
    return sorted(RECORDINGS.glob("*/*.jsonl"))


def provider_for(calls: list[Call]) -> KubernetesProvider:
    """The stand-in with a step's settings and no cluster: neither check nor diff needs one."""
    provider = KubernetesProvider(SilentLog())
    for call in calls:
        if call["method"] == "Configure":
            arguments = {**call["request"]["args"], "kubeconfig": NOWHERE}
            provider.configure(json_format.ParseDict({"args": arguments}, provider_pb2.ConfigureRequest()))
    return provider


def without_new_name(answer: Call) -> Call:
    """Leave out the random end of an automatic name."""
    metadata = answer["inputs"]["metadata"]
    if "pulumi.com/autonamed" in metadata.get("annotations", {}):
        metadata["name"] = metadata["name"][:-8]
    return answer


@pytest.mark.parametrize("step", steps(), ids=lambda step: f"{step.parent.name}-{step.stem}")
def test_inputs_and_differences_are_those_of_the_real_plugin(step: Path) -> None:
    calls = own_calls(step)
    provider = provider_for(calls)
    for call in calls:
        if call["method"] == "Diff" and UNKNOWN_FIELDS not in step.stem:
            request = json_format.ParseDict(call["request"], provider_pb2.DiffRequest(), ignore_unknown_fields=True)
            own, real = json_format.MessageToDict(provider.diff(request)), call["response"]
            for answer in (own, real):
                answer.get("replaces", []).sort()
            assert own == real, call["request"]["name"]
        if call["method"] == "Check" and UNKNOWN_FIELDS not in step.stem:
            request = json_format.ParseDict(call["request"], provider_pb2.CheckRequest(), ignore_unknown_fields=True)
            own = without_new_name(json_format.MessageToDict(provider.check(request)))
            assert own == without_new_name(call["response"]), call["request"]["name"]


def test_the_recordings_hold_enough_to_compare() -> None:
    methods = [call["method"] for step in steps() for call in own_calls(step)]

    assert methods.count("Check") > 200
    assert methods.count("Diff") > 100
