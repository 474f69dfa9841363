"""Load the SDK's message classes without running the SDK.

``import pulumi`` runs 450 modules (OpenTelemetry, the automation API) in about 0.2 s of CPU before the first message
class is there; a plugin needs only ``pulumi.runtime.proto``. Every preview starts the plugin, so its own process
registers the three parent packages as empty ones whose path points at the installed SDK. The message modules import
nothing of the SDK but each other (pulumi 3.272). A process that already runs the SDK, such as a test, is left alone.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

_PACKAGES: Final = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


def use_message_classes_only() -> None:
    """Register the empty parents. Call it first in a plugin's own process, before any import of ``pulumi``.

    Raises:
        ModuleNotFoundError: the SDK is not installed.
    """
    if "pulumi" in sys.modules:
        return
    spec = importlib.util.find_spec("pulumi")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the Pulumi SDK is not installed here; install requirements.txt")
    root = Path(spec.submodule_search_locations[0]).parent
    for name in _PACKAGES:
        package = ModuleType(name, "An empty parent of the message classes.")
        package.__path__ = [str(root.joinpath(*name.split(".")))]
        sys.modules[name] = package
