"""Play recorded provider calls again, against the stand-in and a cluster, and compare the answers.

A recording holds what the real plugin was asked and what it answered, call by call. The same questions go to the
stand-in. What a cluster makes up anew each time is left out of the comparison, names that a plugin invents are
translated, and the state in a question is the one the stand-in itself gave before.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from google.protobuf import json_format
from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import encode, is_array, is_object
from rehearsal.providers.kubernetes.provider import KubernetesProvider
from rehearsal.providers.serve import EngineLog, InitFailedError, ProviderError

if TYPE_CHECKING:
    from pathlib import Path

type_of_request: Final = {
    "CheckConfig": provider_pb2.CheckRequest,
    "DiffConfig": provider_pb2.DiffRequest,
    "Configure": provider_pb2.ConfigureRequest,
    "Check": provider_pb2.CheckRequest,
    "Diff": provider_pb2.DiffRequest,
    "Create": provider_pb2.CreateRequest,
    "Read": provider_pb2.ReadRequest,
    "Update": provider_pb2.UpdateRequest,
    "Delete": provider_pb2.DeleteRequest,
}
MADE_UP: Final = re.compile(
    r"managedFields|uid|resourceVersion|creationTimestamp|generation|clusterIPs?|nodePort|__fieldManager|status"
    r"|deployment\.kubernetes\.io/revision|pv\.kubernetes\.io/.*|.*controller-uid"
)
MEANINGS: Final = (
    ("exists", r"already exists"),
    ("invalid", r"is invalid|strict decoding error"),
    ("conflict", r"field conflict detected"),
    ("no kind", r"no matches for kind"),
    ("no namespace", r"namespaces .* not found"),
    ("unreachable", r"cluster is unreachable"),
    ("cancelled", r"was cancelled"),
    ("failed", r"failed to initialize"),
    ("timeout", r"timed out waiting"),
)
FASTER: Final = 0.2  # of every recorded time limit
INPUTS_IN: Final = {"Create": "properties", "Diff": "news", "Update": "news"}
STATE_IN: Final = {"Diff": "olds", "Update": "olds", "Read": "properties", "Delete": "properties"}

Call = dict[str, Any]
Key = tuple[str, str, str]


class SilentLog(EngineLog):
    """Keeps what the plugin would show."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def _log(self, severity: int, message: str, urn: str, *, status: bool) -> None:  # noqa: ARG002  # all are kept
        self.shown.append(message)


def meaning(message: str) -> str:
    """Sort an error's text by what it means."""
    return next((word for word, pattern in MEANINGS if re.search(pattern, message)), f"unsorted: {message}")


def comparable(value: Any) -> Any:  # noqa: ANN401  # JSON
    """Leave out what a cluster makes up anew each time."""
    if is_object(value):
        return {key: comparable(item) for key, item in value.items() if not MADE_UP.fullmatch(key)}
    return [comparable(item) for item in value] if is_array(value) else value


def own_calls(recording: Path) -> list[Call]:
    """Read the calls that went to the kubernetes plugin; of calls made at once, creations that lost come last."""
    calls: list[Call] = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
    ours = [call for call in calls if call["method"] in type_of_request and "kubernetes" in call["request"]["type"]]
    lost = [call for call in ours if call["method"] == "Create" and "already exists" in str(call.get("errors"))]
    return [call for call in ours if call not in lost] + lost


