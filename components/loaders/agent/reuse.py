"""Taking layers that did not change from a version that is already in the store, by hard links."""

import os
from collections.abc import Iterable
from pathlib import Path

from .logs import Log
from .plan import Layer
from .records import Written
from .staging import Staging
from .store import Store


class Reuse:
    """Finds and links layers.

    The files of a version are never written again, so two versions may share them: the old one may be removed, the
    new one keeps its links.

    Args:
        store: where versions are.
        log: told about every layer that is taken.
    """

    def __init__(self, store: Store, log: Log) -> None:
        self._store = store
        self._log = log

    def take(self, staging: Staging, wanted: Iterable[Layer]) -> set[str]:
        """Link what another version has of the wanted layers, and mark it done.

        Returns:
            The keys of the layers that need not be moved.
        """
        waiting = {layer.key for layer in wanted}
        taken: set[str] = set()
        for root, layers in self._store.versions():
            for key in sorted(waiting & layers.keys()):
                if self._link(root, staging.tree, layers[key]):
                    staging.mark_done(key, layers[key])
                    self._log.step("layer-linked", key=key, source=root.name)
                    taken.add(key)
            waiting -= taken
        return taken

    def _link(self, root: Path, tree: Path, written: Written) -> bool:
        made: list[Path] = []
        try:
            for name in written.directories:
                (tree / name).mkdir(parents=True, exist_ok=True)
            for record in written.files:
                if not record.is_whole(root):
                    raise FileNotFoundError(record.path)
                target = tree / record.path
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(root / record.path, target, follow_symlinks=False)
                made.append(target)
        except OSError as error:
            # Removed meanwhile, changed by hand, or a volume without hard links: then the layer is moved.
            self._log.info("not-reused", source=root.name, why=str(error))
            for path in made:
                path.unlink(missing_ok=True)
            return False
        return True
