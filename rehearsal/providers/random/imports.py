"""Take over a value made elsewhere: ``pulumi import`` and ``get``. The forms are those of the SDK's pages, 4.21."""

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Final

from rehearsal.providers.codec import Tree
from rehearsal.providers.random.generate import Generated, encodings, password, same, secret_bytes
from rehearsal.providers.serve import ProviderError

_INTEGER_FORM: Final = re.compile(r"(-?\d+),(-?\d+),(-?\d+)(?:,(.*))?")

Imported = tuple[Tree, Generated]
"""The inputs that would make it, and id and computed outputs."""


def imported(kind: str, text: str) -> Imported:
    """Return a resource from the text given to ``pulumi import``.

    Raises:
        ProviderError: the kind cannot be imported, or not from such a text.
    """
    reader = _READERS.get(kind)
    if reader is None:
        raise ProviderError(f"{kind} cannot be imported: its id does not tell its inputs")
    try:
        return reader(text)
    except (ValueError, binascii.Error) as error:
        # The text may be a secret (RandomBytes), so it is not repeated.
        raise ProviderError(f"{kind} cannot be imported from this id: it must be {_FORMS[kind]}") from error


def _bytes(text: str) -> Imported:
    data = base64.b64decode(text, validate=True)
    return {"length": len(data)}, secret_bytes(data)


def _id(text: str) -> Imported:
    prefix, _, encoded = text.rpartition(",")
    if not re.fullmatch(r"[\w-]+", encoded, re.ASCII):
        raise ValueError("not base64")
    data = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    return {"byteLength": len(data), **({"prefix": prefix} if prefix else {})}, encodings(data, prefix)


def _integer(text: str) -> Imported:
    match = _INTEGER_FORM.fullmatch(text)
    if match is None:
        raise ValueError("not three numbers")
    result, low, high, seed = match.groups()
    inputs = {"min": int(low), "max": int(high), **({"seed": seed} if seed else {})}
    return inputs, (result, {"result": int(result)})


def _uuid(text: str) -> Imported:
    return {}, same(str(uuid.UUID(text)))


_READERS: Final[Mapping[str, Callable[[str], Imported]]] = {
    "RandomBytes": _bytes,
    "RandomId": _id,
    "RandomInteger": _integer,
    "RandomPassword": lambda text: ({"length": len(text)}, password(text)),
    "RandomString": lambda text: ({"length": len(text)}, same(text)),
    "RandomUuid": _uuid,
    "RandomUuid4": _uuid,
    "RandomUuid7": _uuid,
}
_FORMS: Final[Mapping[str, str]] = {
    "RandomBytes": "base64 text",
    "RandomId": "PREFIX,BASE64URL or BASE64URL",
    "RandomInteger": "RESULT,MIN,MAX or RESULT,MIN,MAX,SEED",
    "RandomUuid": "a UUID",
    "RandomUuid4": "a UUID",
    "RandomUuid7": "a UUID",
}
