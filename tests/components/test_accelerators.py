"""How accelerators show in Kubernetes."""

import re

import pytest

from components.accelerators import KUBERNETES_ACCELERATORS
from stacks.spec.accelerators import ACCELERATOR_KEYS, ACCELERATORS, AcceleratorKey

LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")


def test_every_accelerator_has_a_row() -> None:
    assert sorted(KUBERNETES_ACCELERATORS) == sorted(ACCELERATOR_KEYS)
    assert {key: row.key for key, row in KUBERNETES_ACCELERATORS.items()} == {key: key for key in ACCELERATORS}


@pytest.mark.parametrize("key", ACCELERATORS)
def test_rows_are_whole(key: AcceleratorKey) -> None:
    row = KUBERNETES_ACCELERATORS[key]
    assert row.source
    assert row.taint_key == row.resource
    for label, value in row.labels(8).items():
        assert LABEL_VALUE.fullmatch(value), f"{label}={value} is no label value"


@pytest.mark.parametrize(
    ("key", "resource"),
    [
        ("ascend-310p", "huawei.com/Ascend310P"),
        ("ascend-910b", "huawei.com/Ascend910"),
        ("nvidia-t4", "nvidia.com/gpu"),
        ("nvidia-h20", "nvidia.com/gpu"),
    ],
)
def test_resource_is_what_the_device_plugin_announces(key: AcceleratorKey, resource: str) -> None:
    assert KUBERNETES_ACCELERATORS[key].resource == resource


def test_nvidia_labels_are_those_of_feature_discovery() -> None:
    assert KUBERNETES_ACCELERATORS["nvidia-l20"].labels(4) == {
        "nvidia.com/gpu.compute.major": "8",
        "nvidia.com/gpu.compute.minor": "9",
        "nvidia.com/gpu.count": "4",
        "nvidia.com/gpu.family": "ada-lovelace",
        "nvidia.com/gpu.memory": "46068",
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.product": "NVIDIA-L20",
    }


def test_ascend_labels_tell_the_chips_of_one_series_apart() -> None:
    assert KUBERNETES_ACCELERATORS["ascend-910b"].labels(8) == {
        "accelerator": "huawei-Ascend910",
        "node.kubernetes.io/npu.chip.name": "910B",
    }
    assert KUBERNETES_ACCELERATORS["ascend-310p"].labels(1) == {
        "accelerator": "huawei-Ascend310P",
        "node.kubernetes.io/npu.chip.name": "310P",
    }
