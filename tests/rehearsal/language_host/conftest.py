"""Projects for the stand-in language host."""

from pathlib import Path

import pytest

from tests.rehearsal.language_host.project import Project, engine_folder


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine with the stand-in host beside it."""
    return engine_folder(tmp_path_factory.mktemp("engine") / "bin")


@pytest.fixture
def project(tmp_path: Path, engine: Path) -> Project:
    """An empty project with a stack."""
    return Project.create(tmp_path, engine)
