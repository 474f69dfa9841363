"""The command line's half about whose signature a model must have."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from .errors import UnsafeError
from .paths import safe_file_path
from .sourceoptions import REGISTRY_KINDS

SignatureKind = Literal["model-signing", "cosign"]

BUNDLE: Final = "model.sig"
"""Where ``model_signing sign`` leaves a signature if nothing else is said."""

KITFILE: Final = "Kitfile"


@dataclass(frozen=True, kw_only=True, slots=True)
class SignatureOptions:
    """Whose signature is asked for; the meaning of each field is its option's help text.

    Attributes:
        kind: what was signed: the files, or the manifests they are unpacked from.
        keys: files of trusted keys; empty if no signature is asked for.
        bundle: path of the signature in the tree.
        file: the signature if it lies elsewhere.
        generated: files at the root that the loader writes itself, from what the version's digest covers.
    """

    kind: SignatureKind
    keys: tuple[Path, ...]
    bundle: str
    file: Path | None
    generated: frozenset[str]


def add_signature_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--signature-key", action="append", type=Path, default=[], help="PEM public key; any of several is enough")
    add(
        "--signature-kind",
        choices=get_args(SignatureKind),
        default="model-signing",
        help="model-signing: of the files; cosign: of the manifest, for modelkit and oci; model-signing",
    )
    add("--signature-bundle", default="", help=f"path of the signature below the model's directory; {BUNDLE}")
    add("--signature-file", type=Path, help="the signature, if it does not come with the model")


def signature_problems(raw: argparse.Namespace) -> Iterator[str]:
    """Yield what cannot be right."""
    if not raw.signature_key and (raw.signature_bundle or raw.signature_file):
        yield "--signature-bundle and --signature-file need a --signature-key to check with"
    if raw.signature_kind == "cosign":
        yield from _cosign_problems(raw)
    if raw.signature_bundle and raw.signature_file:
        yield "--signature-bundle and --signature-file exclude each other"
    try:
        safe_file_path(raw.signature_bundle or BUNDLE, "--signature-bundle")
    except UnsafeError as error:
        yield str(error)


def _cosign_problems(raw: argparse.Namespace) -> Iterator[str]:
    if not raw.signature_key:
        yield "--signature-kind cosign needs a --signature-key to check with"
    if raw.signature_bundle or raw.signature_file:
        yield "--signature-bundle and --signature-file do not work with --signature-kind cosign: it is in the registry"
    if raw.source not in REGISTRY_KINDS:
        yield f"--signature-kind cosign does not work with --source {raw.source}, which has no manifest"


def read_signature_options(raw: argparse.Namespace) -> SignatureOptions:
    """Return the options.

    A ModelKit's Kitfile is written by the loader from the kit's config, byte for byte unlike the one that was packed.
    """
    where = raw.signature_bundle or BUNDLE
    return SignatureOptions(
        kind=raw.signature_kind,
        keys=tuple(raw.signature_key),
        bundle="/".join(safe_file_path(where, "--signature-bundle")),
        file=raw.signature_file,
        generated=frozenset({KITFILE}) if raw.source == "modelkit" else frozenset[str](),
    )
