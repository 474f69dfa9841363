"""The list of models that a node cache keeps."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import jsonread
from .errors import AgentError, UnsupportedError, UsageError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_LIST_LIMIT_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One model of the list: its name, which is its directory's, and the agent's source arguments."""

    name: str
    args: tuple[str, ...]


def parse_list(data: bytes, where: str) -> tuple[Listed, ...]:
    """Parse ``[{"name": …, "args": […]}, …]``.

    Raises:
        UsageError: it is not that, or names a model twice.
    """
    if len(data) > _LIST_LIMIT_BYTES:
        raise UsageError(f"{where}: longer than {_LIST_LIMIT_BYTES} bytes")
    try:
        raw: object = json.loads(data)
        models = tuple(_listed(one, f"{where}[{index}]") for index, one in enumerate(jsonread.items(raw, where)))
    except (UnsupportedError, ValueError, RecursionError) as error:
        # What names a place in the list has the file's name already.
        told = str(error) if isinstance(error, UnsupportedError) else f"{where}: {error}"
        raise UsageError(f'{told}; write [{{"name": …, "args": […]}}, …]') from error
    names = [model.name for model in models]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"{where}: {', '.join(twice)} listed twice; every model needs a name of its own")
    return models


def _listed(value: object, where: str) -> Listed:
    raw = jsonread.mapping(value, where)
    name = jsonread.text(raw.get("name"), f"{where}.name")
    if not _NAME.fullmatch(name):
        raise UnsupportedError(f"{where}.name: {name!r} is not a plain file name")
    if unknown := sorted(raw.keys() - {"name", "args"}):
        raise UnsupportedError(f"{where}: unknown {', '.join(unknown)}")
    args = [jsonread.text(one, f"{where}.args") for one in jsonread.items(raw.get("args"), f"{where}.args")]
    return Listed(name=name, args=tuple(args))


class ListFile:
    """The file of the list, read again whenever its content changed.

    A ConfigMap volume is updated by swapping a link (Kubernetes documentation, "ConfigMaps", "Mounted ConfigMaps are
    updated automatically"), so the file is opened by its name every time.

    Args:
        path: of the file.
        refused: told why a changed file is not used.
    """

    def __init__(self, path: Path, refused: Callable[[AgentError], None]) -> None:
        self._path = path
        self._refused = refused
        self._seen: bytes | None = None
        self._told = ""
        self._models: tuple[Listed, ...] = ()

    def read(self) -> Sequence[Listed]:
        """Return the list: what the file holds, or what it held while it could be used.

        Raises:
            UsageError: it never could.
        """
        first = self._seen is None
        try:
            data = self._path.read_bytes()
            if data != self._seen:
                self._models = parse_list(data, f"--models {self._path}")
                self._seen = data
            self._told = ""
        except OSError as error:
            self._refuse(UsageError(f"--models {self._path}: {error.strerror}"), first=first)
        except UsageError as error:
            self._refuse(error, first=first)
        return self._models

    def _refuse(self, error: UsageError, *, first: bool) -> None:
        if first:
            raise error
        if str(error) != self._told:
            self._told = str(error)
            self._refused(error)
