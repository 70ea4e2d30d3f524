"""What git's failures mean, in one sentence that holds no secret."""

import re
from collections.abc import Iterable

from controller.sources.command import Done, Ended
from controller.sources.snapshot import NoSnapshot, Reason

_LONGEST = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_LOOKS_SECRET = (
    (re.compile(r"://[^/@\s]*@"), "://***@"),
    (re.compile(r"(?i)(authorization:\s*)\S+(\s+\S+)?"), r"\1***"),
    (re.compile(r"\b(?:gh[a-z]_|github_pat_|glpat-|gl[a-z]+-)[A-Za-z0-9_-]{8,}"), "***"),
)

_REFUSED: tuple[tuple[str, str], ...] = (
    ("File too large|signal 25", "the repository is larger than is taken"),
    ("fsck error|error in packed object", "the repository holds an object that git calls unsafe"),
    ("returned error: 30[0-9]|unable to update url base", "the server sends us elsewhere; that is not followed"),
    ("Host key verification failed|IDENTIFICATION HAS CHANGED", "the ssh server is not the known one"),
    ("transport '[^']*' not allowed|strange (?:hostname|pathname)", "git refuses the address"),
    (
        "shallow roots are not allowed|source repository is shallow",
        "the repository is a shallow clone; it needs all of its history",
    ),
)
_DENIED: tuple[tuple[str, str], ...] = (
    ("returned error: 40[13]|Authentication failed", "the server does not let us in"),
    ("could not read (?:Username|Password)|Permission denied", "the server does not let us in"),
    ("dubious ownership", "the repository belongs to another user"),
    (
        "repository '[^']*' not found|Repository not found",
        "the server knows no such repository, or hides it from us",
    ),
)
_AWAY: tuple[tuple[str, str], ...] = (
    ("failed to execute git", "git is not installed"),
    ("No space left on device", "the disk of the cache is full"),
    ("returned error: 429", "the server asks us to come less often"),
    ("Could not resolve host", "the server's name is not known"),
    (r"(?i)certificate|\bSSL\b|\bTLS\b|gnutls", "no trusted connection to the server could be made"),
    ("Operation too slow|timed out", "the server fell silent"),
    ("early EOF|disconnect|hung up|RPC failed|reset by peer", "the connection broke"),
    ("(?i)out of memory|cannot allocate|unable to create thread", "there was not enough memory"),
)
_DAMAGED = (
    "bad object|is corrupt|bad config|missing (?:blob|tree|commit)|all necessary objects|inflate"
    "|unable to read (?:tree|[0-9a-f])|not a git repository: |broken (?:ref|link)|unable to resolve reference"
)
_MEANINGS = (
    *((pattern, Reason.REFUSED, meaning) for pattern, meaning in _REFUSED),
    *((pattern, Reason.DENIED, meaning) for pattern, meaning in _DENIED),
    *((pattern, Reason.UNAVAILABLE, meaning) for pattern, meaning in _AWAY),
    (_DAMAGED, Reason.CORRUPT, "the mirror is damaged"),
    # Killed by its limits, git's own unpacker leaves no other word.
    ("invalid index-pack output", Reason.REFUSED, "the repository is larger than is taken"),
    ("couldn't find remote ref", Reason.BRANCH_GONE, "the branch went away while it was fetched"),
)


def explain(done: Done, what: str, secrets: Iterable[str] = ()) -> NoSnapshot:
    """Say why one git command failed; `what` it was to do is a clause such as 'asking for main'."""
    if done.ended is Ended.STOPPED:
        return NoSnapshot(reason=Reason.UNAVAILABLE, why=f"{what} was stopped")
    if done.ended is Ended.SLOW:
        return NoSnapshot(reason=Reason.UNAVAILABLE, why=f"{what} took longer than {done.waited:g} s")
    if done.ended is Ended.BIG:
        return NoSnapshot(reason=Reason.REFUSED, why=f"{what} gave more than is taken")
    said = _said(done.err, secrets)
    for pattern, reason, meaning in _MEANINGS:
        if re.search(pattern, done.err):
            return NoSnapshot(reason=reason, why=f"{what}: {meaning}{said}")
    return NoSnapshot(reason=Reason.UNAVAILABLE, why=f"{what} failed{said or f' with exit code {done.code}'}")


def _said(err: str, secrets: Iterable[str]) -> str:
    """Pick what git itself said: the first fatal or error line; what the server sent along is left out."""
    lines = [line for line in err.splitlines() if line.strip() and not line.startswith(("remote:", "hint:"))]
    plain = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    return f" ({redact(plain[0], secrets)})" if plain else ""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Take secrets and control characters out of somebody else's words, and shorten them."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    for pattern, instead in _LOOKS_SECRET:
        text = pattern.sub(instead, text)
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
