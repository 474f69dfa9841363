"""What a caller may ask of a rehearsal cluster."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from rehearsal.control_plane.errors import ClusterError
from rehearsal.control_plane.open_crds import OpenCrd, parse_open_crd

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")
# An object name of Kubernetes: dot-separated DNS labels, at most 253 characters.
_OBJECT_NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"


class StorageClass(BaseModel):
    """A storage class whose claims the rehearsal controller binds.

    Attributes:
        name: Name of the StorageClass object.
        binding_mode: When a claim gets its volume: at once, or when a pod that uses it has a node.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=_OBJECT_NAME, max_length=253)]
    binding_mode: Literal["Immediate", "WaitForFirstConsumer"] = "Immediate"


def _storage_class(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _open_crd(value: object) -> object:
    return parse_open_crd(value) if isinstance(value, str) else value


class ClusterOptions(BaseModel):
    """Options of one rehearsal cluster; in JSON a storage class or a definition may be a plain string.

    Attributes:
        storage_classes: Classes that exist and whose claims get bound.
        default_storage_class: Whether the first class is the default of the cluster.
        bind_delay_seconds: Age at which a claim gets its volume; None means never.
        address_delay_seconds: Age at which a Service of type LoadBalancer or an Ingress gets its address; None
            means never.
        open_crds: Custom resource definitions to add with a schema that accepts anything.
        kubernetes_version: Wanted version, whole or a prefix such as "1.34"; None takes what the toolchain has.
        feature_gates: Kubernetes feature gates for the API server, the controllers and the scheduler.
        owner: Whose cluster it is, `project/stack` of a Pulumi stack; another owner is refused. None: nobody's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    storage_classes: tuple[Annotated[StorageClass, BeforeValidator(_storage_class)], ...] = ()
    default_storage_class: bool = True
    bind_delay_seconds: Annotated[float, Field(ge=0)] | None = 0.0
    address_delay_seconds: Annotated[float, Field(ge=0)] | None = 0.0
    open_crds: tuple[Annotated[OpenCrd, BeforeValidator(_open_crd)], ...] = ()
    kubernetes_version: Annotated[str, Field(pattern=r"^v?\d+\.\d+(\.\d+)?$")] | None = None
    feature_gates: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")], bool] = {}
    owner: str | None = None

    @field_validator("storage_classes")
    @classmethod
    def _names_differ(cls, classes: tuple[StorageClass, ...]) -> tuple[StorageClass, ...]:
        names = [storage_class.name for storage_class in classes]
        if len(set(names)) != len(names):
            raise ValueError(f"storage class names must differ, got {', '.join(names)}")
        return classes


def check_name(name: str) -> str:
    """Return the cluster name, or refuse one that cannot be a directory and a kubeconfig context.

    Raises:
        ClusterError: The name breaks the rule.
    """
    if not _NAME.fullmatch(name):
        raise ClusterError(
            f"cluster name {name!r} is not allowed: use 1 to 40 lower-case letters, digits and '-', "
            "with a letter or digit at both ends, for example 'dev'"
        )
    return name
