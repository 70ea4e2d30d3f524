"""A small client of the OCI Distribution Specification: tags, manifests, blobs, and copies of them.

Tokens: "Token Authentication Specification" (distribution.github.io). Decision 0011 says why it is our own.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

from urllib3.response import BaseHTTPResponse

from controller.errors import AccessError, PlatformError, TrueupError
from controller.probes.guarded import LARGEST, Answered, Http
from controller.probes.hosts import Hosts, Repository
from controller.probes.logins import Login
from controller.probes.manifests import ACCEPTED, Content

_PULL: Final = "pull"
_PUSH: Final = "pull,push"
_PARAMETER: Final = re.compile(r'(\w+)="([^"]*)"')
_TAGS: Final = 1000
_PAGES: Final = 100
# `Link: </v2/<name>/tags/list?n=…&last=…>; rel="next"` (Distribution Specification, "Listing Tags").
_FURTHER: Final = re.compile(r"<[^>]*/tags/list\?([A-Za-z0-9._~%&=+-]{1,500})>\s*;\s*rel=\"?next", re.IGNORECASE)
_BLOCK: Final = 256 * 1024
_TOKEN_LARGEST: Final = 64 * 1024
_OK, _CREATED, _ACCEPTED, _NOT_FOUND, _UNAUTHORIZED, _FORBIDDEN, _TOO_MANY = 200, 201, 202, 404, 401, 403, 429


class NotThere(TrueupError):
    """The registry answers, and does not have it; `code` is the registry's own word for it."""

    def __init__(self, why: str, code: str) -> None:
        super().__init__(why)
        self.code = code


