"""Reads the stack file, checks it, makes what it asks for, exports how to reach it."""

import gc
import os

import pulumi
import pulumi.log

# Start-up measures: docs/adr/0005-start-up.md has the figures. SLIPWAY_DEBUG=1 brings the SDK's debug messages back.
gc.freeze()
gc.set_threshold(100_000, 50, 50)
if not os.environ.get("SLIPWAY_DEBUG"):
    pulumi.log.debug = lambda *_args, **_kwargs: None

from stacks import build, config  # noqa: E402 - after the measures above, which concern everything that follows
from stacks.errors import SlipwayError  # noqa: E402 - as above

try:
    outputs = build.build(config.read())
except SlipwayError as error:
    # RunError shows the text without a traceback: it is about the stack file, not about this program.
    raise pulumi.RunError(str(error)) from None
for name, value in outputs.items():
    pulumi.export(name, value)
