"""The plugin's process has the message classes and not the SDK; a process with the SDK is left alone."""

import subprocess
import sys
from pathlib import Path

from rehearsal.providers.light import use_message_classes_only

CLONE = Path(__file__).parents[3]
PROGRAM = """
import sys
from rehearsal.providers.light import use_message_classes_only
use_message_classes_only()
from rehearsal.providers.kubernetes import provider
assert "pulumi.runtime.proto.provider_pb2" in sys.modules
assert "pulumi.automation" not in sys.modules
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
print(len([name for name in sys.modules if name.startswith("pulumi")]))
"""


def test_only_message_classes_are_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=CLONE, check=True, capture_output=True, text=True)

    assert int(done.stdout) < 20


def test_a_loaded_sdk_stays() -> None:
    import pulumi

    use_message_classes_only()

    assert sys.modules["pulumi"] is pulumi
    assert pulumi.__file__
