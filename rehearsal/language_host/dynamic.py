"""Stand-in for `pulumi-resource-pulumi-python`: the SDK's own dynamic provider, ended when its engine is gone.

The SDK's process does not notice a killed engine and would stay for ever (pulumi 3.272, `pulumi/dynamic/__main__.py`).
"""

import os
import runpy
import sys
import threading
import time

_PARENT_POLL_SECONDS = 1.0


def start() -> None:
    """Serve dynamic resources until the engine asks to stop or is gone."""
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the project, from which `python -m` would import too
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_SECONDS)
    os._exit(0)
