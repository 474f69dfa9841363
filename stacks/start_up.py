"""Measures that make a run start faster; figures in docs/adr/0005-start-up.md."""

import gc
import os

import pulumi.log


def quicken() -> None:
    """Turn off what costs time on every run and serves nobody; ``SLIPWAY_DEBUG=1`` leaves everything as shipped.

    The SDK sends about four debug messages per resource to the engine, each a call that waits, whatever the log level
    (pulumi 3.272, ``pulumi/log.py``). The garbage collector otherwise walks tens of thousands of live objects again and
    again while resources are registered, and finds nothing.
    """
    if os.environ.get("SLIPWAY_DEBUG"):
        return
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    pulumi.log.debug = _unsent


def _unsent(msg: str, resource: object = None, stream_id: object = None, ephemeral: object = None) -> None:
    """Takes a debug message nobody asked for."""
