"""Whether loaders that change the version under a running server can do so."""

from collections.abc import Iterator

from stacks.errors import Problem, shown
from stacks.plan.capabilities import SIDECARS_SINCE, has_sidecars, version_of
from stacks.plan.loading import loader_of
from stacks.rules.schedule import fault_of
from stacks.spec.file_source import HuggingFaceSource
from stacks.spec.loader import SidecarLoader, SyncLoader
from stacks.spec.model import Model
from stacks.spec.runtime import SelfReload, VllmRuntime
from stacks.spec.source import ImageSource
from stacks.spec.stack import StackSpec


def problems(spec: StackSpec) -> Iterator[Problem]:
    """Yield loaders with nothing to follow, with a server that would not notice, and on clusters too old for them."""
    for index, model in enumerate(spec.models):
        path, loader = f"slipway:models[{index}]", loader_of(spec, model)
        if not isinstance(loader, SidecarLoader | SyncLoader):
            continue
        yield from _nothing_to_follow(path, model)
        yield from _server(path, model, loader)
        if isinstance(loader, SidecarLoader):
            yield from _too_old(path, spec)
        elif fault := fault_of(loader.schedule):
            fix = 'five fields: minute, hour, day, month, day of week from 0 to 6, such as "*/15 * * * *"'
            yield Problem(path=f"{path}.loader.schedule", value=shown(loader.schedule), rule=fault, fix=fix)


def _nothing_to_follow(path: str, model: Model) -> Iterator[Problem]:
    source = model.source
    if source is None or isinstance(source, ImageSource) or source.followed is not None:
        return
    hub = isinstance(source, HuggingFaceSource)
    what, named = ("branch", "organisation/name:branch@…") if hub else ("tag", "host/repository:tag@sha256:…")
    rule = f"it names no {what}, so a loader that follows one has nothing to follow"
    fix = f"{named}, or loader: {{type: init}}"
    yield Problem(path=f"{path}.source.reference", value=shown(source.reference), rule=rule, fix=fix)


def _server(path: str, model: Model, loader: SidecarLoader | SyncLoader) -> Iterator[Problem]:
    """Yield a server that would serve the old version for ever."""
    fix = "loader: {type: init}; a new digest then makes new pods"
    if isinstance(model.runtime, VllmRuntime):
        rule = "vLLM cannot change the weights of a running server, so a new version needs new pods"
        yield Problem(path=f"{path}.loader.type", value=shown(loader.type), rule=rule, fix=fix)
        return
    reload = model.runtime.reload
    if reload is None:
        rule = "required for loaders that change the version in place: nothing says how the server takes it"
        yield Problem(path=f"{path}.runtime.reload", rule=rule, fix=f"add runtime.reload, or {fix}")
    elif isinstance(loader, SyncLoader) and not isinstance(reload, SelfReload):
        rule = "loader sync changes the shared storage, and nobody in the pod tells the server"
        fix = "reload: {type: self} if the server follows the link itself, else loader: {type: sidecar}"
        yield Problem(path=f"{path}.runtime.reload.type", value=shown(reload.type), rule=rule, fix=fix)
    elif isinstance(reload, SelfReload) and not loader.keep_previous:
        rule = "nobody knows when a server that follows the link itself has left the previous version"
        yield Problem(path=f"{path}.loader.keepPrevious", value=shown(0), rule=rule, fix="keepPrevious: 1 or more")


def _too_old(path: str, spec: StackSpec) -> Iterator[Problem]:
    if not has_sidecars(spec.cluster):
        version, since = (".".join(map(str, pair)) for pair in (version_of(spec.cluster), SIDECARS_SINCE))
        rule = f"Kubernetes {version} would take it for an init container that never ends; it needs {since}"
        fix = "upgrade the cluster, or loader: {type: init}"
        yield Problem(path=f"{path}.loader.type", value=shown("sidecar"), rule=rule, fix=fix)
