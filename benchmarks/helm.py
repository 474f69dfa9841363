"""The same objects through helm, where helm is to be had: rendering, and a server-side dry run."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.measure import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def compare_with_helm(objects: Sequence[dict[str, Any]], kubeconfig: Path, env: Mapping[str, str]) -> None:
    """Print what `helm template` and `helm install --dry-run=server` take, or that there is no helm."""
    helm = shutil.which("helm", path=env["PATH"])
    if helm is None:
        print("helm: not on PATH, so nothing to put beside these figures")
        return
    with tempfile.TemporaryDirectory(prefix="slipway-helm-") as folder:
        chart = Path(folder)
        (chart / "templates").mkdir()
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: same-objects\nversion: 0.1.0\n")
        for number, manifest in enumerate(objects):
            # Braces of alert texts are the chart's own template marks.
            text = yaml.safe_dump(manifest).replace("{{", '{{ "{{" }}')
            (chart / "templates" / f"{number:04}.yaml").write_text(text)
        where = {**env, "KUBECONFIG": str(kubeconfig)}
        rendered = run([helm, "template", "same", folder], cwd=chart, env=where)
        dry = run([helm, "install", "same", folder, "--dry-run=server"], cwd=chart, env=where)
    count = len(objects)
    for name, cost in (("helm template", rendered), ("helm install --dry-run=server", dry)):
        took = f"{cost.wall_seconds:.2f} s wall, {cost.cpu_seconds:.2f} s CPU"
        print(f"{name}: {took} for {count} objects ({cost.wall_seconds / count * 1000:.1f} ms each)")
