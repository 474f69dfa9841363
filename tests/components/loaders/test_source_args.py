"""What the agent is told of each source of single files, held against the agent's own command line."""

import argparse
from dataclasses import replace

import pytest

from components.loaders import source_args
from components.loaders.agent.claim import parse_claim
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.logs import Log
from components.loaders.agent.sourceoptions import (
    SourceOptions,
    add_source_options,
    read_source_options,
    source_problems,
)
from components.loaders.agent.sources import pinned_source
from stacks.spec.file_source import ClaimSource, HttpSource, HuggingFaceSource, S3Source
from stacks.spec.loader import InitLoader, NodeCacheLoader, PreloadLoader, SidecarLoader, SyncLoader
from stacks.spec.runtime import HttpReload
from stacks.spec.source import AgentSource
from tests.components.model_samples import ARTIFACT, DIGEST, KIT, load, place

COMMIT = "c0ffee" + "0" * 34
S3 = S3Source.model_validate(
    {
        "type": "s3",
        "reference": f"s3://models-125/qwen/1.0@{DIGEST}",
        "endpoint": "https://cos.ap-guangzhou.myqcloud.com",
        "region": "ap-guangzhou",
        "filter": ("*.json", "*.safetensors"),
        "credentials": {"accessKeyIdKey": "keyId", "secretAccessKeyKey": "keySecret"},
        "sizeGib": 4,
    }
)
HUB = HuggingFaceSource.model_validate(
    {
        "type": "huggingface",
        "reference": f"team/tiny:main@{COMMIT}",
        "endpoint": "http://mirror.hub.svc:8080",
        "plainHttp": True,
        "tokenKey": "hubToken",
        "sizeGib": 4,
    }
)
WEB = HttpSource.model_validate(
    {
        "type": "http",
        "reference": f"https://files.example.com:8443/m/SHA256SUMS@{DIGEST}",
        "tokenKey": "filesToken",
        "sizeGib": 4,
    }
)
CLAIM = ClaimSource.model_validate(
    {"type": "claim", "claim": "team-files", "path": "/m/.store", "digest": DIGEST, "filter": ("*.json",), "sizeGib": 4}
)
SOURCES: dict[str, S3Source | HuggingFaceSource | HttpSource | ClaimSource] = {
    "s3": S3,
    "huggingface": HUB,
    "http": WEB,
    "claim": CLAIM,
}


def read_by_the_agent(source: AgentSource) -> SourceOptions:
    """Return what the agent makes of the arguments."""
    parser = argparse.ArgumentParser()
    add_source_options(parser)
    raw = parser.parse_args(source_args.source_args(source, model="qwen", pull_secret=True))
    assert list(source_problems(raw)) == []
    return read_source_options(raw)


@pytest.mark.parametrize("kind", SOURCES)
def test_the_agent_takes_the_arguments_and_names_the_version_as_the_program_does(kind: str) -> None:
    source = SOURCES[kind]
    options = read_by_the_agent(source)

    assert options.kind == kind
    assert options.filters == source.filter
    assert options.registry_config is None  # another registry's credentials have no business here
    assert pinned_source(options, Deadline(1), Log()).key == source_args.version_key(source)


def test_what_is_told_of_an_object_store() -> None:
    options = read_by_the_agent(S3)

    assert (options.endpoint, options.region, options.addressing) == (S3.endpoint, "ap-guangzhou", "virtual")
    assert str(options.credentials) == "/run/slipway/source/qwen/credentials"


def test_what_is_told_of_a_directory() -> None:
    options = read_by_the_agent(CLAIM)

    assert str(parse_claim(options.reference, pinned=True).directory) == "/run/slipway/files/m/.store"
    assert options.credentials is None


