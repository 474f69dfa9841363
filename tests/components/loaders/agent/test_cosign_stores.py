"""Signatures by cosign and what a store holds already: notes in receipts, re-checks, gates, every command."""

import json
from pathlib import Path

import pytest

from components.loaders.agent import retry
from components.loaders.agent.cosign import cosign_name
from components.loaders.agent.publickey import parse_public_key
from tests.components.loaders.agent.conftest import Pull
from tests.components.loaders.agent.cosigners import sign_classic
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import noise, push_kit, small_kit, tar_of
from tests.components.loaders.agent.signers import KEY, OTHER, public_pem

KIT = "ns/kit"


class Place:
    """A registry, a store and commands with the check."""

    def __init__(self, registry: FakeRegistry, pull: Pull, root: Path) -> None:
        self.registry, self._pull, self._root = registry, pull, root
        self.into = root / "into"
        self.keys: list[str] = []
        self.trust(KEY, OTHER)

    def trust(self, *keys: object) -> None:
        """Trust these from now on."""
        self.keys = []
        for key in (KEY, OTHER):
            path = self._root / f"{KEY is key}.pub"
            path.write_bytes(public_pem(key))
            self.keys += ["--signature-key", str(path)] if key in keys else []

    def load(self, what: str, *, check: bool = True, command: str = "once", into: Path | None = None) -> int:
        """Run a command and return its exit code."""
        words = ["--source", "modelkit", "--reference", f"{self.registry.host}/{KIT}{what}", "--plain-http"]
        kind = ["--signature-kind", "cosign", *self.keys] if check else []
        return self._pull(command, *words, "--into", str(into or self.into), *kind).code

    def wait(self, digest: str) -> int:
        """Run a gate and return its exit code."""
        key = digest.replace(":", "-")
        pems = [parse_public_key(Path(path).read_bytes()) for path in self.keys[1::2]]
        words = ["--key", key, "--check", cosign_name(pems), "--deadline-seconds", "0.05"]
        return self._pull("wait", "--into", str(self.into), *words).code

    def checks(self, digest: str) -> list[str]:
        """Return what a receipt says."""
        return json.loads((self.into / f".store/{digest.replace(':', '-')}.json").read_text())["checks"]


@pytest.fixture
def place(registry: FakeRegistry, pull: Pull, tmp_path: Path) -> Place:
    return Place(registry, pull, tmp_path)


def test_old_model_stays_where_the_new_one_is_refused(place: Place) -> None:
    good, bad = small_kit(place.registry), small_kit(place.registry, weights=noise(9))
    sign_classic(place.registry, KIT, good, KEY)
    assert place.load(f"@{good}") == 0

    assert place.load(f"@{bad}") == 13
    assert (place.into / "current/model/weights.bin").read_bytes() == noise(300_000)


def test_checked_version_needs_no_registry(place: Place) -> None:
    digest = small_kit(place.registry)
    sign_classic(place.registry, KIT, digest, KEY)
    place.load(f"@{digest}")
    place.registry.stop()

    assert place.load(f"@{digest}") == 0


def test_version_loaded_without_the_check_is_checked_before_it_is_used(place: Place) -> None:
    digest = small_kit(place.registry)
    assert place.load(f"@{digest}", check=False) == 0
    assert place.load(f"@{digest}") == 13
    assert place.wait(digest) == 10
    sign_classic(place.registry, KIT, digest, OTHER)
    place.registry.requests.clear()

    assert place.load(f"@{digest}") == 0
    assert not [path for _, path, *_ in place.registry.requests if path.endswith(digest_of(noise(300_000)))]
    assert place.wait(digest) == 0
    place.registry.requests.clear()
    assert place.load(f"@{digest}") == 0
    assert place.registry.requests == [], "noted, not asked every time"


def test_version_that_cannot_be_checked_is_not_switched_to(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "ATTEMPTS", 2)
    old, new = small_kit(place.registry, weights=noise(9)), small_kit(place.registry)
    for digest in (new, old):
        sign_classic(place.registry, KIT, digest, KEY)
        assert place.load(f"@{digest}", check=False) == 0
    place.registry.stop()

    assert place.load(f"@{new}") == 3
    assert (place.into / "current/model/weights.bin").read_bytes() == noise(9)
    assert place.checks(new) == []


def test_withdrawn_key_is_no_longer_enough(place: Place) -> None:
    digest = small_kit(place.registry)
    sign_classic(place.registry, KIT, digest, KEY)
    assert place.load(f"@{digest}") == 0
    place.trust(OTHER)

    assert place.wait(digest) == 10
    assert place.load(f"@{digest}") == 13
    place.trust(KEY)
    assert place.load(f"@{digest}") == 0
    assert len(place.checks(digest)) == 2


@pytest.mark.parametrize("command", ["once", "preload", "sync"])
def test_every_command_that_ends_checks(place: Place, command: str) -> None:
    digest = small_kit(place.registry)

    assert place.load(f":1.0@{digest}", command=command) == 13
    sign_classic(place.registry, KIT, digest, KEY)
    assert place.load(f":1.0@{digest}", command=command) == 0


def test_a_moved_tag_is_followed_only_to_what_is_signed(place: Place) -> None:
    sign_classic(place.registry, KIT, small_kit(place.registry), KEY)
    assert place.load(":1.0", command="sync") == 0
    moved = small_kit(place.registry, weights=noise(9))

    assert place.load(":1.0", command="sync") == 13
    assert (place.into / "current/model/weights.bin").read_bytes() == noise(300_000)
    sign_classic(place.registry, KIT, moved, KEY)
    assert place.load(":1.0", command="sync") == 0
    assert (place.into / "current/model/weights.bin").read_bytes() == noise(9)


@pytest.mark.parametrize("damaged", [False, True])
def test_what_was_unpacked_from_another_parent_than_is_signed_now(place: Place, *, damaged: bool) -> None:
    """The parent was named by a tag that has moved since: what its new owner signed is not what lies there."""
    registry, docs = place.registry, tar_of({"notes.md": b"# child\n"})
    kitfile = {
        "manifestVersion": "1.0.0",
        "model": {"path": f"{registry.host}/ns/parent:1.0"},
        "docs": [{"path": "notes.md", "digest": digest_of(docs)}],
    }
    child = push_kit(registry, KIT, kitfile, [("docs.v1.tar", docs)])
    sign_classic(registry, KIT, child, KEY)
    first = small_kit(registry, "ns/parent", noise(7))
    sign_classic(registry, "ns/parent", first, KEY)
    assert place.load(f"@{child}", check=False) == 0
    if damaged:
        (place.into / f".store/{child.replace(':', '-')}.json").write_text("{")
    else:
        sign_classic(registry, "ns/parent", small_kit(registry, "ns/parent", noise(8)), KEY)

    assert place.load(f"@{child}") == 13
    if not damaged:
        small_kit(registry, "ns/parent", noise(7))
        assert place.load(f"@{child}") == 0
