"""Who may import whom; the picture is in docs/architecture.md."""

import pytest

from tests.architecture.sources import Source, every_source, imports_of, product_sources


def reaches(source: Source, *packages: str) -> list[str]:
    """Return what a file imports from the named packages."""
    return sorted(name for name in imports_of(source) if any(name == p or name.startswith(f"{p}.") for p in packages))


def inside(*folders: str) -> list[Source]:
    return [source for source in product_sources() if str(source.path).startswith(folders)]


def breaches(sources: list[Source], *packages: str) -> dict[str, list[str]]:
    assert sources, "the folder is gone: this test would hold nothing"
    return {str(source.path): found for source in sources if (found := reaches(source, *packages))}


def test_what_decides_knows_nothing_of_what_makes() -> None:
    deciding = inside("stacks/spec/", "stacks/rules/", "stacks/plan/", "stacks/parse.py", "stacks/errors.py")

    assert breaches(deciding, "pulumi", "pulumi_kubernetes", "pulumi_random", "components", "rehearsal") == {}


def test_components_see_only_the_spec_of_a_stack() -> None:
    beyond = ["stacks.rules", "stacks.plan", "stacks.config", "stacks.build", "stacks.outputs", "stacks.parse"]

    assert breaches(inside("components/"), *beyond) == {}


def test_a_loader_knows_no_runtime_and_a_runtime_no_loader() -> None:
    assert breaches(inside("components/loaders/"), "components.runtimes") == {}
    assert breaches(inside("components/runtimes/"), "components.loaders") == {}


def test_nothing_in_the_program_imports_the_rehearsal() -> None:
    assert breaches(inside("__main__.py", "stacks/", "components/"), "rehearsal") == {}


def test_the_agent_stands_alone() -> None:
    """It runs in a stock Python image: the standard library and itself, nothing else."""
    import sys

    allowed = {*sys.stdlib_module_names, "components", "compression", "zstandard"}
    agent = inside("components/loaders/agent/")
    assert agent
    foreign = {str(s.path): sorted(n for n in imports_of(s) if n.split(".")[0] not in allowed) for s in agent}

    assert {path: names for path, names in foreign.items() if names} == {}


@pytest.mark.parametrize(
    ("call", "only"),
    [("pulumi.Config", "stacks/config.py"), ("pulumi.export", "__main__.py")],
)
def test_one_file_only(call: str, only: str) -> None:
    users = [str(source.path) for source in product_sources() if f"{call}(" in source.text]

    assert users == [only]


def test_tests_of_the_tree_are_found() -> None:
    assert len(every_source()) > len(product_sources()) > 0
