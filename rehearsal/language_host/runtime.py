"""The calls of ``language.proto``, one method each in snake case: those an engine needs for programs and packs.

Package and program generation, linking and packing stay unimplemented: they belong to the authors of provider SDKs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import language_pb2, plugin_pb2

from rehearsal.language_host.children import Children
from rehearsal.language_host.interpreter import environment_python, program_python, virtual_environment
from rehearsal.language_host.packages import RequiredPackage, required_packages, site_directories
from rehearsal.language_host.runs import Runs

Context: TypeAlias = Any
"""The grpc context of a call; grpc ships no types."""

VERSION: Final = "0.1.0-slipway-stand-in"
"""Shown by ``pulumi about``: it must be semantic, and says that this is a stand-in."""


class LanguageRuntime:
    """Answers one engine."""

    def __init__(self, engine_address: str, children: Children) -> None:
        self._children = children
        self._runs = Runs(engine_address, children)

    def handshake(self, _request: language_pb2.LanguageHandshakeRequest, _context: Context) -> object:
        """Agree; the engine's address is known from the arguments already."""
        return language_pb2.LanguageHandshakeResponse()

    def get_plugin_info(self, _request: empty_pb2.Empty, _context: Context) -> plugin_pb2.PluginInfo:
        """Tell the host's version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def get_required_packages(self, request: language_pb2.GetRequiredPackagesRequest, _context: Context) -> object:
        """List the provider plugins whose SDKs the program's interpreter holds, and get its process ready."""
        python = _program_python(request.info)
        self._runs.prepare(python)
        packages = [_dependency(package) for package in required_packages(site_directories(python))]
        return language_pb2.GetRequiredPackagesResponse(packages=packages)

    def get_required_plugins(self, request: language_pb2.GetRequiredPluginsRequest, _context: Context) -> object:
        """List the same for engines before ``GetRequiredPackages``."""
        found = required_packages(site_directories(_program_python(request.info)))
        plugins = [
            plugin_pb2.PluginDependency(
                name=package.name, kind="resource", version=package.version, server=package.server
            )
            for package in found
        ]
        return language_pb2.GetRequiredPluginsResponse(plugins=plugins)

    def run(self, request: language_pb2.RunRequest, context: Context) -> language_pb2.RunResponse:
        """Run a program to its end."""
        if request.attach_debugger:
            return language_pb2.RunResponse(
                error="the stand-in language host attaches no debugger; leave out --attach-debugger, or use the "
                "official pulumi install"
            )
        return self._runs.run(_program_python(request.info), request, context)

    def run_plugin(self, request: language_pb2.RunPluginRequest, context: Context) -> Iterator[Any]:
        """Run a policy pack or a provider that is written in Python."""
        return self._runs.run_plugin(_plugin_python(request.info), request, context)

    def install_dependencies(self, request: language_pb2.InstallDependenciesRequest, context: Context) -> Iterator[Any]:
        """Make the virtual environment and install ``requirements.txt``, as ``pulumi install`` asks."""
        from rehearsal.language_host.install import install  # late: only `pulumi install` needs it

        info = request.info
        folder = virtual_environment(Path(info.root_directory), _options(info))
        if folder is None and request.is_plugin:
            folder = _plugin_environment(info)
        return install(Path(info.program_directory), folder, self._children, context)

    def runtime_options_prompts(self, _request: language_pb2.RuntimeOptionsRequest, _context: Context) -> object:
        """Ask nothing: the options have defaults."""
        return language_pb2.RuntimeOptionsResponse()

    def about(self, request: language_pb2.AboutRequest, _context: Context) -> language_pb2.AboutResponse:
        """Tell which Python runs the program."""
        from rehearsal.language_host.about import python_version  # late: only `pulumi about` needs it

        python = _program_python(request.info)
        metadata = {"host": f"stand-in {VERSION}"}
        return language_pb2.AboutResponse(executable=str(python), version=python_version(python), metadata=metadata)

    def get_program_dependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, _context: Context
    ) -> language_pb2.GetProgramDependenciesResponse:
        """List the installed distributions, all or only those that no other one requires."""
        from rehearsal.language_host.about import distributions  # late: only `pulumi about` needs it

        found = distributions(
            site_directories(_program_python(request.info)), everything=request.transitiveDependencies
        )
        dependencies = [language_pb2.DependencyInfo(name=name, version=version) for name, version in found]
        return language_pb2.GetProgramDependenciesResponse(dependencies=dependencies)

    def cancel(self, _request: empty_pb2.Empty, _context: Context) -> empty_pb2.Empty:
        """Stop every program and plugin."""
        self._children.stop_all()
        return empty_pb2.Empty()


def _options(info: language_pb2.ProgramInfo) -> dict[str, Any]:
    options: struct_pb2.Struct = info.options
    return json_format.MessageToDict(options)


def _program_python(info: language_pb2.ProgramInfo) -> Path:
    return program_python(Path(info.root_directory), _options(info))


def _plugin_python(info: language_pb2.ProgramInfo) -> Path:
    """Return a plugin's interpreter: its own environment if it has one, else a program's."""
    folder = _plugin_environment(info)
    return environment_python(folder) if folder.is_dir() else _program_python(info)


def _plugin_environment(info: language_pb2.ProgramInfo) -> Path:
    root = Path(info.root_directory)
    return virtual_environment(root, _options(info)) or root / "venv"  # the official host's default for plugins


def _dependency(package: RequiredPackage) -> plugin_pb2.PackageDependency:
    dependency = plugin_pb2.PackageDependency(
        name=package.name, kind="resource", version=package.version, server=package.server
    )
    if package.parameterization:
        name, version, value = package.parameterization
        dependency.parameterization.CopyFrom(
            plugin_pb2.PackageParameterization(name=name, version=version, value=value)
        )
    return dependency
