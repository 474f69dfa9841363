"""The environment file works in a plain shell and keeps its secret to its owner."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from rehearsal.toolchain import engine_log, envfile

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from rehearsal.toolchain.paths import Paths


def _shell(script: str) -> dict[str, str]:
    answer = subprocess.run(
        ["/bin/sh", "-euc", f"{script}\n/usr/bin/env"],
        env={
            "PATH": "/usr/bin:/bin",
            "PULUMI_CONFIG_PASSPHRASE_FILE": "/etc/passphrase",
            "PULUMI_BACKEND_URL": "s3://shared",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)


def test_a_shell_gets_the_local_backend_and_the_tools_first(paths: Paths) -> None:
    envfile.write(paths, automatic_plugins=False)
    got = _shell(f". {paths.environment_file}; . {paths.environment_file}")
    assert got["PATH"] == f"{paths.bin}:{paths.python.parent}:/usr/bin:/bin"
    assert got["PULUMI_HOME"] == str(paths.pulumi_home)
    assert got["PULUMI_BACKEND_URL"] == f"file://{paths.home}/state"
    assert got["PULUMI_CONFIG_PASSPHRASE"] == envfile.PASSPHRASE
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in got
    assert got["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "1"
    assert (paths.home / "state").is_dir()


def test_official_plugins_leave_the_engine_free_to_fetch(paths: Paths) -> None:
    envfile.write(paths, automatic_plugins=True)
    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in _shell(f". {paths.environment_file}")


def test_names_with_spaces_and_quotes_are_kept(paths: Paths, tmp_path: Path) -> None:
    odd = type(paths)(clone=paths.clone, home=tmp_path / "it's a home", cache=paths.cache)
    envfile.write(odd, automatic_plugins=True)
    got = _shell(f'. "{odd.environment_file}"; . "{odd.environment_file}"')
    assert got["PULUMI_HOME"] == str(odd.pulumi_home)
    assert got["PATH"].count(str(odd.bin)) == 1


def test_the_state_is_for_its_owner_only(paths: Paths) -> None:
    envfile.write(paths, automatic_plugins=True)
    assert (paths.home / "state").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in paths.home.iterdir()) == ["env", "pulumi", "state"]


def test_a_child_process_gets_the_same(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/etc/passphrase")
    monkeypatch.setenv("PATH", "/usr/bin")
    got = envfile.environment(paths, automatic_plugins=False)
    assert got["PATH"] == f"{paths.bin}:{paths.python.parent}:/usr/bin"
    assert got["PULUMI_HOME"] == str(paths.pulumi_home)
    assert got["PULUMI_CONFIG_PASSPHRASE"] == envfile.PASSPHRASE
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in got


def test_the_engine_has_no_place_for_its_own_log(paths: Paths) -> None:
    (paths.pulumi_home / "logs").mkdir(parents=True)
    (paths.pulumi_home / "logs/old").write_text("20 MB")

    for _ in range(2):
        envfile.write(paths, automatic_plugins=True)

    assert (paths.pulumi_home / "logs").read_text() == engine_log.WHY
