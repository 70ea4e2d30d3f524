"""Where a spec goes below a floor of the operator's policy: which floor, and what the spec says instead."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from pydantic.alias_generators import to_camel

from controller.model.desired import Brake, Complaint, DesiredTarget
from controller.model.gate import Bounded, Gate, Guard, OnShut
from controller.model.lookups import as_written
from controller.model.names import EnvName
from controller.model.policy import Floor, Forbidden, GateFloor, Policy
from controller.model.track import OnMovedTag
from controller.plan.calls import in_words
from controller.spec.nodes import Fields, mark_of
from controller.spec.policy import FLOOR, TARGET, Said, Where, compared, watched
from controller.spec.problems import complaint

Found: TypeAlias = tuple[Where, str]
"""What is below a floor: the path to it, and a sentence."""

# How what a spec says of a gate's field is compared: the word for it in a sentence, and whether it is enough.
# A tuple is the order of all that may be said, the loosest first.
_ENOUGH: Final[Mapping[str, tuple[str, Callable[[Any, Any], bool]]]] = MappingProxyType({
    "least": ("at least ", lambda has, floor: has is not None and has >= floor),
    "most": ("at most ", lambda has, floor: has is not None and has <= floor),
    "same": ("", lambda has, floor: has == floor),
    "same, if any": ("", lambda has, floor: not floor or has == floor),
    "some of": ("some of ", lambda has, floor: not floor or (bool(has) and {*has} <= {*floor})),
    "none but": ("none but ", lambda has, floor: {*has} <= {*floor}),
    "all of": ("all of ", lambda has, floor: {*has} >= {*floor}),
    "all of, or all": ("all of ", lambda has, floor: not has or (bool(floor) and {*has} >= {*floor})),
    "kept": ("", lambda has, floor: bool(has) or not floor),
    "beginning of": ("a beginning of ", lambda has, floor: not floor or (bool(has) and floor.startswith(has))),
    "within": ("none but ", lambda has, floor: _statuses(has) <= _statuses(floor)),
})  # fmt: skip
_EMPTY: Final = MappingProxyType({"none but": "none", "all of, or all": "all"})
_TOGETHER: Final = "together"
_IMAGE: Final = re.compile(r"taskDefinition\.containerDefinitions\[[^]]*\]\.image")
_PRIVILEGED: Final = re.compile(r"taskDefinition\.containerDefinitions\[[^]]*\]\.privileged")
_MOUNT: Final = re.compile(r"taskDefinition\.volumes\[[^]]*\]\.host\.sourcePath")
_ROLE: Final = re.compile(r"taskDefinition\.(task|execution)RoleArn")
_DEFINITION: Final = "taskDefinition"


def below_environment(
    policy: Policy, env: EnvName, account: str, brake: Brake, root: Fields
) -> Iterator[Complaint]:
    """Complain of what an environment's own file says below its floors."""
    reserved, aws = policy.reserved(account, env), ("spec", "aws", "account")
    if reserved:
        what = f"is {account}, which the operator's policy keeps for {reserved}"
        yield complaint(mark_of(root, aws), aws, what)
    most = ("spec", "maxAutomaticRollbacks")
    for floor in policy.of(env):
        if floor.account and account != floor.account and not reserved:
            yield complaint(mark_of(root, aws), aws, f"is {account}, and {_asks(floor)} {floor.account}")
        if floor.rollbacks is not None and brake.limit > floor.rollbacks:
            what = f"is {brake.limit}, and {_asks(floor)} at most {floor.rollbacks}"
            yield complaint(mark_of(root, most), most, what)


def below_target(
    floors: Sequence[Floor], want: DesiredTarget, tags: Iterable[str], lines: Fields, where: Where
) -> Iterator[Complaint]:
    """Complain of what a target says below its floors; one that is only observed starts nothing, and has none.

    `tags` names the containers whose images follow a tag; `lines` are the target's, with what is laid under them;
    `where` ends with its name.
    """
    for floor in () if want.terms.observe else (_of_target(floor, str(where[-1])) for floor in floors):
        for path, what in (
            *_terms(floor, want),
            *_gates(floor, want),
            *_shape(floor, want),
            *_said(floor, want, tags),
        ):
            yield complaint(mark_of(lines, path), (*where, *path), what)


def _of_target(floor: Floor, name: str) -> Floor:
    """Put the name of a target where the policy has ${target}: alarms and URLs are each target's own."""
    gates = tuple(replace(gate, values=_filled(gate.values, name)) for gate in floor.gates)
    guards = tuple(
        guard if isinstance(guard, str) else replace(guard, values=_filled(guard.values, name))
        for guard in floor.guards
    )
    return replace(floor, gates=gates, guards=guards)


def _filled(values: Mapping[str, object], name: str) -> Mapping[str, object]:
    def fill(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(fill, value))
        return value.replace(TARGET, name) if isinstance(value, str) else value

    return {key: fill(value) for key, value in values.items()}


def _asks(floor: Floor) -> str:
    return f"the operator's policy for {floor.name} asks for"


def _terms(floor: Floor, want: DesiredTarget) -> Iterator[Found]:
    if floor.bake is not None and want.terms.bake < floor.bake:
        what = f"is {in_words(want.terms.bake)}, and {_asks(floor)} at least {in_words(floor.bake)}"
        yield ("rollout", "bake"), what
    heeded = {guard.kind for guard in want.terms.guards if _is_heeded(guard)}
    for asked in floor.guards:
        if isinstance(asked, GateFloor):
            yield from _nearest("guards", asked, want.terms.guards, floor, watched)
        elif asked not in heeded:
            yield ("guards",), f"have no {asked} that is heeded, and {_asks(floor)} one"


