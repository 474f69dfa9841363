"""The image volume: what the kubelet mounts, and where the server finds the weights in it."""

import pytest

from components.loaders import dispatch
from components.workload import pod
from stacks.spec.loader import ImageLoader, InitLoader, PreloadLoader
from stacks.spec.source import ImageSource
from tests.components.loader_samples import IMAGE, PRELOAD
from tests.components.model_samples import DIGEST, HTTP, KIT, ON_CPU, load, place, serve


def test_the_kubelet_mounts_the_image_and_no_agent_runs() -> None:
    loaded = load(IMAGE)

    assert loaded.volumes == (
        {"name": "model-image", "image": {"reference": IMAGE.reference, "pullPolicy": "IfNotPresent"}},
    )
    assert loaded.server_mounts == ({"name": "model-image", "mountPath": "/models", "readOnly": True},)
    assert loaded.init_containers == ()
    assert loaded.egress_ports == ()  # the kubelet pulls


def test_the_loader_may_be_named_or_left_out() -> None:
    assert load(IMAGE, place(), ImageLoader(type="image")) == load(IMAGE)


def test_a_new_digest_rolls_the_pods() -> None:
    assert load(IMAGE).annotations["slipway.dev/model-digest"] == DIGEST


@pytest.mark.parametrize(
    ("inside", "seen"), [("/models", "/models/models"), ("/", "/models"), ("/weights/v1", "/models/weights/v1")]
)
def test_the_server_looks_into_the_images_own_directory(inside: str, seen: str) -> None:
    source = ImageSource.model_validate({"type": "image", "reference": IMAGE.reference, "path": inside, "sizeGib": 1})

    assert dispatch.model_path(None, source) == seen


def test_the_pod_pulls_it_with_its_own_secrets() -> None:
    placement = ON_CPU.__class__(
        nodes=ON_CPU.nodes, cpu=1, memory_gib=1, image_pull_secrets=("registry",), service_account="models"
    )
    template = pod.render(serve(HTTP), load(IMAGE), placement, name="qwen", kubernetes_version=(1, 35))

    assert template["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    assert "initContainers" not in template["spec"]


@pytest.mark.parametrize("loader", [InitLoader(type="init"), PRELOAD], ids=lambda loader: loader.type)
def test_no_agent_reads_an_image(loader: InitLoader | PreloadLoader) -> None:
    with pytest.raises(ValueError, match=rf'loader type "{loader.type}" cannot bring a source of type "image"'):
        load(IMAGE, place(claim="weights"), loader)


def test_the_kubelet_mounts_nothing_but_images() -> None:
    with pytest.raises(ValueError, match='loader type "image" cannot bring a source of type "modelkit"'):
        load(KIT, place(), ImageLoader(type="image"))
