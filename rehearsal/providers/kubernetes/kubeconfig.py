"""Read a kubeconfig, given as contents or as a path, and say how to reach the cluster of one context.

Format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/. Not supported: proxies, auth-provider plugins
(gone from Kubernetes since 1.26) and the service account of a pod.
"""

import base64
import binascii
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from rehearsal.providers.codec import Json, Tree, is_object
from rehearsal.providers.kubernetes.objects import items, text

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is ten times faster, but optional


class KubeconfigError(Exception):
    """The kubeconfig cannot be used. The text names what is wrong, never a credential."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to prove who we are. Certificates and keys are PEM."""

    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    token: str = field(default="", repr=False)
    token_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    exec_plugin: Tree | None = field(default=None, repr=False)  # its environment may hold secrets


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API server is and how to talk to it."""

    server: str
    context: str
    namespace: str
    credentials: Credentials
    authority: bytes = b""
    skip_tls_verify: bool = False
    tls_server_name: str = ""


def load(contents_or_path: str) -> tuple[Tree, Path]:
    """Load a kubeconfig; empty means the ambient one (``KUBECONFIG``, else ``~/.kube/config``).

    Returns:
        The parsed file and the folder that its relative paths count from.

    Raises:
        KubeconfigError: there is none, or it is no kubeconfig.
    """
    if contents_or_path and ("\n" in contents_or_path or contents_or_path.lstrip().startswith("{")):
        return _parse(contents_or_path, "the provider's kubeconfig"), Path.cwd()
    names = [contents_or_path] if contents_or_path else os.environ.get("KUBECONFIG", "~/.kube/config").split(os.pathsep)
    for path in (Path(name).expanduser() for name in names if name):
        if path.is_file():
            return _parse(path.read_text(encoding="utf-8"), str(path)), path.parent
    shown = contents_or_path or os.pathsep.join(names)
    raise KubeconfigError(f"no kubeconfig at {shown}; give the provider its contents or the path of an existing file")


def _parse(contents: str, where: str) -> Tree:
    try:
        parsed: Json = yaml.load(contents, Loader=_LOADER)  # noqa: S506  # both loaders are the safe ones
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f" at line {mark.line + 1}" if mark else ""
        raise KubeconfigError(f"{where} is neither YAML nor JSON{at}; check what the provider gets") from None
    if not is_object(parsed) or "clusters" not in parsed:
        raise KubeconfigError(f"{where} is no kubeconfig: it has no `clusters`")
    return parsed


def find_access(config: Tree, folder: Path, *, context: str = "", cluster: str = "", namespace: str = "") -> Access:
    """Choose the context and put its cluster and user together. Arguments win over the file.

    Raises:
        KubeconfigError: the context, cluster or user is not in the file, or a certificate is not readable.
    """
    context = context or text(config, "current-context")
    if not context:
        raise KubeconfigError("the kubeconfig has no current-context; set the provider's `context`")
    chosen = _named(config, "contexts", "context", context)
    target = _named(config, "clusters", "cluster", cluster or text(chosen, "cluster"))
    server = text(target, "server")
    if not server:
        raise KubeconfigError(f"the cluster of context {context!r} has no `server`")
    user = _named(config, "users", "user", text(chosen, "user")) if text(chosen, "user") else {}
    return Access(
        server=server.rstrip("/"),
        context=context,
        namespace=namespace or text(chosen, "namespace") or "default",
        credentials=_credentials(user, folder),
        authority=_data_or_file(target, "certificate-authority", folder),
        skip_tls_verify=target.get("insecure-skip-tls-verify") is True,
        tls_server_name=text(target, "tls-server-name"),
    )


def active_cluster(config: Tree, *, context: str = "", cluster: str = "") -> Tree | None:
    """Find the cluster entry in use; ``None`` when the file does not tell."""
    context = context or text(config, "current-context")
    name = cluster or next(
        (text(item, "context", "cluster") for item in items(config, "contexts") if item.get("name") == context), ""
    )
    return next((item["cluster"] for item in items(config, "clusters") if item.get("name") == name), None)


def _named(config: Tree, group: str, key: str, name: str) -> Tree:
    for item in items(config, group):
        value = item.get(key)
        if item.get("name") == name and is_object(value):
            return value
    known = ", ".join(sorted(str(item.get("name")) for item in items(config, group))) or "none"
    raise KubeconfigError(f"the kubeconfig has no {key} named {name!r} (it has: {known})")


def _data_or_file(entry: Tree, key: str, folder: Path) -> bytes:
    data = text(entry, f"{key}-data")
    if data:
        try:
            return base64.b64decode(data, validate=True)
        except binascii.Error:
            raise KubeconfigError(f"`{key}-data` in the kubeconfig is not base64") from None
    path = text(entry, key)
    if not path:
        return b""
    try:
        return (folder / Path(path).expanduser()).read_bytes()
    except OSError as error:
        raise KubeconfigError(
            f"`{key}` in the kubeconfig names {path}, which cannot be read: {error.strerror}"
        ) from None


def _credentials(user: Tree, folder: Path) -> Credentials:
    plugin = user.get("exec")
    token_file = text(user, "tokenFile")
    return Credentials(
        certificate=_data_or_file(user, "client-certificate", folder),
        key=_data_or_file(user, "client-key", folder),
        token=text(user, "token"),
        token_file=str(folder / Path(token_file).expanduser()) if token_file else "",
        username=text(user, "username"),
        password=text(user, "password"),
        exec_plugin=plugin if is_object(plugin) else None,
    )
