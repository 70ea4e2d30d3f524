"""Which fields of a service differ from what is declared, and what is to be sent of them."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from controller.model.manifest import Echo, Echoed, Manifest, narrow, within
from controller.model.observation import Live
from controller.model.paths import EXCEPT, Paths
from controller.model.release import Settings
from controller.targets.ecs.fields import TAGS
from controller.targets.ecs.manifest import release_manifest, settings_manifest
from controller.targets.ecs.native import Native, part, texts
from controller.targets.ecs.pinned import is_image
from controller.targets.ecs.rules import SERVICE, TASK_DEFINITION
from controller.targets.ecs.spared import GONE, ignored_in, is_ignored, reaches, spared

_NETWORK: Final = "networkConfiguration"
_AWSVPC: Final = "awsvpcConfiguration"
_DEPLOYMENT: Final = "deploymentConfiguration"


def differing_fields(
    declared: Native, live: Live | None, read: Callable[[], Native], passed: Paths = ()
) -> dict[str, object]:
    """Give the declared fields that start a deployment and are not so now; `read` gives the service as it is.

    `passed` are patterns of what is ignored: that is neither compared nor sent.
    """
    wanted = {name: value for name, value in declared.items() if value is not None}
    names = [name for name in wanted if live is None or _differs(_content(name, wanted, passed), live.manifest)]
    sent = {name: _spared(name, wanted[name], read, passed) for name in names}
    return {name: _with_groups(name, value, read) for name, value in sent.items() if value is not GONE}


def differing_settings(settings: Settings, live: Live | None, read: Callable[[], Native]) -> dict[str, object]:
    """Give the declared settings that are not so now, but for tags: they go by a call of their own."""
    declared, passed = read_settings(settings), ignored_in(settings.manifest.owns)
    names = [
        name
        for name, value in declared.items()
        if name != TAGS and (live is None or _differs(settings_manifest({name: value}, passed), live.settings))
    ]
    sent = {name: _spared(name, declared[name], read, passed) for name in names}
    return {name: _merged(name, value, read) for name, value in sent.items() if value is not GONE}


def echo_of(live: Manifest, released: Manifest) -> Echo:
    """Give what AWS answered otherwise than it was asked, just after it took a release.

    What a revision holds is what was registered, whatever AWS calls it; but an image that is another is none of it.
    Of the service's own fields only those that
    were not asked for count: one that was and shows otherwise was not taken.
    """
    there, asked = within(live.pairs, released.owns), released.pairs
    return tuple(
        Echoed(path=path, live=there[path], wanted=asked.get(path))
        for path in sorted(there)
        if there[path] != asked.get(path)
        and not is_image(path)
        and (path not in asked or path.startswith(f"{TASK_DEFINITION}."))
    )


def read_settings(settings: Settings | None) -> dict[str, object]:
    """Read the declared settings as they are sent."""
    declared: dict[str, object] = json.loads(settings.shape) if settings else {}
    return declared


def _content(name: str, declared: Native, passed: Paths) -> Manifest:
    whole = release_manifest({}, {name: declared[name]}, passed=passed)
    return narrow(whole, _of(name, whole.owns))


def _of(name: str, owns: Paths) -> Paths:
    return tuple(own for own in owns if own.startswith((f"{SERVICE}.{name}", EXCEPT)))


def _spared(name: str, value: object, read: Callable[[], Native], passed: Paths) -> object:
    """Leave what is ignored as it is there: it is sent so, as AWS replaces what it lies in as a whole."""
    if not reaches(name, passed):
        return value
    # Of a field that is ignored as a whole nothing is sent at all.
    return GONE if is_ignored(f"{SERVICE}.{name}", passed) else spared(name, value, read().get(name), passed)


def _differs(content: Manifest, live: Manifest) -> bool:
    return not content.runs_in(live)


def _with_groups(name: str, value: object, read: Callable[[], Native]) -> object:
    """Keep the security groups that are not declared: a network is replaced as a whole."""
    if name != _NETWORK or not isinstance(value, Mapping):
        return value
    declared = part(value, _AWSVPC)
    if not declared or texts(declared, "securityGroups"):
        return value
    groups = texts(part(part(read(), _NETWORK), _AWSVPC), "securityGroups")
    return {**value, _AWSVPC: {**declared, **({"securityGroups": groups} if groups else {})}}


def _merged(name: str, value: object, read: Callable[[], Native]) -> object:
    """Keep what is not declared inside the members that are: AWS replaces each member as a whole."""
    if name != _DEPLOYMENT or not isinstance(value, Mapping):
        return value
    live = part(read(), _DEPLOYMENT)
    return {
        key: {**part(live, key), **member} if isinstance(member, Mapping) else member
        for key, member in value.items()
    }
