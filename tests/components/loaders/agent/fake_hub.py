"""A stand-in for a Hugging Face hub on loopback, made of the stand-in for a web server."""

import hashlib
import json
import re
from dataclasses import dataclass, field

from tests.components.loaders.agent.fake_web import FakeWeb


@dataclass
class FakeHub(FakeWeb):
    """A stand-in for a Hugging Face hub: paged listings, branches, files by commit, ``X-Error-Code``.

    What it does was compared with what huggingface_hub 2.4.0 expects of the hub.

    Attributes:
        commits: content of every file by path, by commit.
        branches: commit of every branch.
        large: paths kept in LFS; served by ``redirect_to`` if that is set.
        page: entries a page of a listing has.
        gated: whether a wrong token is refused with 403 and ``GatedRepo``.
        link_base: address the next page is given with; another for a mirror that passes on its origin's.
        extra: entries that listings have besides.
    """

    repository: str = "team/tiny"
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])
    branches: dict[str, str] = field(default_factory=dict[str, str])
    large: set[str] = field(default_factory=set[str])
    page: int = 3
    gated: bool = False
    link_base: str = ""
    extra: list[dict[str, object]] = field(default_factory=list[dict[str, object]])

    def add(self, commit: str, files: dict[str, bytes], *branches: str) -> str:
        """Store a commit and let branches point at it."""
        self.commits[commit] = files
        for path, data in files.items():
            self.files[f"{commit}/{path}"] = data
        self.branches.update(dict.fromkeys(branches, commit))
        return commit

    def refuse(self, path: str, authorization: str) -> tuple[int, dict[str, str]] | None:
        """As the hub: 401 without a good token, 403 for a gated model."""
        del path
        if not self.token or authorization == f"Bearer {self.token}":
            return None
        if self.gated and authorization:
            return 403, {"X-Error-Code": "GatedRepo", "X-Error-Message": "ask for access"}
        return 401, {"X-Error-Code": "GatedRepo" if self.gated else "RepoNotFound"}

    def document(self, path: str, query: dict[str, list[str]]) -> tuple[bytes, dict[str, str]] | None:
        """Answer the two questions of the API."""
        api = f"/api/models/{self.repository}"
        if match := re.fullmatch(rf"{re.escape(api)}/revision/(.+)", path):
            commit = self.branches.get(match[1], match[1])
            return (json.dumps({"id": self.repository, "sha": commit}).encode(), {}) if commit in self.commits else None
        match = re.fullmatch(rf"{re.escape(api)}/tree/([^/]+)", path)
        if match is None or match[1] not in self.commits:
            return None
        start = int(query.get("cursor", ["0"])[0])
        entries = self._entries(self.commits[match[1]])
        headers: dict[str, str] = {}
        if start + self.page < len(entries):
            more = f"{self.link_base or self.base}{path}?recursive=true&cursor={start + self.page}"
            headers["Link"] = f'<{more}>; rel="next"'
        return json.dumps(entries[start : start + self.page]).encode(), headers

    def _entries(self, files: dict[str, bytes]) -> list[dict[str, object]]:
        entries: list[dict[str, object]] = []
        for path, data in files.items():
            git = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
            entry: dict[str, object] = {"type": "file", "oid": git, "size": len(data), "path": path}
            if path in self.large:
                pointer = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
                entry |= {"oid": "0" * 40, "lfs": pointer, "xetHash": "1" * 64}
            entries.append(entry)
        folders: set[str] = {path.rpartition("/")[0] for path in files} - {""}
        for path in sorted(folders):
            entries.append({"type": "directory", "oid": "2" * 40, "size": 0, "path": path})  # noqa: PERF401  # typed so
        return entries + self.extra

    def file_of(self, path: str) -> str:
        """Return the file behind ``/{repository}/resolve/{commit}/{path}``."""
        match = re.fullmatch(rf"/{re.escape(self.repository)}/resolve/([^/]+)/(.+)", path)
        return f"{self.branches.get(match[1], match[1])}/{match[2]}" if match else path

    def is_elsewhere(self, name: str) -> bool:
        """Return whether a file is kept in LFS."""
        return name.partition("/")[2] in self.large

    def told(self, name: str, data: bytes) -> dict[str, str]:
        """Tell the commit, and what a redirect leads to."""
        commit, _, path = name.partition("/")
        headers = {"X-Repo-Commit": commit}
        if path in self.large:
            etag = f'"{hashlib.sha256(data).hexdigest()}"'
            headers |= {"X-Linked-ETag": etag, "X-Linked-Size": str(len(data))}
        return headers

    def missing(self, path: str) -> dict[str, str]:
        """Say what is missing."""
        if f"/{self.repository}/" not in path:
            return {"X-Error-Code": "RepoNotFound"}
        return {"X-Error-Code": "EntryNotFound" if "/resolve/" in path else "RevisionNotFound"}
