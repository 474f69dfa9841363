"""The Python sources of the project, parsed once for every architecture test."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.stack_files import ROOT

PRODUCT = ("__main__.py", "stacks", "components", "policy", "rehearsal")


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file.

    Attributes:
        path: relative to the root of the project.
        text: contents.
        tree: parsed contents.
    """

    path: Path
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Dotted name, for instance ``stacks.spec.model``."""
        return ".".join(self.path.with_suffix("").parts)


@cache
def every_source() -> tuple[Source, ...]:
    """Return every Python file git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],  # noqa: S607 - git of the machine
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    paths = [Path(name) for name in listed if (ROOT / name).exists()]
    texts = {path: (ROOT / path).read_text() for path in paths}
    return tuple(Source(path, texts[path], ast.parse(texts[path], str(path))) for path in sorted(texts))


def product_sources() -> tuple[Source, ...]:
    """Return the sources that users run."""
    return tuple(source for source in every_source() if source.path.parts[0] in PRODUCT)


def imports_of(source: Source) -> set[str]:
    """Return the absolute dotted names a file imports, late imports included."""
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = source.module.split(".")[: -node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found
