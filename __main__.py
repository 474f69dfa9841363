"""Reads the stack file, checks it, makes what it asks for, exports how to reach it."""

import pulumi

from stacks.build import build
from stacks.config import read
from stacks.errors import SlipwayError
from stacks.start_up import quicken

quicken()
try:
    outputs = build(read())
except SlipwayError as error:
    # RunError shows the text without a traceback: it is about the stack file, not about this program.
    raise pulumi.RunError(str(error)) from None
for name, value in outputs.items():
    pulumi.export(name, value)
