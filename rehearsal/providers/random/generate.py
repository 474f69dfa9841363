"""Make the values. All randomness is the operating system's, but for a seed, which asks for the contrary."""

import base64
import random
import secrets
import string
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Final

from rehearsal.providers.codec import Tree
from rehearsal.providers.random.pet_words import ADJECTIVES, ADVERBS, NAMES
from rehearsal.providers.serve import ProviderError

SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"  # terraform-provider-random 3.7 internal/random/string.go
BCRYPT_COST: Final = 10  # golang.org/x/crypto/bcrypt.DefaultCost, which the real plugin uses
_BCRYPT_BYTES: Final = 72  # bcrypt reads no more; so says the SDK's text on bcryptHash

Generated = tuple[str, Tree]
"""The resource's id, and its computed outputs."""


def generate(kind: str, values: Tree) -> Generated:
    """Make a new resource.

    Args:
        kind: its kind, such as ``RandomPet``.
        values: its inputs, with defaults and without secret wrappers.
    """
    return _MAKERS[kind](values)


def encodings(data: bytes, prefix: str = "") -> Generated:
    """Return id and outputs of a ``RandomId`` of these bytes. The id has no prefix."""
    url = base64.urlsafe_b64encode(data).decode().rstrip("=")
    outputs = {
        "b64Std": prefix + base64.b64encode(data).decode(),
        "b64Url": prefix + url,
        "dec": prefix + str(int.from_bytes(data, "big")),
        "hex": prefix + data.hex(),
    }
    return url, outputs


def secret_bytes(data: bytes) -> Generated:
    """Return id and outputs of a ``RandomBytes``.

    The id is ``none`` where the real plugin has the base64 text: an id is never encrypted, not in state nor on screen.
    """
    return "none", {"base64": base64.b64encode(data).decode(), "hex": data.hex()}


def password(text: str) -> Generated:
    """Return id and outputs of a ``RandomPassword`` of this text.

    Raises:
        ProviderError: there is no bcrypt here. A hash that is wrong or missing would be found out only at a log-in.
    """
    try:
        import bcrypt  # late: only this kind needs it
    except ImportError as error:
        raise ProviderError(
            "RandomPassword: its output bcryptHash needs the Python package bcrypt, which is not installed; "
            "`pip install -r requirements.txt` installs it"
        ) from error
    hashed = bcrypt.hashpw(text.encode()[:_BCRYPT_BYTES], bcrypt.gensalt(BCRYPT_COST, b"2a"))
    return "none", {"result": text, "bcryptHash": hashed.decode()}


def same(text: str) -> Generated:
    """Return id and outputs of a kind whose id is its result."""
    return text, {"result": text}


def _bytes(values: Tree) -> Generated:
    return secret_bytes(secrets.token_bytes(values["length"]))


def _id(values: Tree) -> Generated:
    return encodings(secrets.token_bytes(values["byteLength"]), values.get("prefix") or "")


def _integer(values: Tree) -> Generated:
    number = _source(values).randint(values["min"], values["max"])
    return str(number), {"result": number}


def _pet(values: Tree) -> Generated:
    length: int = values["length"]
    adverbs = [secrets.choice(ADVERBS) for _ in range(length - 2)]
    adjective = [secrets.choice(ADJECTIVES)] if length > 1 else []
    prefix = [values["prefix"]] if values.get("prefix") else []
    return values["separator"].join([*prefix, *adverbs, *adjective, secrets.choice(NAMES)]), {}


def _shuffle(values: Tree) -> Generated:
    items: list[str] = values["inputs"]
    count: int = values.get("resultCount") or len(items)
    source = _source(values)
    results: list[str] = []
    while items and len(results) < count:  # more than there are: whole permutations, so that none is repeated too often
        results += source.sample(items, len(items))
    return "-", {"results": results[:count]}


def _text(values: Tree) -> str:
    special = values.get("overrideSpecial") or SPECIAL
    classes = (
        ("lower", "minLower", string.ascii_lowercase),
        ("upper", "minUpper", string.ascii_uppercase),
        ("numeric", "minNumeric", string.digits),
        ("special", "minSpecial", special),
    )
    alphabet = "".join(characters for allowed, _, characters in classes if values[allowed])
    chosen = [secrets.choice(characters) for _, least, characters in classes for _ in range(values[least])]
    chosen += [secrets.choice(alphabet) for _ in range(values["length"] - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def _uuid7() -> str:
    """Return a version 7 UUID (RFC 9562 section 5.7): milliseconds since 1970, then random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return str(uuid.UUID(int=value))


def _source(values: Tree) -> random.Random:
    """Return the source of randomness: repeatable with a seed, the system's without."""
    seed = values.get("seed")
    return random.Random(seed) if seed else secrets.SystemRandom()  # noqa: S311  # a seed asks for repeatable values


_MAKERS: Final[Mapping[str, Callable[[Tree], Generated]]] = {
    "RandomBytes": _bytes,
    "RandomId": _id,
    "RandomInteger": _integer,
    "RandomPassword": lambda values: password(_text(values)),
    "RandomPet": _pet,
    "RandomShuffle": _shuffle,
    "RandomString": lambda values: same(_text(values)),
    "RandomUuid": lambda _values: same(str(uuid.uuid4())),
    "RandomUuid4": lambda _values: same(str(uuid.uuid4())),
    "RandomUuid7": lambda _values: same(_uuid7()),
}
