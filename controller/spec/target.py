"""One target from its lines and what is laid under them, or everything that is wrong with it."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

from pydantic import ValidationError

from controller.model.desired import Complaint, DesiredTarget, Ignored, Supersede
from controller.model.names import Commit, TargetName
from controller.model.packed import NOTHING, Packed
from controller.model.place import Place
from controller.model.release import Release
from controller.shaping import Fault, Native, Shaped, Shaping
from controller.spec.definition import find_definition
from controller.spec.fill import Filling
from controller.spec.floors import below_target
from controller.spec.forms import misformed
from controller.spec.gating import Gated, read_gates
from controller.spec.group import joined
from controller.spec.head import Ground, pause_of
from controller.spec.hooks import declared
from controller.spec.lines import images_of, is_true, on_tags, paths_in, text_at
from controller.spec.native import native
from controller.spec.nodes import (
    Entry,
    Fields,
    Mark,
    Node,
    Text,
    kind_of,
    mark_of,
    merge,
    values_of,
    written,
)
from controller.spec.problems import complaint, from_faults, from_model
from controller.spec.scalars import NAME_PATTERN, NAME_WANTED, show, suggest
from controller.spec.scan import Scanned
from controller.spec.tables import Shelf, Tables
from controller.spec.target_schema import Target
from controller.spec.terms import terms_of
from controller.spec.track import (
    TRACK,
    followed_anew,
    in_version,
    nothing_followed,
    stands_in,
    track_of,
    with_version,
    wrong_beside,
)
from controller.spec.values import name_values, unfilled
from controller.spec.words import write_words

Scan: TypeAlias = Callable[[str], Scanned]

_DEFINITION: Final = "taskDefinition"
_SERVICE: Final = "serviceDefinition"
_IMAGES: Final = "images"
_IGNORE: Final = "ignore"
_BASE: Final = "base"
_HOOKS: Final = "hooks"


class TargetReader:
    """Reads one target; `wrong` collects what it finds. `version` is the one that is followed, if that is known.

    `instead` is a version that is wanted instead of what its lines say, be it followed or written.
    """

    def __init__(
        self,
        name: str,
        ground: Ground,
        shelf: Shelf,
        tables: Tables,
        scan: Scan,
        *,
        version: str = "",
        instead: str = "",
    ) -> None:
        self._name = name
        self._version = version
        self._instead = instead
        self._ground = ground
        self._shelf = shelf
        self._tables = tables
        self._scan = scan
        self._where = ("targets", name)
        self.wrong: list[Complaint] = []

    def read(self, at: Mark, node: Node, file: str, commit: Commit) -> DesiredTarget | None:
        """Give the target that these lines ask for, or None after saying why not; `at` is where its name stands."""
        if not re.fullmatch(NAME_PATTERN, self._name):
            self._complain(at, f"{show(self._name)} is not {NAME_WANTED}")
        if not isinstance(node, Fields):
            self._complain(node.at, f"must be a mapping, not {kind_of(node)}")
            return None
        written = self._joined(merge(self._ground.base, node), node)
        if self._instead:
            written = in_version(written, self._instead)
        merged = with_version(written, self._version)
        if beside := wrong_beside(written):
            self._complain(*beside, TRACK)
        filling = self._filling(merged)
        lines = _lines(merged, filling)
        model = self._model(lines, merged)
        shaped = self._shaped(lines, merged, filling, model)
        gated = self._gated(lines, model, file)
        self.wrong = [*unfilled(self.wrong, filling, self._where)]
        if self.wrong or model is None or shaped is None:
            return None
        found = self._desired(model, gated, shaped, file, commit)
        if found is not None and self._ground.floors:
            self.wrong += below_target(self._ground.floors, found, on_tags(lines.get(_IMAGES)), merged, self._where)
        if found is None or self.wrong:
            return None
        if found.track is None or self._version:
            return found
        if nothing := nothing_followed(found.track):
            self._complain(mark_of(written, (TRACK,)), nothing, TRACK)
            return None
        words = write_words(self._name, self._ground, written, self._shelf, file, commit)
        return replace(found, track=replace(found.track, words=words))

    def _joined(self, merged: Fields, own: Fields) -> Fields:
        """Lay what its group says under a member, and say what of that it may not say itself."""
        membership = self._ground.members.get(self._name)
        if membership is None:
            return merged
        whole, wrong = joined(merged, own, membership)
        for key, said in wrong:
            self._complain(
                said.at, f"is said by the group {membership.group}, for all its members: leave it out", key
            )
        return whole

    def _complain(self, at: Mark, what: str, *where: str) -> None:
        self.wrong.append(complaint(at, (*self._where, *where), what))

    def _filling(self, merged: Fields) -> Filling:
        """Find what ${names} stand for, and say what is wrong with the values among them."""
        named = name_values(merged, {**self._ground.facts, "target": self._name}, self._where)
        self.wrong += named.complaints
        return named.filling

    def _model(self, lines: Fields, merged: Fields) -> Target | None:
        said = values_of(lines.without(_SERVICE), written)
        data = {**(said if isinstance(said, dict) else {})}
        if _DEFINITION in merged.entries:
            data[_DEFINITION] = True  # read by itself, with types of its own
        kind = lines.get("kind")
        if isinstance(kind, Text) and kind.value is not None and kind.value not in self._tables.targets:
            known = sorted(self._tables.targets)
            self._complain(
                kind.at, f"{show(kind.value)} is not {' or '.join(known)}{suggest(kind.value, known)}", "kind"
            )
        if "cluster" not in lines.entries and self._ground.whole:
            self._complain(merged.at, "is missing, here and in the environment", "cluster")
        wrong = misformed(lines, self._ground.base, self._ground.env, self._name)
        if wrong and not stands_in(merged):
            self._complain(*wrong, TRACK if TRACK in merged.entries else "version")
        try:
            return Target.model_validate(data)
        except ValidationError as problem:
            self.wrong += from_model(problem, Target, merged, self._where)
            return None

    def _gated(self, lines: Fields, model: Target | None, file: str) -> Gated:
        files = tuple(dict.fromkeys((file, *self._shelf.read(str(self._ground.env)))))
        found = read_gates(lines, self._ground, model, self._tables, self._where, files)
        self.wrong += found.complaints
        return found

    def _shaped(self, lines: Fields, merged: Fields, filling: Filling, model: Target | None) -> Shaped | None:
        """Bring the native parts to shape; what the kind finds wrong is told where it was written."""
        definition = find_definition(
            merged.get(_DEFINITION), filling, self._shelf, self._scan, (*self._where, _DEFINITION)
        )
        self.wrong += definition.complaints
        service = lines.get(_SERVICE)
        if service is not None and not isinstance(service, Fields):
            self._complain(service.at, f"must be a mapping, not {kind_of(service)}", _SERVICE)
        kind = lines.get("kind")
        shaping = self._tables.targets.get(kind.value or "") if isinstance(kind, Text) else None
        if definition.root is None or shaping is None:
            return None
        images, ignored = lines.get(_IMAGES), lines.get(_IGNORE)
        told = Native(
            definition=native(definition.root),
            service=native(service) if isinstance(service, Fields) else {},
            images=images_of(images),
            tags=on_tags(images),
            base=native(definition.base) if definition.base else None,
            ignore=paths_in(ignored),
            account=self._ground.account,
            region=self._ground.region,
            state=text_at(lines, "terraformState"),
            create=is_true(lines.get("create")),
            hooks=declared(model.hooks) if model else {},
            rollback_safe=model is None or model.rollout.rollback_safe,
            deadline=model.rollout.deadline if model else None,
        )
        shaped = _shape(shaping, told)
        roots = {_DEFINITION: definition.root, _SERVICE: service or lines, _IMAGES: images or lines}
        roots |= {_IGNORE: ignored or lines, _BASE: definition.base or definition.root}
        roots |= {_HOOKS: lines.get(_HOOKS) or lines}
        self.wrong += from_faults(shaped.faults, roots, self._where)
        return shaped

    def _desired(
        self, model: Target, gated: Gated, shaped: Shaped, file: str, commit: Commit
    ) -> DesiredTarget | None:
        if shaped.manifest is None:
            return None
        application, track = model.application.application if model.application else None, None
        if model.track is not None:
            track = track_of(model.track, application, shaped.images, model.versions)
        return DesiredTarget(
            place=_place(model, self._ground),
            release=Release(
                version=model.version, manifest=shaped.manifest, shape=Packed.of(shaped.shape), commit=commit
            ),
            owner=model.owner,
            file=file,
            settings=shaped.settings,
            fixed=shaped.fixed,
            beside=shaped.beside,
            gates=gated.gates,
            terms=terms_of(model, gated.guards, gated.gates, shaped),
            supersede=_supersede(model),
            on_drift=model.on_drift,
            heal_after=model.heal_after,
            pause=pause_of(model.paused),
            ignore=tuple(
                Ignored(path=path, reason=one.reason, until=one.until)
                for path, one in zip(shaped.ignore, model.ignore, strict=True)
            ),
            draft=Packed.of(shaped.draft) if shaped.draft else NOTHING,
            create=model.create,
            breaking=bool(model.breaking),
            application=application,
            track=track,
            fresh=followed_anew(track, model.version, shaped.images) if track else frozenset(),
            needs=tuple(TargetName(name) for name in dict.fromkeys(model.needs)),
        )


def _lines(merged: Fields, filling: Filling) -> Fields:
    """Fill in all but the task definition; of the rest, only what the kind reads may hold look-ups."""
    lines = filling.fill_fields(merged.without(_DEFINITION, _SERVICE))
    service = merged.entries.get(_SERVICE)
    if service is None:
        return lines
    filled = Entry(service.at, filling.fill(service.value, lookups=True))
    return Fields(lines.at, {**lines.entries, _SERVICE: filled})


def _place(model: Target, ground: Ground) -> Place:
    return Place(
        kind=model.kind,
        account=ground.account,
        region=ground.region,
        cluster=model.cluster,
        service=model.service,
        role=ground.role,
    )


def _supersede(model: Target) -> Supersede:
    """Give when a healthy rollout may be replaced; with builds that come fast none would ever be good."""
    if model.track is not None and "supersede" not in model.rollout.model_fields_set:
        return Supersede.AFTER_BAKE
    return model.rollout.supersede


def _shape(shaping: Shaping, told: Native) -> Shaped:
    """Let a kind read what is declared; one that fails, or says nothing at all, must not stop other targets."""
    try:
        shaped = shaping(told)
        problem = "" if shaped.faults or shaped.manifest else "nothing came of it"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this target's alone
        shaped, problem = Shaped(), type(error).__name__
    what = f"cannot be read by its kind ({problem})"
    return Shaped(faults=(Fault(path=(_DEFINITION,), what=what),)) if problem else shaped
