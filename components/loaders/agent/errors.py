"""Every way a load can fail, each with its own exit code.

AgentError
├── UsageError        2   the command line cannot be right
├── NetworkError      3   the registry could not be reached or answered badly; retried
├── AuthError         4   the registry refuses the credentials; retried, the file is read again
├── DigestError       5   bytes are not what their digest or size promises; retried once per layer
├── DiskError         6   no space, read-only, wrong owner
├── UnsafeError       7   an archive entry or size that is refused
├── LockError         8   another loader kept the lock past the deadline
├── NotFoundError     9   the registry does not have the manifest or the blob
├── DeadlineError    10   the total deadline passed
├── CertificateError 11   the TLS certificate is not trusted or not valid now
├── UnsupportedError 12   content or media type this agent cannot read
├── SignatureError   13   no valid signature of a trusted key for what was or would be unpacked
├── RuntimeRefusedError 14   the runtime cannot take the new version and serves the old one
└── StoppedError    143   asked to stop by SIGTERM, or by a failure in another layer
"""

from typing import ClassVar


class AgentError(Exception):
    """A failure a person can act on.

    Attributes:
        exit_code: what the process ends with.
        retriable: whether trying again may help.
        keeps_staging: whether what was moved so far is kept for the next run.
        spent: set on an error whose attempts within this load are used up; a load as a whole may be tried again.
    """

    exit_code: ClassVar[int] = 1
    retriable: ClassVar[bool] = False
    keeps_staging: ClassVar[bool] = True
    spent: bool = False


class UsageError(AgentError):
    """The command line cannot be right."""

    exit_code = 2


class NetworkError(AgentError):
    """The registry could not be reached, or broke off, or answered badly.

    Attributes:
        retry_after_seconds: how long the server asked to be left alone; 0 if it did not say.
    """

    exit_code = 3
    retriable = True

    def __init__(self, message: str, *, retry_after_seconds: float = 0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AuthError(AgentError):
    """The registry refuses the credentials."""

    exit_code = 4
    retriable = True


class DigestError(AgentError):
    """Bytes are not what their digest or size promises."""

    exit_code = 5
    keeps_staging = False


class DiskError(AgentError):
    """The volume is full, read-only, broken or not ours to write."""

    exit_code = 6
    keeps_staging = False


class UnsafeError(AgentError):
    """An archive entry or an unpacked size that is refused."""

    exit_code = 7
    keeps_staging = False


class LockError(AgentError):
    """Another loader kept the lock past the deadline."""

    exit_code = 8


class NotFoundError(AgentError):
    """The registry does not have the manifest or the blob."""

    exit_code = 9


class DeadlineError(AgentError):
    """The total deadline passed."""

    exit_code = 10


class CertificateError(AgentError):
    """The server's TLS certificate is not trusted, not for this host, or not valid at this time."""

    exit_code = 11


class UnsupportedError(AgentError):
    """Content or a media type this agent cannot read."""

    exit_code = 12
    keeps_staging = False


class SignatureError(AgentError):
    """What was or would be unpacked has no valid signature by a trusted key."""

    exit_code = 13
    keeps_staging = False


class RuntimeRefusedError(AgentError):
    """The runtime cannot take the new version; it goes on serving the one it had."""

    exit_code = 14


class StoppedError(AgentError):
    """Asked to stop."""

    exit_code = 143
