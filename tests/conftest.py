"""What every test may use: one rehearsal cluster per run."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from rehearsal import cluster as clusters
from rehearsal.control_plane.options import ClusterOptions
from rehearsal.control_plane.processes import look_up, marked_directories
from tests.rehearsal.cluster.helpers import make_home
from tests.schedule import LongestFirst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer

    from rehearsal.cluster import Cluster

# "standard" is the default class and binds at once, "first-consumer" waits for a pod; addresses come at once. Image
# volumes are off before 1.35 (KEP-4639), and pods with one are shown to the API server, too.
SHARED_OPTIONS = ClusterOptions.model_validate(
    {
        "storage_classes": ["standard", {"name": "first-consumer", "binding_mode": "WaitForFirstConsumer"}],
        "feature_gates": {"ImageVolume": True},
        "open_crds": [
            "servicemonitors.monitoring.coreos.com",
            "podmonitors.monitoring.coreos.com",
            "prometheusrules.monitoring.coreos.com",
            "scaledobjects.keda.sh",
            "triggerauthentications.keda.sh",
        ],
    }
)


def pytest_configure() -> None:
    """A run in the background of a shell or under nohup ignores signals whose effect on processes is tested."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LongestFirst | None:
    """Of several files, the longest go first; only for ``--dist loadfile``, which ``make test`` asks for."""
    return LongestFirst(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def rehearsal_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running rehearsal cluster, shared by the whole run; make namespaces of your own in it."""
    _delete_clusters_of_killed_runs()
    home = make_home(tmp_path_factory.mktemp("shared") / "slipway")
    name = f"test-{os.getpid()}"
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLIPWAY_HOME", str(home))
            cluster = clusters.create(name, SHARED_OPTIONS)
        yield cluster
    finally:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLIPWAY_HOME", str(home))
            clusters.delete(name)


def _delete_clusters_of_killed_runs() -> None:
    """A run that was killed cannot clean up; its cluster's name has the number of a process that is gone."""
    for directory in marked_directories():
        match = re.fullmatch(r"(?:test|scratch)-(\d+)(?:-.*)?", directory.name)
        if match is not None and look_up(int(match[1])) is None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("SLIPWAY_HOME", str(directory.parents[1]))
                clusters.delete(directory.name)
