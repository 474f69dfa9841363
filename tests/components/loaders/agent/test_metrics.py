"""What a loader tells about itself: every name and label, in a form that Prometheus takes."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from components.loaders.agent import errors, metrics
from components.loaders.agent.arguments import parse_listed
from components.loaders.agent.credentialexpiry import expiry_seconds, token_expiry_seconds
from components.loaders.agent.errors import AgentError
from components.loaders.agent.metrics import RESULTS, Metrics, Shown, exposition, result_of
from tests.components.loaders.agent.conftest import Agent
from tests.components.loaders.agent.fake_registry import FakeRegistry, digest_of
from tests.components.loaders.agent.kits import noise, push_artifact
from tests.components.loaders.agent.processes import ROOT

SERIES: Final = re.compile(r'([a-z_]+)\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (\S+)')
LABEL: Final = re.compile(r'([a-z]+)="((?:[^"\\\n]|\\["\\n])*)"')
DIGEST: Final = f"sha256:{'1' * 64}"


def parse(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read the text format by hand: every line is a comment or a series, no series comes twice."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            match = SERIES.fullmatch(line)
            assert match, line
            series = (match[1], frozenset(LABEL.findall(match[2])))
            assert series not in found, line
            found[series] = float(match[3])
    return found


def labels(**names: str) -> frozenset[tuple[str, str]]:
    return frozenset({"model": "m", **names}.items())


def full() -> Metrics:
    """Metrics of which every family has a series."""
    full = Metrics("m")
    full.measure(lambda: 7, lambda: 1_900_000_000.0)
    full.attempt("ok", 3.0)
    full.attempt("ok", 700.0)
    full.attempt("ok", 90_000.0)
    full.attempt("disk")
    full.add_bytes(1000)
    full.serves(Shown(digest=DIGEST, version="1.2", source="modelkit"))
    full.desires(Shown(digest=DIGEST, version="1.2", source="modelkit"))
    return full


def test_every_series_is_there_from_the_start() -> None:
    found = parse(exposition([Metrics("m")]))

    assert {dict(key[1])["result"] for key in found if key[0] == "model_loader_attempts_total"} == set(RESULTS)
    for name in ("bytes_total", "last_success_timestamp_seconds", "last_attempt_timestamp_seconds", "staging_bytes"):
        assert found[f"model_loader_{name}", labels()] == 0
    assert found["model_loader_duration_seconds_count", labels()] == 0
    assert found["model_loader_duration_seconds_bucket", labels(le="+Inf")] == 0


def test_names_labels_and_values() -> None:
    found = parse(exposition([full()]))

    assert found["model_loader_attempts_total", labels(result="ok")] == 3
    assert found["model_loader_attempts_total", labels(result="disk")] == 1
    assert found["model_loader_bytes_total", labels()] == 1000
    assert found["model_loader_staging_bytes", labels()] == 7
    assert found["model_loader_credential_expiry_timestamp_seconds", labels()] == 1_900_000_000
    assert found["model_loader_served_info", labels(digest=DIGEST, version="1.2", source="modelkit")] == 1
    assert found["model_loader_desired_info", labels(digest=DIGEST)] == 1
    buckets = {key[1]: value for key, value in found.items() if key[0] == "model_loader_duration_seconds_bucket"}
    assert buckets[labels(le="2")] == 0
    assert buckets[labels(le="5")] == 1
    assert buckets[labels(le="1200")] == 2
    assert buckets[labels(le="+Inf")] == found["model_loader_duration_seconds_count", labels()] == 3
    assert found["model_loader_duration_seconds_sum", labels()] == 90_703
    assert found["model_loader_last_success_timestamp_seconds", labels()] > 0
    assert {key[0] for key in found} == {
        f"model_loader_{name}"
        for name in (
            "attempts_total",
            "bytes_total",
            "credential_expiry_timestamp_seconds",
            "desired_info",
            "duration_seconds_bucket",
            "duration_seconds_count",
            "duration_seconds_sum",
            "last_attempt_timestamp_seconds",
            "last_success_timestamp_seconds",
            "served_info",
            "staging_bytes",
        )
    }


def test_several_models_share_each_family() -> None:
    text = exposition([Metrics("m"), Metrics('a "b"\\\n')])

    assert text.count("# TYPE model_loader_bytes_total counter\n") == 1
    assert 'model_loader_bytes_total{model="a \\"b\\"\\\\\\n"} 0\n' in text
    assert len(parse(text)) == 2 * len(parse(exposition([Metrics("m")])))


def promtool() -> str:
    built = ROOT / ".slipway/test-tools/promtool"
    found = str(built) if built.exists() else shutil.which("promtool")
    if found is None:
        pytest.skip("needs promtool: `make test` fetches it from the Debian package `prometheus`")
    return found


@pytest.mark.parametrize("several", [[Metrics("m")], [full(), Metrics("other")]], ids=["fresh", "full"])
def test_promtool_finds_nothing(several: list[Metrics]) -> None:
    text = exposition(several)

    done = subprocess.run(
        [promtool(), "check", "metrics"], input=text, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr.strip()) == (0, ""), done.stderr


def test_every_error_has_a_result() -> None:
    expected = {
        "NetworkError": "network",
        "NotFoundError": "network",
        "DeadlineError": "network",
        "CertificateError": "network",
        "AuthError": "auth",
        "DigestError": "digest",
        "UnsafeError": "digest",
        "UnsupportedError": "digest",
        "UsageError": "digest",
        "RuntimeRefusedError": "digest",
        "SignatureError": "signature",
        "DiskError": "disk",
        "LockError": "lock",
    }
    docs = (ROOT / "docs/loader-agent.md").read_text()
    for kind in AgentError.__subclasses__():
        if kind is not errors.StoppedError:  # being stopped is no attempt's result
            assert result_of(kind("x")) == expected[kind.__name__]
            assert re.search(rf"\| `{expected[kind.__name__]}` \|[^\n]*{kind.__name__}", docs), kind
    assert result_of(ValueError("x")) == "digest"


def web_token(claims: object) -> str:
    parts = [json.dumps({"alg": "none"}), json.dumps(claims), "signature"]
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (web_token({"exp": 1_900_000_000}), 1_900_000_000.0),
        (web_token({"sub": "x"}), None),
        (web_token({"exp": "soon"}), None),
        (web_token([1]), None),
        ("a.b.c", None),
        ("just-a-password", None),
        ("", None),
    ],
)
def test_expiry_of_a_token(secret: str, expected: float | None) -> None:
    assert token_expiry_seconds(secret) == expected


def test_expiry_of_the_pull_secret(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    reference = ["--source", "oci", "--reference", f"r.example/ns/kit@{DIGEST}"]
    options, _ = parse_listed([*reference, "--registry-config", str(config)])
    assert expiry_seconds(options) is None, "no file"

    config.write_text(json.dumps({"auths": {"r.example": {"username": "u", "password": web_token({"exp": 12})}}}))

    assert expiry_seconds(options) == 12
    assert expiry_seconds(parse_listed(reference)[0]) is None


def test_textfile_goes_on_where_it_was(tmp_path: Path, registry: FakeRegistry, agent: Agent) -> None:
    """A run that fails must not wipe out when the last one succeeded; counters go on."""
    file = tmp_path / "loader.prom"
    more = ("--metrics-file", str(file), "--model", "m")
    layer = noise(1000)
    digest = push_artifact(registry, "ns/kit", [("x/y", layer, {"org.opencontainers.image.title": "w"})])
    assert agent(digest, tmp_path / "models", *more, source="oci").code == 0
    first = parse(file.read_text())
    assert first["model_loader_attempts_total", labels(result="ok")] == 1
    assert first["model_loader_bytes_total", labels()] == 1000
    assert first["model_loader_served_info", labels(digest=digest, version="1.0", source="oci")] == 1

    registry.faults.corrupt[digest_of(noise(1000, 1))] = 9
    bad = push_artifact(registry, "ns/kit", [("x/y", noise(1000, 1), {"org.opencontainers.image.title": "w"})])
    assert agent(bad, tmp_path / "models", *more, source="oci").code == 5

    second = parse(file.read_text())
    assert second["model_loader_attempts_total", labels(result="ok")] == 1
    assert second["model_loader_attempts_total", labels(result="digest")] == 1
    success = ("model_loader_last_success_timestamp_seconds", labels())
    assert second[success] == pytest.approx(first[success]) != 0
    assert second["model_loader_desired_info", labels(digest=bad)] == 1
    assert file.stat().st_mode & 0o777 == 0o644


def test_textfile_that_cannot_be_written_changes_nothing_else(
    tmp_path: Path, registry: FakeRegistry, agent: Agent
) -> None:
    digest = push_artifact(registry, "ns/kit", [("x/y", b"w", {"org.opencontainers.image.title": "w"})])

    run = agent(digest, tmp_path / "models", "--metrics-file", str(tmp_path / "no/where"), source="oci")

    assert run.code == 0
    assert run.last("no-metrics-file")["level"] == "warning"


def test_buckets_fit_seconds_to_an_hour() -> None:
    assert list(metrics.BUCKETS_SECONDS) == sorted(metrics.BUCKETS_SECONDS)
    assert (metrics.BUCKETS_SECONDS[0], 3600.0 in metrics.BUCKETS_SECONDS) == (1.0, True)
