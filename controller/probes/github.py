"""GitHub's REST API (docs.github.com, version 2022-11-28), asked one request at a time, and no faster than it lets.

What was read is asked for again with its ETag: an answer that did not change costs none of the requests that an
hour has. When GitHub says that it is too much, nothing is asked before the time that it names ("Best practices for
using the REST API"). No message holds the token, nor more of a URL than what is asked for.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from controller.errors import AccessError, PlatformError, Refusal, SpecError
from controller.probes.guarded import Answered, Http

PUBLIC: Final = "https://api.github.com"
_VERSION: Final = "2022-11-28"
_LONGEST_TOKEN: Final = 16 * 1024
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_SLUG: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_NEXT: Final = re.compile(r'<([^>]*)>\s*;\s*rel="next"')
_PAGE: Final = 100
_PAGES: Final = 10
_KEPT: Final = 256
_LEAST_WAIT: Final = 60.0
_LONGEST_WAIT: Final = 900.0
_LONGEST: Final = 200
_NOT_MODIFIED: Final = 304

Json: TypeAlias = Mapping[str, object]


class NoSuchThing(AccessError):
    """GitHub has no such thing, or hides it from us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """Where GitHub is asked, and of which repository: `owner/name`; the token's file is read anew each time."""

    url: str
    repository: str
    token_file: Path | None = None


def slug_of(address: str, host: str = "") -> str:
    """Read `owner/name` off the address of a repository on a server, perhaps on just that `host`; or nothing."""
    if "://" in address:
        parts = urlsplit(address)
        at, path = parts.hostname or "", parts.path
    else:
        door, _, path = address.partition(":")
        at = door.rpartition("@")[2] if path else ""
    name = path.strip("/").removesuffix(".git")
    return name if at and host in {"", at} and _SLUG.fullmatch(name) else ""


