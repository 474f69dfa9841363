"""Errors of the toolchain.

ToolchainError
├── ToolMissingError   a tool was asked for before `make setup` made it available
├── PreconditionError  this machine lacks something a build needs (Go, disk space)
├── BuildError         `go build` failed; the log file is named
└── DownloadError      an official file could not be fetched or is not the one that was published
"""

from __future__ import annotations


class ToolchainError(Exception):
    """Base of all; the text says what, where, why and the fix."""


class ToolMissingError(ToolchainError):
    """A tool is not there; the fix is `make setup`."""


class PreconditionError(ToolchainError):
    """The machine cannot build: no Go, an old Go, or too little disk space."""


class BuildError(ToolchainError):
    """A build ran and failed."""


class DownloadError(ToolchainError):
    """An official download failed or its checksum differs."""
