"""A CronJob that keeps the shared volume in step with a tag; the servers follow the link ``current`` themselves.

The first look is taken by a Job of the very same pods, as ``kubectl create job --from=cronjob/…`` would make it: the
schedule's first time may be far away, and ``up`` would end without a model. It follows the tag like every look after
it. Were it to load the digest of the stack file, it would move ``current`` back whenever it is made anew. Pods wait for
``current`` through the gate and are not rolled when the tag moves.

Two looks never run side by side: ``Forbid`` between the runs of the schedule, the agent's own lease on the volume
between those and the first Job. A look that was missed by more than ``startingDeadlineSeconds`` is left to the next
one; without that bound a controller that was away for 100 schedules never starts another (Kubernetes, "CronJob",
"Limitations"). ``timeZone`` is stable since 1.27; without it the schedule follows the controller's own zone.
"""

from typing import Final

from components.loaders import jobs, source_args
from components.loaders.agent_container import deadline_seconds
from components.loaders.contract import Loaded, LoaderPlace
from components.loaders.trust import trust_checks
from components.loaders.wait import Gate, gated
from components.objects import Manifest
from stacks.spec.loader import SyncLoader
from stacks.spec.source import AgentSource

_LINK: Final = "current"
_START_LATE_SECONDS: Final = 300


def render(loader: SyncLoader, source: AgentSource, place: LoaderPlace) -> Loaded:
    """Return the CronJob, the Job of the first look, their network policy, and the pods' gate.

    Raises:
        ValueError: the stack has no shared volume, or the reference has no tag to follow.
    """
    claim = jobs.shared_claim(loader.type, place)
    named = source_args.following_args(source, model=place.model, pull_secret=place.pull_secret is not None)
    command = ["sync", *named, "--keep-previous", str(loader.keep_previous)]
    spec = jobs.job_spec(command, loader.image, source, place, claim)
    gate = Gate(
        image=loader.image,
        user=place.user,
        model=place.model,
        version=("--link", _LINK),
        checks=trust_checks(source, place.trust),
        deadline_seconds=deadline_seconds(source),
    )
    return gated(
        jobs.store_volume(claim),
        gate,
        {source_args.SOURCE_ANNOTATION: source_args.followed(source)},
        (jobs.policy(source, place), _cron_job(loader, spec, place), jobs.job("first-sync", spec, place)),
    )


def _cron_job(loader: SyncLoader, spec: Manifest, place: LoaderPlace) -> Manifest:
    metadata = jobs.job_metadata(f"{place.model}-sync", place)
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata,
        "spec": {
            "concurrencyPolicy": "Forbid",
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"metadata": {"labels": metadata["labels"]}, "spec": spec},
            "schedule": loader.schedule,
            "startingDeadlineSeconds": _START_LATE_SECONDS,
            "successfulJobsHistoryLimit": 1,
            "suspend": False,
            "timeZone": "Etc/UTC",
        },
    }
