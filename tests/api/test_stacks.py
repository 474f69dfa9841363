"""Every object of every shipped stack file goes through a real API server in one strict dry run per stack."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.mocks import Secret
from tests.program.test_stacks import SHIPPED, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.kubectl import Kubectl

pytestmark = pytest.mark.engine

CLUSTER_WIDE = ("Namespace", "Node", "PersistentVolume")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_api_server_takes_every_object(path: Path, restricted: Kubectl) -> None:
    objects = [resource.inputs for resource in run(path).resources if resource.type.startswith("kubernetes:")]

    said = restricted.try_out([as_sent(manifest) for manifest in objects if manifest["kind"] not in CLUSTER_WIDE])
    said += restricted.run(
        "create", "--dry-run=server", "--validate=strict", "-f", "-",
        document={"apiVersion": "v1", "kind": "List", "items": [
            as_sent(manifest) for manifest in objects if manifest["kind"] in CLUSTER_WIDE
        ]},
    )  # fmt: skip

    assert said.count("created (server dry run)") == len(objects) > 5


def as_sent(value: Any) -> Any:  # noqa: ANN401 - any recorded value
    """Return a recorded value as the API server would get it; a secret becomes another one, as base64."""
    if isinstance(value, Secret):
        return b64encode(b'{"auths": {}}').decode() if isinstance(value.value, str) else as_sent(value.value)
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {key: as_sent(item) for key, item in items if item is not None}
    if isinstance(value, list):
        return [as_sent(item) for item in cast("list[Any]", value)]
    return value
