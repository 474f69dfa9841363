"""Quantities keep the spelling of the API server."""

import pytest

from components.quantities import cores, gibibytes, mebibytes


@pytest.mark.parametrize(
    ("mib", "text"), [(0, "0Mi"), (1, "1Mi"), (1.2, "2Mi"), (1024, "1Gi"), (1536, "1536Mi"), (1024 * 1024, "1Ti")]
)
def test_memory_has_the_spelling_the_api_server_gives_back(mib: float, text: str) -> None:
    assert mebibytes(mib) == text


def test_gibibytes_may_be_fractions() -> None:
    assert gibibytes(0.5) == "512Mi"
    assert gibibytes(8) == "8Gi"


@pytest.mark.parametrize(("cpu", "text"), [(2.0, "2"), (0.5, "500m"), (2.5, "2500m"), (0.1, "100m"), (0.0001, "1m")])
def test_cores_have_the_spelling_the_api_server_gives_back(cpu: float, text: str) -> None:
    assert cores(cpu) == text
