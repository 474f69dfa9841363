"""Stand-ins for vLLM's LoRA endpoints, Docker Model Runner and a server with a hook of its own."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.components.loaders.agent.standins import Reply, Request, StandIn, UnloadableError, tags_of


class VllmStandIn(StandIn):
    """Serves one adapter; started with ``--lora-modules NAME=<link>``, as a restarted pod is.

    Attributes:
        knows_in_place: whether the release has ``load_inplace``.
        updating: whether ``VLLM_ALLOW_RUNTIME_LORA_UPDATING`` is set.
    """

    kind = "vllm-lora"

    def __init__(self, link: Path, model: str) -> None:
        super().__init__()
        self.link = link
        self.model = model
        self.knows_in_place = True
        self.updating = True
        self.adapters: dict[str, tuple[str, str]] = {}

    @property
    def serving(self) -> set[str]:
        """Tag in use."""
        return {tag for _, tag in self.adapters.values()}

    def boot(self) -> None:
        """Load the adapter of the command line."""
        self.adapters = {}
        if self.link.is_dir():
            self._load(self.model, str(self.link))

    def reply(self, request: Request) -> Reply | None:
        """Answer as the OpenAI server does."""
        name = str(request.body.get("lora_name"))
        match request.path:
            case "/v1/models":
                cards = [{"id": key, "root": root, "parent": "base"} for key, (root, _) in self.adapters.items()]
                return 200, {"object": "list", "data": [{"id": "base", "root": "/base"}, *cards]}
            case "/v1/load_lora_adapter" if self.updating:
                if name in self.adapters and not (self.knows_in_place and request.body.get("load_inplace")):
                    return 400, {"error": {"message": f"The lora adapter '{name}' has already been loaded."}}
                try:
                    self._load(name, str(request.body["lora_path"]))
                except (UnloadableError, OSError) as error:
                    return 500, {"error": {"message": str(error)}}
                return 200, b"Success"
            case "/v1/unload_lora_adapter" if self.updating:
                return (200, b"Success") if self.adapters.pop(name, None) else (404, {"error": "not found"})
            case _:
                return 404, {"detail": "Not Found"}

    def _load(self, name: str, path: str) -> None:
        self.loads += 1
        (tag,) = tags_of(Path(path))
        self.adapters[name] = (path, tag)


class ModelRunnerStandIn(StandIn):
    """Pulls by tag from a registry that is a dictionary.

    Attributes:
        registry: identity by reference, moved by the test.
        contents: tag of each identity, as the files have it.
    """

    kind = "docker-model-runner"

    def __init__(self, reference: str) -> None:
        super().__init__()
        self.reference = reference
        self.registry: dict[str, str] = {}
        self.contents: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.memory: set[str] = set()
        self.forever: set[str] = set()
        self.broken_pulls = 0

    @property
    def serving(self) -> set[str]:
        """Tag that a request by name gets; it is loaded if need be."""
        found = self.tags.get(self.reference, "")
        return {self.contents[found]} if found else set()

    def boot(self) -> None:
        """Keep the disk, lose the memory."""
        self.memory = set()

    def reply(self, request: Request) -> Reply | None:
        """Answer as the API of docker/model-runner does."""
        parts = urlsplit(request.path)
        path = unquote(parts.path)
        match path.split("/"):
            case ["", "models", "create"]:
                return self._pull(str(request.body["from"]))
            case ["", "models", identity, "tag"]:
                query = parse_qs(parts.query)
                self.tags[f"{query['repo'][0]}:{query['tag'][0]}"] = identity
                return 201, {"target": query}
            case ["", "models", *name]:
                found = self.tags.get("/".join(name))
                return (200, {"id": found}) if found else (404, {"error": "model not found"})
            case ["", "engines", "_configure"]:
                return self._configure(request.body)
            case ["", "engines", "v1", "chat", "completions"]:
                return self._preload(request)
            case _:
                return 404, {"error": path}

    def _pull(self, reference: str) -> Reply:
        if self.broken_pulls:
            self.broken_pulls -= 1
            return 200, b'{"type":"progress","message":"1 of 2"}\n{"type":"error","message":"no space left"}\n'
        self.tags[reference] = self.registry[reference]
        return 200, b'{"type":"success","message":"Model pulled successfully"}\n'

    def _configure(self, body: dict[str, Any]) -> Reply:
        if body["model"] in self.memory:
            return 409, {"error": "runner already active"}
        self.forever.add(str(body["model"]))
        return 202, {}

    def _preload(self, request: Request) -> Reply:
        identity = str(request.body["model"])
        if request.headers.get("X-Preload-Only") != "true":
            return 400, {"error": "this stand-in cannot chat"}
        if self.contents[identity].startswith("bad"):
            return 500, b"unable to load runner"
        if identity not in self.memory:
            self.loads += 1
            self.memory.add(identity)
        return 200, b""


class HookStandIn(StandIn):
    """A server that takes a path and says what it serves.

    Attributes:
        busy: answers 503 that many times.
        deaf: says yes and does nothing.
        fragile: loses what it has when it cannot load.
    """

    kind = "http"

    def __init__(self, link: Path) -> None:
        super().__init__()
        self.link = link
        self.busy = 0
        self.deaf = False
        self.fragile = False
        self.model: tuple[str, str] | None = None

    @property
    def serving(self) -> set[str]:
        """Tag in use."""
        return {self.model[1]} if self.model else set()

    def boot(self) -> None:
        """Load what is current."""
        self.model = None
        if self.link.is_dir():
            self._load(self.link.resolve())

    def reply(self, request: Request) -> Reply | None:
        """Load, or tell."""
        if self.busy:
            self.busy -= 1
            return 503, {"error": "busy"}
        if request.method == "GET":
            return 200, {"models": [{"path": self.model[0] if self.model else None}]}
        if self.deaf:
            return 200, {}
        try:
            self._load(Path(request.body["path"]))
        except (UnloadableError, OSError) as error:
            self.model = None if self.fragile else self.model
            return 422, {"error": str(error)}
        return 200, {}

    def _load(self, path: Path) -> None:
        self.loads += 1
        (tag,) = tags_of(path)
        self.model = (str(path), tag)
