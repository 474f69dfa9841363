"""How any source is reached."""

from .deadline import Deadline
from .sourceoptions import SourceOptions
from .transport import Transport


def transport_of(options: SourceOptions, deadline: Deadline) -> Transport:
    """Return what opens connections for a source."""
    bases = (*options.mirrors.values(), options.endpoint)
    plain_http = options.plain_http or any(base.startswith("http://") for base in bases)
    return Transport(options.ca_file, deadline, plain_http=plain_http)
