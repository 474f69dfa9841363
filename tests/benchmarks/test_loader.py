"""The loader's benchmark in its quick form: it finds what must hold whatever the machine, and cleans up."""

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from benchmarks.contenders import CHECKED, FLOORS, Cost, Failed, run
from benchmarks.loader_report import BEGIN, END, ORDER, picture, write_docs
from benchmarks.scenarios import AGENT, Case

SCRIPT: Final = Path(__file__).parents[2] / "benchmarks/loader.py"


def command(folder: Path) -> list[str]:
    return [sys.executable, str(SCRIPT), "--quick", "--layers", "8", "--without-debian", "--dir", str(folder)]


def test_quick_run(tmp_path: Path) -> None:
    docs = SCRIPT.parents[1] / "docs/benchmarks.md"
    before = docs.read_bytes()

    done = subprocess.run(command(tmp_path), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    checked, last = done.stdout.splitlines()[-2:]
    assert re.fullmatch(r"cold_ratio_checked=\d+\.\d\d", checked)
    assert re.fullmatch(r"cold_ratio=\d+\.\d\d", last)
    for sure in (
        "| second load: bytes moved | 0 |",
        "| second load: requests | 0 |",
        "left out by --without-debian",
        "| raw layer, process killed half way and started again: bytes moved ÷ size | 1.0",
        "| tar layer, process killed half way and started again: bytes moved ÷ size | 1.0",
    ):
        assert sure in done.stdout
    changed = re.search(r"1 of 8 layers changed: bytes moved ÷ bytes changed \| ([\d.]+)", done.stdout)
    assert changed is not None
    assert float(changed[1]) <= 1.01
    for name in (AGENT, *FLOORS):
        assert re.search(rf"\| raw \| 8 \| {name} \| \d", done.stdout), name
    for case in ("raw, 1 layer", "raw, 8 layers", "tar, 8 layers", "tar, 64 layers"):
        assert f"| {case}, 128 MiB/s link: time ÷ floor | " in done.stdout
    assert not list(tmp_path.iterdir())
    assert docs.read_bytes() == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_stays_when_it_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(command(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # registry and scratch folder are there

    process.send_signal(number)
    process.communicate(timeout=60)

    assert process.returncode == 143
    assert not list(tmp_path.iterdir())


def test_too_little_room_is_said(tmp_path: Path) -> None:
    words = ["--size-mib", str(1 << 30), "--dir", str(tmp_path)]

    done = subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "MiB are needed; give another --dir" in done.stderr


def test_failure_of_a_contender_is_told() -> None:
    with pytest.raises(Failed, match="bash ended with 3: no such model"):
        run(["bash", "-c", "echo no such model >&2; exit 3"], {})


def test_report_says_who_has_no_figures(tmp_path: Path) -> None:
    case = Case("raw", 1, {name: [Cost(1.0, 0.5, 30.0)] * 2 for name in ORDER}, {})
    for name in ("skopeo + umoci", CHECKED):
        del case.costs[name]
    case.missing["skopeo + umoci"] = "not installed: no such package"
    (tmp_path / "benchmarks.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

    write_docs(tmp_path, "new", [case], 1 << 30)

    assert (tmp_path / "benchmarks.md").read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert (tmp_path / "loader.svg").read_text() == picture([case], 1 << 30)
    assert picture([case], 1 << 30).count("no figures") == 2
    (tmp_path / "benchmarks.md").write_text("no marks")
    with pytest.raises(ValueError, match="lacks"):
        write_docs(tmp_path, "new", [case], 1 << 30)
