"""TensorFlow Serving: a version directory with the next number, and the state the server reports for it.

Facts, from tensorflow/serving: the directory is listed and every name that is a whole number is a version, without a
look at what it is (``file_system_storage_path_source.cc``, IndexChildrenByVersion), so a link to a directory is enough
and one system call makes it: a version is never seen half-made. The highest number is served; the one before stays
until it is available (``availability_preserving_policy.cc``). A number that is known already is not loaded anew, even
if it failed (``aspired_versions_manager.cc``), so no number is used twice. A failing load is tried
``--max_num_load_retries`` times, a minute apart by default, and is LOADING until then.
"""

import json
import os
from pathlib import Path
from typing import Final

from . import jsonread
from .adapter import Version
from .deadline import Deadline
from .errors import AgentError, NetworkError, RuntimeRefusedError, UnsupportedError, UsageError
from .load import disk_errors
from .logs import Log
from .runtimecall import Answer, RuntimeClient, until
from .served import scratch, text_of
from .tree import sync_directory, write_durably

_NOT_FOUND: Final = 404
_UNDER_WAY: Final = frozenset({"START", "LOADING", "UNKNOWN"})


class TfServingAdapter:
    """Tells a TensorFlow Serving whose base path lies on the store's volume.

    Args:
        client: reaches its REST endpoint.
        model: name of the model.
        base: directory below the store's, the model's base path.
        subpath: directory of a version that holds ``saved_model.pb``.
        log: told about waiting.
    """

    def __init__(self, client: RuntimeClient, model: str, base: str, subpath: str, log: Log) -> None:
        self._client = client
        self._model = model
        self._base = base
        self._subpath = subpath
        self._log = log

    def prepare(self, version: Version) -> None:
        """Give the version the highest number, unless it has it."""
        self._number(version)

    def apply(self, version: Version, previous: Version | None, deadline: Deadline) -> None:
        """Give it a number and see that number available.

        Raises:
            RuntimeRefusedError: it could not be loaded; its number is gone, the one before is served.
            NetworkError: no answer until the deadline; its number is gone as well if there is one to go back to.
        """
        number = self._number(version)
        try:
            until(f"tf-serving {self._model} {number}", lambda: self._serves(number, deadline), deadline, self._log)
        except AgentError:
            # Whatever the server does with it now ends in its unloading: it is not in the listing any more.
            if previous is not None and len(self._numbers(version)) > 1:
                self._path(version, number).unlink(missing_ok=True)
            raise

    def retire(self, version: Version, deadline: Deadline) -> None:  # noqa: ARG002  # there is nothing to wait for
        """Remove the numbers of a version, but for the highest of all."""
        for number in sorted(self._numbers(version))[:-1]:
            if self._target(version) == text_of(self._path(version, number)):
                self._path(version, number).unlink(missing_ok=True)

    def _number(self, version: Version) -> int:
        with disk_errors():
            numbers, target = self._numbers(version), self._target(version)
            highest = max(numbers, default=0)
            if numbers and text_of(self._path(version, highest)) == target:
                return highest
            number = max(highest, self._last(version)) + 1
            base = self._path(version, number).parent
            base.mkdir(parents=True, exist_ok=True)
            write_durably(self._memory(version), json.dumps({"last": number}).encode())
            self._log.step("number-taken", number=number)
            self._path(version, number).symlink_to(target)
            sync_directory(base)
        self._log.step("number-shown", number=number)
        return number

    def _numbers(self, version: Version) -> set[int]:
        base = self._path(version, 0).parent
        return {int(path.name) for path in base.iterdir() if path.name.isdigit()} if base.is_dir() else set()

    def _path(self, version: Version, number: int) -> Path:
        return version.link.parent / self._base / str(number)

    def _target(self, version: Version) -> str:
        return os.path.relpath(version.path / self._subpath, version.link.parent / self._base)

    def _memory(self, version: Version) -> Path:
        return scratch(version, f"tf-serving-{self._base.replace('/', '-')}") / "numbers.json"

    def _last(self, version: Version) -> int:
        path = self._memory(version)
        try:
            return jsonread.count(jsonread.document(path.read_bytes(), path.name).get("last"), path.name)
        except FileNotFoundError:
            return 0
        except UnsupportedError as error:
            raise UsageError(f"{path}: {error}; write the highest number that was ever used") from error

    def _serves(self, number: int, deadline: Deadline) -> bool | str:
        where = f"/v1/models/{self._model}/versions/{number}"
        answer = self._client.get(where, deadline)
        if answer.status == _NOT_FOUND:
            return answer.said()  # not seen yet
        if not answer.ok:
            raise NetworkError(answer.said())
        state, why = _state(answer, number)
        if state in _UNDER_WAY:
            return f"it is {state}"
        if state != "AVAILABLE":
            raise RuntimeRefusedError(f"tf-serving {self._model} {number}: it is {state}; {why}")
        metadata = self._client.get(f"{where}/metadata", deadline)
        return True if metadata.ok else metadata.said()


def _state(answer: Answer, number: int) -> tuple[str, str]:
    try:
        for raw in jsonread.items(answer.mapping().get("model_version_status"), answer.where):
            status = jsonread.mapping(raw, answer.where)
            if status.get("version") == str(number):
                why = jsonread.mapping(status.get("status"), answer.where)
                return str(status.get("state")), f"{why.get('error_code')}: {why.get('error_message')}"
    except UnsupportedError as error:
        raise NetworkError(str(error)) from error
    return "UNKNOWN", ""
