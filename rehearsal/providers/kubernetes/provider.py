"""The calls of the engine, each handed to the module that answers it."""

from pulumi.runtime.proto import provider_pb2

from rehearsal.providers.codec import decode_plain
from rehearsal.providers.kubernetes.check import check
from rehearsal.providers.kubernetes.create import create
from rehearsal.providers.kubernetes.delete import delete
from rehearsal.providers.kubernetes.diff import diff
from rehearsal.providers.kubernetes.read import read
from rehearsal.providers.kubernetes.session import Session
from rehearsal.providers.kubernetes.settings import compare_settings, find_failures, read_settings
from rehearsal.providers.kubernetes.update import update
from rehearsal.providers.serve import EngineLog, Message, Provider, ProviderError


class KubernetesProvider(Provider):
    """One instance of the provider; the engine starts a process for each."""

    def __init__(self, log: EngineLog) -> None:
        super().__init__(log, "pulumi_kubernetes")
        self.session = Session(engine=log, cancelled=self.cancelled)

    def check_config(self, request: Message) -> Message:
        """Accept the configuration, or say what this stand-in cannot do."""
        arguments = decode_plain(request.news)
        failures = [
            provider_pb2.CheckFailure(property=name, reason=reason)
            for name, reason in find_failures(arguments, request.urn)
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def diff_config(self, request: Message) -> Message:
        """Say whether a changed configuration means another cluster."""
        changed, replaces = compare_settings(decode_plain(request.olds), decode_plain(request.news))
        kinds = provider_pb2.DiffResponse
        return kinds(changes=kinds.DIFF_SOME if changed else kinds.DIFF_NONE, diffs=changed, replaces=replaces)

    def configure(self, request: Message) -> Message:
        """Choose the cluster. Nothing is sent to it yet."""
        arguments = decode_plain(request.args)
        failures = find_failures(arguments, request.urn)
        if failures:
            raise ProviderError("; ".join(reason for _name, reason in failures))
        self.session.configure(read_settings(arguments))
        return super().configure(request)

    def get_schema(self, _request: Message) -> Message:
        """Answer with an empty schema: programs use the SDK, which has its own."""
        return provider_pb2.GetSchemaResponse(schema="{}")

    def check(self, request: Message) -> Message:
        """See `check`."""
        return check(self.session, request)

    def diff(self, request: Message) -> Message:
        """See `diff`."""
        return diff(self.session, request)

    def create(self, request: Message) -> Message:
        """See `create`."""
        return create(self.session, request)

    def read(self, request: Message) -> Message:
        """See `read`."""
        return read(self.session, request)

    def update(self, request: Message) -> Message:
        """See `update`."""
        return update(self.session, request)

    def delete(self, request: Message) -> Message:
        """See `delete`."""
        return delete(self.session, request)

    def invoke(self, request: Message) -> Message:
        """Refuse functions: they decode YAML, Helm charts and kustomizations."""
        raise ProviderError(
            f"the stand-in plugin does not support {request.tok}; use plain resources or the real plugin"
        )

    def construct(self, request: Message) -> Message:
        """Refuse remote components: ``yaml/v2``, ``helm/v4`` and ``kustomize/v2``."""
        raise ProviderError(
            f"the stand-in plugin does not support {request.type}; use plain resources or the real plugin"
        )
