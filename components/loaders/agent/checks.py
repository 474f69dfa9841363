"""What a version must pass, and when it is asked."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import SignatureError
from .plan import Plan, PlanCheck, Source, TreeCheck
from .store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Checks:
    """Whatever a version must pass before it becomes one.

    Attributes:
        plan: asked before the first layer is moved.
        tree: asked when everything is unpacked.
    """

    plan: tuple[PlanCheck, ...] = ()
    tree: tuple[TreeCheck, ...] = ()

    @property
    def names(self) -> list[str]:
        """What a receipt says of a version that passed."""
        return [check.name for check in (*self.plan, *self.tree)]

    def passed_by(self, names: Collection[str]) -> bool:
        """Return whether a version whose receipt has these names has passed everything."""
        return set(names).issuperset(self.names)

    def check_plan(self, plan: Plan) -> None:
        """Look at what is about to be moved.

        Raises:
            AgentError: it is refused.
        """
        for check in self.plan:
            check.check_plan(plan)

    def check_tree(self, tree: Path) -> None:
        """Look at what was unpacked.

        Raises:
            AgentError: it is refused.
        """
        for check in self.tree:
            check.check(tree)

    def check_stored(self, key: str, source: Source, store: Store) -> None:
        """Ask whatever a version that is in the store has not passed yet, and note that it has.

        Raises:
            AgentError: it is refused, or the source, which only the checks of plans need, cannot be asked.
        """
        passed = store.checks_passed(key)
        missing = Checks(
            plan=tuple(check for check in self.plan if check.name not in passed),
            tree=tuple(check for check in self.tree if check.name not in passed),
        )
        if missing.plan:
            plan = source.plan()
            missing.check_plan(plan)
            _check_same(key, plan, store)
        missing.check_tree(store.path(key))
        if missing.names:
            store.note_checks(key, missing.names)


NO_CHECKS: Final = Checks()
"""Whatever the source's digest covers may become a version."""


def _check_same(key: str, plan: Plan, store: Store) -> None:
    """A kit may name its parent by a tag, and what the tag names now need not be what was unpacked then."""
    unpacked = {tree.name: layers.keys() for tree, layers in store.versions()}.get(key)
    if unpacked is None or unpacked != {layer.key for layer in plan.layers}:
        raise SignatureError(
            f"{store.path(key)}: its receipt does not say that it was unpacked from the manifests that are signed; "
            "a parent's tag has moved, or the receipt is damaged: remove the version, then it is loaded again"
        )
