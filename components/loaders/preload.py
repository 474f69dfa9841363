"""A Job that loads the pinned version into the shared volume before the first pod that needs it is made.

The pods move no bytes: their gate finds the version there. A Job's pods cannot be changed (Kubernetes, "Jobs"), so the
Job's name holds a fingerprint of all that it runs: a new version, or new code, is a new Job in place of the finished
one. ``up`` awaits it before it touches the model's pods, so a load that fails fails ``up`` while the old pods serve on.
A failed Job is replaced by the next ``up``.

A finished Job stays: removed after a time of its own (``ttlSecondsAfterFinished``) it would be missing at the next
refresh, and the ``up`` after that would load again.
"""

from components.loaders import jobs, source_args
from components.loaders.agent_container import deadline_seconds
from components.loaders.contract import Loaded, LoaderPlace
from components.loaders.trust import trust_checks
from components.loaders.wait import Gate, gated
from stacks.spec.loader import PreloadLoader
from stacks.spec.source import AgentSource


def render(loader: PreloadLoader, source: AgentSource, place: LoaderPlace) -> Loaded:
    """Return the Job, its network policy, and the pods' gate.

    Raises:
        ValueError: the stack has no shared volume.
    """
    claim = jobs.shared_claim(loader.type, place)
    command = [
        "preload",
        *source_args.source_args(source, model=place.model, pull_secret=place.pull_secret is not None),
    ]
    spec = jobs.job_spec(command, loader.image, source, place, claim)
    gate = Gate(
        image=loader.image,
        user=place.user,
        model=place.model,
        version=("--key", source_args.version_key(source)),
        checks=trust_checks(source, place.trust),
        deadline_seconds=deadline_seconds(source),
    )
    return gated(
        jobs.store_volume(claim),
        gate,
        source_args.annotations(source),
        (jobs.policy(source, place), jobs.job("preload", spec, place)),
    )
