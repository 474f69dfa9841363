"""One stack with its own rehearsal cluster for all engine tests; it is made by the first and destroyed by the last."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from rehearsal import cluster as clusters
from tests.engine.command_line import EngineStack

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def engine_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineStack]:
    """Stack `dev` as shipped, on a cluster of its own name; `pulumi up` was not run yet."""
    stack = EngineStack("dev", tmp_path_factory.mktemp("engine"))
    name = f"test-{os.getpid()}-engine"
    stack.section("cluster")["name"] = name
    assert shutil.which("pulumi", path=stack.env["PATH"]), "the engine is missing: run `make setup`"
    created = stack.run("stack", "init")
    assert created.code == 0, created.text
    try:
        yield stack
    finally:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLIPWAY_HOME", stack.env["SLIPWAY_HOME"])
            clusters.delete(name)
