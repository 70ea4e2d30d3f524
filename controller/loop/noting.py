"""Release notes, written into the journal for each release that became good and names its application."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from controller.errors import Conflict, PlatformError
from controller.model.application import Application
from controller.model.desired import Desired
from controller.model.images import Unreachable
from controller.model.message import Delivery
from controller.model.names import EnvName, TargetName
from controller.model.notes import Brought, Noted
from controller.model.rollout import Purpose
from controller.model.rollout_record import RolloutRecord
from controller.model.story import Entry, Event
from controller.plan.facts import IMAGE
from controller.plan.notes import approvers_of, lead_of, notes_of
from controller.plan.voice import ALL, NOBODY, SHARED, TELLS, rollouts_in
from controller.ports import Applications, Source, Store

NOTES: Final = "/notes"
"""Under which name it is kept how far the notes have come; no notifier can have it."""
GIVE_UP: Final = timedelta(hours=1)
"""How long a repository may be away before notes are written without its commits."""
COMMITS: Final = 500
"""How many commits are read for one release."""
_IDLE: Final = 5.0
_LONGEST: Final = 300.0
_PAGE: Final = 500
_PASSED: Final = 500
_ALL: Final = 10**9


class Later(Exception):
    """It cannot be said now, and perhaps later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """Where notes are written from: specs, repositories, the record of a rollout; texts come through `clean`."""

    source: Source
    applications: Applications
    record: Callable[[EnvName, TargetName, int], RolloutRecord]
    clean: Callable[[str], str] = str


class Noting:
    """Reads the journal from where it was, in one thread. `wrote` hears of new notes, `waits` why none come."""

    def __init__(
        self,
        reads: Reads,
        store: Store,
        now: Callable[[], datetime],
        wrote: Callable[[], None] = lambda: None,
        waits: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._reads, self._store, self._now, self._wrote, self._waits = reads, store, now, wrote, waits
        self._saved: Delivery | None = None
        self._at = self._tries = 0

    def begin(self) -> None:
        """Start where the journal ends, if notes were never written on this store."""
        if NOTES not in self._store.deliveries():
            newest = self._store.journal(limit=1)
            self._store.deliver(NOTES, None, Delivery(cursor=newest[-1].number if newest else 0))

    def step(self) -> tuple[float, bool]:
        """Write what is due; gives in how many seconds to look again, and whether all is written. Never raises."""
        try:
            self._all()
        except Exception as error:  # noqa: BLE001  whatever it is, a release goes on without its notes
            if isinstance(error, Conflict | PlatformError):
                self._saved = None
            self._waits(error)
            self._tries += 1
            return min(2.0 ** min(self._tries - 1, 20), _LONGEST), False
        self._tries = 0
        return _IDLE, True

    def _all(self) -> None:
        if self._saved is None:
            self._saved = self._store.deliveries()[NOTES]
            self._at = self._saved.cursor
        while rows := self._store.journal(after=self._at, limit=_PAGE if self._at else _ALL):
            for row in rows:
                notes = self._notes(row)
                if notes is not None or row.number - self._saved.cursor >= _PASSED:
                    self._move(row.number, notes)
                self._at = row.number

    def _move(self, cursor: int, notes: Entry | None) -> None:
        """Note how far it has come; that rows have no notes need not outlive a crash, so it is seldom written."""
        before = self._saved
        after = replace(before or Delivery(cursor=0), cursor=cursor)
        if notes is not None:
            after = replace(after, sent=after.sent + 1, last=self._now())
        self._store.deliver(NOTES, before, after, [notes] if notes else [])
        self._saved = after
        if notes is not None:
            self._wrote()

    def _notes(self, row: Entry) -> Entry | None:
        """Write the notes of a row; None if no release became good in it, or nobody says what it is built from."""
        tells = row.data.get(TELLS)
        if (
            row.event is not Event.ENDED
            or row.target is None
            or row.data.get("result") != "good"
            or tells == NOBODY
        ):
            return None
        rollouts = rollouts_in(row.data) if tells == ALL else {row.target: row.rollout}
        noted = [one for name, number in rollouts.items() if (one := self._noted(row, name, number)) is not None]
        return _entry(row, noted, self._now(), self._reads.clean) if noted else None

    def _noted(self, row: Entry, name: TargetName, rollout: int) -> Noted | None:
        """Gather what the notes of one target are written from; None if there are to be none."""
        application = self._application(row.env, name, row.at)
        if application is None:
            return None
        record = self._reads.record(row.env, name, rollout)
        if record.purpose != Purpose.FORWARD.value or record.replaced == record.version:
            return None
        return Noted(record=record, brought=self._brought(application, record, row.at))

    def _application(self, env: EnvName, target: TargetName, since: datetime) -> Application | None:
        """Read in the specs from which repository a target is built; raise Later while they cannot be read."""
        desired = self._reads.source.read(env, self._store.load(env).accepted)
        if not isinstance(desired, Desired):
            if self._is_over(since):
                return None
            raise Later(desired.why)
        want = desired.targets.get(target)
        return want.application if want else None

    def _brought(self, application: Application, record: RolloutRecord, since: datetime) -> Brought:
        if not record.replaced:
            return Brought(unknown="it is the first release here")
        tags = self._reads.applications.tags(application)
        if isinstance(tags, Unreachable):
            return self._unknown(tags.why, since)
        missing = [one for one in (record.replaced, record.version) if one not in tags]
        if missing:
            return Brought(unknown=f"{' and '.join(missing)}: no such tag in {application.repository}")
        then, now = tags[record.replaced], tags[record.version]
        found = self._reads.applications.between(application, then, now, COMMITS)
        if isinstance(found, Unreachable):
            return self._unknown(found.why, since)
        if found.commits or then == now:
            return Brought(commits=found.commits, more=not found.complete)
        taken = self._reads.applications.between(application, now, then, COMMITS)
        if isinstance(taken, Unreachable):
            return self._unknown(taken.why, since)
        return Brought(commits=taken.commits, back=True, more=not taken.complete)

    def _unknown(self, why: str, since: datetime) -> Brought:
        if self._is_over(since):
            return Brought(unknown=why)
        raise Later(why)

    def _is_over(self, since: datetime) -> bool:
        return self._now() - since >= GIVE_UP


def _entry(row: Entry, noted: Sequence[Noted], now: datetime, clean: Callable[[str], str]) -> Entry:
    """Make the row of the notes, of a target or of a group: text for people, and facts for machines."""
    record, group = noted[0].record, row.data["group"] if row.data.get(TELLS) == ALL else ""
    leads = [lead for one in noted if (lead := lead_of(one)) is not None]
    facts = {
        "from": record.replaced,
        "commit": record.commit,
        "seconds": "" if record.seconds is None else f"{record.seconds:.3f}",
        "lead": f"{max(leads).total_seconds():.3f}" if leads else "",
        "commits": str(len({commit.commit for one in noted for commit in one.brought.commits})),
        "approved": ", ".join(dict.fromkeys(by for one in noted for by in approvers_of(one.record))),
    }
    shared = {key: row.data[key] for key in SHARED if key in row.data} if group else {}
    images = {} if group else {f"{IMAGE}{path}": image for path, image in record.images.items()}
    return Entry(
        at=now,
        env=row.env,
        target=TargetName(group) if group else row.target,
        event=Event.NOTES,
        text=notes_of(noted, group, clean),
        version=row.version,
        rollout=0 if group else row.rollout,
        data={key: value for key, value in {**facts, **images, **shared}.items() if value},
    )
