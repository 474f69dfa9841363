"""The stacks that previews are timed with."""

from benchmarks.stacks import OBJECTS_PER_MODEL, plan, sections


def test_plan_has_every_object() -> None:
    assert len(plan(sections(3, "namespace", "kubeconfig"))) == 3 * OBJECTS_PER_MODEL
