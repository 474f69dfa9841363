"""A LoRA adapter in a running vLLM. Base weights cannot be changed there: another base model needs new pods.

Facts, from vllm-project/vllm at 00153c8 (``entrypoints/openai/models/serving.py``), pull requests 31326 and 36373:
``POST /v1/load_lora_adapter`` exists with ``VLLM_ALLOW_RUNTIME_LORA_UPDATING=True``; ``load_inplace`` (since January
2026) replaces an adapter of the same name, and loads the new one before it lets go of the old one. ``GET /v1/models``
lists an adapter with the path it came from as ``root``. Adapters that had to leave memory are read again from that
path, so it must be the version's own directory, which never changes, and not the link to the current one. Some releases
keep ``load_inplace`` with the adapter and read it from disk again for every request (issue 33791): correct, but slow.
"""

from typing import Final

from . import jsonread
from .adapter import Swap, Version
from .deadline import Deadline
from .errors import NetworkError, RuntimeRefusedError, UnsupportedError
from .logs import Log
from .runtimecall import Answer, RuntimeClient, UnansweredError, until

_HINT: Final = "is VLLM_ALLOW_RUNTIME_LORA_UPDATING=True set, and is the version new enough for the way of swapping?"


class VllmLoraAdapter:
    """Tells a vLLM that sees the store's volume.

    Args:
        client: reaches its OpenAI endpoint.
        model: name of the adapter, which clients ask for.
        root: where the server sees the directory that holds the link; empty for the same place.
        subpath: directory of a version that holds ``adapter_config.json``.
        swap: ``in-place`` has no gap; ``reload`` unloads first, which has one.
        log: told about waiting.
    """

    def __init__(  # each is one fact about the server
        self, client: RuntimeClient, model: str, *, root: str, subpath: str, swap: Swap, log: Log
    ) -> None:
        self._client = client
        self._model = model
        self._root = root.rstrip("/")
        self._subpath = subpath
        self._swap = swap
        self._log = log

    def prepare(self, version: Version) -> None:
        """Do nothing: the server is asked to load, it finds nothing by itself."""

    def apply(self, version: Version, previous: Version | None, deadline: Deadline) -> None:
        """Have it loaded under its name and see its path listed.

        Raises:
            RuntimeRefusedError: it could not be loaded; the previous one was loaded again.
            NetworkError: no answer until the deadline.
        """
        try:
            self._serve(self._path(version), deadline)
        except RuntimeRefusedError as error:
            if previous is None or previous.key == version.key:
                raise
            # A worker may have it and another not; loading the old one makes them equal again.
            self._log.warning("put-back", model=self._model, why=str(error))
            self._load(self._path(previous), deadline)
            self._serve(self._path(previous), deadline)
            raise

    def retire(self, version: Version, deadline: Deadline) -> None:
        """Do nothing: a replaced adapter's path is not read any more."""

    def _path(self, version: Version) -> str:
        here = version.path / self._subpath
        if not self._root:
            return str(here)
        return f"{self._root}/{here.relative_to(version.link.parent).as_posix()}"

    def _serve(self, path: str, deadline: Deadline) -> None:
        def attempt() -> bool | str:
            if self._listed(deadline) == path:
                return True
            try:
                self._load(path, deadline)
            except UnansweredError as error:
                return str(error)
            found = self._listed(deadline)
            return True if found == path else f"after the load it lists {found or 'nothing'}"

        until(f"vllm {self._model}", attempt, deadline, self._log)

    def _load(self, path: str, deadline: Deadline) -> None:
        body: dict[str, object] = {"lora_name": self._model, "lora_path": path}
        if self._swap == "in-place":
            body["load_inplace"] = True
        elif self._listed(deadline):
            self._said_yes(self._client.post("/v1/unload_lora_adapter", {"lora_name": self._model}, deadline))
        self._said_yes(self._client.post("/v1/load_lora_adapter", body, deadline))

    def _said_yes(self, answer: Answer) -> None:
        if answer.status in {502, 503}:
            raise NetworkError(answer.said())
        if not answer.ok:
            raise answer.refused(f"vllm {self._model}", _HINT)

    def _listed(self, deadline: Deadline) -> str:
        answer = self._client.get("/v1/models", deadline)
        if not answer.ok:
            raise NetworkError(answer.said())
        try:
            cards = [jsonread.mapping(raw, "models") for raw in jsonread.items(answer.mapping().get("data"), "models")]
        except UnsupportedError as error:
            raise NetworkError(str(error)) from error
        return next((str(card.get("root")) for card in cards if card.get("id") == self._model), "")