class GitHub:
    """A client for one repository. Raises SpecError for a name of a repository that is none.

    Methods raise NoSuchThing, AccessError where we are not let in, Refusal for what GitHub does not take, and
    PlatformError where it does not answer or asks us to wait. `elapsed` counts real seconds.
    """

    def __init__(self, http: Http, forge: Forge, elapsed: Callable[[], float]) -> None:
        if not _SLUG.fullmatch(forge.repository):
            raise SpecError(f"{forge.repository[:80]!r} is no repository of GitHub's; write owner/name")
        self._http, self._elapsed = http, elapsed
        self._token_file = forge.token_file
        self._base = forge.url.rstrip("/")
        self.repository = forge.repository
        self._one = threading.Lock()
        self._kept: dict[str, Answered] = {}
        self._still_until = 0.0
        self._limited = 0

    def one(self, path: str, **asked: str) -> Json:
        """Read one object; `path` is below the repository's own, such as `pulls/12`."""
        return _object(self._read(self._url(path, asked)))

    def newest(self, listed_at: str, **asked: str) -> Sequence[Json]:
        """Read what is first in a list, at most one."""
        listed = _json(self._read(self._url(listed_at, {**asked, "per_page": "1"})))
        if not isinstance(listed, list):
            raise PlatformError(f"GitHub answers no list to {listed_at}")
        return [one for one in listed if isinstance(one, dict)]

    def many(self, path: str, key: str = "", **asked: str) -> Iterator[Json]:
        """Read a list, page by page; with `key` it is under that in an object. At most a thousand are read."""
        url: str | None = self._url(path, {**asked, "per_page": str(_PAGE)})
        for _ in range(_PAGES):
            if url is None:
                return
            answer = self._read(url)
            listed = _object(answer).get(key) if key else _json(answer)
            if not isinstance(listed, list):
                raise PlatformError(f"GitHub answers no list to {_shown(url)}")
            yield from (one for one in listed if isinstance(one, dict))
            url = self._next(answer)
        if url is not None:
            raise PlatformError(f"GitHub lists more than {_PAGES * _PAGE} to {_shown(url)}; that is not read")

    def write(self, method: str, path: str, said: Json) -> Json:
        """Make or change one thing; it is sent once."""
        sent = {"Content-Type": "application/json"}
        return _object(self._ask(method, self._url(path, {}), json.dumps(said).encode(), sent))

    def _url(self, path: str, asked: Mapping[str, str]) -> str:
        query = f"?{urlencode(sorted(asked.items()))}" if asked else ""
        return f"{self._base}/repos/{self.repository}/{quote(path)}{query}"

    def _read(self, url: str) -> Answered:
        """Read a page, or give it as it was, if it is."""
        known = self._kept.get(url)
        tag = known.headers.get("etag", "") if known else ""
        answer = self._ask("GET", url, headers={"If-None-Match": tag} if tag else {})
        if known is not None and answer.status == _NOT_MODIFIED:
            return known
        self._kept[url] = answer
        while len(self._kept) > _KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        return answer

    def _ask(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        with self._one:
            left = self._still_until - self._elapsed()
            if left > 0:
                raise PlatformError(f"GitHub asks us to wait {left:.0f}s more before it is asked again")
            answer = self._http.ask(method, url, {**self._headers(), **(headers or {})}, body)
            limited = _limited(answer)
            self._limited = self._limited + 1 if limited else 0
            if limited:
                wait = _wait(answer, self._limited)
                self._still_until = self._elapsed() + wait
                raise PlatformError(f"GitHub has had enough of our requests, and asks us to wait {wait:.0f}s")
        _check(answer, method, url)
        return answer

    def _headers(self) -> Mapping[str, str]:
        return {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": _VERSION,
            "User-Agent": "trueup",
            **({"Authorization": f"Bearer {self._token()}"} if self._token_file else {}),
        }

    def _token(self) -> str:
        file = self._token_file
        try:
            text = file.read_bytes()[:_LONGEST_TOKEN].decode("ascii", "replace").strip() if file else ""
        except OSError as error:
            raise AccessError(f"the file of the token for GitHub cannot be read: {error.strerror}") from None
        if not _TOKEN.fullmatch(text):
            raise AccessError("the file of the token for GitHub does not hold one token and nothing else")
        return text

    def _next(self, answer: Answered) -> str | None:
        """Find the next page; one that is elsewhere would be shown the token."""
        found = _NEXT.search(answer.headers.get("link", ""))
        if found is None:
            return None
        if not found[1].startswith(f"{self._base}/"):
            raise PlatformError("GitHub says that the next page is at another server; that is not read")
        return found[1]


def _limited(answer: Answered) -> bool:
    if answer.status not in {403, 429}:
        return False
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    return answer.status == 429 or spent or "retry-after" in answer.headers or "secondary rate" in _said(answer)  # noqa: PLR2004 - Too Many Requests


def _wait(answer: Answered, times: int) -> float:
    """Say how many seconds to wait: what GitHub says, by its own clock, else a minute, and longer each time."""
    asked = answer.headers.get("retry-after", "")
    if asked.isdecimal():
        return min(float(asked), _LONGEST_WAIT * 4)
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        try:
            now = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
        except (TypeError, ValueError):
            return _LONGEST_WAIT
        return min(max(int(reset) - now, 1.0), _LONGEST_WAIT * 4)
    return min(_LEAST_WAIT * 2.0 ** min(times - 1, 10), _LONGEST_WAIT)


def _check(answer: Answered, method: str, url: str) -> None:
    """Raise what a status means, in a sentence."""
    status, what = answer.status, f"{method} {_shown(url)}"
    if status < 300 or status == _NOT_MODIFIED:  # noqa: PLR2004 - HTTP's successes
        return
    said = _said(answer)
    more = f": {said}" if said else ""
    if status == 401:  # noqa: PLR2004 - Unauthorized
        raise AccessError(f"GitHub does not take our token{more}")
    if status == 403:  # noqa: PLR2004 - Forbidden
        raise AccessError(f"GitHub does not allow {what}{more}")
    if status in {404, 410}:
        raise NoSuchThing(f"GitHub knows nothing at {what}, or hides it from this token")
    if status in {400, 405, 409, 422}:
        raise Refusal(f"GitHub does not take {what}{more}")
    raise PlatformError(f"GitHub answers HTTP {status} to {what}{more}")


def _shown(url: str) -> str:
    return urlsplit(url).path.partition("/repos/")[2] or "what was asked"


def _said(answer: Answered) -> str:
    """Give GitHub's own words, on one line and not too long."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    said = document if isinstance(document, dict) else {}
    errors = said.get("errors")
    told = [one.get("message", "") for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    text = "; ".join(filter(None, map(str, (said.get("message") or "", *told))))
    return "".join(filter(str.isprintable, " ".join(text.split())))[:_LONGEST]


def _json(answer: Answered) -> object:
    try:
        found: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise PlatformError("GitHub answers what cannot be read") from None
    return found


def _object(answer: Answered) -> Json:
    found = _json(answer)
    if not isinstance(found, dict):
        raise PlatformError("GitHub answers something else than was asked for")
    return found


def text_at(node: object, *path: str) -> str:
    """Give the text at a path in what GitHub answers; empty if there is none."""
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, str) else ""


def number_at(node: Json, key: str) -> int:
    """Give the number under a key; 0 if there is none."""
    found = node.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0
