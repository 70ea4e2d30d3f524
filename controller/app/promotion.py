"""`promote`: what is good in one environment is asked for in another, unless its gates would refuse it by now."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controller.app.changing import TRAILER, Change, Made, change
from controller.app.editing import Edition, edition
from controller.app.memory import open_store
from controller.app.proof import Proof, proof_of
from controller.app.proposed import wanted_now, would_want
from controller.app.said import Said
from controller.app.specs import compiler_of
from controller.app.world import build, clock_of
from controller.errors import Refusal
from controller.gates.promoted import Promoted
from controller.loop.observe import answered
from controller.model.decision import Blocker
from controller.model.desired import DesiredTarget
from controller.model.gate import Open, Shut
from controller.model.images import digests_in
from controller.model.instants import instant
from controller.model.names import EnvName, TargetName
from controller.model.questions import Candidate
from controller.model.version import read_version
from controller.plan.versions import BREAKING, steps_in

if TYPE_CHECKING:
    from controller.app.pulls import Pulls
    from controller.app.world import Built
    from controller.options import Options
    from controller.sources.snapshot import Snapshot
    from controller.spec.parse import Compiler

# What neither time nor a person's yes opens. All other gates are told of.
_REFUSES: Final = frozenset({"promoted", "quarantine", BREAKING, "fixed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be promoted, from where to where; `back` says that a lower version is meant.

    `branch` is where it is pushed; empty: the branch of the specs.
    """

    target: TargetName
    source: EnvName
    to: EnvName
    back: bool = False
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What came of it, what speaks for it, and what it will still wait for, as `gate: why`."""

    made: Made
    proof: Proof
    waits: tuple[str, ...]


def promote(
    wish: Wish, options: "Options", user: str, *, pulls: "Pulls | None" = None, dry_run: bool = False
) -> Promotion:
    """Promote what is good.

    Raises Refusal for what the gates would refuse, SpecError for what is below a floor of the policy, and
    whatever `change` raises.
    """
    built = build(options, open_store(options.store, must_exist=True), clock_of(options))
    try:
        return _Promoting(wish, built, compiler_of(options)).run(options, user, pulls, dry_run=dry_run)
    finally:
        built.close()


class _Promoting:
    """One promotion; the world is that of the store, but for what the specs would say."""

    def __init__(self, wish: Wish, built: "Built", compiler: "Compiler") -> None:
        self._wish, self._built, self._compiler = wish, built, compiler
        self._proof: Proof | None = None
        self._waits: tuple[str, ...] = ()

    def run(self, options: "Options", user: str, pulls: "Pulls | None", *, dry_run: bool) -> Promotion:
        wish = self._wish
        name = f"{wish.to}/{wish.target}"
        asked = Change(name=name, edit=self._edit, tell=self._tell, branch=wish.branch, pulls=pulls)
        made = change(asked, options, user, dry_run=dry_run)
        return Promotion(made=made, proof=self._good(), waits=self._waits)

    def _good(self) -> Proof:
        if self._proof is None:
            raise AssertionError("nothing is told before it is edited")
        return self._proof

    def _edit(self, snapshot: "Snapshot") -> Edition:
        """Edit the newest specs, and refuse what its gates would."""
        wish, built = self._wish, self._built
        # Edited as they are first: only what they say now tells what the target is called where it comes from.
        there = self._called(snapshot)
        self._proof = proof_of(built.store, wish.source, there, built.clock.now())
        version = self._proof.kept.release.version
        made = edition(snapshot, wish.to, wish.target, version, bare=True, compiler=self._compiler)
        if made.is_new:
            self._waits = tuple(self._judged(made, self._proof))
        return made

    def _called(self, snapshot: "Snapshot") -> TargetName:
        """Find what the target is called in the environment that it comes from: its gate says so."""
        wish = self._wish
        now = wanted_now(snapshot, wish.to, wish.target)
        gate = _gate(now, wish.source) if now else None
        return TargetName(gate.target) if gate and gate.target else wish.target

    def _judged(self, made: Edition, proof: Proof) -> Iterator[str]:
        """Refuse what would be refused; give what it will wait for."""
        wish = self._wish
        _check_step(made, wish)
        want, blockers = would_want(self._built, made.desired, wish.target)
        _check_images(proof, want, made.version, wish)
        refused = [_sentence(blocker) for blocker in blockers if blocker.gate in _REFUSES]
        refused += self._unproven(want, wish.target, self._good().target)
        refused += self._others_unproven(made, want)
        if refused:
            raise Refusal(f"{wish.to}/{wish.target} would not take {made.version}: {'; '.join(refused)}")
        yield from (f"{blocker.gate}: {_sentence(blocker)}" for blocker in blockers)

    def _others_unproven(self, made: Edition, want: DesiredTarget) -> Iterator[str]:
        """Ask the same of the others of its group that change: they go there with it."""
        wish, built = self._wish, self._built
        record = built.store.load(wish.to).targets
        members = want.group.members if want.group else ()
        for name in (one for one in members if one != wish.target):
            other, _ = would_want(built, made.desired, name)
            current = record[name].current if name in record else None
            if current is None or current.digest != other.release.digest:
                yield from (f"{name} of its group: {why}" for why in self._unproven(other, name))

    def _unproven(self, want: DesiredTarget, name: TargetName, there: str = "") -> Iterator[str]:
        """Ask the ledger as a gate would, where the spec has none that does; `there` is what it is called there."""
        wish, world = self._wish, self._built.world
        if _gate(want, wish.source) is not None:
            return
        gate = Promoted(source=wish.source, target=there, environment=wish.to)
        candidate = Candidate.of(wish.to, name, want.place, want.release)
        verdict = gate.judge(candidate, answered(frozenset(gate.asks(candidate)), world), world.now())
        if not isinstance(verdict, Open):
            until = f" (until {instant(verdict.until)})" if isinstance(verdict, Shut) and verdict.until else ""
            yield f"{verdict.why}{until}"

    def _tell(self, made: Edition) -> Said:
        wish, proof = self._wish, self._good()
        since = f" since {instant(proof.kept.since)}" if proof.kept.since else ""
        waits = "".join(f"\nIt waits for {one}." for one in self._waits)
        return Said(
            subject=f"Promote {wish.target} to {made.version} in {wish.to}",
            body=f"{wish.to}/{wish.target} had {made.before}. {proof.name} is good there{since}.{waits}",
            trailers=(
                f"{TRAILER}: {wish.to}/{wish.target}",
                f"Trueup-Version: {made.version}",
                f"Trueup-Replaces: {made.before}",
                *proof.trailers,
            ),
        )


def _gate(want: DesiredTarget, source: EnvName) -> Promoted | None:
    return next((gate for gate in want.gates if isinstance(gate, Promoted) and gate.source == source), None)


def _check_step(made: Edition, wish: Wish) -> None:
    then, now = read_version(made.before), read_version(made.version)
    if then and now and now.is_lower_than(then) and not wish.back:
        raise Refusal(f"{wish.to}/{wish.target} would go back from {then} to {now}; if that is meant, say --back")
    for step in steps_in(made.was.targets[wish.target], made.desired.targets[wish.target]):
        if not step.startswith("goes back"):
            raise Refusal(f"{wish.to}/{wish.target}: {step}")


def _check_images(proof: Proof, want: DesiredTarget, version: str, wish: Wish) -> None:
    """Refuse an image that is another than what was good, though it has the right tag."""
    there, here = proof.images, digests_in(want.release.manifest)
    for name in sorted(there.keys() & here.keys()):
        if there[name] != here[name]:
            raise Refusal(
                f"{version} of {name} in {wish.to} is {here[name][:19]}…, and what is good in {wish.source} is "
                f"{there[name][:19]}…: it was not built once, or not copied whole (trueup promote-image)"
            )


def _sentence(blocker: Blocker) -> str:
    until = f" (until {instant(blocker.until)})" if blocker.until else ""
    return f"{blocker.why}{until}"
