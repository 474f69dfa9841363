"""A cluster on this machine as a resource of the program: made, found, restarted and removed by the engine.

The provider class is imported by name in the dynamic provider's process, so nothing of the program, and nothing
secret, is stored with it. Import cost matters there and here: the standard library and ``pulumi`` only.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol

import pulumi
from pulumi import dynamic
from typing_extensions import override

from components.cluster.command import LocalClusterError
from components.cluster.facts import SECRET_OUTPUTS, LocalFacts

Tool = Literal["kind", "rehearsal"]
"""What makes the cluster."""

_INPUTS: Final = ("tool", "name", "options")
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""Key of special values in the engine's protocol (sdk/go/common/resource/sig/sig.go, Pulumi 3.250)."""

_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's public mark of a secret


class _Maker(Protocol):
    """What both command modules offer."""

    def find(self, name: str, /) -> LocalFacts | None: ...
    def create(self, name: str, options: Mapping[str, Any], /) -> LocalFacts: ...
    def delete(self, name: str, /) -> None: ...


def maker_of(tool: str) -> _Maker:
    """Return the module that drives a tool."""
    if tool == "kind":
        from components.cluster import kind_command  # only the tool in use is loaded

        return kind_command
    from components.cluster import rehearsal_command

    return rehearsal_command


class LocalClusterProvider(dynamic.ResourceProvider):
    """Makes, finds, restarts and removes a local cluster; stateless.

    ``check`` looks the cluster up and adds what it found to the inputs. A preview takes inputs for outputs, so the
    kubeconfig stays known while the cluster is only updated; unknown, it would show every object as changed.
    """

    serialize_as_secret_always = False  # there is nothing in it but its own name

    @override
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        inputs = {key: news[key] for key in _INPUTS}
        try:
            facts = maker_of(news["tool"]).find(news["name"])
        except LocalClusterError as error:  # a missing program, for instance: said without a traceback, and in previews
            return dynamic.CheckResult(inputs, [dynamic.CheckFailure("tool", str(error))])
        if any(_olds.get(key) != news[key] for key in ("tool", "name")):
            return dynamic.CheckResult(inputs, [])  # a new cluster
        if facts is None:
            return dynamic.CheckResult(inputs, [dynamic.CheckFailure("name", _vanished(news))])
        return dynamic.CheckResult({**inputs, **_hidden(facts.outputs()), "running": facts.running}, [])

    @override
    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        facts = maker_of(props["tool"]).create(props["name"], props["options"])
        return dynamic.CreateResult(props["name"], _described(props, facts))

    @override
    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        facts = maker_of(props["tool"]).find(props["name"])
        # An empty id tells the engine that it is gone, so that the next `up` makes it again.
        return dynamic.ReadResult("", {}) if facts is None else dynamic.ReadResult(id_, _described(props, facts))

    @override
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        replaces = [key for key in ("tool", "name") if _olds[key] != _news[key]]
        if _news["tool"] == "kind" and _olds["options"] != _news["options"]:
            replaces.append("options")  # kind cannot change a cluster it made
        if replaces:
            return dynamic.DiffResult(changes=True, replaces=replaces, delete_before_replace=True)
        # A refresh compares with the inputs of the first `up`, when there was no cluster to look up.
        stopped = not _news.get("running", True)
        return dynamic.DiffResult(changes=_olds["options"] != _news["options"] or stopped)

    @override
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        facts = maker_of(_news["tool"]).create(_news["name"], _news["options"])
        return dynamic.UpdateResult(_described(_news, facts))

    @override
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        maker_of(_props["tool"]).delete(_props["name"])


def _described(inputs: Mapping[str, Any], facts: LocalFacts) -> dict[str, Any]:
    return {**{key: inputs[key] for key in _INPUTS}, **facts.outputs()}


def _hidden(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Mark the secret ones as the engine's protocol does; an Output means nothing in the provider's process."""
    return {
        key: {_SIGNATURE: _SECRET, "value": value} if key in SECRET_OUTPUTS else value for key, value in outputs.items()
    }


def _vanished(inputs: Mapping[str, Any]) -> str:
    # Made again silently it would be empty, while the stack's state says that everything is in it.
    steps = ["PULUMI_K8S_DELETE_UNREACHABLE=true pulumi refresh", "pulumi up"]
    if inputs["tool"] == "rehearsal":
        # An API server that lost its directory still answers reads: a refresh would believe it.
        steps = [". .slipway/env", f"python -m rehearsal.cluster delete --name {inputs['name']}", *steps]
    return (
        f"the stack's state says the {inputs['tool']} cluster {inputs['name']} exists, and it is not on this machine. "
        f"If it was removed by hand, run {', then '.join(f'`{step}`' for step in steps)}; "
        "if it is on another machine, work there"
    )


class LocalCluster(dynamic.Resource, module="slipway", name="LocalCluster"):
    """One cluster on this machine; a new name is a new cluster.

    Attributes:
        kubeconfig: administrator's kubeconfig, contents; secret.
        kubeconfig_path: file with the same contents, for people.
        server: URL of the API server.
        kubernetes_version: server version; empty where the tool does not say.
    """

    kubeconfig: pulumi.Output[str]
    kubeconfig_path: pulumi.Output[str]
    server: pulumi.Output[str]
    kubernetes_version: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        tool: Tool,
        name: str,
        options: Mapping[str, Any],
        opts: pulumi.ResourceOptions,
    ) -> None:
        outputs = dict.fromkeys(("kubeconfig", "kubeconfig_path", "server", "kubernetes_version"))
        inputs: dict[str, Any] = {"tool": tool, "name": name, "options": dict(options), **outputs}
        own = pulumi.ResourceOptions(additional_secret_outputs=list(SECRET_OUTPUTS))
        super().__init__(LocalClusterProvider(), resource_name, inputs, pulumi.ResourceOptions.merge(opts, own))
