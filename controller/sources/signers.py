"""Lists of SSH keys, as OpenSSH writes them (ssh-keygen(1), ALLOWED SIGNERS): who may sign, and from when to when.

Of a list only what is understood whole is taken; a line that is not is refused with its number. Times without a Z
are read as UTC too: where the controller runs must not decide how long a key counts.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Final

from controller.errors import SpecError

_OPTION: Final = r"[A-Za-z-]+(?:=\"[^\"]*\")?"
_KEY: Final = r"(?P<type>(?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+)\s+(?P<key>[A-Za-z0-9+/]+={0,2})(?:\s.*)?"
_ALLOWED: Final = re.compile(rf'(?P<names>"[^"]+"|[^\s"]+)\s+(?:(?P<options>{_OPTION}(?:,{_OPTION})*)\s+)?{_KEY}')
_REVOKED: Final = re.compile(_KEY)
_EACH: Final = re.compile(r"([A-Za-z-]+)(?:=\"([^\"]*)\")?")
_TIME: Final = re.compile(r"(\d{8})(\d{4}(?:\d{2})?)?Z?")
_FOR: Final = "git"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One line of a list: what the operator calls the key, its fingerprint, and in which time it counts."""

    names: str
    key: str
    line: str
    since: datetime | None = None
    until: datetime | None = None

    def counts(self, now: datetime) -> bool:
        """Whether it counts now. When a commit says that it was made is its author's word, and is not asked."""
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


def read_signers(text: str, file: str) -> tuple[Signer, ...]:
    """Read a list of allowed signers; lines for other things than git are passed over. Raises SpecError."""
    found: list[Signer] = []
    for number, line in _lines(text):
        hit = _ALLOWED.fullmatch(line)
        if hit is None:
            raise SpecError(f"{file}:{number}: it is not: names, perhaps options, type of the key, key")
        options = dict(_options(hit["options"] or "", f"{file}:{number}"))
        key = _fingerprint(hit["type"], hit["key"], f"{file}:{number}")
        since, until = (_time(options.get(name), f"{file}:{number}") for name in ("valid-after", "valid-before"))
        if _is_for_git(options.get("namespaces")):
            plain = f'signer namespaces="{_FOR}" {hit["type"]} {hit["key"]}'
            found.append(Signer(names=hit["names"].strip('"'), key=key, line=plain, since=since, until=until))
    return tuple(found)


def read_revoked(text: str, file: str) -> frozenset[str]:
    """Read a list of keys that count no more; gives their fingerprints. Raises SpecError."""
    found: set[str] = set()
    for number, line in _lines(text):
        hit = _REVOKED.fullmatch(line)
        if hit is None:
            raise SpecError(f"{file}:{number}: it is not a public key: type of the key, key")
        found.add(_fingerprint(hit["type"], hit["key"], f"{file}:{number}"))
    return frozenset(found)


def allowed(signers: Sequence[Signer], now: datetime) -> str:
    """Write the list that git is given: those that count now, for git alone, and with nothing to misread."""
    return "".join(f"{one.line}\n" for one in signers if one.counts(now))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def _options(text: str, at: str) -> Iterator[tuple[str, str]]:
    for name, value in _EACH.findall(text):
        known = name.lower()
        if known not in {"namespaces", "valid-after", "valid-before"}:
            raise SpecError(f"{at}: the option {name} is not taken: write each key, with no option or with a time")
        yield known, value


def _is_for_git(namespaces: str | None) -> bool:
    """Whether a list of patterns takes the namespace that git signs in; one with a ! before it takes it out."""
    if namespaces is None:
        return True
    patterns = [pattern.strip() for pattern in namespaces.split(",")]
    out = any(pattern.startswith("!") and fnmatchcase(_FOR, pattern[1:]) for pattern in patterns)
    return not out and any(fnmatchcase(_FOR, pattern) for pattern in patterns)


def _time(text: str | None, at: str) -> datetime | None:
    if text is None:
        return None
    hit = _TIME.fullmatch(text)
    digits = f"{hit[1]}{hit[2] or ''}" if hit else ""
    try:
        return datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise SpecError(f"{at}: {text!r} is not a time: write 20270131 or 202701311200Z") from None


def _fingerprint(kind: str, key: str, at: str) -> str:
    """Name a key as `ssh-keygen -l` does; the key itself says of which type it is (RFC 4253, section 6.6)."""
    try:
        blob = base64.b64decode(key, validate=True)
    except binascii.Error:
        raise SpecError(f"{at}: the key is not written in base64") from None
    size = int.from_bytes(blob[:4])
    if blob[4 : 4 + size] != kind.encode() or len(blob) <= 4 + size:
        raise SpecError(f"{at}: the key is not of the type {kind}, or not whole")
    return f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"
