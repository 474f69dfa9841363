"""Triton Inference Server in explicit model control: a new model directory, then a load request.

Facts, from triton-inference-server, core at 03f1b58 and 05295b7, server ``docs/user_guide/model_management.md``:

- A failed reload keeps the loaded model; a successful one replaces it without a gap. While a model loads or unloads,
  nobody may change its directory ("Modifying the Model Repository").
- A load request compares times: the latest modification or change time (``local.h``) of anything in the directory
  against that of the last load (``ModelTimestamp``). If it is not later, the answer is 200 and **nothing is loaded**;
  if it is later but that of a version's own directory is not, the old weights stay and only the configuration is
  updated (``model_lifecycle.cc``, AsyncLoad). Files keep their times in the store, so going back to an older version,
  or on to one that shares its weights, would silently keep the old model. Hence every switch shows new directories.
- Everything in the repository that is a directory counts as a model, and a dangling link fails the whole index
  (``GetDirectorySubdirs``). Hence directories and unfinished links lie outside of it.
- Endpoints open after the models of the start have been loaded (server ``src/main.cc``). Hence whoever gets an answer
  disturbs no load of the start.
"""

from pathlib import Path
from typing import Final

from . import jsonread
from .adapter import Version
from .deadline import Deadline
from .errors import NetworkError, RuntimeRefusedError, UnsupportedError, UsageError
from .load import disk_errors
from .logs import Log
from .runtimecall import RuntimeClient, UnansweredError, until
from .served import mirror, newest_ns, put_link, remove, scratch, text_of

_UNAVAILABLE: Final = 503
_UNAUTHORIZED: Final = frozenset({401, 403})
_TRIES: Final = 2
"""Loads after which a server that went away every time is taken for killed by the model."""


