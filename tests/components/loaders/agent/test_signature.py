"""Whose model it is: trees with signatures by model-signing, and everything that must not pass for one."""

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

import pytest

from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import SignatureError, StoppedError
from components.loaders.agent.signature import tree_checks
from tests.components.loaders.agent.kits import noise
from tests.components.loaders.agent.signers import KEY, Change, Json, bundle_of, files_of, only, options, public_pem

SIGNED: Final = Path(__file__).with_name("signed")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The trusted public key."""
    path = tmp_path / "key.pub"
    path.write_bytes(public_pem(KEY))
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A model without a signature."""
    root = tmp_path / "tree"
    (root / "weights").mkdir(parents=True)
    (root / "config.json").write_text("{}")
    (root / "weights/a.bin").write_bytes(noise(3_000_000))
    (root / "weights/b.bin").write_bytes(b"")
    return root


def sign(tree: Path, **changes: Change) -> None:
    """Leave a signature in the tree."""
    (tree / "model.sig").write_bytes(bundle_of(files_of(tree, "model.sig"), KEY, **changes))


@pytest.mark.parametrize("curve", ["p256", "p384", "p521"])
def test_signatures_of_the_real_package(tmp_path: Path, curve: str) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(SIGNED / "model", tree)
    shutil.copyfile(SIGNED / f"{curve}.sig", tree / "model.sig")
    check = only(tree_checks(options(SIGNED / f"{curve}.pub")))

    check.check(tree)

    (tree / "weights/part-1.bin").write_bytes(b"other")
    with pytest.raises(SignatureError, match=r"weights/part-1\.bin.*not the bytes"):
        check.check(tree)


@pytest.mark.parametrize("curve", ["p256", "p384", "p521"])
def test_other_keys_do_not_verify_the_real_package(tmp_path: Path, key: Path, curve: str) -> None:
    others = [SIGNED / f"{name}.pub" for name in ("p256", "p384", "p521") if name != curve]
    tree = tmp_path / "tree"
    shutil.copytree(SIGNED / "model", tree)

    with pytest.raises(SignatureError, match="none of the trusted keys"):
        only(tree_checks(options(*others, key, file=SIGNED / f"{curve}.sig"))).check(tree)


def test_any_of_several_keys_is_enough(tree: Path, key: Path) -> None:
    sign(tree)

    only(tree_checks(options(SIGNED / "p384.pub", key))).check(tree)


def test_signature_beside_the_model(tree: Path, key: Path, tmp_path: Path) -> None:
    where = tmp_path / "elsewhere.sig"
    where.write_bytes(bundle_of(files_of(tree), KEY))
    check = only(tree_checks(options(key, file=where)))

    check.check(tree)

    where.write_bytes(bundle_of(files_of(tree), KEY))  # ECDSA is random: another signature of the same
    assert only(tree_checks(options(key, file=where))).name != check.name


def test_no_key_no_check() -> None:
    assert tree_checks(options()) == ()


def _tamper(tree: Path) -> None:
    (tree / "weights/a.bin").write_bytes(noise(3_000_000)[:-1] + b"!")


def _extra(tree: Path) -> None:
    (tree / "weights/evil.py").write_text("")


def _hidden(tree: Path) -> None:
    (tree / ".git").mkdir()
    (tree / ".git/config").write_text("")


def _missing(tree: Path) -> None:
    (tree / "config.json").unlink()


def _link(tree: Path) -> None:
    (tree / "config.json").unlink()
    (tree / "config.json").symlink_to("/etc/passwd")


def _linked_directory(tree: Path) -> None:
    (tree / "more").symlink_to(tree / "weights")


def _unsigned(tree: Path) -> None:
    (tree / "model.sig").unlink()


def _kitfile(tree: Path) -> None:
    (tree / "Kitfile").write_text("")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (_tamper, r"a\.bin.*not the bytes"),
        (_extra, r"evil\.py.*not signed"),
        (_hidden, r"\.git/config.*not signed"),
        (_missing, r"config\.json.*not in the model"),
        (_link, "neither a file nor a directory"),
        (_linked_directory, "neither a file nor a directory"),
        (_unsigned, "holds no signature"),
        (_kitfile, "Kitfile.*not signed"),
    ],
)
def test_changed_trees_are_refused(tree: Path, key: Path, damage: Callable[[Path], None], why: str) -> None:
    sign(tree)
    check = only(tree_checks(options(key)))
    check.check(tree)

    damage(tree)

    with pytest.raises(SignatureError, match=why):
        check.check(tree)


def test_kitfile_of_the_loader_needs_no_signature(tree: Path, key: Path) -> None:
    sign(tree)
    (tree / "Kitfile").write_text("written by the loader")
    check = only(tree_checks(options(key, generated=("Kitfile",))))

    check.check(tree)

    (tree / "weights/Kitfile").write_text("not by the loader")
    with pytest.raises(SignatureError, match=r"weights/Kitfile.*not signed"):
        check.check(tree)


def test_kitfile_that_was_signed_may_be_written_anew(tree: Path, key: Path) -> None:
    (tree / "Kitfile").write_text("as packed")
    sign(tree)

    (tree / "Kitfile").write_text("as written by the loader")

    only(tree_checks(options(key, generated=("Kitfile",)))).check(tree)


def _envelope(bundle: Json) -> Json:
    return cast("Json", bundle["dsseEnvelope"])


def _predicate(statement: Json) -> Json:
    return cast("Json", statement["predicate"])


