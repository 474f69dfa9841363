"""A fake of the `kind` and `docker` command lines: it keeps files instead of clusters and starts nothing.

It answers the few commands Slipway uses in the words of kind 0.30 and writes each call to ``calls.jsonl``.
"""

import json
import sys
from pathlib import Path

KUBECONFIG = """apiVersion: v1
kind: Config
clusters:
- name: kind-{name}
  cluster:
    server: {server}
users:
- name: kind-{name}
  user:
    token: kubeconfig-canary
"""


def main(program: str, arguments: list[str], home: Path) -> int:
    """Play one call; ``home/broken`` names programs that fail, ``home/server`` the address clusters get."""
    stdin = sys.stdin.read() if "-" in arguments else ""
    with (home / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({"program": program, "arguments": arguments, "stdin": stdin}) + "\n")
    if program in (home / "broken").read_text().split():
        sys.stderr.write(f"ERROR: the fake {program} was told to fail\n")
        return 1
    return kind(arguments, home / "clusters") if program == "kind" else 0


def kind(arguments: list[str], clusters: Path) -> int:
    """Play kind."""
    name = arguments[arguments.index("--name") + 1] if "--name" in arguments else ""
    match arguments[:2]:
        case ["get", "clusters"]:
            sys.stdout.write("\n".join(sorted(path.name for path in clusters.iterdir())))
        case ["get", "kubeconfig"]:
            sys.stdout.write((clusters / name).read_text())
        case ["get", "nodes"]:
            sys.stdout.write(f"{name}-worker\n{name}-control-plane\n")
        case ["create", "cluster"]:
            (clusters / name).write_text(KUBECONFIG.format(name=name, server=(clusters.parent / "server").read_text()))
        case ["delete", "cluster"]:
            (clusters / name).unlink(missing_ok=True)
        case _:
            sys.stderr.write(f"ERROR: the fake kind does not know {arguments}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[2], sys.argv[3:], Path(sys.argv[1])))
