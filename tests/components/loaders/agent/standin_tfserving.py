"""Stand-in for TensorFlow Serving: versions by number, states, no number twice (sources: ``tfserving.py``)."""

from pathlib import Path

from tests.components.loaders.agent.standins import Reply, Request, StandIn, UnloadableError, tags_of


class TfServingStandIn(StandIn):
    """Looks at its base path before every answer, as the real one does every second.

    Attributes:
        slow: answers for which a new version stays LOADING.
    """

    kind = "tf-serving"

    def __init__(self, base: Path, model: str) -> None:
        super().__init__()
        self.base = base
        self.model = model
        self.slow = 0
        self.available: tuple[int, str] | None = None
        self.managed: dict[int, str] = {}
        self._left = 0

    @property
    def serving(self) -> set[str]:
        """Tag in use."""
        return {self.available[1]} if self.available else set()

    def boot(self) -> None:
        """Forget everything and look at the base path."""
        self.available, self.managed, self._left = None, {}, 0
        self._poll()

    def reply(self, request: Request) -> Reply | None:
        """Answer as the REST API says."""
        self._poll()
        prefix = f"/v1/models/{self.model}/versions/"
        number, _, rest = request.path.removeprefix(prefix).partition("/")
        if not request.path.startswith(prefix) or int(number) not in self.managed:
            return 404, {"error": f"Could not find version {number} of model {self.model}"}
        state = self.managed[int(number)]
        if rest == "metadata":
            return (200, {"metadata": {}}) if state == "AVAILABLE" else (404, {"error": "Servable not found"})
        status = {"error_code": "UNKNOWN", "error_message": "cannot load"} if state == "END" else {"error_code": "OK"}
        return 200, {"model_version_status": [{"version": number, "state": state, "status": status}]}

    def _poll(self) -> None:
        numbers = [int(child.name) for child in self.base.iterdir() if child.name.isdigit()]
        highest = max(numbers, default=0)
        if not highest or self.managed.get(highest, "LOADING") != "LOADING":
            return  # known already, even if it failed or was unloaded
        if highest not in self.managed:
            self.managed[highest], self._left = "LOADING", self.slow
        if self._left:
            self._left -= 1
            return
        self.loads += 1
        try:
            (tag,) = tags_of(self.base / str(highest))
        except UnloadableError:
            self.managed[highest] = "END"
            return
        if self.available:
            self.managed.pop(self.available[0])
        self.managed[highest], self.available = "AVAILABLE", (highest, tag)
