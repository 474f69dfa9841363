"""Reading the credentials file: every use anew, nothing of it ever repeated."""

from pathlib import Path

import pytest

from components.loaders.agent.awscredentials import AwsCredentials, AwsCredentialsFile
from components.loaders.agent.errors import AuthError

CANARY = "canary-7f3a"


def test_file_as_the_aws_tools_write_it(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text(
        "# comment\n[other]\naws_access_key_id = x\n\n[default]\nAWS_ACCESS_KEY_ID=AKIA1\n"
        "aws_secret_access_key = a/b+c:d%e=\naws_session_token = t//=\nregion = nowhere\n"
    )

    found = AwsCredentialsFile(path).read()

    assert found == AwsCredentials(access_key_id="AKIA1", secret_access_key="a/b+c:d%e=", session_token="t//=")  # noqa: S106  # made up
    assert "a/b" not in repr(found)
    assert "t//" not in repr(found)


def test_no_file_is_anonymous() -> None:
    assert AwsCredentialsFile(None).read() is None


def test_file_is_read_at_every_use(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    file = AwsCredentialsFile(path)
    for name in ("one", "two"):
        path.write_text(f"[default]\naws_access_key_id={name}\naws_secret_access_key=s\n")
        found = file.read()
        assert found is not None
        assert (found.access_key_id, found.session_token) == (name, "")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"{CANARY}\n", "not an INI file"),
        (f"[default]\n{CANARY}\n", "not an INI file"),
        ("\xff", "not an INI file"),
        ("", "has no aws_access_key_id"),
        (f"[DEFAULT]\naws_access_key_id = {CANARY}\n", "has no aws_access_key_id"),
        (f"[profile]\naws_access_key_id = {CANARY}\n", "has no aws_access_key_id"),
        (f"[default]\naws_access_key_id = {CANARY}\n", "has no aws_secret_access_key"),
        (f"[default]\naws_access_key_id = {CANARY}\naws_secret_access_key =\n", "has no aws_secret_access_key"),
        (f"[default]\naws_access_key_id = a {CANARY}\naws_secret_access_key = s\n", "aws_access_key_id holds spaces"),
        (f"[default]\naws_access_key_id = a\naws_secret_access_key = s\n  {CANARY}\n", "aws_secret_access_key holds"),
        (
            f"[default]\naws_access_key_id = a\naws_secret_access_key = s\naws_session_token = {CANARY}ü\n",
            "aws_session_token holds",
        ),
    ],
)
def test_broken_file_is_refused_without_its_content(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(content.encode("latin-1" if content == "\xff" else "utf-8"))

    with pytest.raises(AuthError) as caught:
        AwsCredentialsFile(path).read()

    assert says in str(caught.value)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AuthError, match="mount the Secret there"):
        AwsCredentialsFile(tmp_path / "no").read()
