"""The release flow, whole: from a build on dev to a hotfix in production, as commands and commits carry it out.

What is shown is what people say and are told; what is believed is what ECS says, and what arrived in the inbox.
"""

import shlex
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from controller.codes import BLOCKED, NEGATIVE
from controller.sandbox.cast import Failed
from controller.sandbox.flow_ground import ALARM, DEV, PROD, SPEED, STAGE, Answer, Ground
from controller.sandbox.flow_people import CI, DESK, DEVELOPER, ON_CALL
from controller.sandbox.flow_record import is_tested, lacking, watched

_MIGRATE: Final = "npx prisma migrate deploy"
_SMOKE: Final = "npm run test:smoke"
_UNDO: Final = "npm run migrate:down"
_UPDATE: Final = "UpdateService"
_RELEASE: Final = (_MIGRATE, _UPDATE, _SMOKE)
_SHUT: Final = ["approval", "checklist", "window", "backup"]
_OPEN: Final = ("promoted", "alarms", *_SHUT)
_SKIPPED: Final = ("promoted", "freeze")
_TOLD: Final = ("started", "migrated", "baking", "good", "notes")
_FACTS: Final = slice(1, 12)  # of the answer of `trueup why`; its first line says the same in one sentence
_SOON: Final = 12  # minutes until the window opens: three seconds