class TritonAdapter:
    """Tells a Triton server whose model repository lies on the store's volume.

    Args:
        client: reaches its HTTP endpoint.
        model: name of the model, and of its directory in the repository.
        repository: directory below the store's, the server's ``--model-repository``.
        subpath: the model's directory in a version.
        log: told about waiting.
    """

    def __init__(self, client: RuntimeClient, model: str, repository: str, subpath: str, log: Log) -> None:
        self._client = client
        self._model = model
        self._repository = repository
        self._subpath = subpath
        self._log = log

    def prepare(self, version: Version) -> None:
        """Make the version the repository's, unless it is."""
        if self._shows(version):
            return
        link = self._link(version)
        if link.exists() and not link.is_symlink():
            raise UsageError(f"{link} is not the loader's link; move it away")
        with disk_errors():
            work = self._work(version)
            link.parent.mkdir(parents=True, exist_ok=True)
            entry = self._new_entry(version, work)
            mirror(version.path / self._subpath, entry, max(map(newest_ns, work.iterdir()), default=0))
            self._log.step("entry-made", path=str(entry))
            put_link(link, entry, work)
        self._log.step("entry-shown", path=str(entry))

    def apply(self, version: Version, previous: Version | None, deadline: Deadline) -> None:
        """Switch the repository, have it loaded, and see it ready.

        Raises:
            RuntimeRefusedError: it was not loaded; the repository holds the previous version again.
            NetworkError: no answer until the deadline. What the server does then is not known, so the repository keeps
                the new version: changing it could mix the two.
            DeadlineError: the same.
        """
        for left in reversed(range(_TRIES)):
            until(f"triton {self._model}", lambda: self._at_rest(deadline), deadline, self._log)
            before = self._link(version).resolve()
            known = not self._shows(version)
            self.prepare(version)
            try:
                if self._load(deadline):
                    self._log.step("runtime-loaded", key=version.key)
                    self._confirm(version, deadline)
                    return
            except RuntimeRefusedError:
                self._put_back(version, previous, before if known else None)
                raise
            self._put_back(version, previous, before if known else None)
            self._log.warning("runtime-went-away", model=self._model, tries_left=left)
        raise RuntimeRefusedError(
            f"triton {self._model}: the server went away {_TRIES} times while it loaded {version.key}; "
            "its repository holds the previous version again; look at its log and its memory limit"
        )

    def retire(self, version: Version, deadline: Deadline) -> None:  # noqa: ARG002  # there is nothing to wait for
        """Remove the directories made for a version, but for the one in use."""
        shown = self._link(version).resolve()
        for entry in self._work(version).glob(f"{version.key}.n*"):
            if entry.resolve() != shown:
                remove(entry)

    def _link(self, version: Version) -> Path:
        return version.link.parent / self._repository / self._model

    def _work(self, version: Version) -> Path:
        return scratch(version, f"triton-{self._repository.replace('/', '-')}-{self._model}")

    def _shows(self, version: Version) -> bool:
        link = self._link(version)
        return Path(text_of(link)).name.rpartition(".n")[0] == version.key and link.is_dir()

    @staticmethod
    def _new_entry(version: Version, work: Path) -> Path:
        numbers = [int(number) for path in work.iterdir() if (number := path.name.rpartition(".n")[2]).isdigit()]
        return work / f"{version.key}.n{max(numbers, default=0) + 1}"

    def _put_back(self, version: Version, previous: Version | None, before: Path | None) -> None:
        """Undo the switch while nothing loads: the server has answered, or is gone."""
        if before is not None and before.is_dir():
            put_link(self._link(version), before, self._work(version))
        elif before is None and previous is not None and previous.key != version.key and previous.path.is_dir():
            self.prepare(previous)

    def _states(self, deadline: Deadline) -> dict[str, tuple[str, str]]:
        """Return state and reason of every version of the model that the server knows of."""
        answer = self._client.post("/v2/repository/index", {}, deadline)
        if answer.status in _UNAUTHORIZED:
            raise answer.refused("triton", "give --adapter-header-file for --http-restricted-api")
        if not answer.ok:
            raise NetworkError(answer.said())
        try:
            entries = [jsonread.mapping(one, "index") for one in jsonread.items(answer.json(), "index")]
        except UnsupportedError as error:
            raise NetworkError(str(error)) from error
        ours = [one for one in entries if one.get("name") == self._model and "state" in one]
        return {str(one.get("version")): (str(one["state"]), str(one.get("reason", ""))) for one in ours}

    def _at_rest(self, deadline: Deadline) -> bool | str:
        busy = {state for state, _ in self._states(deadline).values()} & {"LOADING", "UNLOADING"}
        return f"the model is {min(busy)}" if busy else True

    def _load(self, deadline: Deadline) -> bool:
        """Have the repository's version loaded; return False if the server is gone."""

        def attempt() -> bool | str:
            try:
                answer = self._client.post(f"/v2/repository/models/{self._model}/load", {}, deadline)
            except UnansweredError:
                return "the connection broke off" if self._alive(deadline) else False
            except NetworkError:
                return False
            if answer.status == _UNAVAILABLE and b"not allowed" not in answer.body:
                return answer.said()
            if not answer.ok:
                raise answer.refused(f"triton {self._model}")
            return True

        return until(f"triton {self._model} load", attempt, deadline, self._log)

    def _alive(self, deadline: Deadline) -> bool:
        try:
            self._states(deadline)
        except NetworkError:
            return False
        return True

    def _confirm(self, version: Version, deadline: Deadline) -> None:
        wanted = {path.name for path in (version.path / self._subpath).iterdir() if path.name.isdigit()}

        def attempt() -> bool | str:
            states = self._states(deadline)
            ready = {number for number, (state, _) in states.items() if state == "READY"}
            if not ready or not ready <= wanted or not self._client.get(f"/v2/models/{self._model}/ready", deadline).ok:
                return f"after the load it is at {states}"
            return True

        until(f"triton {self._model} ready", attempt, deadline, self._log)
