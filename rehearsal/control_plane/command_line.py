"""`python -m rehearsal.cluster`: one JSON value on standard output, progress for people on standard error."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rehearsal import cluster as clusters
from rehearsal.control_plane.errors import ClusterError
from rehearsal.control_plane.options import ClusterOptions
from rehearsal.toolchain.errors import ToolchainError

if TYPE_CHECKING:
    from collections.abc import Sequence

_FAILED, _USAGE, _NOT_FOUND, _INTERRUPTED = 1, 2, 3, 130
_EPILOG = """exit codes: 0 done; 1 failed, the reason is on standard error; 2 wrong arguments or options;
3 status: there is no cluster of that name (standard output says null)"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    parsed = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    try:
        return _run(parsed)
    except _OptionsError as error:
        print(f"error: {error}", file=sys.stderr)
        return _USAGE
    except (ClusterError, ToolchainError) as error:
        print(f"error: {error}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        print("interrupted: what was started in this call was ended again", file=sys.stderr)
        return _INTERRUPTED


class _OptionsError(ValueError):
    """The options are not valid."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal.cluster",
        description="Local Kubernetes clusters with simulated nodes.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="create a cluster, or start again what is missing of it")
    create.add_argument("--options-file", help="JSON file with the options, - for standard input; default: no options")
    show = commands.add_parser("status", help="show a cluster")
    stop = commands.add_parser("stop", help="end the processes, keep data and ports")
    delete = commands.add_parser("delete", help="remove a cluster and all it owns")
    for command in (create, show, stop, delete):
        command.add_argument("--name", required=True, help="name of the cluster")
    for command in (create, show):
        command.add_argument("--with-kubeconfig", action="store_true", help="add the kubeconfig's text, a secret")
    commands.add_parser("list", help="show all clusters")
    return parser


def _run(parsed: argparse.Namespace) -> int:
    command, name = str(parsed.command), str(getattr(parsed, "name", ""))
    if command == "list":
        _print([_describe(cluster, with_kubeconfig=False) for cluster in clusters.list_clusters()])
    elif command == "status":
        cluster = clusters.status(name)
        _print(None if cluster is None else _describe(cluster, with_kubeconfig=parsed.with_kubeconfig))
        return _NOT_FOUND if cluster is None else 0
    elif command == "create":
        started = time.monotonic()
        cluster = clusters.create(name, _read_options(parsed.options_file))
        print(f"cluster {name} is ready after {time.monotonic() - started:.1f} s", file=sys.stderr)
        _print(_describe(cluster, with_kubeconfig=parsed.with_kubeconfig))
    elif command == "stop":
        clusters.stop(name)
        _print({"name": name, "stopped": True})
    else:
        clusters.delete(name)
        _print({"name": name, "deleted": True})
    return 0


def _read_options(source: str | None) -> ClusterOptions:
    if source is None:
        return ClusterOptions()
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        return ClusterOptions.model_validate_json(text)
    except OSError as error:
        raise _OptionsError(f"cannot read the options file {source}: {error.strerror}") from error
    except ValidationError as error:
        where = "standard input" if source == "-" else source
        problems = "\n".join(
            f"  {'.'.join(map(str, problem['loc'])) or 'the whole text'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise _OptionsError(f"the options from {where} are not valid:\n{problems}") from error


def _describe(cluster: clusters.Cluster, *, with_kubeconfig: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": cluster.name,
        "directory": str(cluster.directory),
        "server": cluster.server,
        "kubeconfig_path": str(cluster.kubeconfig_path),
        "kubernetes_version": cluster.kubernetes_version,
        "identifier": cluster.identifier,
        "running": cluster.running,
    }
    if with_kubeconfig:
        described["kubeconfig"] = cluster.kubeconfig
    return described


def _print(value: object) -> None:
    print(json.dumps(value))
