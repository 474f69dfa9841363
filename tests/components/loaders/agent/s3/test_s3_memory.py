"""What a load in parts takes of memory: the process is measured, not the program's own count."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.components.loaders.agent.s3.conftest import s3_words
from tests.components.loaders.agent.s3.object_store import MotoStore

ROOT: Final = Path(__file__).parents[5]
MOST_KIB: Final = 256 * 1024
OBJECT_BYTES: Final = 72 * 1024 * 1024

PROGRAM: Final = """
import sys
from components.loaders.agent import cli
code = cli.main(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(code, peak.split()[1])
"""


def test_four_large_objects_at_once(tmp_path: Path, store: MotoStore) -> None:
    """All four together do not fit into the bound, so keeping what was read would show."""
    store.open_to_all()
    data = bytes(OBJECT_BYTES)
    reference = store.push("m", {f"w{number}": data for number in range(4)})
    words = s3_words(reference, tmp_path, store.endpoint, "--parallel", "4")

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )

    code, peak_kib = done.stdout.split()
    assert code == "0", done.stderr
    assert int(peak_kib) < MOST_KIB
    assert 4 * OBJECT_BYTES > MOST_KIB * 1024
