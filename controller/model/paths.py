"""Paths of a manifest, and which of them somebody speaks for.

A path is native names joined by dots, with the name of an item in brackets: `taskDefinition.volumes[data].host`.
What is owned is a tuple of paths, each standing for all that lies below it; one that begins with `!` is a pattern
of what is left out of them again, in which `*` stands for any one name and `..` for any depth.
"""

import re
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeAlias

Paths: TypeAlias = tuple[str, ...]

EVERYTHING: Final[Paths] = ("",)
EXCEPT: Final = "!"
_ITEM: Final = r"\[(?:[^\]\\]|\\.)*\]"
_TOKEN: Final = re.compile(rf"\.\.|\.?\*|\[\*\]|{_ITEM}|\.?[^.\[\]*]+")
_WILD: Final = MappingProxyType({
    "..": r"(?:.*[.\]])?\.?",
    "[*]": _ITEM,
    "*": r"[^.\[]+",
    ".*": rf"(?:\.[^.\[]+|{_ITEM})",
})  # fmt: skip


def is_under(path: str, owns: Paths) -> bool:
    """Whether a path is one of the owned ones or lies below one, and is not left out."""
    whole, below, but = _read(owns)
    if path not in whole and not path.startswith(below):
        return False
    return but is None or but.match(path) is None


def excepting(owns: Paths, patterns: Paths) -> Paths:
    """Leave what these patterns match out of what is owned."""
    return (*owns, *(f"{EXCEPT}{pattern}" for pattern in patterns))


def matches(path: str, pattern: str) -> bool:
    """Whether a path is what a pattern means, or lies below it."""
    return _compiled((pattern,)).match(path) is not None


@lru_cache(maxsize=1024)
def _read(owns: Paths) -> tuple[frozenset[str], tuple[str, ...], re.Pattern[str] | None]:
    kept = tuple(own for own in owns if not own.startswith(EXCEPT))
    left = tuple(own.removeprefix(EXCEPT) for own in owns if own.startswith(EXCEPT))
    below = ("",) if "" in kept else tuple(f"{own}{mark}" for own in kept for mark in ".[")
    return frozenset(kept), below, _compiled(left) if left else None


@lru_cache(maxsize=1024)
def _compiled(patterns: Paths) -> re.Pattern[str]:
    """Write patterns as one expression; each matches a path from its beginning, up to the end of a name."""
    return re.compile("|".join(f"(?:{_expression(pattern)})(?=$|[.\\[])" for pattern in patterns))


def _expression(pattern: str) -> str:
    return "".join(_WILD.get(token) or re.escape(token) for token in _TOKEN.findall(pattern))
