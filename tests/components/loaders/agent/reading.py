"""Read a model over and over as a server would: ``python reading.py LINK``; when standard input ends, tell what came.

Each round resolves the link once and hashes every file below. The answer is one JSON object: how often each whole tree
was seen, how often the directory was removed while it was read (``gone``), and how often a file was missing from a
directory that is still there (``torn``).
"""

import hashlib
import json
import sys
import threading
from collections import Counter
from pathlib import Path


def fingerprint(root: Path) -> str:
    """Hash names, modes and contents of all files below a directory."""
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found.update(f"{path.relative_to(root)} {path.stat().st_mode & 0o777:o} {content}\n".encode())
    return found.hexdigest()


def main() -> int:
    """Read until told to stop."""
    link, seen, done = Path(sys.argv[1]), Counter[str](), threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        done.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    while not done.is_set():
        root = link.resolve(strict=True)
        try:
            seen[fingerprint(root)] += 1
        except FileNotFoundError:
            seen["torn" if root.is_dir() else "gone"] += 1
    json.dump(seen, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