@pytest.mark.parametrize(
    ("source", "ports"),
    [
        (S3, (443,)),
        (S3.model_copy(update={"endpoint": None}), (443,)),
        (S3.model_copy(update={"endpoint": "http://minio.models.svc:9000"}), (9000,)),
        (HUB, (8080,)),
        (HUB.model_copy(update={"endpoint": None}), (443,)),
        (HUB.model_copy(update={"endpoint": "https://hub.example.com:8443"}), (443, 8443)),
        (WEB, (8443,)),
        (WEB.model_copy(update={"reference": f"http://files/m/SHA256SUMS@{DIGEST}"}), (80,)),
        (CLAIM, ()),
        (KIT, (443,)),
        (ARTIFACT, (5000,)),
    ],
)
def test_ports_that_loading_must_reach(source: AgentSource, ports: tuple[int, ...]) -> None:
    assert source_args.egress_ports(source) == ports


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (S3, "s3://models-125/qwen/1.0"),
        (HUB, "team/tiny:main"),
        (WEB, "https://files.example.com:8443/m/SHA256SUMS"),
        (CLAIM, "/run/slipway/files/m/.store"),
    ],
)
def test_a_name_that_moves_is_told_without_its_pin(source: AgentSource, named: str) -> None:
    args = source_args.following_args(source, model="qwen", pull_secret=False)

    assert args[args.index("--reference") + 1] == named


def test_a_hub_reference_without_a_branch_cannot_be_followed() -> None:
    pinned = HUB.model_copy(update={"reference": f"team/tiny@{COMMIT}"})

    with pytest.raises(ValueError, match="names no tag or branch"):
        source_args.following_args(pinned, model="qwen", pull_secret=False)


@pytest.mark.parametrize("kind", ["s3", "huggingface", "http"])
@pytest.mark.parametrize("how", ["init", "preload", "sync", "sidecar"])
def test_the_file_with_the_credentials_is_where_the_agent_is_told(kind: str, how: str) -> None:
    loaders = {
        "init": InitLoader(type="init"),
        "preload": PreloadLoader(type="preload"),
        "sync": SyncLoader(type="sync"),
        "sidecar": SidecarLoader(type="sidecar"),
    }
    where = replace(place(claim="weights"), reload=HttpReload(type="http", path="/reload"))
    loaded = load(SOURCES[kind], where, loaders[how])
    jobs = [one for one in loaded.objects if one["kind"] == "Job"]
    pod = jobs[0]["spec"]["template"]["spec"] if jobs else None
    container = pod["containers"][0] if pod else loaded.init_containers[0]
    volumes = pod["volumes"] if pod else loaded.volumes

    (mount,) = (one for one in container["volumeMounts"] if one["name"] == "qwen-source")
    (volume,) = (one for one in volumes if one["name"] == "qwen-source")
    told = container["args"][container["args"].index("--credentials") + 1]
    assert told == f"{mount['mountPath']}/credentials"
    assert mount["readOnly"]
    assert "subPath" not in mount  # else a rotated Secret would not reach the file
    assert volume["secret"] == {"secretName": "qwen-source", "defaultMode": 0o440}
    assert not [one for one in container["volumeMounts"] if one["name"] == "registry-config"]


@pytest.mark.parametrize("how", ["init", "preload", "sync"])
def test_the_volume_with_files_is_read_only_twice(how: str) -> None:
    loaders = {
        "init": InitLoader(type="init"),
        "preload": PreloadLoader(type="preload"),
        "sync": SyncLoader(type="sync"),
    }
    loaded = load(CLAIM, place(claim="weights"), loaders[how])
    jobs = [one for one in loaded.objects if one["kind"] == "Job"]
    pod = jobs[0]["spec"]["template"]["spec"] if jobs else None
    container = pod["containers"][0] if pod else loaded.init_containers[0]

    assert {"name": "source-files", "mountPath": "/run/slipway/files", "readOnly": True} in container["volumeMounts"]
    volume = {"name": "source-files", "persistentVolumeClaim": {"claimName": "team-files", "readOnly": True}}
    assert volume in (pod["volumes"] if pod else loaded.volumes)
    assert all(mount["name"] != "source-files" for mount in loaded.server_mounts)
    if how == "init":
        assert loaded.egress_ports == ()


def test_pods_of_a_cached_model_have_neither_credentials_nor_files() -> None:
    loaded = load(WEB, place(), NodeCacheLoader(type="nodeCache"))

    assert "qwen-source" not in str(loaded)