def _is_heeded(guard: Gate) -> bool:
    return not isinstance(guard, Guard) or not (guard.shadow or guard.action is OnShut.WARN)


def _gates(floor: Floor, want: DesiredTarget) -> Iterator[Found]:
    for asked in floor.gates:
        yield from _nearest("gates", asked, want.gates, floor, compared)


def _nearest(key: str, asked: GateFloor, gates: Sequence[Gate], floor: Floor, fields: Said) -> Iterator[Found]:
    """Say what is missing of a gate that has to be there; of several of its kind, of the one that is nearest."""
    mine = [(index, gate) for index, gate in enumerate(gates) if gate.kind == asked.kind]
    short = [
        [((key, index, *path), what) for path, what in _short(asked, gate, floor, fields)] for index, gate in mine
    ]
    if not mine:
        yield (key,), f"have no {asked.kind}, and {_asks(floor)} one"
    yield from min(short, key=len, default=[])


def _short(asked: GateFloor, gate: Gate, floor: Floor, fields: Said) -> Iterator[Found]:
    for one in fields(type(gate)):
        least = asked.values.get(one.name, one.default)
        if least is None or least is MISSING or one.metadata[FLOOR] == _TOGETHER:
            continue
        word, is_enough = _compared(one.metadata[FLOOR])
        has = getattr(gate, one.name)
        if not is_enough(has, least):
            what, wanted = f"is {_show(has)}", f"{word}{_show(least)}"
            if one.metadata.get("secret"):
                what, wanted = "is another", "its own"
            elif least == ():
                wanted = _EMPTY[one.metadata[FLOOR]]
            yield (one.metadata.get("key", to_camel(one.name)),), f"{what}, and {_asks(floor)} {wanted}"
    beyond = gate.beyond(asked.values) if isinstance(gate, Bounded) else None
    if beyond is not None:
        yield (beyond.field,), f"{beyond.says}, and {_asks(floor)} {beyond.asked}"


def _compared(how: str | tuple[object, ...]) -> tuple[str, Callable[[Any, Any], bool]]:
    if isinstance(how, str):
        return _ENOUGH[how]
    # Of two words, only the stricter is ever asked for.
    return ("at least " if how[2:] else "", lambda has, floor: how.index(has) >= how.index(floor))


def _statuses(ranges: Iterable[str]) -> set[int]:
    return {status for one in ranges for status in range(int(one[:3]), int(one[-3:]) + 1)}


def _shape(floor: Floor, want: DesiredTarget) -> Iterator[Found]:
    """Say which images and roles are not allowed, as far as the spec names them."""
    for path, value in want.release.manifest.fields:
        if floor.registries and _IMAGE.fullmatch(path) and not _matches(str(value), floor.registries):
            yield (
                (_DEFINITION,),
                f"runs {as_written(str(value))}, and {_asks(floor)} images of {_show(floor.registries)}",
            )
        if floor.roles and _ROLE.fullmatch(path) and not _is_role(str(value), floor.roles):
            yield (_DEFINITION,), f"has the role {as_written(str(value))}, and {_asks(floor)} {_show(floor.roles)}"


def _matches(image: str, registries: Iterable[str]) -> bool:
    repository = re.sub(r":[^/:]*$", "", image.partition("@")[0])
    return any(fnmatchcase(repository, one) or fnmatchcase(repository, f"{one}/*") for one in registries)


def _is_role(role: str, allowed: Iterable[str]) -> bool:
    return any(fnmatchcase(role, one) for one in allowed)


def _said(floor: Floor, want: DesiredTarget, tags: Iterable[str]) -> Iterator[Found]:
    """Say what is forbidden and stands there."""
    said = dict(_sayings(want, tags))
    for word in floor.forbid:
        if word in said:
            path, what = said[word]
            yield path, f"{what}, and the operator's policy for {floor.name} forbids {word.value}"


def _tags_followed(want: DesiredTarget, tags: Iterable[str]) -> Iterator[Found]:
    for container in tags:
        yield ("images", container), f"follows the tag of {container}"
    if want.track is not None and want.track.image:
        yield ("track",), f"follows the tag {want.track.image}"
    elif want.track is not None and want.track.moved is OnMovedTag.FOLLOW:
        yield ("track",), "follows tags that are moved"


def _sayings(want: DesiredTarget, tags: Iterable[str]) -> Iterator[tuple[Forbidden, Found]]:
    settings = want.settings.manifest.fields if want.settings else ()
    yield from ((Forbidden.FOLLOW_TAG, found) for found in _tags_followed(want, tags))
    if want.create:
        yield Forbidden.CREATE, (("create",), "is true")
    if want.ignore:
        yield Forbidden.IGNORE, (("ignore",), f"passes over {want.ignore[0].path}")
    if want.terms.incident:
        yield Forbidden.DURING_INCIDENT, (("rollout", "duringIncident"), f"is {want.terms.incident}")
    for path, value in (*want.release.manifest.fields, *settings):
        if _PRIVILEGED.fullmatch(path) and value is True:
            yield Forbidden.PRIVILEGED, ((_DEFINITION,), "has a privileged container")
        elif path == "taskDefinition.networkMode" and value == "host":
            yield Forbidden.HOST_NETWORK, ((_DEFINITION,), "uses the host's network")
        elif _MOUNT.fullmatch(path):
            yield Forbidden.HOST_MOUNTS, ((_DEFINITION,), f"mounts {value} of the host")
        elif path.endswith("enableExecuteCommand") and value is True:
            yield Forbidden.EXECUTE_COMMAND, (("serviceDefinition", "enableExecuteCommand"), "is true")


def _show(value: object) -> str:
    if isinstance(value, timedelta):
        return in_words(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value is None or value == "" else str(value)
