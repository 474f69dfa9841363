"""Which plugins the installed SDKs need, read from a made-up folder of packages."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from rehearsal.language_host.about import distributions
from rehearsal.language_host.errors import HostError
from rehearsal.language_host.packages import RequiredPackage, required_packages, site_directories


def install(site: Path, module: str, content: Mapping[str, object] | str, version: str = "") -> None:
    (site / module).mkdir()
    text = content if isinstance(content, str) else json.dumps(content)
    (site / module / "pulumi-plugin.json").write_text(text, encoding="utf-8")
    if version:
        (site / f"{module}-{version}.dist-info").mkdir()


def test_name_version_and_server_are_those_of_the_file(tmp_path: Path) -> None:
    install(tmp_path, "pulumi_random", {"resource": True, "name": "random", "version": "4.21.4", "server": "example"})

    assert list(required_packages([tmp_path])) == [RequiredPackage("random", "v4.21.4", "example")]


@pytest.mark.parametrize(
    ("installed", "wanted"),
    [("0.2.3", "v0.2.3"), ("1", "v1.0.0"), ("2.0.0a5", "v2.0.0-alpha.5"), ("3.1rc2", "v3.1.0-rc.2")],
)
def test_a_missing_version_is_that_of_the_package(tmp_path: Path, installed: str, wanted: str) -> None:
    install(tmp_path, "tencentcloud_iac_pulumi", {"resource": True, "name": "tencentcloud"}, installed)

    assert [package.version for package in required_packages([tmp_path])] == [wanted]


@pytest.mark.parametrize(
    "folder", ["tencentcloud_iac_pulumi-0.2.3.egg-info", "tencentcloud_iac_pulumi-0.2.3-py3.11.egg-info"]
)
def test_an_old_pip_notes_the_version_elsewhere(tmp_path: Path, folder: str) -> None:
    install(tmp_path, "tencentcloud_iac_pulumi", {"resource": True, "name": "tencentcloud"})
    (tmp_path / folder).mkdir()

    assert [package.version for package in required_packages([tmp_path])] == ["v0.2.3"]


@pytest.mark.parametrize("version", ["", "1.0.dev3", "1!2.0"])
def test_a_version_that_names_no_plugin_is_left_out(tmp_path: Path, version: str) -> None:
    install(tmp_path, "pulumi_some", {"resource": True}, version)

    assert list(required_packages([tmp_path])) == []


def test_a_missing_name_is_that_of_the_module(tmp_path: Path) -> None:
    install(tmp_path, "pulumi_aws_native", {"resource": True, "version": "1.0.0"})

    assert [package.name for package in required_packages([tmp_path])] == ["aws-native"]


def test_a_package_without_a_plugin_is_left_out(tmp_path: Path) -> None:
    install(tmp_path, "pulumi_policy", {"resource": False, "version": "1.0.0"})

    assert list(required_packages([tmp_path])) == []


def test_a_parameterized_package_keeps_its_parameter(tmp_path: Path) -> None:
    parameter = {"name": "net", "version": "1.2.3", "value": "aGk="}
    content = {"resource": True, "name": "base", "version": "9.0.0", "parameterization": parameter}
    install(tmp_path, "pulumi_net", content)

    assert [package.parameterization for package in required_packages([tmp_path])] == [("net", "1.2.3", b"hi")]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    install(tmp_path, "pulumi_broken", "{")

    with pytest.raises(HostError, match=r"pulumi_broken/pulumi-plugin\.json is not JSON"):
        list(required_packages([tmp_path]))


def test_the_folders_of_a_virtual_environment_need_no_process(tmp_path: Path) -> None:
    site = tmp_path / "lib/python3.11/site-packages"
    site.mkdir(parents=True)
    (tmp_path / "pyvenv.cfg").touch()

    assert site_directories(tmp_path / "bin/python") == (site,)


def test_another_interpreter_is_asked(tmp_path: Path) -> None:
    python = tmp_path / "bin/python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)

    assert any((folder / "pulumi").is_dir() for folder in site_directories(python))


def test_an_interpreter_that_does_not_start_is_named(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho broken >&2\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)

    with pytest.raises(HostError, match=r"python does not start.*\nbroken"):
        site_directories(python)


def test_distributions_can_leave_out_what_others_require(tmp_path: Path) -> None:
    for name, requires in (("top", "Requires-Dist: Base_Part>=1; python_version>'3'\n"), ("base-part", "")):
        info = tmp_path / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}"
        (info / "METADATA").write_text(text, encoding="utf-8")

    assert distributions([tmp_path], everything=True) == [("base-part", "1.0"), ("top", "1.0")]
    assert distributions([tmp_path], everything=False) == [("top", "1.0")]
