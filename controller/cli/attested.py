"""Verdicts from outside, as people type them and as they are kept. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from controller.errors import Refusal, SpecError
from controller.model.names import Digest
from controller.model.orders import Attested
from controller.model.record import Memory
from controller.model.rollout import MOVING

KEPT: Final = 50
"""How many verdicts are kept for a target: the newest, one a check and digest."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_IMAGE: Final = re.compile(r"sha256:[0-9a-f]{64}")
_RELEASE: Final = re.compile(r"[0-9a-f]{32}")
_RESULTS: Final = {"pass": True, "fail": False}
_LONGEST: Final = 2048


def verdicts(said: Sequence[str]) -> Mapping[str, bool]:
    """Read `NAME=pass` and `NAME=fail`; raises SpecError for anything else, and for two verdicts of one check."""
    read: dict[str, bool] = {}
    for text in said:
        name, _, result = text.rpartition("=")
        if not _NAME.fullmatch(name) or result not in _RESULTS:
            raise SpecError(f"{text!r} is not NAME=pass or NAME=fail; a name has letters, digits and . _ / -")
        if read.setdefault(name, _RESULTS[result]) is not _RESULTS[result]:
            raise SpecError(f"check {name!r} is said to pass and to fail")
    return read


def digest_of(text: str) -> Digest:
    """Read the digest of an image or of a release; raises SpecError."""
    if not _IMAGE.fullmatch(text) and not _RELEASE.fullmatch(text):
        raise SpecError(
            f"{text!r} is no digest: that of an image is sha256: and 64 digits of 0-9a-f, that of a release 32"
        )
    return Digest(text)


def link_of(text: str) -> str:
    """Read where a result can be read; raises SpecError for what is no plain http(s) address."""
    try:
        parts = urlsplit(text)
        fine = not text or (parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc)
    except ValueError:
        fine = False
    if not fine or len(text) > _LONGEST or not text.isprintable() or " " in text:
        raise SpecError("--url is not the address of a page: https://…, without a login, 2048 characters at most")
    return text


def under_way(memory: Memory | None, name: str) -> Digest:
    """Give the release whose rollout is under way; raises Refusal if there is none, or it is being left."""
    rollout = memory.rollout if memory is not None and memory.phase in MOVING else None
    if rollout is None:
        raise Refusal(f"no rollout of {name} is under way; say with --digest what it is about")
    if rollout.back is not None:
        raise Refusal(
            f"{name} goes back from {rollout.release.version}; say with --digest what it is about: "
            f"the digest of that release is {rollout.release.digest}"
        )
    return rollout.release.digest


def is_said(before: Sequence[Attested], one: Attested) -> bool:
    """Whether this very verdict is the one that counts already."""
    return any(
        (old.check, old.digest, old.passed, old.url) == (one.check, one.digest, one.passed, one.url)
        for old in before
    )


def signed(said: Mapping[str, bool], digest: Digest, at: datetime, by: str, link: str) -> tuple[Attested, ...]:
    """Say who gave verdicts, when, and on what; they have no number yet."""
    return tuple(
        Attested(number=0, check=check, digest=digest, passed=passed, at=at, by=by, url=link)
        for check, passed in said.items()
    )


def merged(before: Sequence[Attested], new: Iterable[Attested], number: int) -> tuple[Attested, ...]:
    """Add verdicts under a number: the newest of a check and digest counts, and the newest 50 are kept."""
    by_what = {(one.check, one.digest): one for one in before}
    for one in new:
        by_what.pop((one.check, one.digest), None)
        by_what[one.check, one.digest] = replace(one, number=number)
    return tuple(by_what.values())[-KEPT:]


def told(said: Mapping[str, bool], digest: Digest, link: str, reason: str) -> str:
    """Say it in one line, for the journal."""
    results = ", ".join(f"{check} {'passed' if passed else 'failed'}" for check, passed in said.items())
    return f"attest {digest}: {results}" + (f" ({link})" if link else "") + (f": {reason}" if reason else "")
