"""Which worker runs what, and when: files as with ``--dist loadfile``, but the longest first.

xdist starts with the files of the most tests; the few tests of an engine file take a minute or two, and begun last
they leave the other worker idle. Files that share a cluster go to one worker, or each worker would start it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typing_extensions import override
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

TOGETHER: Final = {
    "tests/api/": "the shared cluster",
    "tests/rehearsal/cluster/": "the shared cluster",
    "tests/rehearsal/providers/kubernetes/": "the bare cluster",
}
"""Beginnings of names of files, and the session's fixture they have in common."""

LONGEST: Final = (
    "tests/engine/test_life.py",
    "tests/engine/test_loader_life.py",
    "the shared cluster",  # not first: it idles on to the end of the run, a fifteenth of a core
    "tests/engine/test_cluster_life.py",
    "tests/components/loaders/agent/test_watch_processes.py",
    "tests/components/loaders/agent/test_adapter_watch.py",
    "tests/rehearsal/language_host/test_run.py",
    "tests/benchmarks/test_loader.py",
    "the bare cluster",
    "tests/rehearsal/language_host/test_interrupt.py",
    "tests/components/loaders/agent/test_continued_archive.py",
)
"""What takes more than a quarter of a minute, longest first; after these come the files of the most tests."""


class LongestFirst(LoadFileScheduling):
    """Gives each worker the longest file that is left."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return next((name for start, name in TOGETHER.items() if nodeid.startswith(start)), nodeid.split("::", 1)[0])

    @override
    def _assign_work_unit(self, node: WorkerController) -> None:
        longest = next((name for name in LONGEST if name in self.workqueue), None)
        if longest is not None:
            self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)
