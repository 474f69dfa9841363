"""Programs through the real engine: outputs, secrets, failures, environments."""

import json
import sys
import venv
from pathlib import Path

import pytest

from tests.rehearsal.language_host.project import Project, contains_all

pytestmark = pytest.mark.engine

SECRET = "correct-horse-battery"  # noqa: S105  # a made-up value that must not appear anywhere


def test_outputs_and_config_arrive_and_a_secret_stays_one(project: Project) -> None:
    project.write(
        "import os, sys, pulumi\n"
        "config = pulumi.Config()\n"
        "pulumi.export('plain', config.require('plain'))\n"
        "pulumi.export('hidden', config.require_secret('hidden'))\n"
        "pulumi.export('inEnvironment', any(config.require('hidden') in value for value in os.environ.values()))\n"
        "pulumi.export('where', [pulumi.get_project(), pulumi.get_stack(), os.getcwd(), pulumi.get_root_directory()])\n"
    )
    project.pulumi("config", "set", "plain", "7")
    project.pulumi("config", "set", "--secret", "hidden", SECRET)

    output = project.pulumi("up", "--yes")

    assert contains_all(output, ["hidden", "[secret]", "plain"])
    assert "warning" not in output
    assert SECRET not in output + project.state()
    assert json.loads(project.pulumi("stack", "output", "--json", "--show-secrets")) == {
        "plain": "7",
        "hidden": SECRET,
        "inEnvironment": False,
        "where": ["sample", "dev", str(project.root), str(project.root)],
    }


def test_output_of_a_program_is_shown(project: Project) -> None:
    project.write(
        "import sys\nprint('to stdout')\nprint('to stderr', file=sys.stderr)\nassert sys.stdin.read() == ''\n"
    )

    output = project.pulumi("preview")

    assert contains_all(output, ["to stdout", "to stderr"])


def test_a_program_that_raises_shows_its_own_lines_only(project: Project) -> None:
    project.write("def build():\n    raise ValueError('no such pool')\n\nbuild()\n")

    output = project.pulumi("up", "--yes", "--skip-preview", fails=True)

    assert contains_all(output, ['__main__.py", line 4', '__main__.py", line 2', "ValueError: no such pool"])
    assert "program.py" not in output
    assert "exit code" not in output


def test_a_program_that_does_not_parse_shows_file_and_line(project: Project) -> None:
    project.write("import pulumi\nvalue = (1,\nprint('open')\n")

    output = project.pulumi("preview", fails=True)

    assert contains_all(output, ['__main__.py", line 2', "SyntaxError"])
    assert "program.py" not in output


def test_a_module_that_does_not_parse_shows_who_imports_it(project: Project) -> None:
    project.write("import broken\n")
    project.write("x = )\n", "broken.py")

    output = project.pulumi("preview", fails=True)

    assert contains_all(output, ['__main__.py", line 1', 'broken.py", line 1', "SyntaxError"])


def test_an_error_in_a_callback_is_shown(project: Project) -> None:
    project.write("import pulumi\npulumi.Output.from_input(1).apply(lambda one: one / 0)\n")

    assert "ZeroDivisionError" in project.pulumi("preview", fails=True)


def test_a_run_error_is_shown_as_it_is(project: Project) -> None:
    project.write("import pulumi\nraise pulumi.RunError('nodePools[0]: has no zone')\n")

    output = project.pulumi("preview", fails=True)

    assert "nodePools[0]: has no zone" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("statement", "text"),
    [("sys.exit(3)", "ended with exit code 3"), ("os.kill(os.getpid(), 9)", "ended by signal 9")],
)
def test_an_exit_without_a_message_is_explained(project: Project, statement: str, text: str) -> None:
    project.write(f"import os, sys\n{statement}\n")

    assert text in project.pulumi("preview", fails=True)


def test_a_project_without_a_program_says_so(project: Project) -> None:
    assert "__main__.py" in project.pulumi("preview", fails=True)


def test_the_virtualenv_option_chooses_the_interpreter(tmp_path: Path, engine: Path) -> None:
    project = Project.create(tmp_path, engine, virtualenv="own-env")
    environment = project.root / "own-env"
    venv.create(environment, with_pip=False)
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    site = next(environment.glob("lib/python3.*/site-packages"))
    (site / "borrowed.pth").write_text(packages + "\n", encoding="utf-8")
    project.write("import sys, pulumi\npulumi.export('prefix', sys.prefix)\n")

    project.pulumi("up", "--yes", "--skip-preview")

    assert project.pulumi("stack", "output", "prefix").strip() == str(environment)


def test_a_missing_virtualenv_names_the_fix(tmp_path: Path, engine: Path) -> None:
    project = Project.create(tmp_path, engine, virtualenv="gone")
    project.write("")

    output = project.pulumi("preview", fails=True)

    assert contains_all(output, [str(project.root / "gone"), "does not exist", "`pulumi install`"])


def test_an_environment_without_the_sdk_names_the_fix(tmp_path: Path, engine: Path) -> None:
    project = Project.create(tmp_path, engine, virtualenv="bare")
    venv.create(project.root / "bare", with_pip=False)
    project.write("")

    assert contains_all(project.pulumi("preview", fails=True), ["No module named 'pulumi'", "`pulumi install`"])


def test_about_tells_that_it_is_a_stand_in(project: Project) -> None:
    project.write("")
    about = json.loads(project.pulumi("about", "--json", "--transitive"))

    plugins = {plugin["name"]: plugin["version"] for plugin in about["plugins"]}
    assert "stand-in" in plugins["python"]
    assert {"kubernetes", "random", "tencentcloud"} <= set(plugins)
    assert "pydantic" in {dependency["name"] for dependency in about["dependencies"]}
