"""Sends manifests to a real API server, strictly: an unknown or doubled field is an error."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from rehearsal.toolchain.tools import find_tool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from components.objects import Manifest

_TIMEOUT_SECONDS = 120


class Refused(Exception):  # noqa: N818 - what the API server did, not what went wrong in the test
    """The API server refused an object; the text is its own."""


class Kubectl:
    """One cluster and one namespace of it.

    Attributes:
        namespace: every namespaced object is moved into it.
    """

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self.namespace = namespace
        self._kubeconfig = kubeconfig
        self._command = [str(find_tool("kubectl")), "--kubeconfig", str(kubeconfig)]

    def at(self, namespace: str) -> Kubectl:
        """Return the same cluster and another namespace."""
        return Kubectl(self._kubeconfig, namespace)

    def run(self, *args: str, document: Any = None) -> str:  # noqa: ANN401 - any JSON value
        """Run kubectl, with ``document`` on its standard input, and return what it prints.

        Raises:
            Refused: it ended with an error.
        """
        text = None if document is None else json.dumps(document)
        done = subprocess.run(
            [*self._command, *args], input=text, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
        if done.returncode != 0:
            raise Refused(done.stderr.strip())
        return done.stdout

    def try_out(self, manifests: Sequence[Manifest]) -> str:
        """Let the API server admit, default and validate every object, and keep none.

        Raises:
            Refused: one of them was refused; the text names each.
        """
        items = [self.moved(manifest) for manifest in manifests]
        whole = {"apiVersion": "v1", "kind": "List", "items": items}
        return self.run("create", "--dry-run=server", "--validate=strict", "-f", "-", document=whole)

    def create(self, manifests: Sequence[Manifest], *flags: str) -> list[dict[str, Any]]:
        """Create objects as they are, with one command, and return what the API server made of each, in order.

        Raises:
            Refused: one of them was refused; the text names each.
        """
        whole = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        text = self.run("create", *flags, "-o", "json", "-f", "-", document=whole)
        found: list[dict[str, Any]] = []
        while text := text.strip():  # one document behind the other
            document, end = json.JSONDecoder().raw_decode(text)
            found.append(document)
            text = text[end:]
        assert len(found) == len(manifests)
        return found

    def kept(self, manifests: Sequence[Manifest]) -> list[dict[str, Any]]:
        """Return what the API server, as strict as in ``try_out``, would keep of each object.

        Raises:
            Refused: one of them was refused; the text names each.
        """
        return self.create([self.moved(one) for one in manifests], "--dry-run=server", "--validate=strict")

    def moved(self, manifest: Manifest) -> Manifest:
        """Return a namespaced object as one of this namespace."""
        return {**manifest, "metadata": {**manifest["metadata"], "namespace": self.namespace}}
