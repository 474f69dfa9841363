"""A wrong stack file ends in one report and registers nothing."""

from __future__ import annotations

import json
import runpy
from typing import TYPE_CHECKING

import pulumi
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from stacks.parse import SECTIONS
from tests.mocks import deploy
from tests.stack_files import DATA, ROOT, config_of

if TYPE_CHECKING:
    from pathlib import Path

WRONG = sorted(DATA.glob("invalid-*.yaml"))


def report_of(path: Path, *secrets: str) -> str:
    """Run the program on a wrong stack file and return what it says."""
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config_of(path).items()}
    with pytest.raises(pulumi.RunError) as raised:
        deploy(lambda: runpy.run_path(str(ROOT / "__main__.py")), config=config, secrets=secrets, stack="test")
    return str(raised.value)


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_the_report_has_every_problem(path: Path) -> None:
    expected = path.with_suffix(".txt")
    report = report_of(path)

    assert report.startswith("Pulumi.test.yaml has ")
    if expected.exists():
        fixes = {line for line in expected.read_text().splitlines() if line.startswith("      fix:")}
        assert fixes <= set(report.splitlines())


def test_sections_that_are_text_and_keys_nothing_reads() -> None:
    report = report_of(DATA / "invalid-outer-form.yaml")

    assert "slipway:cluster\n      a section is structured, not text" in report
    assert "required, and not there" not in report
    assert "slipway:region\n      no section reads this key" in report


def test_secrets_are_looked_after() -> None:
    report = report_of(DATA / "invalid-secrets.yaml")

    assert "the value of slipway:registryUsername is plain text" in report
    assert "no section reads this key" not in report
    assert "anary" not in report


def test_credentials_in_addresses_are_not_repeated(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.dev.yaml").read_text()
    path = tmp_path / "Pulumi.dev.yaml"
    for address in ("server: registry", "reference: registry", "prometheusUrl: http://prometheus"):
        text = text.replace(address, address.replace("http://", "").replace(": ", ": https://bob:canary@"))
    path.write_text(text)

    report = report_of(path)

    assert report.count("***@") == 3
    assert "canary" not in report


def test_an_encrypted_section_is_refused_and_nothing_of_it_is_shown() -> None:
    report = report_of(DATA / "invalid-values.yaml", "slipway:models")

    assert "slipway:models\n      a section is not encrypted" in report
    assert "8b-model" not in report


@pytest.mark.parametrize("file", ["invalid-trust", "invalid-trust-forms"])
def test_private_keys_are_not_repeated(file: str) -> None:
    report = report_of(DATA / f"{file}.yaml")

    assert "anary" not in report
    assert "-----" not in report


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (rsa.generate_private_key(65537, 2048), "is no elliptic curve key (RSA and Ed25519 are not supported)"),
        (ec.generate_private_key(ec.SECP256K1()), "is of another curve than P-256, P-384 or P-521"),
    ],
)
def test_a_public_key_the_loader_cannot_use_is_in_the_report(
    tmp_path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, why: str
) -> None:
    """It is judged by the loader's own parser, beside what the rules find."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    stack = yaml.safe_load((ROOT / "examples/signed-private-registry.yaml").read_text())
    keys = stack["config"]["slipway:models"][0]["signature"]["publicKeys"]
    keys[1] = pem
    first, *body, last = keys[0].splitlines()
    keys.append("\n".join([first, body[0], body[1].swapcase(), last]))
    keys.append("not even PEM")
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(yaml.safe_dump(stack))

    report = report_of(path)

    assert report.startswith("Pulumi.test.yaml has 3 problems")
    at = "slipway:models[0].signature.publicKeys"
    assert f"{at}[1]\n      no key that signatures can be checked with: {why}" in report
    assert f"{at}[2]\n      no key that signatures can be checked with: its point is not on the curve" in report
    assert f"{at}[3]\n      each entry is one PEM block" in report
    assert pem.splitlines()[1] not in report


def test_a_kubeconfig_that_cannot_be_read_is_in_the_report(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.prod.yaml").read_text()
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text(text.replace("{type: key, key: kubeconfig}", f"{{type: file, path: {tmp_path}/none}}"))

    report = report_of(path)

    assert f'slipway:cluster.kubeconfig.path (is "{tmp_path}/none")' in report
    assert "cannot be read: No such file or directory" in report
    assert "slipway:registryPassword is not set" in report


def test_a_missing_secret_is_told_with_the_command_that_sets_it() -> None:
    report = report_of(ROOT / "Pulumi.prod.yaml")

    for key in ("kubeconfig", "registryUsername", "registryPassword"):
        assert f"pulumi config set --secret slipway:{key}" in report


def test_a_secret_written_as_plain_text_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.prod.yaml").read_text()
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text(text + "  slipway:registryPassword: canary-in-plain-text\n")

    report = report_of(path, "slipway:kubeconfig")

    assert "the value of slipway:registryPassword is plain text" in report
    assert "canary" not in report


def test_a_misspelt_namespace_is_told(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text((DATA / "valid-smallest.yaml").read_text() + "  slipwy:security: {namespace: llm}\n")

    assert "slipwy:security\n      no such namespace" in report_of(path)


def test_sections_are_those_of_the_spec() -> None:
    assert set(SECTIONS) == {
        "cluster",
        "nodePools",
        "models",
        "storage",
        "registry",
        "loading",
        "monitoring",
        "security",
    }
