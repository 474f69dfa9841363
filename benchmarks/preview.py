"""Times previews on the real engine against a rehearsal cluster: start, slope per model, memory.

Last line: ``per_object_ms=… start_s=… plan100_s=…``. Every figure is the smallest of the runs of this one call.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import yaml  # noqa: E402 - the project's root has to be on the path first

from benchmarks.helm import compare_with_helm  # noqa: E402 - as above
from benchmarks.measure import Cost, run  # noqa: E402 - as above
from benchmarks.stacks import OBJECTS_PER_MODEL, plan, sections  # noqa: E402 - as above
from components.node_pool.rehearsal import node_names, render_node  # noqa: E402 - as above
from rehearsal import cluster as clusters  # noqa: E402 - as above
from rehearsal.control_plane.options import ClusterOptions  # noqa: E402 - as above
from rehearsal.toolchain.envfile import environment  # noqa: E402 - as above
from rehearsal.toolchain.paths import Paths  # noqa: E402 - as above
from stacks.spec.node_pool import NodePool  # noqa: E402 - as above

if TYPE_CHECKING:
    from types import FrameType

CRDS = ["servicemonitors.monitoring.coreos.com", "prometheusrules.monitoring.coreos.com", "scaledobjects.keda.sh"]
START = "import stacks.build, stacks.config, stacks.start_up"


class Bench:
    """One cluster and one state folder for all runs."""

    def __init__(self, home: Path, runs: int) -> None:
        self.home = home
        self.runs = runs
        state = home / "state"
        state.mkdir()
        own = {"PULUMI_BACKEND_URL": f"file://{state}", "SLIPWAY_HOME": str(home)}
        self.env = {**environment(Paths.from_environment(), automatic_plugins=False), **own}
        shutil.copy(Paths.from_environment().selection, home / "tools.json")
        os.environ["SLIPWAY_HOME"] = str(home)
        self.cluster = clusters.create("bench", ClusterOptions.model_validate({"open_crds": CRDS}))

    def pulumi(self, stack: str, *words: str, **env: str) -> Cost:
        """Run the engine's command line on one stack."""
        command = ["pulumi", "--non-interactive", *words, "--stack", stack]
        return run(command, cwd=ROOT, env={**self.env, **env})

    def init(self, stack: str) -> None:
        """Make an empty stack; from a folder of its own, because the engine writes a stack file beside Pulumi.yaml."""
        folder = self.home / "project"
        folder.mkdir(exist_ok=True)
        shutil.copy(ROOT / "Pulumi.yaml", folder)
        run(["pulumi", "--non-interactive", "stack", "init", stack], cwd=folder, env=self.env)

    def add_nodes(self) -> None:
        """Make the nodes the benchmark's pools promise."""
        for data in sections(1, "none", "none")["nodePools"]:
            pool = NodePool.model_validate(data, strict=False)
            nodes = [render_node(pool, name) for name in node_names(pool)]
            text = yaml.safe_dump_all(nodes)
            command = ["kubectl", "--kubeconfig", str(self.cluster.kubeconfig_path), "create", "--filename", "-"]
            subprocess.run(command, input=text, env=self.env, text=True, check=True, capture_output=True)

    def best(self, stack: str, *words: str, **env: str) -> Cost:
        """Return the quickest of the runs."""
        return min((self.pulumi(stack, *words, **env) for _ in range(self.runs)), key=lambda cost: cost.wall_seconds)


def measure(bench: Bench, models: int) -> tuple[Cost, Cost, Cost]:
    """Return a preview of new objects, the same as shipped (without measures), and one where nothing changes."""
    stack = f"bench{models}"
    file = bench.home / f"{stack}.yaml"
    data = sections(models, f"bench-{models}", str(bench.cluster.kubeconfig_path))
    file.write_text(yaml.safe_dump({"config": {f"slipway:{key}": value for key, value in data.items()}}))
    bench.init(stack)
    where = ("--config-file", str(file))
    new = bench.best(stack, "preview", *where)
    slow = bench.best(stack, "preview", *where, SLIPWAY_DEBUG="1")
    bench.pulumi(stack, "up", "--yes", "--skip-preview", *where)
    return new, slow, bench.best(stack, "preview", "--expect-no-changes", *where)


def start_seconds(env: dict[str, str], runs: int, imports: str = START) -> float:
    """Return the quickest start of the interpreter with the program's imports, seconds."""
    times: list[float] = []
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", imports], cwd=ROOT, env=env, check=True)
        times.append(time.perf_counter() - begun)
    return min(times)


def plan_seconds(models: int, runs: int) -> float:
    """Return the quickest plan of a stack, without an engine, seconds."""
    times: list[float] = []
    for _ in range(runs):
        data = sections(models, "plan", "kubeconfig")
        begun = time.perf_counter()
        made = plan(data)
        times.append(time.perf_counter() - begun)
        if len(made) != models * OBJECTS_PER_MODEL:
            raise RuntimeError(f"{len(made)} objects for {models} models: OBJECTS_PER_MODEL is out of date")
    return min(times)


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(143)


def report(sizes: list[int], runs: int) -> None:
    """Measure everything and print it."""
    # An end from outside must pass the clean-up below too, or the cluster would outlive its folder.
    signal.signal(signal.SIGTERM, _stop)
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        bench = Bench(Path(folder), runs)
        try:
            _report(bench, sizes)
        finally:
            clusters.delete("bench")


def _report(bench: Bench, sizes: list[int]) -> None:
    bench.add_nodes()
    print("models objects | new: wall s  cpu s | as shipped: wall s  cpu s | unchanged: wall s  cpu s | program MiB")
    figures: dict[int, tuple[Cost, Cost, Cost]] = {}
    for models in sizes:
        new, slow, same = figures[models] = measure(bench, models)
        print(
            f"{models:6} {models * OBJECTS_PER_MODEL:7} | {new.wall_seconds:11.2f} {new.cpu_seconds:6.2f} |"
            f" {slow.wall_seconds:18.2f} {slow.cpu_seconds:6.2f} | {same.wall_seconds:17.2f} {same.cpu_seconds:6.2f} |"
            f" {max(new.program_mib, same.program_mib):11.0f}",
            flush=True,
        )
    objects = (sizes[-1] - sizes[0]) * OBJECTS_PER_MODEL or OBJECTS_PER_MODEL
    slopes = [
        (figures[sizes[-1]][kind].wall_seconds - figures[sizes[0]][kind].wall_seconds) / objects * 1000
        for kind in range(3)
    ]
    typed = start_seconds(
        bench.env, bench.runs, f"{START}; from pulumi_kubernetes import apps, core; core.v1.Pod, apps.v1.Deployment"
    )
    start = start_seconds(bench.env, bench.runs)
    print(f"per object: new {slopes[0]:.1f} ms, as shipped {slopes[1]:.1f} ms, unchanged {slopes[2]:.1f} ms")
    print(f"program start: {start:.2f} s; with the SDK's typed kinds imported {typed:.2f} s")
    compare_with_helm(plan(sections(sizes[-1], "helm", "kubeconfig")), bench.cluster.kubeconfig_path, bench.env)
    print(f"per_object_ms={slopes[0]:.1f} start_s={start:.2f} plan100_s={plan_seconds(100, bench.runs):.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[1, 10, 50, 100], help="numbers of models")
    parser.add_argument("--runs", type=int, default=3, help="runs of each; the quickest counts")
    arguments = parser.parse_args()
    report(sorted(arguments.models), arguments.runs)
