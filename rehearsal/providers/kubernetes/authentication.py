"""The Authorization header and the client certificate of a request, refreshed where they expire."""

import base64
import json
import os
import subprocess
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Final

from rehearsal.providers.codec import Tree, is_array
from rehearsal.providers.kubernetes.kubeconfig import Access, Credentials, KubeconfigError
from rehearsal.providers.kubernetes.objects import items, text

PLUGIN_TIMEOUT_SECONDS: Final = 60.0
TOKEN_FILE_SECONDS: Final = 60.0  # client-go rereads token files once a minute
EXPIRY_MARGIN_SECONDS: Final = 30.0


class Authentication:
    """Credentials of one user. Thread-safe."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._issued: Credentials | None = None
        self._until = 0.0  # monotonic seconds

    def certificate(self) -> tuple[bytes, bytes]:
        """Get the client certificate and its key as PEM; both empty when there is none."""
        credentials = self._current()
        return credentials.certificate, credentials.key

    def header(self) -> dict[str, str]:
        """Get the Authorization header, or nothing when the certificate is enough."""
        credentials = self._current()
        if credentials.token:
            return {"Authorization": f"Bearer {credentials.token}"}
        if credentials.username:
            pair = f"{credentials.username}:{credentials.password}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {}

    def forget(self) -> None:
        """Ask for new credentials next time: the server did not take these."""
        with self._lock:
            self._issued = None

    def _current(self) -> Credentials:
        fixed = self._access.credentials
        if fixed.exec_plugin is None and not fixed.token_file:
            return fixed
        with self._lock:
            if self._issued is None or time.monotonic() >= self._until:
                issue = self._from_file if fixed.exec_plugin is None else self._from_plugin
                self._issued, self._until = issue()
            return self._issued

    def _from_file(self) -> tuple[Credentials, float]:
        path = self._access.credentials.token_file
        try:
            token = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise KubeconfigError(f"`tokenFile` {path} cannot be read: {error.strerror}") from None
        return Credentials(token=token), time.monotonic() + TOKEN_FILE_SECONDS

    def _from_plugin(self) -> tuple[Credentials, float]:
        """Run the exec plugin (client.authentication.k8s.io ExecCredential, Kubernetes 1.34 reference)."""
        plugin = self._access.credentials.exec_plugin or {}
        command = text(plugin, "command")
        wanted = {"apiVersion": text(plugin, "apiVersion"), "kind": "ExecCredential", "spec": {"interactive": False}}
        extra = {text(item, "name"): text(item, "value") for item in items(plugin, "env")}
        environment = {**os.environ, **extra, "KUBERNETES_EXEC_INFO": json.dumps(wanted)}
        arguments = plugin.get("args")
        words = [str(item) for item in arguments] if is_array(arguments) else []
        try:
            done = subprocess.run(
                [command, *words], env=environment, capture_output=True, check=True, timeout=PLUGIN_TIMEOUT_SECONDS
            )
            status = json.loads(done.stdout)["status"]
        except FileNotFoundError:
            hint = text(plugin, "installHint")
            raise KubeconfigError(
                f"the credential plugin {command!r} is not installed; {hint or 'install it'}"
            ) from None
        except (subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
            raise KubeconfigError(f"the credential plugin {command!r} failed: {type(error).__name__}") from None
        return _issued(status), _expiry(text(status, "expirationTimestamp"))


def _issued(status: Tree) -> Credentials:
    return Credentials(
        certificate=text(status, "clientCertificateData").encode(),
        key=text(status, "clientKeyData").encode(),
        token=text(status, "token"),
    )


def _expiry(stamp: str) -> float:
    if not stamp:
        return float("inf")
    left = datetime.fromisoformat(stamp).timestamp() - time.time() - EXPIRY_MARGIN_SECONDS
    return time.monotonic() + max(left, 1.0)