def _resources(statement: Json) -> list[Json]:
    return cast("list[Json]", _predicate(statement)["resources"])


def _payload(change: Change) -> Change:
    """Change what is said after it was signed."""

    def apply(bundle: Json) -> None:
        said = json.loads(base64.b64decode(str(_envelope(bundle)["payload"])))
        change(said)
        _envelope(bundle)["payload"] = base64.b64encode(json.dumps(said).encode()).decode()

    return apply


KEYLESS: Final[Json] = {"certificate": {"rawBytes": "AAAA"}}


BUNDLES: Final[list[tuple[Change, str]]] = [
    (lambda b: b.update(mediaType="application/vnd.dev.sigstore.bundle.v0.2+json"), "media type"),
    (lambda b: b.update(verificationMaterial=KEYLESS), "signed with a certificate"),
    (lambda b: b.update(verificationMaterial={"x509CertificateChain": {}}), "signed with a certificate"),
    (lambda b: b.update(verificationMaterial=[]), "expected an object"),
    (lambda b: b.pop("dsseEnvelope"), "payload type None"),
    (lambda b: _envelope(b).update(payloadType="text/plain"), "payload type"),
    (lambda b: _envelope(b).update(signatures=[]), "0 signatures"),
    (lambda b: _envelope(b).update(signatures=[{"sig": ""}] * 2), "2 signatures"),
    (lambda b: _envelope(b).update(signatures=[{"sig": "!"}]), "not base64"),
    (lambda b: _envelope(b).update(signatures=[{"sig": "ünï"}]), "not base64"),
    (lambda b: _envelope(b).update(signatures=[{"sig": ""}]), "none of the trusted keys"),
    (lambda b: _envelope(b).update(signatures=["x"]), "expected an object"),
    (_payload(lambda s: _resources(s).clear()), "none of the trusted keys"),
    (_payload(lambda _: None), "none of the trusted keys"),  # the same said in other bytes
]


@pytest.mark.parametrize(("change", "why"), BUNDLES)
def test_bundles_changed_after_signing(tree: Path, key: Path, change: Change, why: str) -> None:
    sign(tree, bundle=change)

    with pytest.raises(SignatureError, match=why):
        only(tree_checks(options(key))).check(tree)


STATEMENTS: Final[list[tuple[Change, str]]] = [
    (lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"), "statement and predicate"),
    (lambda s: s.update(predicateType="https://slsa.dev/provenance/v1"), "statement and predicate"),
    (lambda s: s.update(predicateType="https://model_signing/Digests/v0.1"), "statement and predicate"),
    (lambda s: s.update(subject=[]), "subject names"),
    (lambda s: s.update(subject=[{"name": "m", "digest": {"sha256": "00"}}]), "subject names"),
    (lambda s: s.update(predicate=None), "only whole files"),
    (lambda s: _predicate(s).update(serialization={"method": "shards", "hash_type": "sha256"}), "shards"),
    (lambda s: _predicate(s).update(serialization={"method": "files", "hash_type": "blake3"}), "blake3"),
    (lambda s: _resources(s)[0].update(algorithm="md5"), "no sha256 digest"),
    (lambda s: _resources(s)[0].update(digest="00"), "no sha256 digest"),
    (lambda s: _resources(s)[0].update(name="../evil"), "climbs"),
    (lambda s: _resources(s)[0].update(name="/etc/passwd"), "absolute"),
    (lambda s: _resources(s)[0].update(name="."), "the directory itself"),
    (lambda s: _resources(s).append(dict(_resources(s)[0])), "twice"),
    (lambda s: _resources(s).reverse(), "subject names"),
]


@pytest.mark.parametrize(("change", "why"), STATEMENTS)
def test_statements_of_another_kind(tree: Path, key: Path, change: Change, why: str) -> None:
    sign(tree, statement=change)

    with pytest.raises(SignatureError, match=why):
        only(tree_checks(options(key))).check(tree)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_files_that_are_no_bundle(tree: Path, key: Path, data: bytes) -> None:
    (tree / "model.sig").write_bytes(data)

    with pytest.raises(SignatureError):
        only(tree_checks(options(key))).check(tree)


def test_paths_ignored_by_the_signer_are_not_ignored_here(tree: Path, key: Path) -> None:
    sign(tree, statement=lambda s: cast("Json", _predicate(s)["serialization"]).update(ignore_paths=["code"]))
    (tree / "code").mkdir()
    (tree / "code/evil.py").write_text("")

    with pytest.raises(SignatureError, match=r"code/evil\.py.*not signed"):
        only(tree_checks(options(key))).check(tree)


def test_request_to_stop_ends_the_reading(tree: Path, key: Path) -> None:
    sign(tree)
    deadline = Deadline(60)
    check = only(tree_checks(options(key), deadline))
    deadline.stop("SIGTERM")

    with pytest.raises(StoppedError):
        check.check(tree)


def test_name_holds_what_the_verdict_depends_on(key: Path) -> None:
    one = only(tree_checks(options(key))).name

    assert only(tree_checks(options(key, SIGNED / "p384.pub"))).name != one
    assert only(tree_checks(options(key, bundle="other.sig"))).name != one
    assert only(tree_checks(options(key, generated=("Kitfile",)))).name != one
    assert only(tree_checks(options(key))).name == one
    two = (key, SIGNED / "p384.pub")
    assert only(tree_checks(options(*two))).name == only(tree_checks(options(*reversed(two)))).name
