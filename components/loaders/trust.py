"""What a loader trusts, as files: keys that sign models, private CAs; and the arguments that name them.

None of it is secret, so it is a ConfigMap. It is immutable and named by its contents: another key or CA is another
object, so pods roll to it, Jobs run again, and a pod that still runs has just the files that its arguments name. A node
cache keeps the files beside its list of models instead, in one ConfigMap: both change at once, and nothing restarts.
"""

from pathlib import PurePosixPath
from typing import Final

from components.loaders.agent.cosign import cosign_name
from components.loaders.agent.paths import safe_file_path
from components.loaders.agent.publickey import parse_public_key
from components.loaders.agent.signature import SignatureCheck
from components.loaders.agent.signatureoptions import KITFILE, SignatureOptions
from components.loaders.contract import LoaderPlace, Trust
from components.names import fingerprint, labels
from components.objects import Manifest
from stacks.spec.file_source import ClaimSource
from stacks.spec.source import AgentSource, ModelKitSource, OciSource

MOUNT: Final = "/run/slipway/trust"
"""Where the files are mounted in a container that loads."""

VOLUME: Final = "loader-trust"

_CA_FILE: Final = "ca.pem"
_MODE: Final = 0o444  # nothing secret


def trust_files(source: AgentSource, trust: Trust) -> dict[str, str]:
    """Return the contents by the files' names; a key's file is named by the key, whatever model asks for it.

    Raises:
        ValueError: a key the agent cannot use.
    """
    files = {_key_file(text): f"{text.strip()}\n" for text in _keys(trust)}
    if trust.ca_certificates is not None and not isinstance(source, ClaimSource):
        files[_CA_FILE] = f"{trust.ca_certificates.strip()}\n"
    return dict(sorted(files.items()))


def trust_args(source: AgentSource, trust: Trust, directory: str = MOUNT) -> list[str]:
    """Return the arguments that say what is trusted, and which registries have a mirror.

    Args:
        source: where the weights are; mirrors are of registries, and a claim is not reached over a network.
        trust: of the model.
        directory: where the files are mounted.

    Raises:
        ValueError: a key the agent cannot use.
    """
    at, files = PurePosixPath(directory), trust_files(source, trust)
    args = ["--ca-file", str(at / _CA_FILE)] if _CA_FILE in files else []
    if isinstance(source, ModelKitSource | OciSource):
        for host, mirror in sorted(trust.mirrors.items()):
            args += ["--mirror", f"{host}={mirror.rstrip('/')}"]
    for name in files:
        args += [] if name == _CA_FILE else ["--signature-key", str(at / name)]
    if trust.signature is not None:
        cosign = trust.signature.kind == "cosign"
        args += ["--signature-kind", "cosign"] if cosign else ["--signature-bundle", trust.signature.bundle]
    return args


def trust_checks(source: AgentSource, trust: Trust) -> tuple[str, ...]:
    """Return the names under which a loader notes the checks a version must have passed: what gates ask for.

    Raises:
        ValueError: a key the agent cannot use.
    """
    if trust.signature is None:
        return ()
    parsed = (parse_public_key(text.encode()) for text in _keys(trust))
    keys = list({key.fingerprint: key for key in parsed}.values())
    if trust.signature.kind == "cosign":
        return (cosign_name(keys),)
    generated = frozenset({KITFILE}) if isinstance(source, ModelKitSource) else frozenset[str]()
    bundle = "/".join(safe_file_path(trust.signature.bundle, "signature.bundle"))
    options = SignatureOptions(kind="model-signing", keys=(), bundle=bundle, file=None, generated=generated)
    return (SignatureCheck(options, keys, None).name,)


def config_map_name(source: AgentSource, place: LoaderPlace) -> str | None:
    """Return the name of the model's ConfigMap; None if there is nothing to mount."""
    files = trust_files(source, place.trust)
    return f"{place.model}-trust-{fingerprint(*(part for file in files.items() for part in file))}" if files else None


def config_map(source: AgentSource, place: LoaderPlace) -> Manifest | None:
    """Return the immutable ConfigMap of one model; None if there is nothing to mount."""
    name = config_map_name(source, place)
    if name is None:
        return None
    own = labels(f"{place.model}.loader", "loader")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": place.namespace, "labels": own},
        "immutable": True,
        "data": trust_files(source, place.trust),
    }


def trust_mounts(name: str | None) -> list[Manifest]:
    """Return the mount of a ConfigMap of that name."""
    return [] if name is None else [{"name": VOLUME, "mountPath": MOUNT, "readOnly": True}]


def trust_volumes(name: str | None) -> list[Manifest]:
    """Return the pod volume of a ConfigMap of that name."""
    return [] if name is None else [{"name": VOLUME, "configMap": {"name": name, "defaultMode": _MODE}}]


def _keys(trust: Trust) -> tuple[str, ...]:
    return () if trust.signature is None else trust.signature.public_keys


def _key_file(text: str) -> str:
    return f"signer-{parse_public_key(text.encode()).fingerprint[:16]}.pem"
