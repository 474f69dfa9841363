"""Stand-in for Triton in explicit mode, with the times it compares (see ``triton.py`` of the agent for the sources)."""

from pathlib import Path

from tests.components.loaders.agent.standins import Reply, Request, StandIn, UnloadableError, tags_of


def _own_time(path: Path, *, changes: bool) -> int:
    state = path.stat()
    return max(state.st_mtime_ns, state.st_ctime_ns if changes else 0)


def _time(path: Path, *, changes: bool) -> int:
    newest = _own_time(path, changes=changes)
    return max([newest, *(_time(child, changes=changes) for child in path.iterdir())]) if path.is_dir() else newest


class TritonStandIn(StandIn):
    """Serves one model of a repository.

    Attributes:
        served: by version number, tags of configuration and weights.
        states: what the next requests for the index say of the model, before the truth.
        dies: loads during which it goes away.
        cuts: loads whose answer is cut off.
        sees_changes: whether it compares times of change too, as it does since 2025, or only those of modification.
        restricted: value that the header ``X-Key`` must have; empty for none.
    """

    kind = "triton"

    def __init__(self, repository: Path, model: str) -> None:
        super().__init__()
        self.repository = repository
        self.model = model
        self.served: dict[str, tuple[str, str]] = {}
        self.times: dict[str, int] = {}
        self.states: list[str] = []
        self.dies = 0
        self.restricted = ""
        self.cuts = 0
        self.sees_changes = True

    @property
    def serving(self) -> set[str]:
        """Tags in use."""
        return {tag for pair in self.served.values() for tag in pair}

    def boot(self) -> None:
        """Forget everything and load what ``--load-model`` names."""
        self.served, self.times = {}, {}
        self._load()

    def reply(self, request: Request) -> Reply | None:
        """Answer as the model repository extension says."""
        if self.restricted and request.headers.get("X-Key") != self.restricted:
            return 403, {"error": "This API is restricted"}
        if request.path == f"/v2/repository/models/{self.model}/load":
            return self._load_request()
        if request.path == "/v2/repository/index":
            return self._index()
        ready = request.path == f"/v2/models/{self.model}/ready" and self.served
        return (200, {}) if ready else (400, {})

    def _load_request(self) -> Reply | None:
        if self.dies:
            self.dies -= 1
            self.die()
            return None
        problem = self._load()
        if self.cuts:
            self.cuts -= 1
            return None
        return (400, {"error": problem}) if problem else (200, {})

    def _index(self) -> Reply:
        for child in self.repository.iterdir():
            if not child.exists():
                return 500, {"error": f"failed to stat file {child}"}
        if self.states:
            return 200, [{"name": self.model, "version": "1", "state": self.states.pop(0), "reason": ""}]
        names = sorted(child.name for child in self.repository.iterdir() if child.is_dir())
        ready = [{"name": self.model, "version": number, "state": "READY"} for number in self.served]
        return 200, [*ready, *({"name": name} for name in names if name != self.model or not ready)]

    def _load(self) -> str:
        root = self.repository / self.model
        if not root.is_dir():
            return "failed to poll from model repository"
        times = {child.name: _time(child, changes=self.sees_changes) for child in root.iterdir()}
        times[""] = _own_time(root, changes=self.sees_changes)
        if max(times.values()) <= max(self.times.values(), default=0):
            return ""  # 200, and nothing happens
        try:
            served = {child.name: self._read(root, child, times) for child in root.iterdir() if child.name.isdigit()}
        except UnloadableError as error:
            return str(error)
        if not served:
            return "no version is available"
        self.served, self.times = served, times
        return ""

    def _read(self, root: Path, version: Path, times: dict[str, int]) -> tuple[str, str]:
        config = (root / "config.pbtxt").read_text().partition(" ")[0]
        if version.name in self.served and times[version.name] <= self.times.get(version.name, 0):
            return config, self.served[version.name][1]  # the configuration is updated, the weights stay
        self.loads += 1
        (weights,) = tags_of(version)
        return config, weights
