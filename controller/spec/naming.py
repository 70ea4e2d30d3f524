"""Names of targets from names of services: short, valid, and no two alike."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Final

_LONGEST: Final = 40
_WORDS: Final = re.compile(r"[A-Za-z0-9]+")
_ENDINGS: Final = frozenset({"service", "svc"})
_OF_CLUSTERS: Final = frozenset({"cluster", "ecs"})
_RESERVED: Final = frozenset({"environment"})  # environment.yaml is the environment's own file


def target_names(services: Sequence[str], about: Iterable[str], taken: Collection[str] = ()) -> Mapping[str, str]:
    """Name a target for each service, without the words that say nothing here; `taken` are names that are not free.

    These are: what the name begins with and `about` (names of the cluster and the environment) has too, what all
    services begin with, and a last word `service`.
    """
    known = {word for name in about for word in _split(name)} - _OF_CLUSTERS
    whole = {service: _split(service) for service in services}
    short = {service: _short(words, known, _shared(whole.values())) for service, words in whole.items()}
    names: dict[str, str] = {}
    used = {*taken, *_RESERVED}
    wanted = [_name(words) for words in short.values()]
    for service in sorted(services):
        name = _name(short[service])
        if wanted.count(name) > 1 or name in used:
            name = _name(whole[service])
        names[service] = _free(name, used)
        used.add(names[service])
    return names


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _shared(names: Iterable[list[str]]) -> int:
    """Count the words with which all names begin; a single name shares none."""
    split = list(names)
    same = takewhile(lambda words: len(set(words)) == 1, zip(*split, strict=False))
    return len(list(same)) if len(split) > 1 else 0


def _short(words: Sequence[str], known: Collection[str], shared: int) -> Sequence[str]:
    begin = 0
    while begin < len(words) and (words[begin] in known or begin < shared):
        begin += 1
    end = len(words) - (words[-1] in _ENDINGS if words else 0)
    return words[begin:end] or words[max(0, end - 1) : max(1, end)]


def _name(words: Sequence[str]) -> str:
    name = "-".join(words)
    begun = name if name[:1].isalpha() else f"s-{name}"
    return begun[:_LONGEST].rstrip("-")


def _free(name: str, used: Collection[str]) -> str:
    number, free = 1, name
    while free in used:
        number += 1
        end = f"-{number}"
        free = f"{name[: _LONGEST - len(end)]}{end}"
    return free
