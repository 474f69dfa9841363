"""A Hugging Face hub or a mirror of it as a source.

What is relied on, read in huggingface_hub 2.4.0 (PyPI), whose author runs the hub:

* ``GET /api/models/{repo}/tree/{revision}?recursive=true`` lists files with ``path``, ``size``, ``oid`` (the git blob's
  name) and, for large files, ``lfs.oid`` (sha256) and ``lfs.size``; 1000 entries a page, the next one under
  ``Link: <…>; rel="next"`` with a cursor (``hf_api.py``, ``RepoFile``, ``list_repo_tree``; ``utils/_pagination.py``).
* ``GET /api/models/{repo}/revision/{branch}`` tells the commit as ``sha`` (``hf_api.py``, ``model_info``).
* ``GET /{repo}/resolve/{revision}/{path}`` serves a file or redirects to where it is stored, which gets no token
  (``file_download.py``, ``hf_hub_url`` and ``_get_metadata_or_catch_error``).
* Refusals say why in ``X-Error-Code``; 401 also stands for "no such model" (``utils/_http.py``).

A client that does not speak Xet gets Xet-backed files whole from the same address, and they keep their LFS pointers, so
``lfs.oid`` is the sha256 of their bytes (Hub documentation, "Backward Compatibility with LFS").
"""

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from . import jsonread
from .blob import identity
from .deadline import Deadline
from .errors import AgentError, AuthError, NotFoundError, UnsafeError, UnsupportedError, UsageError
from .filelist import selects
from .hfreference import MAIN, HuggingFaceReference
from .paths import safe_file_path
from .plan import Latest, Layer, Plan
from .transport import Response, place
from .web import Web, WebBlob

DEFAULT_ENDPOINT: Final = "https://huggingface.co"

_PAGE_LIMIT_BYTES: Final = 16 * 1024 * 1024
_PAGE_LIMIT: Final = 1000  # a million files
_LEFT_OUT: Final = ".gitattributes"  # of git, not of the model
_NEXT: Final = re.compile(r'<(?P<url>[^<>]*)>\s*;[^,]*\brel="?next\b')
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404


class HuggingFaceSource:
    """Loads the files of one commit.

    Args:
        web: the hub.
        reference: model and commit.
        filters: patterns of which a path must match one; empty for all.
    """

    def __init__(self, web: Web, reference: HuggingFaceReference, filters: tuple[str, ...]) -> None:
        self._web = web
        self._reference = reference
        self._filters = filters

    @property
    def key(self) -> str:
        """Name in the store, from repository, commit and selection."""
        return self._reference.key(self._filters)

    def plan(self) -> Plan:
        """List the commit's files.

        Raises:
            UnsupportedError: the listing is none, or a file has no digest.
            UnsafeError: a path that could leave the directory, or one twice.
            UsageError: the filters choose nothing.
        """
        layers: dict[tuple[str, ...], Layer] = {}
        for entry in self._files():
            layer = self._layer(entry)
            if layer.parts in layers:
                raise UnsafeError(
                    f"{self._reference}: path {layer.blob.name!r} is listed twice; the listing is refused"
                )
            layers[layer.parts] = layer
        chosen = [layer for layer in layers.values() if self._is_chosen(layer.blob.name)]
        if not chosen:
            raise UsageError(
                f"{self._reference}: none of {len(layers)} files matches --filter {' '.join(self._filters)}"
            )
        return Plan(layers=tuple(chosen))

    def _is_chosen(self, path: str) -> bool:
        return path != _LEFT_OUT and selects(self._filters, path)

    def _files(self) -> list[Mapping[str, object]]:
        tree = f"{self._web.base}/api/models/{self._reference.repository}/tree/{self._reference.commit}"
        query = "recursive=true"
        files: list[Mapping[str, object]] = []
        for _ in range(_PAGE_LIMIT):
            data, response = self._web.document(f"{tree}?{query}", f"files of {self._reference}", _PAGE_LIMIT_BYTES)
            entries = [jsonread.mapping(one, "listing") for one in jsonread.listing(data, f"listing of {place(tree)}")]
            files += [entry for entry in entries if entry.get("type") == "file"]
            # Only the cursor is taken: a mirror may pass on an address of the hub it mirrors.
            query = urlsplit(_next_page(response)).query
            if not query:
                return files
        raise UnsupportedError(f"{self._reference}: more than {_PAGE_LIMIT} pages of files")

    def _layer(self, entry: Mapping[str, object]) -> Layer:
        where = f"listing of {self._reference}"
        parts = safe_file_path(jsonread.text(entry.get("path"), where), where)
        path = "/".join(parts)
        large = jsonread.mapping(entry.get("lfs"), f"{where}, {path!r}")
        oid = jsonread.text((large or entry).get("oid"), f"{where}, {path!r}")
        form = _SHA256 if large else _COMMIT
        if not form.fullmatch(oid):
            raise UnsupportedError(f"{where}: {path!r} has no digest to check it with")
        digest = f"sha256:{oid}" if large else f"git-sha1:{oid}"
        blob = WebBlob(
            web=self._web,
            url=f"{self._web.base}/{self._reference.repository}/resolve/{self._reference.commit}/{quote(path)}",
            name=path,
            digest=digest,
            identity=oid if large else identity(digest),
            size=jsonread.count((large or entry).get("size"), f"{where}, {path!r}"),
        )
        return Layer(blob=blob, form="raw", compression="", parts=parts)