class Flow(Ground):
    """The flow of a product: dev, stage, prod, a release that goes back, and a hotfix."""

    def acts(self) -> Sequence[Callable[[], None]]:
        """Give what is played, in order."""
        return (
            self._prepare, self._lands_on_dev, self._reaches_stage, self._waits_in_prod, self._people, self._backup,
            self._released, self._goes_back, self._hotfix, self._owed, self._on_record,
        )  # fmt: skip

    def _prepare(self) -> None:
        self._line(
            "demo", f"an hour of dev, stage and prod is played in {3600 // SPEED} seconds ({SPEED} times as fast)"
        )
        self._make()
        self._until_rests("prod/api", "adopt")
        self._until_rests("stage/api", "adopt")
        self._until_told("dev", "latest", "good")

    def _lands_on_dev(self) -> None:
        with self._act("a build of main lands on dev by itself"):
            self._commit = self._build("feat(rooms): book a room by the hour (#41)", "main-41")
            self._until_runs(DEV, "main-41")
            self._until_told("dev", "latest", "good", "good")
        self._prove("what main built is on dev", DEV, "main-41", updates=2)

    def _reaches_stage(self) -> None:
        with self._act("v1.2.3-stage is tagged, reaches stage, is good when its tests passed, and has to soak"):
            self._tag("v1.2.3-stage", "main-41", self._commit)
            words = ("wait", "stage", "api", "--commit", self._commit, "--timeout", "30m")
            self._line("ci", f"trueup {' '.join(words)}   (goes on beside)")
            waits = self._given(words)
            self._until_runs(STAGE, "main-41")
            self._until_done(STAGE, 0, _UPDATE, _SMOKE)
            self._tested("v1.2.3-stage")
            self._tag("v1.2.3", "main-41", self._commit)
            self._ask(DEVELOPER, "promote", "api", "--from", "stage", "--to", "prod", "--dry-run", code=BLOCKED)
            self._line("ci", "trueup wait ends:")
            self._answered(self._ends(waits), words)
        if not is_tested(record := self._recalled("stage", "v1.2.3-stage"), CI):
            raise Failed(f"the record of v1.2.3-stage on stage has no smoke test, or no verdict of CI: {record}")
        also = "; smoke test: exit code 0; e2e: attested by ci; trueup wait ended with 0"
        self._prove("v1.2.3-stage is good on stage", STAGE, "main-41", updates=1, also=also)

    def _waits_in_prod(self) -> None:
        with self._act("it has soaked; prod's spec is changed, and waits"):
            self._promote()
            self._until_blocked("v1.2.3", _SHUT)
            self._ask(ON_CALL, "why", "prod", "api", lines=_FACTS)
        self._prove("prod waits, and nothing was sent to it", PROD, "v1.2.2", updates=0)

    def _people(self) -> None:
        with self._act("one approves the plan, another ticks the checklist; whoever wrote it can not"):
            if (can := f"release-managers ({DESK} can)") not in (shut := self._why_shut("approval")):
                raise Failed(f"{can} is expected, as {DEVELOPER} wrote it; the gate says {shut}")
            self._ask(DESK, "plan", "prod", code=NEGATIVE, lines=slice(2, 6))
            self._agree("v1.2.3")
            self._until_blocked("v1.2.3", ["window", "backup"])
        self._proven("two people agreed, neither of whom wrote it", f"trueup why, as data: {can}, {DEVELOPER} not")

    def _backup(self) -> None:
        with self._act("the newest snapshot is too old, so a fresh one is made"):
            self._snapshot("v1.2.3")
            self._until_blocked("v1.2.3", ["window"])
        self._proven("only the window kept it then", "trueup why, as data; before, the old snapshot did too")

    def _released(self) -> None:
        with self._act("the window opens: migration, deployment, smoke test, an hour of watching, release notes"):
            opens = self._move_window(_SOON)
            self._until_done(PROD, 0, *_RELEASE)
            self._until_told("prod", "v1.2.3", "approved", "started", "migrated", "baking")
            self._line("demo", "while v1.2.3 is watched, v1.2.4 goes the same way")
            self._commit = self._build("feat(rooms): cancel a booking (#42)", "main-42")
            self._tag("v1.2.4-stage", "main-42", self._commit)
            self._until_runs(STAGE, "main-42")
            self._tested("v1.2.4-stage")
            self._tag("v1.2.4", "main-42", self._commit)
            self._until_told("prod", "v1.2.3", "approved", *_TOLD)
            self._say_notes("v1.2.3")
        record = self._record("v1.2.3", "open", _OPEN)
        if datetime.fromisoformat(record["opened"]) < opens:
            raise Failed(f"v1.2.3 started at {record['opened']}, before its window opened at {opens.isoformat()}")
        also = (
            f"; on record: started after {opens:%H:%M}, when the window opened; watched for {watched(record):.0f} s"
        )
        self._prove("v1.2.3 is good in prod", PROD, "main-41", updates=1, also=f"{also}; open: {', '.join(_OPEN)}")

    def _goes_back(self) -> None:
        with self._act("v1.2.4 goes bad while it is watched, and comes back with its database"):
            self._promote()
            self._until_blocked("v1.2.4", _SHUT)
            self._agree("v1.2.4")
            self._snapshot("v1.2.4")
            self._ask(ON_CALL, "windows", "open", "prod", "--for", "30m", "--reason", "agreed with support")
            self._until_done(PROD, 3, *_RELEASE)
            self._until_told("prod", "v1.2.4", "started", "migrated", "baking")
            self._ring("ALARM")
            self._until_done(PROD, 3, *_RELEASE, _UNDO, _UPDATE)
            self._until_told("prod", "v1.2.4", "started", "migrated", "baking", "going_back", "went_back")
            self._until_runs(PROD, "main-41")
            self._ring("OK")
        also = "; the undo of the migration: exit code 0, before the service went back"
        self._prove("v1.2.4 came back with its database", PROD, "main-41", updates=3, also=also)

    def _hotfix(self) -> None:
        with self._act("a hotfix goes through a freeze, and past stage and soak"):
            self._ask(ON_CALL, "freeze", "prod", "--reason", "quarter end", "--for", "12h")
            self._shop.branch("fix-1.2.5", "v1.2.3")
            self._committed("test(rooms): book an hour twice")
            commit = self._build("fix(rooms): let no hour be booked twice", "fix-43", tag="v1.2.5")
            self._tag("v1.2.5", "fix-43", commit)
            reason = "rooms are booked twice"
            self._ask(ON_CALL, "hotfix", "prod", "api", "v1.2.5", "--reason", reason, "--break-glass")
            self._until_blocked("v1.2.5", ["approval", "checklist"], alone=False)
            self._ask(ON_CALL, "check", "prod", "api", "support-told")
            self._snapshot("v1.2.5")
            self._approve(DESK, "v1.2.5")
            self._until_done(PROD, 8, *_RELEASE)
            self._until_told("prod", "v1.2.5", "started", "migrated", "baking", "good", "notes")
        self._record("v1.2.5", "skipped", _SKIPPED)
        also = f"; on record as skipped: {', '.join(_SKIPPED)}"
        self._prove("the hotfix is good in prod, in a freeze", PROD, "fix-43", updates=4, also=also)

    def _owed(self) -> None:
        with self._act("what is owed afterwards: a review by another person, and the fix on main"):
            self._until("a review and a merge to be owed", lambda: self._owes(review=True, merge=True))
            self._ask(ON_CALL, "why", "prod", "api", lines=_FACTS)
            self._approve(DESK, "v1.2.5", "--hotfix", "--comment", "read the diff")
            self._shop.switch("main")
            commit = self._shop.squash("fix-1.2.5", "fix(rooms): let no hour be booked twice (#43)")
            self._line("git", f"{commit[:8]} the two commits of the fix are merged to main as one (#43)")
            self._until("nothing to be owed any more", lambda: self._owes(review=False, merge=False))
            self._ask(ON_CALL, "why", "prod", "api")
        self._proven("the hotfix was reviewed and merged, and until then both were owed", "trueup why, as data")

    def _owes(self, *, review: bool, merge: bool) -> bool:
        found = [one for one in self._data("why", "prod", "api")["hotfixes"] if one["brokeGlass"]]
        return any(one["reviewDue"] for one in found) == review and any(one["unmerged"] for one in found) == merge

    def _on_record(self) -> None:
        with self._act("all of it is on record, and was told once"):
            self._ask(ON_CALL, "audit", "verify")
        if self._inbox.refused or self._inbox.repeated:
            raise Failed(f"not signed: {self._inbox.refused}; came twice: {', '.join(self._inbox.repeated)}")
        self._proven("people were told", f"{len(self._inbox.messages)} notifications, signed, each id once")

    # --- what several acts do

    def _tested(self, version: str) -> None:
        """Attest what CI found on stage, once the release waits for that and for nothing else."""
        self._until_told("stage", version, "started", "baking")
        self._until_rests("stage/api", "waits for a verdict of the check e2e")
        url = "https://ci.unifocus.example.com/runs/7"
        digest = self._eye.digest(*STAGE)
        self._ask(CI, "attest", "stage", "api", "--check", "e2e=pass", "--digest", digest, "--url", url, "--as", CI)
        self._until_told("stage", version, "started", "baking", "good")

    def _promote(self) -> None:
        """Promote what is good on stage, as soon as it has soaked."""
        words = ("promote", "api", "--from", "stage", "--to", "prod")
        self._line("dev", shlex.join(("trueup", *words)))
        answers: list[Answer] = []

        def taken() -> bool:
            answers.append(self._asked(words))
            return answers[-1].code != BLOCKED

        self._until("the soak on stage to be over", taken)
        self._answered(answers[-1], words)

    def _agree(self, version: str) -> None:
        self._ask(ON_CALL, "check", "prod", "api", "support-told", "--comment", "posted")
        self._approve(DESK, version, "--comment", "read the plan")

    def _approve(self, by: str, version: str, *words: str) -> None:
        """Say yes as somebody; AWS says who they are."""
        self._ask(by, "approve", "prod", "api", version, *words, "--as", by, "--as-aws")

    def _ring(self, state: str) -> None:
        self._aws("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="played by the demo")
        self._line("alarm", f"{ALARM} is {state}")

    def _say_notes(self, version: str) -> None:
        notes = next(one for one in self._inbox.messages if (one.version, one.transition) == (version, "notes"))
        for line in filter(str.strip, notes.text.splitlines()):
            self._line("", f"  {line}")

    def _record(self, version: str, verb: str, gates: Sequence[str]) -> dict[str, Any]:
        """Read the record of a release that became good in prod; raises Failed if it lacks something.

        It has to say of these gates that they were `open`, or else `skipped`.
        """
        record = self._recalled("prod", version)
        if lacks := lacking(record, version, verb, gates):
            raise Failed(f"the record of {version} is not whole: {', '.join(lacks)}: {record}")
        return record

    def _recalled(self, env: str, version: str) -> dict[str, Any]:
        rollout = max(one.rollout for one in self._inbox.messages if (one.env, one.version) == (env, version))
        return self._data("history", env, "api", "--show", str(rollout))
