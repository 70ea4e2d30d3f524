"""Differences that are passed over, each with the rule that says so, so that nobody has to believe it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from controller.model.desired import DesiredTarget
from controller.model.manifest import Manifest, Scalar
from controller.model.observation import Live
from controller.model.passed import Passed
from controller.model.paths import EXCEPT, Paths, is_under, matches
from controller.targets.ecs.canon import AS_IT_IS, Leaf, Whole, flatten, grow
from controller.targets.ecs.manifest import definition_fields, read_shape, service_fields
from controller.targets.ecs.native import Native
from controller.targets.ecs.rules import RULES, SERVICE, TASK_DEFINITION

Pairs = Mapping[str, Scalar]
_BARE: Final = grow({at: AS_IT_IS if isinstance(rule, Leaf | Whole) else rule for at, rule in RULES.items()})
_ECHOED: Final = "echo: AWS answered so when it was last applied"
_NOT_OURS: Final = "not declared: what is absent from the spec is not ours"
_SAME: Final = "the same in other words: AWS writes it so"
_DEFAULT: Final = "AWS's default: what it makes of a field that is left out"
_FOLDED: Final = MappingProxyType({
    ".hostPort": "a host port that AWS chooses, or that is the container's own",
    ".runtimePlatform.cpuArchitecture": "what Fargate runs unless it is told otherwise",
    ".runtimePlatform.operatingSystemFamily": "what Fargate runs unless it is told otherwise",
})  # fmt: skip


def passed_over(want: DesiredTarget, live: Live) -> tuple[Passed, ...]:
    """List what differs between what runs and what is wanted, and is not told as a difference, in order of path."""
    definition, service = read_shape(str(want.release.shape))
    declared = tuple(own for own in _owns(want) if not own.startswith(EXCEPT))
    folded = _by_default((definition, service), read_shape(str(live.shape)))
    found = {
        one.path: one
        for one in (
            *(one if is_under(one.path, declared) else replace(one, rule=_NOT_OURS) for one in folded),
            *_not_declared(declared, live),
            *_by_rule(want, {**_beside(want), **_written(definition, service)}, live),
            *_by_echo(want.release.manifest, live.manifest.pairs),
        )
    }
    return tuple(found[path] for path in sorted(found))


def _written(definition: Native, service: Native) -> Pairs:
    return {**service_fields(service, service), **definition_fields(definition)}


def _by_echo(released: Manifest, live: Pairs) -> Iterator[Passed]:
    for one in released.echo:
        if live.get(one.path) == one.live:
            yield Passed(path=one.path, live=one.live, wanted=one.wanted, rule=_ECHOED)


def _beside(want: DesiredTarget) -> Pairs:
    """Give what is declared beside the release."""
    settings, fixed = want.settings, want.fixed
    declared = {**json.loads(settings.shape if settings else "{}"), **json.loads(fixed.shape if fixed else "{}")}
    return service_fields(declared, declared)


def _by_rule(want: DesiredTarget, wanted: Pairs, live: Live) -> Iterator[Passed]:
    """Give what an `ignore` of the spec covers, if it is one that counts now."""
    counting = [rule for rule in want.ignore if f"{EXCEPT}{rule.path}" in _owns(want)]
    there = {**live.settings.pairs, **live.manifest.pairs}
    for path in sorted(wanted.keys() | there.keys()) if counting else ():
        rule = next((rule for rule in counting if matches(path, rule.path)), None)
        if rule is not None and wanted.get(path) != there.get(path):
            until = f", until {rule.until.isoformat()}" if rule.until else ""
            said = f"ignore: {rule.reason}{until}"
            yield Passed(path=path, live=there.get(path), wanted=wanted.get(path), rule=said)


def _not_declared(declared: Paths, live: Live) -> Iterator[Passed]:
    for path, value in {**live.settings.pairs, **live.manifest.pairs}.items():
        if not is_under(path, declared):
            yield Passed(path=path, live=value, wanted=None, rule=_NOT_OURS)


def _owns(want: DesiredTarget) -> Paths:
    parts = (want.release, want.settings, want.fixed)
    return tuple(own for part in parts if part for own in part.manifest.owns)


def _by_default(wanted: tuple[Native, Native], live: tuple[Native, Native]) -> Iterator[Passed]:
    """Give what only differs until it is brought to canonical form."""
    said, there = _bare(*wanted), _bare(*live)
    meant, shown = _written(*wanted), _written(*live)
    for path in said.keys() | there.keys():
        if said.get(path) != there.get(path) and meant.get(path) == shown.get(path):
            folded = next((rule for end, rule in _FOLDED.items() if path.endswith(end)), "")
            rule = folded or (_SAME if path in said and path in there else _DEFAULT)
            yield Passed(path=path, live=there.get(path), wanted=said.get(path), rule=rule)


def _bare(definition: Native, service: Native) -> Pairs:
    whole = flatten(definition, TASK_DEFINITION, _BARE.at(TASK_DEFINITION))
    return {**flatten(service, SERVICE, _BARE.at(SERVICE)), **whole}