class Distribution:
    """Speaks to registries. `login` gives name and password for a host, or None to come as nobody."""

    def __init__(self, http: Http, hosts: Hosts, login: Callable[[str], Login | None]) -> None:
        self._http, self._hosts, self._login = http, hosts, login
        self._lock = threading.Lock()
        self._let_in: dict[tuple[str, str], str] = {}

    def close(self) -> None:
        """Let go of every connection."""
        self._http.close()

    def digest(self, where: Repository, reference: str) -> str | None:
        """Say what a tag stands for, by HEAD, which Docker Hub does not count as a pull; None if it is not said.

        Raises NotThere, AccessError or PlatformError, as everything here.
        """
        told = self._ask("HEAD", where, f"manifests/{reference}", {"Accept": ACCEPTED})
        return told.headers.get("docker-content-digest")

    def manifest(self, where: Repository, reference: str) -> Content:
        """Read a manifest or an index as its bytes are; asked for by a digest, it is checked to be that."""
        told = self._ask("GET", where, f"manifests/{reference}", {"Accept": ACCEPTED})
        kind = told.headers.get("content-type", "").partition(";")[0].strip()
        content = Content(kind=kind, body=told.body)
        if ":" in reference and content.digest != reference:
            raise PlatformError(f"{where.host} answers {content.digest} when asked for {reference}")
        return content

    def has_blob(self, where: Repository, digest: str) -> bool:
        """Whether a blob is there."""
        try:
            self._ask("HEAD", where, f"blobs/{digest}", {}, scope=_PUSH)
        except NotThere:
            return False
        return True

    def blob(self, where: Repository, digest: str, largest: int = LARGEST) -> bytes:
        """Read a small blob, checked to be what it is called."""
        found = self._ask("GET", where, f"blobs/{digest}", {}, largest=largest).body
        if "sha256:" + hashlib.sha256(found).hexdigest() != digest:
            raise PlatformError(f"{where.host} answers something else than {digest}")
        return found

    def copy_blob(self, source: Repository, where: Repository, digest: str, size: int) -> None:
        """Copy a blob through this machine, without keeping it, checked on its way."""
        url = f"{self._url(source)}/blobs/{digest}"
        for is_last in (False, True):
            with self._http.open("GET", url, self._headers(source, _PULL)) as answer:
                if answer.status == _UNAUTHORIZED and not is_last:  # a token lives for minutes
                    self._be_let_in(source, _PULL, answer.headers.get("WWW-Authenticate", ""))
                    continue
                if answer.status == _NOT_FOUND:
                    raise NotThere(f"{source} has no {digest}", "BLOB_UNKNOWN")
                if answer.status != _OK:
                    raise PlatformError(f"{source.host} does not give {digest}: HTTP {answer.status}")
                self._upload(where, digest, _checked(answer, digest, source.host), size)
                return

    def mount(self, source: str, where: Repository, digest: str) -> bool:
        """Ask a registry to take a blob from another of its repositories; whether it did."""
        asked = urlencode({"mount": digest, "from": source})
        told = self._ask("POST", where, f"blobs/uploads/?{asked}", {"Content-Length": "0"}, scope=_PUSH)
        return told.status == _CREATED

    def tags(self, where: Repository) -> Sequence[str]:
        """Name tags of a repository: the first page of them, in the registry's order."""
        return _tags_in(self._ask("GET", where, f"tags/list?n={_TAGS}", {}))

    def all_tags(self, where: Repository) -> Sequence[str]:
        """Name every tag of a repository, page by page as the registry says; PlatformError for too many."""
        tags: dict[str, None] = {}
        query = f"n={_TAGS}"
        for _ in range(_PAGES):
            told = self._ask("GET", where, f"tags/list?{query}", {})
            tags |= dict.fromkeys(_tags_in(told))
            further = _FURTHER.search(told.headers.get("link", ""))
            if further is None:
                return list(tags)
            query = further[1]
        raise PlatformError(f"{where} has more than {len(tags)} tags, too many to follow")

    def put(self, where: Repository, reference: str, content: Content) -> str:
        """Push a manifest byte for byte; gives the digest that the registry says it has."""
        headers = {"Content-Type": content.kind}
        told = self._ask("PUT", where, f"manifests/{reference}", headers, body=content.body, scope=_PUSH)
        return told.headers.get("docker-content-digest", "")

    def _upload(self, where: Repository, digest: str, body: Iterable[bytes], size: int) -> None:
        begun = self._ask("POST", where, "blobs/uploads/", {"Content-Length": "0"}, scope=_PUSH)
        session = self._session(where, begun)
        headers = {**self._headers(where, _PUSH), "Content-Type": "application/octet-stream"}
        told = self._http.ask("PATCH", session, {**headers, "Content-Length": str(size)}, body)
        if told.status not in {_ACCEPTED, 204}:
            raise _refusal(told, where, "PATCH", "blobs/uploads")
        session = self._session(where, told)
        joint = "&" if "?" in session else "?"
        last = f"{session}{joint}{urlencode({'digest': digest})}"
        self._ask("PUT", where, last, {"Content-Length": "0"}, scope=_PUSH)

    def _session(self, where: Repository, told: Answered) -> str:
        base = self._hosts.reach(where).url
        further = urljoin(f"{base}/", told.headers.get("location", ""))
        if urlsplit(further).netloc not in {urlsplit(base).netloc, where.host}:
            raise AccessError(
                f"{where.host} wants the upload to go to another host; credentials do not follow there"
            )
        return urlsplit(further)._replace(scheme=urlsplit(base).scheme, netloc=urlsplit(base).netloc).geturl()

    def _url(self, where: Repository) -> str:
        return f"{self._hosts.reach(where).url}/v2/{where.name}"

    def _headers(self, where: Repository, scope: str) -> dict[str, str]:
        called = self._hosts.reach(where).called
        with self._lock:
            let_in = self._let_in.get((str(where), scope)) or self._let_in.get((str(where), _PUSH))
        return {**({"Host": called} if called else {}), **({"Authorization": let_in} if let_in else {})}

    def _ask(
        self,
        method: str,
        where: Repository,
        what: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None = None,
        scope: str = _PULL,
        largest: int = LARGEST,
    ) -> Answered:
        """Ask, and again with a token if one is wanted. Anything but a success is raised."""
        url = what if what.startswith(("http://", "https://")) else f"{self._url(where)}/{what}"
        told = self._http.ask(method, url, {**self._headers(where, scope), **headers}, body, largest=largest)
        if told.status == _UNAUTHORIZED:
            self._be_let_in(where, scope, told.headers.get("www-authenticate", ""))
            told = self._http.ask(method, url, {**self._headers(where, scope), **headers}, body, largest=largest)
        if told.status not in {_OK, _CREATED, _ACCEPTED, 204}:
            raise _refusal(told, where, method, what)
        return told

    def _be_let_in(self, where: Repository, scope: str, wanted: str) -> None:
        scheme, _, rest = wanted.partition(" ")
        challenge = dict(_PARAMETER.findall(rest))
        login = self._login(where.host)
        if scheme.lower() == "bearer" and challenge.get("realm"):
            let_in = self._token(where, scope, challenge, login)
        elif scheme.lower() == "basic" and login is not None:
            let_in = login.basic
        else:
            raise AccessError(f"the registry {where.host} wants a login, and there is none for it")
        with self._lock:
            self._let_in[str(where), scope] = let_in

    def _token(self, where: Repository, scope: str, challenge: Mapping[str, str], login: Login | None) -> str:
        realm, base = challenge["realm"], self._hosts.reach(where).url
        if urlsplit(realm).scheme not in {"https", urlsplit(base).scheme}:
            raise AccessError(f"the registry {where.host} wants a token from {urlsplit(realm).netloc} without TLS")
        if login is not None and not _of_one_house(urlsplit(base).hostname or "", urlsplit(realm).hostname or ""):
            raise AccessError(
                f"the registry {where.host} wants its login sent to {urlsplit(realm).hostname}; that is not done"
            )
        asked = {"service": challenge.get("service", ""), "scope": f"repository:{where.name}:{scope}"}
        joint = "&" if "?" in realm else "?"
        url = f"{realm}{joint}{urlencode({key: value for key, value in asked.items() if value})}"
        headers = {"Authorization": login.basic} if login else {}
        told = self._http.ask("GET", url, headers, largest=_TOKEN_LARGEST)
        if told.status != _OK:
            who = f"the login {login.user!r}" if login else "nobody"
            raise AccessError(f"{where.host} lets {who} not {scope} {where.name}: HTTP {told.status} for a token")
        return f"Bearer {_read_token(told.body, where.host)}"


