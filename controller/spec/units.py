"""Files as they were compiled, and an environment put together from them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from controller.model.desired import Brake, Complaint, DesiredTarget, Load
from controller.model.names import TargetName
from controller.model.orders import Pause
from controller.model.trust import Verify
from controller.spec.gating import Named
from controller.spec.grouping import grouped, misgrouped
from controller.spec.head import Head
from controller.spec.needs import misplaced
from controller.spec.nodes import Mark
from controller.spec.problems import complaint, in_order
from controller.spec.scalars import suggest


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A target, what it was made from, and where its name, its service and each name that it needs stand.

    `file` is where it is written, `seen` are the other files that were read for it, by their names in the snapshot.
    `named` are the environments that its gates name.
    """

    digest: str
    seen: Mapping[str, bytes | str | None]
    target: DesiredTarget
    name: Mark
    service: Mark
    needs: Mapping[str, Mark] = field(default_factory=dict)
    file: str = ""
    named: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """An environment as its files say it; targets of a file in `broken` are not among the targets.

    `broken` gives the complaints of each file, by its name below the folder of specs; `complaints` are all of them,
    in order and each said once. `made` are the targets of broken files too, with where they stand. `main` is the
    environment's own file.
    """

    targets: Mapping[TargetName, DesiredTarget]
    brake: Brake = field(default_factory=Brake)
    load: Load = field(default_factory=Load)
    pause: Pause | None = None
    verify: Verify = field(default_factory=Verify)
    complaints: tuple[Complaint, ...] = ()
    broken: Mapping[str, tuple[Complaint, ...]] = field(default_factory=dict)
    made: Mapping[TargetName, Made] = field(default_factory=dict)
    main: str = ""

    def files_of(self, target: TargetName) -> frozenset[str]:
        """Name the files that a target is made of, as in the snapshot; none if there is no such target."""
        made = self.made.get(target)
        return frozenset((self.main, made.file, *made.seen)) if made else frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One file as it was compiled; `seen` are the other files it read.

    `ground` names what its targets stand on, `groups` what groups say of their members.
    """

    content: bytes | str | None
    ground: str
    groups: str
    seen: Mapping[str, bytes | str | None]
    made: Mapping[TargetName, Made]
    complaints: tuple[Complaint, ...] = ()
    instead: Mapping[TargetName, str] = field(default_factory=dict)


def assemble(
    main: str,
    head: Head,
    units: Mapping[str, Unit],
    strays: Iterable[Complaint],
    environments: Sequence[str],
    *,
    is_whole: bool,
) -> Compiled:
    """Put an environment together; if its own file is broken, nothing of it stands. `strays` break no file.

    `environments` are all that the folder of specs has: one alone says nothing of others. `is_whole` says that none
    of its files was left out, so that what is not there is not there.
    """
    wrong = {main: list(head.complaints)}
    is_whole = is_whole and not any(unit.complaints for unit in units.values())
    unknown = _unknown_environments(units, environments) if len(environments) > 1 else ()
    misplaced_needs = _misplaced_needs(units, is_whole=is_whole)
    known = {name: made.target for unit in units.values() for name, made in unit.made.items()}
    wrong[main] += misgrouped(head.groups, known, is_whole=is_whole)
    for path, one in (*_unit_complaints(units), *_clashes(units), *misplaced_needs, *unknown):
        wrong.setdefault(path, []).append(one)
    broken = {path: in_order(complaints) for path, complaints in wrong.items() if complaints}
    targets = {
        name: made.target
        for path, unit in ({} if main in broken else units).items()
        if path not in broken
        for name, made in unit.made.items()
    }
    return Compiled(
        targets=grouped(head.groups, targets),
        brake=head.brake,
        load=head.load,
        pause=head.pause,
        verify=head.verify,
        complaints=in_order([*(one for complaints in wrong.values() for one in complaints), *strays]),
        broken=broken,
        made={} if head.complaints else {name: made for one in units.values() for name, made in one.made.items()},
        main=main,
    )


def same_service(name: TargetName, made: Made, other: str, at: Mark) -> Complaint:
    """Say that the service of a target is the service of another too, and where that one names it."""
    what = f"{made.target.place.service!r} is the service of {other} too, at {at.file}:{at.line}"
    return complaint(made.service, ("targets", name, "service"), what)


def _unit_complaints(units: Mapping[str, Unit]) -> Iterator[tuple[str, Complaint]]:
    for path, unit in units.items():
        for one in unit.complaints:
            yield path, one


def _clashes(units: Mapping[str, Unit]) -> Iterator[tuple[str, Complaint]]:
    """Say of everything that is declared twice, in both places, where the other one is."""
    claims = [made.target.place.claim for unit in units.values() for made in unit.made.values()]
    if len(claims) == len(set(claims)) == len({name for unit in units.values() for name in unit.made}):
        return
    names: dict[str, tuple[str, TargetName, Made]] = {}
    places: dict[str, tuple[str, TargetName, Made]] = {}
    for path, unit in units.items():
        for name, made in unit.made.items():
            this = (path, name, made)
            other = names.setdefault(name, this)
            if other is not this:
                yield path, _same_name(name, made.name, other[2].name)
                yield other[0], _same_name(name, other[2].name, made.name)
            other = places.setdefault(made.target.place.claim, this)
            if other is not this and other[1] != name:
                yield path, same_service(name, made, other[1], other[2].service)
                yield other[0], same_service(other[1], other[2], name, made.service)


def _misplaced_needs(units: Mapping[str, Unit], *, is_whole: bool) -> Iterator[tuple[str, Complaint]]:
    """Say what cannot come first: itself, what comes after it, and, if all files are good, what there is not."""
    made = {name: (path, one) for path, unit in units.items() for name, one in unit.made.items()}
    needs = {name: one.target.needs for name, (_, one) in made.items() if one.target.needs}
    for name, other, what in misplaced(needs, made if is_whole else None):
        path, one = made[name]
        more = "" if one.needs else ", by the defaults; with `needs: []` it needs nothing"
        yield path, complaint(one.needs.get(other, one.name), ("targets", name, "needs"), f"{what}{more}")


def _unknown_environments(units: Mapping[str, Unit], known: Sequence[str]) -> Iterator[tuple[str, Complaint]]:
    """Say which environments gates name that there are not."""
    for path, unit in units.items():
        for target, made in unit.made.items():
            for one in made.named:
                if one.name not in known:
                    what = f"{one.name!r} is no environment of these specs{suggest(one.name, known)}"
                    yield path, complaint(one.at, ("targets", target, *one.path), what)


def _same_name(name: str, at: Mark, other: Mark) -> Complaint:
    return complaint(at, ("targets", name), f"is declared in {other.file}:{other.line} too")
