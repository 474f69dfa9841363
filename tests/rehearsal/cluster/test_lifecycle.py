"""A cluster is started, found again, repaired, restarted and removed, whatever happens to its processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearsal import cluster as clusters
from rehearsal.control_plane.errors import ClusterError, ComponentError
from rehearsal.control_plane.layout import Layout, layout_of
from rehearsal.control_plane.options import ClusterOptions
from rehearsal.control_plane.processes import find_all, marked_directories
from tests.rehearsal.cluster.helpers import client_of, wait_until

if TYPE_CHECKING:
    from rehearsal.cluster import Cluster

pytestmark = pytest.mark.engine

_COMPONENTS = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "rehearsal-controller"}
_CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def _add_config_map(cluster: Cluster) -> None:
    client_of(cluster).request("POST", _CONFIG_MAPS, {"metadata": {"name": "kept"}})


def _has_config_map(cluster: Cluster) -> bool:
    return client_of(cluster).request("GET", f"{_CONFIG_MAPS}/kept")["metadata"]["name"] == "kept"


def _listening(pid: int) -> set[str]:
    """Return the local addresses, in the kernel's hexadecimal form, that a process listens on."""
    inodes = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:  # 0A is LISTEN
                found.add(fields[1].split(":")[0])
    return found


def test_side_by_side_and_deleted_twice(rehearsal_cluster: Cluster, scratch_name: str) -> None:
    """Two clusters share nothing; deleting one leaves nothing of it and does nothing to the other.

    The second one is created by two callers at once, who get one cluster.
    """
    made: list[Cluster] = []
    threads = [threading.Thread(target=lambda: made.append(clusters.create(scratch_name))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other = made[0]
    assert made == [other, other]
    assert other.running
    assert other.server != rehearsal_cluster.server
    assert other.identifier != rehearsal_cluster.identifier
    assert [cluster.name for cluster in clusters.list_clusters()] == [scratch_name]
    assert other.directory.stat().st_mode & 0o777 == 0o700

    clusters.delete(scratch_name)
    clusters.delete(scratch_name)

    assert clusters.status(scratch_name) is None
    assert other.directory not in marked_directories()
    assert list(other.directory.parent.iterdir()) == []
    assert client_of(rehearsal_cluster).is_ready()


def test_everything_listens_on_loopback_only(rehearsal_cluster: Cluster) -> None:
    """0100007F is 127.0.0.1; no other address, of either family."""
    processes = find_all(Layout(directory=rehearsal_cluster.directory))
    assert set(processes) == _COMPONENTS

    addresses = {name: _listening(process.pid) for name, process in processes.items()}

    assert set().union(*addresses.values()) == {"0100007F"}, addresses


@pytest.mark.parametrize("after", ["cluster.json", "pids/kwok.json"])
def test_killed_create_is_continued(scratch_name: str, after: str) -> None:
    """A create that is killed leaves processes that the next one takes over; none runs twice."""
    command = [sys.executable, "-m", "rehearsal.cluster", "create", "--name", scratch_name]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until((layout_of(scratch_name).directory / after).exists)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert clusters.status(scratch_name) is not None

    cluster = clusters.create(scratch_name)

    assert cluster.running
    assert _count_processes(cluster) == dict.fromkeys(_COMPONENTS, 1)


def _count_processes(cluster: Cluster) -> dict[str, int]:
    mark = f"@{cluster.directory}"
    counts: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        for variable in environment:
            if variable.startswith("SLIPWAY_REHEARSAL_PROCESS=") and variable.endswith(mark):
                component = variable.partition("=")[2].removesuffix(mark)
                counts[component] = counts.get(component, 0) + 1
    return counts


def test_repair_and_restart_keep_ports_data_and_certificates(scratch_name: str) -> None:
    """Killed components are started again beside those that live; so is a cluster of which nothing lives."""
    cluster = clusters.create(scratch_name)
    kubeconfig = cluster.kubeconfig
    _add_config_map(cluster)
    before = find_all(layout_of(scratch_name))
    for name in ("etcd", "kwok"):
        os.kill(before[name].pid, signal.SIGKILL)
    found = clusters.status(scratch_name)
    assert found is not None
    assert not found.running

    repaired = clusters.create(scratch_name)

    after = find_all(layout_of(scratch_name))
    assert repaired == cluster
    assert _has_config_map(repaired)
    assert set(after) == _COMPONENTS
    assert after["kwok"] != before["kwok"]
    assert after["kube-scheduler"] == before["kube-scheduler"]

    clusters.stop(scratch_name)
    stopped = clusters.status(scratch_name)
    assert stopped is not None
    assert not stopped.running
    assert find_all(layout_of(scratch_name)) == {}

    restarted = clusters.create(scratch_name)
    assert restarted == cluster
    assert restarted.kubeconfig == kubeconfig
    assert _has_config_map(restarted)
    with pytest.raises(ClusterError, match=r"ask for Kubernetes 1\.99, the toolchain has 1\."):
        clusters.create(scratch_name, ClusterOptions(kubernetes_version="1.99"))
    assert clusters.status(scratch_name) == cluster


def test_removed_directory_does_not_leak(scratch_name: str) -> None:
    """Processes of a cluster whose directory somebody removed are ended by the next create."""
    first = clusters.create(scratch_name)
    shutil.rmtree(first.directory)

    second = clusters.create(scratch_name)

    assert second.identifier != first.identifier
    assert _count_processes(second) == dict.fromkeys(_COMPONENTS, 1)


def test_failed_start_names_the_component_and_leaves_nothing_running(scratch_name: str) -> None:
    """The error has the component, its words and its log file."""
    options = ClusterOptions(feature_gates={"NoSuchGate": True})

    with pytest.raises(ComponentError, match=r"(?s)kube-apiserver ended .*kube-apiserver\.log.*NoSuchGate"):
        clusters.create(scratch_name, options)

    assert find_all(layout_of(scratch_name)) == {}


def test_a_cluster_of_another_stack_is_refused_and_left_alone(scratch_name: str) -> None:
    """Two stacks in one cluster would each delete it."""
    mine = clusters.create(scratch_name, ClusterOptions(owner="slipway/dev"))

    with pytest.raises(ClusterError, match="belongs to stack slipway/dev, and slipway/try asks for it"):
        clusters.create(scratch_name, ClusterOptions(owner="slipway/try"))

    again = clusters.create(scratch_name)  # a person on the command line is nobody's stack
    assert again.identifier == mine.identifier
    with pytest.raises(ClusterError, match="belongs to stack slipway/dev"):
        clusters.create(scratch_name, ClusterOptions(owner="slipway/try"))
