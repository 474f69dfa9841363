"""The server program of a model."""

from typing import Annotated, Literal

from pydantic import Field

from stacks.spec.base import HTTP_PATH, ImageReference, Section, form

Flag = Annotated[str, Field(min_length=1, max_length=500)]

Directory = Annotated[str, Field(pattern=form(r"^(/[A-Za-z0-9._-]+)+$", "an absolute directory"), max_length=200)]


class VllmRuntime(Section):
    """vLLM's OpenAI-compatible server."""

    type: Literal["vllm"]
    image: ImageReference = Field(
        default="docker.io/vllm/vllm-openai:v0.23.0", description="server image, 0.18 or newer"
    )
    served_model_name: str | None = Field(
        default=None, min_length=1, max_length=200, description="model id clients send; left out: the model's name"
    )
    max_model_len: int | None = Field(
        default=None, ge=128, le=10_000_000, description="longest sequence, tokens; left out: the model's own limit"
    )
    gpu_memory_utilization: float = Field(
        default=0.9, gt=0.1, le=0.98, description="share of the card's memory the server takes"
    )
    max_num_seqs: int | None = Field(default=None, ge=1, le=8192, description="sequences computed together")
    dtype: Literal["auto", "bfloat16", "float16"] = Field(default="auto", description="type of the weights in memory")
    extra_args: tuple[Flag, ...] = Field(default=(), description="further flags of `vllm serve`, one text each")


class HttpReload(Section):
    """One request to the server, whose JSON body names the version: `{"key": "sha256-…", "path": "…"}`."""

    type: Literal["http"]
    path: str = Field(pattern=HTTP_PATH, description="path of the server's own port that makes it load again")
    method: Literal["POST", "PUT", "GET"] = Field(default="POST", description="method of the request")
    status: int = Field(default=200, ge=200, le=299, description="status of the answer that means yes")
    confirm_path: str | None = Field(
        default=None,
        pattern=HTTP_PATH,
        description="path whose answer names the version's directory once it is served; left out: the status is proof",
    )


class SignalReload(Section):
    """A signal to the server's process; the pod's containers then share one process namespace."""

    type: Literal["signal"]
    process: str = Field(min_length=1, max_length=200, description="name of the server's process, as `ps` shows it")
    signal: Literal["HUP", "USR1", "USR2"] = Field(default="HUP", description="signal that makes it load again")
    confirm_path: str | None = Field(
        default=None,
        pattern=HTTP_PATH,
        description="path whose answer names the version's directory once it is served; left out: there is no proof",
    )


class SelfReload(Section):
    """The server looks at the link `current` by itself, nobody has to tell it."""

    type: Literal["self"]


Reload = Annotated[HttpReload | SignalReload | SelfReload, Field(discriminator="type")]


class HttpRuntime(Section):
    """Any HTTP server that brings its own image."""

    type: Literal["http"]
    image: ImageReference = Field(description="server image")
    port: int = Field(default=8080, ge=1024, le=65535, description="port the server listens on; below 1024 needs root")
    command: tuple[Flag, ...] = Field(default=(), description="entrypoint; left out: the image's")
    extra_args: tuple[Flag, ...] = Field(default=(), description="arguments, one text each")
    health_path: str = Field(default="/", pattern=HTTP_PATH, description="path that answers 200 when it can serve")
    metrics_path: str | None = Field(default=None, pattern=HTTP_PATH, description="path of its metrics; left out: none")
    reload: Reload | None = Field(
        default=None, description="how it takes a new version in place; left out: it cannot, new pods are needed"
    )
    writable_dirs: tuple[Directory, ...] = Field(
        default=(), description="directories it writes to besides /tmp; the rest of its file system is read-only on CPU"
    )


Runtime = Annotated[VllmRuntime | HttpRuntime, Field(discriminator="type")]
