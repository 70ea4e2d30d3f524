"""Values that other systems keep, put into a release: read once a commit, and judged as if written there."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from controller.model.desired import DesiredTarget
from controller.model.images import Missing, Unreachable
from controller.model.lookups import (
    Looked,
    LookedValue,
    Lookup,
    LookupAnswer,
    LookupAt,
    explain_value,
    fill_native,
)
from controller.model.names import Commit
from controller.model.packed import Packed
from controller.model.release import Release
from controller.ports import Lookups, Unfinished
from controller.shaping import Native
from controller.targets.ecs.creation import declared_of
from controller.targets.ecs.draft import Draft, read_draft
from controller.targets.ecs.manifest import read_shape
from controller.targets.ecs.spec import shape

_KEPT: Final = 4096
Known: TypeAlias = tuple[LookupAt, Commit | None]
Values: TypeAlias = Mapping[Lookup, str | tuple[str, ...]]
Answers: TypeAlias = Mapping[LookupAt, LookupAnswer]


class Unfilled(Exception):
    """What is left to fill in could not be."""


class LookedUp:
    """Knows what was looked up for a commit, from the record or from before; what failed is asked again."""

    def __init__(self, lookups: Lookups | None) -> None:
        self._lookups = lookups
        self._lock = threading.Lock()
        self._known: dict[Known, str | tuple[str, ...]] = {}

    def ask(self, wanted: Sequence[Unfinished]) -> Answers:
        """Look up what these targets need and is not known yet, all at once; gives what was answered now."""
        asked: dict[LookupAt, set[Commit | None]] = {}
        for one in wanted:
            for at in lookups_of(one.want):
                if self._value(one, at, {}) is None:
                    asked.setdefault(at, set()).add(one.want.release.commit)
        if not asked or self._lookups is None:
            return {}
        answers = self._lookups.find(list(asked))
        with self._lock:
            for at, answer in answers.items():
                # What cannot be put in was deployed nowhere: it may be mended without a commit.
                if not isinstance(answer, Missing | Unreachable) and not explain_value(answer):
                    self._known.update(((at, commit), answer) for commit in asked.get(at, ()))
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
        return answers

    def resolve(self, one: Unfinished, answers: Answers) -> Values:
        """Give every value that a target needs; raises Unfilled with every one that is missing."""
        values: dict[Lookup, str | tuple[str, ...]] = {}
        wrong: list[str] = []
        for at in lookups_of(one.want):
            value = self._value(one, at, answers)
            if value is None or isinstance(value, Missing | Unreachable):
                wrong.append(f"{at.lookup}: {'nobody looked it up' if value is None else value.why}")
            else:
                values[at.lookup] = value
        if wrong:
            raise Unfilled("; ".join(sorted(wrong)))
        return values

    def _value(self, one: Unfinished, at: LookupAt, answers: Answers) -> LookupAnswer | None:
        """Find one value; the record is before all else, as a restart must not start a rollout without a commit."""
        commit = one.want.release.commit
        looked = one.memory.looked if one.memory else None
        if looked is not None and looked.commit == commit:
            for kept in looked.values:
                if (kept.lookup, kept.state) == (at.lookup, at.state):
                    return kept.value
        with self._lock:
            known = self._known.get((at, commit))
        return answers.get(at) if known is None else known


def fill(want: DesiredTarget, values: Values) -> DesiredTarget:
    """Put the values in, and say in `looked` which they were; raises Unfilled with what they make wrong."""
    if not values:
        return want
    filled, commit = _judged(want, values), want.release.commit
    if commit is None:
        return filled
    state = read_draft(want.draft).state
    kept = tuple(
        LookedValue(lookup=lookup, state=state, text=value)
        if isinstance(value, str)
        else LookedValue(lookup=lookup, state=state, items=value)
        for lookup, value in values.items()
    )
    return replace(filled, looked=Looked(commit=commit, values=kept))


def lookups_of(want: DesiredTarget) -> tuple[LookupAt, ...]:
    """Name what a target has to have looked up."""
    draft = read_draft(want.draft)
    if not draft.lookups:
        return ()
    place = replace(want.place, cluster="", service="")
    return tuple(LookupAt(lookup=lookup, place=place, state=draft.state) for lookup in draft.lookups)


def _judged(want: DesiredTarget, values: Values) -> DesiredTarget:
    """Bring the filled values to shape, as a spec is: a role may be none, two ports may be the same."""
    draft = read_draft(want.draft)
    definition, _ = read_shape(str(want.release.shape))
    try:
        filled = fill_native({"definition": definition, "service": declared_of(want)}, values)
    except ValueError as problem:
        raise Unfilled(str(problem)) from problem
    shaped = shape(_native(want, draft, filled))
    if shaped.manifest is None:
        raise Unfilled("; ".join(f"{'.'.join(map(str, fault.path))} {fault.what}" for fault in shaped.faults))
    release = Release(
        version=want.release.version,
        manifest=shaped.manifest,
        shape=Packed.of(shaped.shape),
        commit=want.release.commit,
    )
    return replace(want, release=release, settings=shaped.settings, fixed=shaped.fixed)


def _native(want: DesiredTarget, draft: Draft, filled: object) -> Native:
    parts: Mapping[str, Mapping[str, object]] = filled if isinstance(filled, Mapping) else {}
    return Native(
        definition=parts["definition"],
        service=parts["service"],
        tags=draft.tags,
        base=draft.base or None,
        account=want.place.account,
        region=want.place.region,
        create=want.create,
    )
