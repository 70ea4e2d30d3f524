"""Values that other systems keep, put into a release: read once a commit, and judged as if written there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from controller.model.desired import DesiredTarget
from controller.model.images import Missing, Unreachable
from controller.model.lookups import Lookup, LookupAnswer, LookupAt, fill_native, find_lookups
from controller.model.names import Commit
from controller.model.packed import Packed
from controller.model.release import Release
from controller.ports import Lookups, Native, Unfinished
from controller.targets.ecs.creation import declared_of
from controller.targets.ecs.draft import Draft, read_draft
from controller.targets.ecs.manifest import read_shape
from controller.targets.ecs.spec import shape

_KEPT: Final = 4096
Known: TypeAlias = tuple[LookupAt, Commit | None]


class Unfilled(Exception):
    """What is left to fill in could not be."""


class LookedUp:
    """Remembers what was looked up for a commit; what failed is asked for again."""

    def __init__(self, lookups: Lookups | None) -> None:
        self._lookups = lookups
        self._known: dict[Known, str | tuple[str, ...]] = {}

    def ask(self, wanted: Sequence[Unfinished]) -> Mapping[LookupAt, LookupAnswer]:
        """Look up what these targets need and is not known yet, all at once; gives what was answered now."""
        asked: dict[LookupAt, set[Commit | None]] = {}
        for one in wanted:
            if self.remembered(one) is not None:
                continue
            for at in lookups_of(one.want):
                if (at, one.want.release.commit) not in self._known:
                    asked.setdefault(at, set()).add(one.want.release.commit)
        if not asked or self._lookups is None:
            return {}
        answers = self._lookups.find(list(asked))
        for at, answer in answers.items():
            if not isinstance(answer, Missing | Unreachable):
                self._known.update(((at, commit), answer) for commit in asked.get(at, ()))
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return answers

    def remembered(self, one: Unfinished) -> DesiredTarget | None:
        """Give what was made of the same words at the same commit, where only the record knows it any more.

        A value that changed since must not start a rollout that no commit asked for.
        """
        want, draft = one.want, read_draft(one.want.draft)
        known = all((at, want.release.commit) in self._known for at in lookups_of(want))
        of_settings = want.settings is not None and find_lookups(json.loads(want.settings.shape))
        if known or of_settings or draft.base or want.ignore or one.memory is None:
            return None
        said = (want.release.digest, want.release.commit)
        made = next((made for made in one.memory.releases if (made.asked, made.commit) == said), None)
        return replace(want, release=replace(made, version=want.release.version)) if made else None

    def fill(self, want: DesiredTarget, answers: Mapping[LookupAt, LookupAnswer]) -> DesiredTarget:
        """Put the values in; raises Unfilled with every one that is missing, or with what they make wrong."""
        asked = lookups_of(want)
        if not asked:
            return want
        values: dict[Lookup, str | tuple[str, ...]] = {}
        wrong: list[str] = []
        for at in asked:
            value = self._known.get((at, want.release.commit)) or answers.get(at)
            if value is None or isinstance(value, Missing | Unreachable):
                wrong.append(f"{at.lookup}: {value.why if value else 'nobody looked it up'}")
            else:
                values[at.lookup] = value
        if wrong:
            raise Unfilled("; ".join(sorted(wrong)))
        return _judged(want, values)


def lookups_of(want: DesiredTarget) -> tuple[LookupAt, ...]:
    """Name what a target has to have looked up."""
    draft = read_draft(want.draft)
    place = replace(want.place, cluster="", service="")
    return tuple(LookupAt(lookup=lookup, place=place, state=draft.state) for lookup in draft.lookups)


def _judged(want: DesiredTarget, values: Mapping[Lookup, str | tuple[str, ...]]) -> DesiredTarget:
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
