"""What scraping and alerts need to know of a served model, as plain data."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedLoader:
    """A loader that runs on and shows metrics, for one model.

    Attributes:
        model: the model's name, which it gives its series.
        namespace: where its pods are.
        port_name: named port of its pods.
        pause_seconds: time between two looks for a new version.
        budget_seconds: time until a new version is loaded and served; waiting that long is no fault.
    """

    model: str
    namespace: str
    port_name: str
    pause_seconds: int
    budget_seconds: int

    @property
    def series(self) -> str:
        """Label matchers of what it shows of the model."""
        return f'namespace="{self.namespace}",model="{self.model}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """One served model.

    Attributes:
        name: the model's name; Deployment and Service have it too.
        namespace: where its objects are.
        port_name: named port of the Service that shows metrics.
        metrics_path: path on that port; None = no metrics.
        startup_seconds: time one pod may take to load and start; waiting that long is no fault.
        min_pods, max_pods: bounds.
        queue_metric: gauge of waiting requests; None = none.
        waiting_per_pod: waiting requests per pod that are still fine; None = no queue.
        cache_metric: gauge from 0 to 1, how full the memory for running requests is; None = none.
        queue_scaled: KEDA moves the number of pods.
        loader: the loader that runs on in each pod; None = there is none.
        cron_job: CronJob that brings new versions; None = there is none.
    """

    name: str
    namespace: str
    port_name: str
    metrics_path: str | None
    startup_seconds: int
    min_pods: int
    max_pods: int
    queue_metric: str | None
    waiting_per_pod: int | None
    cache_metric: str | None
    queue_scaled: bool
    loader: WatchedLoader | None
    cron_job: str | None

    @property
    def series(self) -> str:
        """Label matchers of what the model's own pods show; the Prometheus operator sets both labels."""
        return f'namespace="{self.namespace}",service="{self.name}"'

    @property
    def pods(self) -> str:
        """Label matchers of what kube-state-metrics shows of the model's pods.

        A Deployment's pod is called ``<name>-<hash>-<five characters>``; neither part holds a hyphen, so the pods of
        ``qwen-large`` never count for ``qwen``.
        """
        return f'namespace="{self.namespace}",pod=~"{self.name}-[a-z0-9]+-[a-z0-9]{{5}}"'
