"""The recording engine stand-in itself: what it records and what it refuses."""

import pulumi
import pytest

from components.objects import KubernetesObject
from tests.mocks import UNKNOWN, Recorded, Secret, deploy

_CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"n": 3, "r": 0.5}}


class _Part(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:tests:Part", name, None, opts)
        made = KubernetesObject(name, dict(_CONFIG_MAP), pulumi.ResourceOptions(parent=self))
        self.register_outputs({"name": made.metadata.apply(lambda metadata: metadata["name"])})


def _deploy_part(opts: pulumi.ResourceOptions | None = None) -> Recorded:
    return deploy(lambda: _Part("p", opts))


def test_child_is_recorded_under_its_component_with_the_engines_urn() -> None:
    child = _deploy_part().one("kubernetes:core/v1:ConfigMap")
    assert child.urn == "urn:pulumi:dev::slipway::slipway:tests:Part$kubernetes:core/v1:ConfigMap::p"
    assert child.parent == "urn:pulumi:dev::slipway::slipway:tests:Part::p"
    assert child.custom


def test_numbers_come_back_as_written() -> None:
    data = _deploy_part().one("kubernetes:core/v1:ConfigMap").inputs["data"]
    assert data == {"n": 3, "r": 0.5}
    assert type(data["n"]) is int


def test_component_outputs_are_recorded() -> None:
    assert _deploy_part().component_outputs == {"urn:pulumi:dev::slipway::slipway:tests:Part::p": {"name": "a"}}


def test_options_are_recorded_by_their_protocol_name() -> None:
    def program() -> None:
        first = KubernetesObject("a", dict(_CONFIG_MAP), pulumi.ResourceOptions())
        options = pulumi.ResourceOptions(
            depends_on=[first],
            ignore_changes=["data"],
            protect=True,
            retain_on_delete=True,
            custom_timeouts=pulumi.CustomTimeouts(create="90s"),
            aliases=[pulumi.Alias(name="old")],
        )
        KubernetesObject("b", dict(_CONFIG_MAP), options)

    second = deploy(program).one("kubernetes:core/v1:ConfigMap", "b")
    assert second.dependencies == ("urn:pulumi:dev::slipway::kubernetes:core/v1:ConfigMap::a",)
    version = second.options.pop("version")
    assert version.count(".") == 2
    assert second.options == {
        "ignoreChanges": ["data"],
        "protect": True,
        "retainOnDelete": True,
        "customTimeouts": {"create": "90s"},
        "aliases": [{"name": "old", "parentUrn": ""}],
    }


def test_secrets_stay_recognisable_in_inputs_exports_and_additional_secret_outputs() -> None:
    def program() -> None:
        token = pulumi.Config("slipway").require_secret("token")
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"t": token, "u": "x"}}
        made = KubernetesObject("a", secret, pulumi.ResourceOptions())
        pulumi.export("token", token)
        pulumi.export("name", made.metadata.apply(lambda metadata: metadata["name"]))

    recorded = deploy(program, config={"slipway:token": "hunter2"}, secrets=("slipway:token",))
    assert recorded.one("kubernetes:core/v1:Secret").inputs["data"] == {"t": Secret("hunter2"), "u": "x"}
    assert recorded.outputs == {"token": Secret("hunter2"), "name": "a"}


def test_additional_secret_outputs_are_secret_for_whoever_reads_them() -> None:
    class _Made(pulumi.CustomResource):
        password: pulumi.Output[str]

        def __init__(self) -> None:
            opts = pulumi.ResourceOptions(additional_secret_outputs=["password"])
            super().__init__("tests:index:Made", "m", {"password": None}, opts)

    recorded = deploy(
        lambda: pulumi.export("password", _Made().password),
        respond=lambda type_, name, _: {"password": f"{type_} {name}"},
    )
    assert recorded.outputs == {"password": Secret("tests:index:Made m")}


def test_explicit_provider_is_recorded_by_name() -> None:
    def program() -> None:
        provider = pulumi.ProviderResource("kubernetes", "own", {})
        _Part("p", pulumi.ResourceOptions(providers=[provider]))

    recorded = deploy(program)
    assert recorded.one("kubernetes:core/v1:ConfigMap").provider == "own"
    assert _deploy_part().one("kubernetes:core/v1:ConfigMap").provider == ""


def test_second_resource_of_one_urn_is_refused() -> None:
    def program() -> None:
        _Part("p")
        _Part("p")

    with pytest.raises(AssertionError, match="duplicate URN"):
        deploy(program)


def test_function_call_is_refused() -> None:
    with pytest.raises(AssertionError, match="unexpected function call kubernetes:yaml:decode"):
        deploy(lambda: pulumi.export("x", pulumi.runtime.invoke_output("kubernetes:yaml:decode", {})))


def test_error_inside_apply_is_raised() -> None:
    def fail(_: object) -> None:
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        deploy(lambda: pulumi.Output.from_input(1).apply(fail))


def test_identifiers_are_unknown_in_preview() -> None:
    def program() -> None:
        made = KubernetesObject("a", dict(_CONFIG_MAP), pulumi.ResourceOptions())
        pulumi.export("id", made.id)
        pulumi.export("dry", pulumi.runtime.is_dry_run())

    assert deploy(program).outputs == {"id": "a-id", "dry": False}
    assert deploy(program, preview=True).outputs == {"id": UNKNOWN, "dry": True}


def test_runs_do_not_see_each_other() -> None:
    def program() -> None:
        pulumi.export("who", pulumi.Config("slipway").get("who", "nobody"))

    assert deploy(program, config={"slipway:who": "first"}).outputs == {"who": "first"}
    assert deploy(program).outputs == {"who": "nobody"}


def test_stack_reference_is_a_read() -> None:
    def program() -> None:
        reference = pulumi.StackReference("other", stack_name="organization/infra/prod")
        pulumi.export("kubeconfig", reference.require_output("kubeconfig"))

    def respond(_type: str, _name: str, _inputs: dict[str, object]) -> dict[str, object]:
        return {"outputs": {"kubeconfig": "text"}, "secretOutputNames": ["kubeconfig"]}

    recorded = deploy(program, respond=respond)
    assert [read.options["id"] for read in recorded.reads] == ["organization/infra/prod"]
    assert recorded.outputs == {"kubeconfig": Secret("text")}
