"""The identity of model pods."""

from components.security.service_account import render_service_account


def test_account_has_no_token_and_its_pull_secrets_in_order() -> None:
    account = render_service_account("model-server", "models", ["b", "a", "b"])
    assert account["automountServiceAccountToken"] is False
    assert account["imagePullSecrets"] == [{"name": "a"}, {"name": "b"}]
    assert (account["metadata"]["name"], account["metadata"]["namespace"]) == ("model-server", "models")


def test_without_a_private_registry_there_is_no_pull_secret() -> None:
    assert "imagePullSecrets" not in render_service_account("model-server", "models", ())
