"""Reading from a registry (OCI distribution spec 1.1, "Pull"), with authentication, mirrors and retries."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final, Literal

from .authorizer import Authorizer
from .challenge import parse_challenges
from .deadline import Deadline
from .errors import AgentError, AuthError, DigestError, NetworkError, NotFoundError
from .logs import Log
from .manifest import ACCEPT, INDEX, MANIFEST_LIMIT_BYTES, Descriptor
from .reference import Reference, is_digest
from .retry import retrying
from .transport import Response, Transport, origin, place

_NOT_MODIFIED: Final = 304
_OK: Final = frozenset({200, 206, _NOT_MODIFIED})
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = frozenset({404})
_NO_REFERRERS: Final = _NOT_FOUND | {400, 405, 406, 501}
"""What registries without a listing of referrers answer: by the specification 404, by their age something else."""
_NEXT: Final = re.compile(r"<[^>?]*\?(?P<query>[A-Za-z0-9._~%=&+/:-]+)>\s*;[^,<]*\brel=\"?next\b")
_HUB: Final = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


def _finds_token_invalid(response: Response) -> bool:
    """Return whether a Bearer challenge says so (RFC 6750 section 3.1, "Error Codes")."""
    challenges = parse_challenges(response.header("WWW-Authenticate"))
    return any(challenge.parameters.get("error") == "invalid_token" for challenge in challenges)


def next_query(link: str) -> str:
    """Return the query of the address that a ``Link`` header calls the next page, or an empty text.

    Nothing else of the address is used (RFC 8288, section 3): the next page is asked where the first one was.
    """
    match = _NEXT.search(link)
    return "" if match is None else match["query"]


class Registry:
    """Every registry a load needs.

    Args:
        transport: how it is reached.
        authorizer: how it is convinced.
        deadline: bounds everything.
        log: told about retries.
        mirrors: base URL to use in place of a registry host.
        plain_http: whether hosts without a mirror are spoken to without TLS.
    """

    def __init__(
        self,
        transport: Transport,
        authorizer: Authorizer,
        deadline: Deadline,
        log: Log,
        mirrors: Mapping[str, str],
        *,
        plain_http: bool,
    ) -> None:
        self._transport = transport
        self._authorizer = authorizer
        self._mirrors = mirrors
        self._scheme = "http" if plain_http else "https"
        self._deadline = deadline
        self._log = log

    @property
    def deadline(self) -> Deadline:
        """What bounds everything."""
        return self._deadline

    @property
    def log(self) -> Log:
        """What is told about retries."""
        return self._log

    def manifest(self, reference: Reference) -> tuple[bytes, str]:
        """Return a manifest's bytes and digest, checked against the digest asked for if there is one.

        Raises:
            DigestError: the bytes are not those of the pinned digest.
            NotFoundError: there is no such manifest.
        """
        where = f"{reference.host}/{reference.repository}"

        def once() -> tuple[bytes, str]:
            path = f"manifests/{reference.pointer}"
            response = self.request(reference, path, {"Accept": ACCEPT})
            try:
                data = response.body(self._deadline, MANIFEST_LIMIT_BYTES)
            finally:
                response.close()
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            expected = reference.digest or response.header("Docker-Content-Digest")
            if is_digest(expected) and expected != digest:
                raise DigestError(f"manifest of {where}: got {digest}, expected {expected}; nothing was changed")
            return data, digest

        return retrying(f"manifest of {reference}", once, self._deadline, self._log)

    def resolve(self, reference: Reference, known: str) -> str:
        """Return the digest a tag has now, moving no manifest where the registry can tell without. One attempt.

        Args:
            reference: names a tag.
            known: digest of the last answer; empty if there was none.

        Raises:
            NotFoundError: there is no such tag (any more).
        """
        headers = {"Accept": ACCEPT, **({"If-None-Match": f'"{known}"'} if known else {})}
        response = self.request(reference, f"manifests/{reference.tag}", headers, method="HEAD")
        digest = known if response.status == _NOT_MODIFIED else response.header("Docker-Content-Digest")
        response.close()
        if is_digest(digest):
            return digest
        response = self.request(reference, f"manifests/{reference.tag}", {"Accept": ACCEPT})
        try:
            data = response.body(self._deadline, MANIFEST_LIMIT_BYTES)
        finally:
            response.close()
        return f"sha256:{hashlib.sha256(data).hexdigest()}"

    def small_blob(self, reference: Reference, descriptor: Descriptor) -> bytes:
        """Return a config blob or another small one, checked against its digest and size.

        Raises:
            DigestError: other bytes, or another size.
        """

        def once() -> bytes:
            response = self.request(reference, f"blobs/{descriptor.digest}", {})
            try:
                data = response.body(self._deadline, MANIFEST_LIMIT_BYTES)
            finally:
                response.close()
            if f"sha256:{hashlib.sha256(data).hexdigest()}" != descriptor.digest or len(data) != descriptor.size:
                raise DigestError(f"blob {descriptor.digest}: other bytes or size than the manifest promises")
            return data

        return retrying(f"blob {descriptor.digest}", once, self._deadline, self._log)

    def referrers(self, reference: Reference, query: str) -> tuple[bytes, str]:
        """Return one page of what refers to a manifest, and the query of the next one; empty if it is the last.

        Args:
            reference: pinned by digest.
            query: of the page; empty for the first.

        Raises:
            NotFoundError: this registry keeps no such listing.
        """

        def once() -> tuple[bytes, str]:
            path = f"referrers/{reference.digest}{query and '?'}{query}"
            response = self.request(reference, path, {"Accept": INDEX}, absent=_NO_REFERRERS)
            try:
                data = response.body(self._deadline, MANIFEST_LIMIT_BYTES)
                if response.header("Content-Type").partition(";")[0].strip() != INDEX:
                    raise NotFoundError(f"{place(response.url)}: answers with something else than {INDEX}")
                return data, next_query(response.header("Link"))
            finally:
                response.close()

        return retrying(f"what refers to {reference}", once, self._deadline, self._log)

    def request(
        self,
        reference: Reference,
        path: str,
        headers: Mapping[str, str],
        method: Literal["GET", "HEAD"] = "GET",
        absent: frozenset[int] = _NOT_FOUND,
    ) -> Response:
        """GET or HEAD below ``/v2/<repository>/``, answering one challenge. One attempt.

        Args:
            reference: names host and repository.
            path: below them.
            headers: sent beside the credentials.
            method: what to do.
            absent: statuses by which the registry says that it does not have it.

        Raises:
            AuthError: refused.
            NotFoundError: not there.
            NetworkError: anything else but success.
        """
        base = self._base(reference.host)
        host = base.partition("://")[2]
        url = f"{base}/v2/{reference.repository}/{path}"
        known = self._authorizer.header(host, reference.repository)
        send = self._transport.head if method == "HEAD" else self._transport.get
        response = send(url, {**headers, "Authorization": known} if known else headers)
        if response.status == _UNAUTHORIZED and origin(response.url) == origin(url):
            asked = response.header("WWW-Authenticate")
            response.close()
            renewed = self._authorizer.renew(host, reference.repository, asked)
            response = send(url, {**headers, "Authorization": renewed})
        if response.status in _OK:
            return response
        response.close()
        raise self._refusal(response, url, absent)

    def _base(self, host: str) -> str:
        return self._mirrors.get(host) or f"{self._scheme}://{_HUB.get(host, host)}"

    @staticmethod
    def _refusal(response: Response, url: str, absent: frozenset[int]) -> AgentError:
        where = f"{place(response.url)}: HTTP {response.status}"
        if origin(response.url) != origin(url):
            # Blob storage behind a redirect: a signed address may have run out, asking the registry again helps.
            return NetworkError(f"{where} from the storage the registry redirects to")
        if _finds_token_invalid(response):
            return AuthError(
                f"{where}; the registry does not accept the token that its token server has just given: "
                "compare the clocks of the two, then issuer, service and keys in the registry's configuration"
            )
        if response.status in {_UNAUTHORIZED, _FORBIDDEN}:
            return AuthError(f"{where}; the credentials of --registry-config may not pull this repository")
        if response.status in absent:
            return NotFoundError(f"{where}; the registry does not have it, check reference and digest")
        return NetworkError(where, retry_after_seconds=response.retry_after_seconds)
