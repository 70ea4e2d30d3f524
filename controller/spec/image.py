"""What an image reference looks like (grammar: github.com/distribution/reference), and what is wrong with one."""

import re
from typing import Final

from controller.spec.scan import name_character

_LONGEST: Final = 512
_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?(?::[0-9]{1,5})?"
_PART: Final = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_NAME: Final = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_HEX: Final = re.compile(r"[0-9a-f]*")
_ALGORITHM: Final = "sha256"
_DIGITS: Final = 64


def explain_image(text: str) -> str:
    """Say what is wrong with an image reference; nothing if it is one. Takes time linear in its length."""
    if len(text) > _LONGEST:
        return f"has more than {_LONGEST} characters"
    strange = next((character for character in text if not character.isascii()), "")
    if strange:
        return f"holds {name_character(strange)}; an image's name is ASCII"
    rest, at, digest = text.partition("@")
    if at and (wrong := _explain_digest(digest)):
        return wrong
    name, tag = rest, ""
    if ":" in rest.rpartition("/")[2]:
        name, _, tag = rest.rpartition(":")
        if not _TAG.fullmatch(tag):
            return f"has no tag that a registry takes: {tag[:40]!r}"
    if not _NAME.fullmatch(name):
        return "is not an image such as registry/name:tag or registry/name@sha256:…"
    return ""


def _explain_digest(digest: str) -> str:
    algorithm, _, digits = digest.partition(":")
    if algorithm != _ALGORITHM:
        return f"has a digest by {algorithm[:20]!r}; only {_ALGORITHM} is taken"
    if not _HEX.fullmatch(digits):
        return "has a digest that is not small hexadecimal digits"
    if len(digits) != _DIGITS:
        return f"has a digest of {len(digits)} digits; {_ALGORITHM} has {_DIGITS}"
    return ""
