"""Entry point of the rehearsal controller; the rehearsal cluster starts it and ends it."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from rehearsal.control_plane.api import ApiClient
from rehearsal.controller.delays import parse_delay
from rehearsal.controller.loop import Controller, Settings


def main() -> int:
    """Run until the API server is gone."""
    parser = argparse.ArgumentParser(
        prog="rehearsal.controller",
        description="Stands in for a storage provisioner and a cloud load balancer in a rehearsal cluster.",
    )
    parser.add_argument("--server", required=True, help="URL of the API server")
    parser.add_argument("--certificates", required=True, type=Path, help="directory of the cluster's certificates")
    parser.add_argument("--bind-delay", type=parse_delay, default=0.0, help="seconds a claim waits, or never")
    parser.add_argument("--address-delay", type=parse_delay, default=0.0, help="seconds an address takes, or never")
    parser.add_argument("--storage-class", action="append", default=[], help="also serve this class; repeatable")
    parsed = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = Settings(
        bind_delay_seconds=parsed.bind_delay,
        address_delay_seconds=parsed.address_delay,
        storage_classes=frozenset(parsed.storage_class),
    )
    logging.getLogger("rehearsal.controller").info(
        "stands in for a storage provisioner and a cloud load balancer at %s", parsed.server
    )
    Controller(ApiClient(parsed.server, parsed.certificates, "rehearsal-controller"), settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
