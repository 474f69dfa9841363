"""Private CAs and the place of signatures; wrong keys have stack files of their own in ``tests/data``."""

from pathlib import Path

import pytest

from stacks.rules import trust
from stacks.spec.loading import Loading
from tests.components.loaders.agent.certificates import PrivateAuthority
from tests.components.loaders.agent.signers import KEY, public_pem
from tests.stacks.rules.loading_stacks import DIGEST, IMAGE, TAGGED, model, on, problems, stack

SIGNED = {"publicKeys": [public_pem(KEY).decode()]}
FILES = {"type": "http", "reference": f"https://files.example.com/m/SHA256SUMS@{DIGEST}", "sizeGib": 1}
PLAIN = stack(model(None))


def found(text: str) -> list[str]:
    """Return the rules that a CA breaks."""
    spec = PLAIN.model_copy(update={"loading": Loading.model_validate({"caCertificates": text})})
    return [problem.rule for problem in trust.problems(spec)]


def test_several_certificates_with_text_between_them_are_fine(tmp_path: Path) -> None:
    one, two = (PrivateAuthority(tmp_path / name).file.read_text() for name in "ab")

    assert found(f"# Büro\n{one}\n# other\n{two}") == []


def test_a_certificate_that_is_cut_is_refused(tmp_path: Path) -> None:
    lines = PrivateAuthority(tmp_path / "ca").file.read_text().splitlines()

    assert found("\n".join([*lines[:3], lines[-1]])) == ["holds a certificate that OpenSSL cannot read"]


@pytest.mark.parametrize("text", ["", "ca.pem", public_pem(KEY).decode()])
def test_what_holds_no_certificate_is_refused(text: str) -> None:
    assert found(text) == ["holds no PEM certificate, or something beside certificates"]


def test_a_key_beside_the_certificate_is_told_as_such(tmp_path: Path) -> None:
    made = PrivateAuthority(tmp_path / "ca").server()

    (rule,) = found(made.certificate.read_text() + made.key.read_text())
    assert rule.startswith("there is a PRIVATE KEY in it")


@pytest.mark.parametrize("loader", [None, {"type": "init"}, {"type": "nodeCache"}])
def test_loaders_of_the_agent_check(loader: dict[str, str] | None) -> None:
    assert problems(stack(model(loader, source=TAGGED, signature=SIGNED))) == []


@pytest.mark.parametrize("loader", [None, {"type": "image"}])
def test_the_kubelet_does_not(loader: dict[str, str] | None) -> None:
    (problem,) = problems(stack(model(loader, source=IMAGE, signature=SIGNED), cluster=on("1.35")))

    assert problem.path == "slipway:models[0].signature"


@pytest.mark.parametrize(
    ("patterns", "bundle", "loaded"),
    [
        (["*.onnx", "model.sig"], "model.sig", True),
        (["*.onnx", "*.sig"], "a/model.sig", True),
        (["weights/*"], "weights/model.sig", True),
        (["*.onnx"], "model.sig", False),
        (["model.sig"], "weights/model.sig", False),
        ([], "model.sig", True),
    ],
)
def test_the_signature_must_be_among_the_files_that_are_loaded(
    patterns: list[str], bundle: str, *, loaded: bool
) -> None:
    one = model(None, source={**FILES, "filter": patterns}, signature={**SIGNED, "bundle": bundle})

    assert [problem.path for problem in problems(stack(one))] == ([] if loaded else ["slipway:models[0].source.filter"])


@pytest.mark.parametrize("source", [TAGGED, {**TAGGED, "type": "oci"}])
def test_cosign_signs_what_is_in_a_registry(source: dict[str, object]) -> None:
    assert problems(stack(model(None, source=source, signature={**SIGNED, "kind": "cosign"}))) == []


def test_cosign_signs_nothing_else() -> None:
    (problem,) = problems(stack(model(None, source=FILES, signature={**SIGNED, "kind": "cosign"})))

    assert problem.path == "slipway:models[0].signature.kind"
    assert problem.rule.endswith("a source of type http has none")


def test_cosign_has_no_place_among_the_files() -> None:
    (problem,) = problems(
        stack(model(None, source=TAGGED, signature={**SIGNED, "kind": "cosign", "bundle": "model.sig"}))
    )

    assert problem.path == "slipway:models[0].signature.bundle"


def test_the_kubelet_does_not_ask_cosign() -> None:
    (problem,) = problems(stack(model(None, source=IMAGE, signature={**SIGNED, "kind": "cosign"}), cluster=on("1.35")))

    assert problem.path == "slipway:models[0].signature"
