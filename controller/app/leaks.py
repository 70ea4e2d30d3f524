"""What would be a secret in git: found in a task definition before it is written into a file.

Stricter than what a spec refuses, which is only what is a secret by its form: here nobody has looked yet.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from controller.targets.ecs.inline import secret_form
from controller.telemetry.redact import redactor

_NAMED: Final = re.compile(
    r"passw(?:or)?d|passphrase|pwd|secret|token|credential|api_?key|private_?key|access_?key|authorization",
    re.IGNORECASE,
)
# A name that goes on like this says something about a secret: where it is, how long it lasts.
_ABOUT: Final = re.compile(
    r"(?:url|uri|path|file|dir|ttl|name|id|arn|header|expiry|expires|expiration|lifetime|length|type|endpoint|host"
    r"|prefix|suffix|enabled|disabled|issuer|audience|algorithm|region|provider|count|limit|seconds|minutes|hours"
    r"|days)$",
    re.IGNORECASE,
)
_NOTHING: Final = frozenset({"", "true", "false", "none", "null"})
_WITH_PASSWORD: Final = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_PAIRS: Final = (("name", "value"), ("key", "value"), ("namespace", "value"))
_ELSEWHERE: Final = frozenset({"secrets", "secretOptions", "repositoryCredentials"})  # they name where one is kept
_REDACT: Final = redactor()


def leaks(definition: Mapping[str, object], plain: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Say where something looks like a secret, and what it looks like; never what it is.

    `plain` are places, or names of environment variables, that somebody looked at: they hold no secret.
    """
    for place, name, value in _texts(definition, "", ""):
        what = _looks_like(name, value)
        if what and not {place, name} & plain:
            yield place, what


def _looks_like(name: str, value: str) -> str:
    form = secret_form(value)
    if form:
        return form
    if _WITH_PASSWORD.search(value):
        return "an address with a password in it"
    if _REDACT(value) != value:
        return "text with a secret in it"
    if not _NAMED.search(name) or _ABOUT.search(name):
        return ""
    return "" if value.lower() in _NOTHING or value.startswith("arn:") else "a secret, by its name"


def _texts(node: object, place: str, name: str) -> Iterator[tuple[str, str, str]]:
    """Give every text with its place and its name; what only names where a secret is kept is passed over."""
    if isinstance(node, str):
        yield place, name, node
    elif isinstance(node, Mapping):
        for key, inner in node.items():
            if key not in _ELSEWHERE:
                yield from _texts(inner, f"{place}.{key}" if place else _shown(key), str(key))
    elif isinstance(node, list | tuple):
        for index, item in enumerate(node):
            yield from _item(item, place, index)


def _item(item: object, place: str, index: int) -> Iterator[tuple[str, str, str]]:
    if isinstance(item, Mapping):
        for key, value in _PAIRS:
            if set(item) == {key, value} and isinstance(item[value], str):
                yield f"{place}[{item[key]}]", str(item[key]), str(item[value])
                return
        yield from _texts(item, f"{place}[{item.get('name', index)}]", "")
    else:
        yield from _texts(item, f"{place}[{index}]", "")


def _shown(key: object) -> str:
    return "containers" if key == "containerDefinitions" else str(key)