@dataclass
class Replay:
    """One scenario being replayed: the names and states so far, and where answers differed."""

    kubeconfig: str
    names: dict[str, str] = field(default_factory=dict[str, str])
    states: dict[tuple[str, str], Call] = field(default_factory=dict[tuple[str, str], Call])
    checked: dict[str, tuple[Call, Call]] = field(default_factory=dict[str, "tuple[Call, Call]"])
    differences: dict[Key, str] = field(default_factory=dict[Key, str])
    answered: int = 0

    def play(self, recording: Path, kubeconfig: str = "") -> None:
        """Replay one step. Another kubeconfig than the scenario's stands for another cluster."""
        provider = KubernetesProvider(SilentLog())
        for call in own_calls(recording):
            difference = self._play(provider, call, kubeconfig or self.kubeconfig)
            if difference:
                self.differences[recording.stem, call["method"], call["request"].get("name", "")] = difference

    def _play(self, provider: KubernetesProvider, call: Call, kubeconfig: str) -> str:
        method: str = call["method"]
        request: Call = self._translated(call["request"], kubeconfig)
        self._put_own_inputs(method, request)
        if not self._put_own_state(method, request):
            return "no such object: the stand-in refused to make it"
        if method == "DiffConfig":  # the recording hides both kubeconfigs behind one word
            request["olds"] = self._translated(call["request"]["olds"], self.kubeconfig)
        if "timeout" in request:
            request["timeout"] *= FASTER
        message = json_format.ParseDict(request, type_of_request[method](), ignore_unknown_fields=True)
        error, response = "", {}
        try:
            answer = getattr(provider, re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower())(message)
            response = json_format.MessageToDict(answer)
        except ProviderError as raised:
            error = str(raised)
        except InitFailedError as raised:
            error = str(raised)
            response = {"id": raised.identity, "properties": json_format.MessageToDict(encode(raised.outputs))}
        self.answered += 1
        self._keep_state(method, request, response)
        return self._compare(call, request, response if not error else None, error)

    def _translated(self, value: Any, kubeconfig: str) -> Any:  # noqa: ANN401  # JSON
        """Copy a recorded value with the names and the kubeconfig of this run."""
        text = json.dumps(value)
        for recorded, own in self.names.items():
            text = text.replace(recorded, own)
        return json.loads(text.replace('"<kubeconfig>"', json.dumps(kubeconfig)))

    def _put_own_inputs(self, method: str, request: Call) -> None:
        """Put in the inputs of the stand-in's own check, where the recording has those of the real plugin's."""
        place = INPUTS_IN.get(method, "")
        recorded, own = self.checked.get(request.get("urn", ""), ({}, {}))
        if recorded and request.get(place) == self._translated(recorded, ""):
            request[place] = own

    def _put_own_state(self, method: str, request: Call) -> bool:
        """Put in the state that the stand-in gave; false when it never gave one."""
        place = STATE_IN.get(method)
        if place is None or place not in request or not request[place]:
            return True
        state = self.states.get((request["type"], request["id"]))
        if state is None:
            return False
        request[place] = state
        return True

    def _keep_state(self, method: str, request: Call, response: Call) -> None:
        identity = response.get("id") or request.get("id", "")
        if (
            method in {"Create", "Update", "Read"}
            and identity
            and "properties" in response
            and not request.get("preview")
        ):
            self.states[request["type"], identity] = response["properties"]

    def _compare(self, call: Call, request: Call, response: Call | None, error: str) -> str:
        recorded_error = meaning(call["errors"][0]) if call.get("errors") else ""
        if recorded_error or error:
            own = meaning(error) if error else ""
            return (
                ""
                if own == recorded_error
                else f"real: {recorded_error or 'success'}; own: {own or 'success'} ({error})"
            )
        if call["method"] == "Check":
            self._learn_name(call["response"], response or {})
            self.checked[request["urn"]] = (call["response"]["inputs"], (response or {})["inputs"])
        want = comparable(self._translated(call["response"], ""))
        have = comparable(response)
        for side in (want, have):
            side.get("replaces", []).sort()
            side.pop("inputs" if call["method"] == "CheckConfig" else "", None)
        return "" if want == have else f"{request.get('id', '')} real: {json.dumps(want)}; own: {json.dumps(have)}"

    def _learn_name(self, recorded: Call, own: Call) -> None:
        if "pulumi.com/autonamed" in recorded["inputs"].get("metadata", {}).get("annotations", {}):
            theirs, ours = recorded["inputs"]["metadata"]["name"], own["inputs"]["metadata"]["name"]
            if theirs != ours:
                self.names[theirs] = ours