class HuggingFaceTracked:
    """A branch or tag, which may move.

    Args:
        web: gives the hub within a deadline.
        reference: model and branch; a commit in it is ignored.
        filters: as for ``HuggingFaceSource``.
    """

    def __init__(
        self, web: Callable[[Deadline], Web], reference: HuggingFaceReference, filters: tuple[str, ...]
    ) -> None:
        self._web = web
        self._reference = reference
        self._filters = filters

    def latest(self, token: str, deadline: Deadline) -> Latest | None:
        """Ask which commit the branch is at; the token is the commit. One attempt."""
        web = self._web(deadline)
        name = self._reference.branch or MAIN
        branch = quote(name, safe="")
        response = web.request(f"{web.base}/api/models/{self._reference.repository}/revision/{branch}", {})
        try:
            data = response.body(deadline, _PAGE_LIMIT_BYTES)
        finally:
            response.close()
        where = f"revision {self._reference.repository}:{name}"
        commit = jsonread.text(jsonread.document(data, where).get("sha"), where)
        if not _COMMIT.fullmatch(commit):
            raise UnsupportedError(f"{where}: the hub names no commit; is --endpoint a Hugging Face hub?")
        if commit == token:
            return None
        pinned = self._reference.pinned(commit)
        return Latest(source=HuggingFaceSource(web, pinned, self._filters), reference=str(pinned), token=commit)


def explain(response: Response, with_token: bool) -> AgentError | None:  # noqa: FBT001  # as ``web.Explain`` calls it
    """Say what a hub's refusal means."""
    where = f"{place(response.url)}: HTTP {response.status}"
    code = response.header("X-Error-Code")
    if response.status == _UNAUTHORIZED:
        if with_token:
            return AuthError(f"{where}; the hub does not take the token, renew it in the file of --credentials")
        return AuthError(
            f"{where}; the model does not exist, or is private or gated: check its name, and give a token of "
            "somebody who may read it with --credentials"
        )
    if response.status == _FORBIDDEN:
        if code == "GatedRepo":
            return AuthError(
                f"{where}; the model is gated: the token's owner has to ask for access on the model's page"
            )
        return AuthError(f"{where}; the token may not read this model, give one with read access to it")
    if response.status == _NOT_FOUND:
        lacks = {"RevisionNotFound": "this commit or branch", "EntryNotFound": "this file"}.get(code, "this model")
        return NotFoundError(f"{where}; the hub does not have {lacks}, check the reference")
    return None


def _next_page(response: Response) -> str:
    match = _NEXT.search(response.header("Link"))
    return match["url"] if match else ""
