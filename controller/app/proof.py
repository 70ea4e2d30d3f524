"""What speaks for a release: where it was good, since when, as which images, and who and what said yes to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from controller.app.recount import rollout_record
from controller.errors import Refusal, TrueupError
from controller.model.images import digests_in
from controller.model.instants import instant
from controller.model.names import EnvName, TargetName
from controller.model.release import Kept
from controller.model.rollout import MOVING
from controller.model.story import Event
from controller.plan.calls import in_words

if TYPE_CHECKING:
    from controller.model.record import Memory
    from controller.model.rollout_record import RolloutRecord
    from controller.ports import Store

_ROWS: Final = 2000
_APPROVES: Final = "approve "


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A release that is good somewhere; `record` is of the rollout that brought it, if that is still told of."""

    env: EnvName
    target: TargetName
    kept: Kept
    lasted: timedelta
    record: "RolloutRecord | None" = None
    moving: str = ""

    @property
    def name(self) -> str:
        """Its place, and what it is called there."""
        return f"{self.env}/{self.target} {self.kept.release.version}"

    @property
    def images(self) -> Mapping[str, str]:
        """The digest of every image that it runs by digest, by container."""
        return digests_in(self.kept.release.manifest)

    @property
    def trailers(self) -> Iterator[str]:
        """All that can be looked up again, each as `Key: value`."""
        yield f"Trueup-From: {self.name}"
        if self.kept.since:
            yield f"Trueup-Good-Since: {instant(self.kept.since)}"
            yield f"Trueup-Soaked: {in_words(self.lasted)}"
        yield from (f"Trueup-Image: {name} {digest}" for name, digest in sorted(self.images.items()))
        if self.kept.release.commit:
            yield f"Trueup-Commit: {self.kept.release.commit}"
        if self.record is not None:
            yield from _recorded(self.record)


def _recorded(record: "RolloutRecord") -> Iterator[str]:
    yield f"Trueup-Rollout: {record.env}/{record.target} {record.rollout}"
    if record.brought is not None and record.brought.url:
        yield f"Trueup-Pull: {record.brought.url}"
    for order in record.orders:
        if order.text.startswith(_APPROVES):
            yield f"Trueup-Approved: {order.by}, {instant(order.at)}, {_plain(order.text)}"
    for hook in record.hooks:
        yield f"Trueup-Hook: {hook.name} ({hook.when}) {hook.state}"
    for gate in record.gates:
        if gate.text == "open":
            yield f"Trueup-Gate: {gate.what} open at {instant(gate.at)}"


def _plain(text: str) -> str:
    """Keep what a person wrote on one line, so that it cannot pass for a trailer."""
    return " ".join(text.split())[:200]


def proof_of(store: "Store", env: EnvName, target: TargetName, now: datetime) -> Proof:
    """Find what is good in an environment now. Raises Refusal if nothing is, and says how it stands."""
    memory = store.load(env).targets.get(target)
    kept = memory.current if memory else None
    if memory is None or kept is None:
        raise Refusal(f"{env}/{target} has no history here yet: nothing is good there")
    version = kept.release.version
    barred = memory.bars(kept.release)
    if barred is not None:
        raise Refusal(f"{version} failed in {env}: {barred.why}")
    moving = _moving(memory)
    if not memory.is_good(kept.digest):
        raise Refusal(
            f"{version} is not good in {env} yet: {moving or 'it was found there, and has not been proven'}"
        )
    good = next(one for one in memory.goods if one.digest == kept.digest)
    lasted = now - good.since if good.since else timedelta()
    return Proof(
        env=env,
        target=target,
        kept=good,
        lasted=max(lasted, timedelta()),
        record=_record(store, env, target, good),
        moving=moving,
    )


def _moving(memory: "Memory") -> str:
    rollout = memory.rollout
    if rollout is None or memory.phase not in MOVING:
        return ""
    return f"{rollout.release.version} is {memory.phase.value} there since {instant(rollout.opened)}"


def _record(store: "Store", env: EnvName, target: TargetName, kept: Kept) -> "RolloutRecord | None":
    rows = store.journal(env=env, target=target, limit=_ROWS)
    ends = (row for row in reversed(rows) if row.event is Event.ENDED and row.data.get("result") == "good")
    number = next((row.rollout for row in ends if row.data.get("digest") == kept.digest), 0)
    if not number:
        return None
    try:
        return rollout_record(store, env, target, number)
    except TrueupError:
        return None