def _checked(answer: BaseHTTPResponse, digest: str, host: str) -> Iterator[bytes]:
    """Give bytes as they come; PlatformError at their end if they were others than they are called."""
    summed = hashlib.sha256()
    while found := answer.read(_BLOCK, decode_content=False):
        summed.update(found)
        yield found
    if digest != f"sha256:{summed.hexdigest()}":
        raise PlatformError(f"{host} gave other bytes than {digest}")


def _of_one_house(registry: str, realm: str) -> bool:
    """Whether a login for one may go to the other, as registry-1.docker.io's to auth.docker.io."""
    parent = "" if registry.replace(".", "").isdigit() else registry.partition(".")[2]  # an address has no house
    return realm == registry or ("." in parent and (realm == parent or realm.endswith(f".{parent}")))


def _read_token(body: bytes, host: str) -> str:
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    found = (document.get("token") or document.get("access_token")) if isinstance(document, dict) else None
    if not isinstance(found, str) or not found.isascii() or not found.isprintable():
        raise PlatformError(f"{host} gives no token that can be read")
    return found


def _refusal(told: Answered, where: Repository, method: str, what: str) -> TrueupError:
    code, message = _error(told.body)
    said = f": {code} {message}".rstrip() if code or message else ""
    if told.status == _NOT_FOUND:
        return NotThere(f"{where} has no {urlsplit(what).path}{said}", code)
    if told.status in {_UNAUTHORIZED, _FORBIDDEN}:
        return AccessError(f"the registry {where.host} does not let us {method} {where.name}{said}")
    if told.status == _TOO_MANY:
        return PlatformError(f"the registry {where.host} is asked too often just now; a login may allow more{said}")
    return PlatformError(f"the registry {where.host} answers HTTP {told.status} to {method} {where.name}{said}")


def _error(body: bytes) -> tuple[str, str]:
    """Read the registry's own words for what is wrong, cut short."""
    try:
        listed: object = json.loads(body)["errors"]
        first: object = listed[0] if isinstance(listed, list) else None
    except (ValueError, LookupError, TypeError, RecursionError):
        first = None
    if not isinstance(first, dict):
        return "", ""
    texts = (str(first.get(key) or "") for key in ("code", "message"))
    code, message = ("".join(filter(str.isprintable, text))[:200] for text in texts)
    return code, message


def _tags_in(told: Answered) -> list[str]:
    try:
        listed: object = json.loads(told.body)["tags"]
    except (ValueError, LookupError, TypeError, RecursionError):
        listed = None
    return [tag for tag in listed if isinstance(tag, str)] if isinstance(listed, list) else []
