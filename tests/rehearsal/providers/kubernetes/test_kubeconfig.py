"""Kubeconfigs as contents or path, and the credentials in them."""

from __future__ import annotations

import base64
import json
import stat
from typing import TYPE_CHECKING

import pytest

from rehearsal.providers.kubernetes.authentication import Authentication
from rehearsal.providers.kubernetes.kubeconfig import Access, KubeconfigError, active_cluster, find_access, load

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.providers.codec import Tree


def config(user: Tree | None = None, **cluster: object) -> Tree:
    """A kubeconfig with two contexts."""
    return {
        "clusters": [
            {"name": "a", "cluster": {"server": "https://a:6443/", **cluster}},
            {"name": "b", "cluster": {"server": "https://b"}},
        ],
        "contexts": [
            {"name": "one", "context": {"cluster": "a", "user": "u", "namespace": "team"}},
            {"name": "two", "context": {"cluster": "b"}},
        ],
        "users": [{"name": "u", "user": user or {}}],
        "current-context": "one",
    }


def access(tmp_path: Path, user: Tree | None = None, **cluster: object) -> Access:
    """The access of the current context."""
    return find_access(config(user, **cluster), tmp_path)


def test_contents_and_paths_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config"
    file.write_text(json.dumps(config()))
    monkeypatch.setenv("KUBECONFIG", str(file))

    assert load(json.dumps(config()))[0] == config()
    assert load(str(file)) == (config(), tmp_path)
    assert load("") == (config(), tmp_path)


def test_context_cluster_and_namespace_can_be_chosen(tmp_path: Path) -> None:
    one = access(tmp_path)
    two = find_access(config(), tmp_path, context="two", namespace="mine")
    mixed = find_access(config(), tmp_path, cluster="b")

    assert (one.server, one.namespace) == ("https://a:6443", "team")
    assert (two.server, two.namespace, find_access(config(), tmp_path, context="two").namespace) == (
        "https://b",
        "mine",
        "default",
    )
    assert mixed.server == "https://b"


@pytest.mark.parametrize(
    ("contents", "fix"),
    [
        ("{", "neither YAML nor JSON"),
        ("{}", "no `clusters`"),
        ("/no/such/file", "no kubeconfig at /no/such/file"),
    ],
)
def test_what_is_no_kubeconfig_is_named(contents: str, fix: str) -> None:
    with pytest.raises(KubeconfigError, match=fix):
        load(contents)


def test_a_missing_context_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=r"no context named 'three' \(it has: one, two\)"):
        find_access(config(), tmp_path, context="three")


def test_certificates_come_as_data_or_files(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(b"CA")
    found = access(
        tmp_path,
        {f"client-{part}-data": base64.b64encode(part.encode()).decode() for part in ("certificate", "key")},
        **{"certificate-authority": "ca.crt"},
    )

    assert found.authority == b"CA"
    assert Authentication(found).certificate() == (b"certificate", b"key")


def test_an_unreadable_certificate_is_named_and_no_secret_shown(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=r"`client-key` in the kubeconfig.*nothing\.key.* cannot be read"):
        access(tmp_path, {"client-key": "nothing.key"})
    assert "t0p" not in repr(access(tmp_path, {"token": "t0p"}))


def test_tokens_names_and_files_make_the_header(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")

    assert Authentication(access(tmp_path)).header() == {}
    assert Authentication(access(tmp_path, {"token": "t"})).header() == {"Authorization": "Bearer t"}
    assert Authentication(access(tmp_path, {"tokenFile": "token"})).header() == {"Authorization": "Bearer from-file"}
    assert Authentication(access(tmp_path, {"username": "u", "password": "p"})).header() == {
        "Authorization": "Basic dTpw"
    }


def plugin(tmp_path: Path, answer: str) -> Tree:
    """A user with a credential plugin that counts its runs."""
    script = tmp_path / "plugin"
    script.write_text(f'#!/bin/sh\necho run >> {tmp_path}/runs\ncat <<"END"\n{answer}\nEND\n')
    script.chmod(stat.S_IRWXU)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script), "args": ["get"]}}


def test_a_credential_plugin_is_asked_once_and_again_when_refused(tmp_path: Path) -> None:
    user = plugin(tmp_path, json.dumps({"status": {"token": "t", "expirationTimestamp": "2999-01-01T00:00:00Z"}}))
    authentication = Authentication(access(tmp_path, user))
    headers = [authentication.header() for _ in range(3)]
    authentication.forget()
    authentication.header()

    assert headers == [{"Authorization": "Bearer t"}] * 3
    assert (tmp_path / "runs").read_text().count("run") == 2


def test_a_broken_or_missing_plugin_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match="failed: JSONDecodeError"):
        Authentication(access(tmp_path, plugin(tmp_path, "no json"))).header()
    missing = {"exec": {"command": "no-such-plugin", "installHint": "get it from example.com"}}
    with pytest.raises(KubeconfigError, match=r"not installed; get it from example\.com"):
        Authentication(access(tmp_path, missing)).header()


def test_the_active_cluster_tells_clusters_apart() -> None:
    assert active_cluster(config()) == {"server": "https://a:6443/"}
    assert active_cluster(config(), context="two") == {"server": "https://b"}
    assert active_cluster(config(), context="three") is None
