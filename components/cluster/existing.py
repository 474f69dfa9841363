"""A cluster somebody else made, known by its kubeconfig."""

from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

import pulumi

from components.cluster.made import MadeCluster
from stacks.spec.cluster import ExistingCluster, KubeconfigFromFile, KubeconfigFromKey, KubeconfigFromStack


def read_kubeconfig(source: KubeconfigFromFile) -> str:
    """Return the contents of a kubeconfig file.

    Raises:
        ValueError: it cannot be read or is empty, with the path.
    """
    path = Path(source.path).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ValueError(f"the kubeconfig {path} cannot be read: {why}") from None
    if not text.strip():
        raise ValueError(f"the kubeconfig {path} is empty")
    return text


def make(spec: ExistingCluster, secrets: Mapping[str, pulumi.Output[str]], opts: pulumi.ResourceOptions) -> MadeCluster:
    """Find the kubeconfig; nothing is made but a StackReference where another stack has it.

    Raises:
        ValueError: the kubeconfig file cannot be read, or its secret key is not set.
    """
    return MadeCluster(
        name=spec.identifier,
        identifier=spec.identifier,
        kubeconfig=_kubeconfig(spec, secrets, opts),
        context=spec.context,
        kubernetes_version=spec.kubernetes_version,
        simulated=False,
        kubeconfig_path=None,
    )


def _kubeconfig(
    spec: ExistingCluster, secrets: Mapping[str, pulumi.Output[str]], opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    match spec.kubeconfig:
        case KubeconfigFromFile() as file:
            return pulumi.Output.secret(read_kubeconfig(file))
        case KubeconfigFromKey(key=key):
            if key not in secrets:
                fix = f"run `pulumi config set --secret slipway:{key}` and give it the kubeconfig's contents"
                raise ValueError(f"cluster.kubeconfig.key: the secret {key} is not set; {fix}")
            return pulumi.Output.secret(secrets[key])
        case KubeconfigFromStack(stack=stack, output=output):
            reference = pulumi.StackReference(f"cluster-{spec.identifier}", stack_name=stack, opts=opts)
            return pulumi.Output.secret(reference.require_output(output))
        case _:
            assert_never(spec.kubeconfig)
