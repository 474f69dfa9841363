"""One JSON object per line on standard error; never a credential, never a URL's query."""

import json
import sys
import threading
from datetime import UTC, datetime
from typing import TextIO


class Log:
    """Writes structured lines.

    Args:
        stream: where lines go; standard error if left out.
        verbose: also write the single steps of a load.
    """

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._verbose = verbose
        self._lock = threading.Lock()

    def info(self, event: str, **fields: object) -> None:
        """Write what happened."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Write what went wrong but is dealt with."""
        self._write("warning", event, fields)

    def failure(self, event: str, **fields: object) -> None:
        """Write why the load failed."""
        self._write("error", event, fields)

    def step(self, name: str, **fields: object) -> None:
        """Mark a point of the load after which the disk looks different; written when verbose.

        A crash may come at any of these points; the tests kill the process at each.
        """
        if self._verbose:
            self._write("debug", name, fields)

    def _write(self, level: str, event: str, fields: dict[str, object]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "level": level, "event": event, **fields}, default=str)
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()
