"""Whether a tree is what the owner of a trusted key signed: every file, and no file more."""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from .deadline import Deadline
from .errors import SignatureError
from .modelsigning import signed_files
from .plan import TreeCheck
from .publickey import PublicKey
from .signatureoptions import SignatureOptions
from .trustedkeys import BUNDLE_LIMIT_BYTES, read_keys, read_option

READ_BYTES: Final = 1024 * 1024
"""Most of a file that is in memory at a time."""


class SignatureCheck:
    """Checks trees against signatures by ``model-signing`` (see ``modelsigning``).

    Args:
        options: where the signature is.
        keys: trusted keys; any one of them is enough.
        deadline: ends the reading of a large tree.

    Raises:
        UsageError: a signature beside the tree cannot be read.
    """

    def __init__(self, options: SignatureOptions, keys: Sequence[PublicKey], deadline: Deadline | None) -> None:
        self._options = options
        self._keys = keys
        self._deadline = deadline
        self._beside = None if options.file is None else read_option("--signature-file", options.file)

    @property
    def name(self) -> str:
        """Everything the verdict depends on beside the tree: keys, place, and a signature that is not in the tree."""
        keys = "+".join(sorted(key.fingerprint for key in self._keys))
        place = self._options.bundle if self._beside is None else f"sha256:{hashlib.sha256(self._beside).hexdigest()}"
        return f"model-signing {keys} {place} {'+'.join(sorted(self._options.generated))}".rstrip()

    def check(self, tree: Path) -> None:
        """Read every file of the tree once.

        Raises:
            SignatureError: no valid signature, or a file that is missing, changed or not signed.
        """
        own = set(self._options.generated)
        if self._beside is None:
            own.add(self._options.bundle)
            signed = signed_files(self._in_tree(tree), self._keys, self._options.bundle)
        else:
            signed = signed_files(self._beside, self._keys, str(self._options.file))
        found = {path for path in _files(tree) if path not in own}
        wanted = {path: digest for path, digest in signed.items() if path not in own}
        if missing := sorted(wanted.keys() - found):
            raise SignatureError(f"{_some(missing)}: signed, but not in the model; sign what the filters leave")
        if unsigned := sorted(found - wanted.keys()):
            raise SignatureError(
                f"{_some(unsigned)}: in the model, but not signed; sign everything (--no-ignore-git-paths too)"
            )
        for path, digest in sorted(wanted.items()):
            if self._digest(tree / path) != digest:
                raise SignatureError(f"{path!r}: not the bytes that were signed")

    def _in_tree(self, tree: Path) -> bytes:
        where = tree / self._options.bundle
        try:
            with where.open("rb") as file:
                data = file.read(BUNDLE_LIMIT_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise SignatureError(
                f"the model holds no signature {self._options.bundle!r}; sign it, or name the signature's place"
            ) from None
        if len(data) > BUNDLE_LIMIT_BYTES:
            raise SignatureError(f"{self._options.bundle}: longer than {BUNDLE_LIMIT_BYTES} bytes")
        return data

    def _digest(self, path: Path) -> str:
        digest = hashlib.sha256()
        with path.open("rb", buffering=0) as file:
            while piece := file.read(READ_BYTES):
                digest.update(piece)
                if self._deadline is not None:
                    self._deadline.check()
        return digest.hexdigest()


def _files(tree: Path) -> Iterator[str]:
    """Yield the path of everything below a directory that is no directory.

    Raises:
        SignatureError: something that is no file; no signature covers it.
    """
    for directory, names, files in os.walk(tree):
        for name in (*names, *files):
            path = Path(directory, name)
            where = path.relative_to(tree).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                yield where
            elif not stat.S_ISDIR(mode):
                raise SignatureError(f"{where!r}: neither a file nor a directory; the model is refused")


def _some(paths: list[str]) -> str:
    shown = ", ".join(repr(path) for path in paths[:3])
    return shown if len(paths) <= 3 else f"{shown} and {len(paths) - 3} more"  # noqa: PLR2004  # enough to find the rest


def tree_checks(options: SignatureOptions, deadline: Deadline | None = None) -> tuple[TreeCheck, ...]:
    """Return what every tree must pass; nothing if no key is trusted.

    The keys are read here, so a caller that loads again and again sees a rotated key by calling this again.

    Raises:
        UsageError: a key or a signature beside the tree cannot be read.
    """
    keys = read_keys(options.keys)
    return (SignatureCheck(options, keys, deadline),) if keys else ()
