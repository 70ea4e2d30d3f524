"""The release flow, whole: from a build on dev to a hotfix in production, as commands and commits carry it out.

What is shown is what people say and are told; what is believed is what ECS says, and what arrived in the inbox.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from controller.sandbox.cast import Failed
from controller.sandbox.flow_ground import ALARM, DATABASE, DEV, ON_CALL, PROD, SPEED, STAGE, Ground

_MIGRATE: Final = "npx prisma migrate deploy"
_SMOKE: Final = "npm run test:smoke"
_UNDO: Final = "npm run migrate:down"
_UPDATE: Final = "UpdateService"
_RELEASE: Final = (_MIGRATE, _UPDATE, _SMOKE)
_BAKE: Final = 3600.0  # seconds
_OPEN: Final = ("promoted", "approval", "checklist", "window", "backup", "alarms")
_SKIPPED: Final = ("promoted", "freeze")
_TOLD: Final = ("started", "migrated", "baking", "good", "notes")


class Flow(Ground):
    """The flow of a product: dev, stage, prod, a release that goes back, and a hotfix."""

    def acts(self) -> Sequence[Callable[[], None]]:
        """Give what is played, in order."""
        return (
            self._prepare, self._lands_on_dev, self._reaches_stage, self._waits_in_prod, self._people,
            self._released, self._goes_back, self._hotfix, self._owed, self._on_record,
        )  # fmt: skip

    def _prepare(self) -> None:
        self._line("demo", f"dev, stage and prod; an hour passes in {3600 // SPEED} seconds ({SPEED} times)")
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
        with self._act("v1.2.3-stage is tagged, and reaches stage; its smoke test passes"):
            self._tag("v1.2.3-stage", "main-41", self._commit)
            self._until_runs(STAGE, "main-41")
            self._until_done(STAGE, 0, _UPDATE, _SMOKE)
            self._until_told("stage", "v1.2.3-stage", "started", "baking", "good")
        self._prove("v1.2.3-stage is good on stage", STAGE, "main-41", updates=1, also="; smoke test: exit code 0")

    def _waits_in_prod(self) -> None:
        with self._act("it soaks; then prod's spec is changed, and waits"):
            self._tag("v1.2.3", "main-41", self._commit)
            self._ask("promote", "api", "--from", "stage", "--to", "prod", code=4, developer=True)
            self._promote()
            self._until_blocked("v1.2.3", ["approval", "checklist", "window"])
            self._ask("why", "prod", "api", lines=12)
        self._prove("prod waits, and nothing was sent to it", PROD, "v1.2.2", updates=0)

    def _people(self) -> None:
        with self._act("people look at the plan, tick and approve; the backup is fresh"):
            self._ask("plan", "prod", code=1, lines=5)
            self._agree("v1.2.3")
            for one in self._aws("rds").describe_db_snapshots(DBInstanceIdentifier=DATABASE)["DBSnapshots"]:
                self._line("rds", f"{one['DBSnapshotIdentifier']} is {one['Status']}")
            self._until_blocked("v1.2.3", ["window"])
        self._proven("only the window kept it then", "trueup why, as data")

    def _released(self) -> None:
        with self._act("the window opens: migration, deployment, smoke test, an hour of watching, release notes"):
            self._open_window()
            self._until_done(PROD, 0, *_RELEASE)
            self._until_told("prod", "v1.2.3", "approved", "started", "migrated", "baking")
            self._line("demo", "while v1.2.3 is watched, v1.2.4 goes the same way")
            self._commit = self._build("feat(rooms): cancel a booking (#42)", "main-42")
            self._tag("v1.2.4-stage", "main-42", self._commit)
            self._until_told("stage", "v1.2.4-stage", "started", "baking", "good")
            self._tag("v1.2.4", "main-42", self._commit)
            self._until_told("prod", "v1.2.3", "approved", *_TOLD)
            self._say_notes("v1.2.3")
        record = self._record("v1.2.3", "open", _OPEN)
        also = f"; on record: watched for {_watched(record):.0f} s; open: {', '.join(_OPEN)}"
        self._prove("v1.2.3 is good in prod", PROD, "main-41", updates=1, also=also)

    def _goes_back(self) -> None:
        with self._act("v1.2.4 goes bad while it is watched, and comes back with its database"):
            self._promote()
            self._until_blocked("v1.2.4", ["approval", "checklist", "window"])
            self._agree("v1.2.4")
            self._open_window()
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
        with self._act("a hotfix goes through a freeze"):
            self._ask("freeze", "prod", "--reason", "quarter end", "--for", "12h")
            self._shop.branch("fix-1.2.5", "v1.2.3")
            commit = self._build("fix(rooms): let no hour be booked twice", "fix-43", tag="v1.2.5")
            self._tag("v1.2.5", "fix-43", commit)
            reason = "rooms are booked twice"
            self._ask("hotfix", "prod", "api", "v1.2.5", "--reason", reason, "--break-glass")
            self._until_blocked("v1.2.5", ["approval", "checklist"])
            self._ask("check", "prod", "api", "support-told")
            self._ask("approve", "prod", "api", "v1.2.5", "--as", ON_CALL, "--as-aws")
            self._until_done(PROD, 8, *_RELEASE)
            self._until_told("prod", "v1.2.5", "started", "migrated", "baking", "good", "notes")
        self._record("v1.2.5", "skipped", _SKIPPED)
        also = f"; on record as skipped: {', '.join(_SKIPPED)}"
        self._prove("the hotfix is good in prod, in a freeze", PROD, "fix-43", updates=4, also=also)

    def _owed(self) -> None:
        with self._act("what is owed afterwards"):
            self._until("a review and a merge to be owed", self._is_owed)
            self._ask("why", "prod", "api", lines=12)
        self._proven("a review of the hotfix, and its fix on main, are owed", "trueup why, as data")

    def _is_owed(self) -> bool:
        hotfixes = self._data("why", "prod", "api")["hotfixes"]
        return any(one["brokeGlass"] and one["reviewDue"] and one["unmerged"] for one in hotfixes)

    def _on_record(self) -> None:
        with self._act("all of it is on record, and was told once"):
            self._ask("audit", "verify")
        if self._inbox.refused or self._inbox.repeated:
            raise Failed(f"not signed: {self._inbox.refused}; came twice: {', '.join(self._inbox.repeated)}")
        self._proven("people were told", f"{len(self._inbox.messages)} notifications, signed, each id once")

    # --- what several acts do

    def _promote(self) -> None:
        """Promote what is good on stage, as soon as it has soaked."""
        words = ("promote", "api", "--from", "stage", "--to", "prod")
        self._until(
            "the soak on stage to be over", lambda: self._asked((*words, "--dry-run"), developer=True)[0] == 0
        )
        self._ask(*words, developer=True)

    def _agree(self, version: str) -> None:
        self._ask("check", "prod", "api", "support-told", "--comment", "posted")
        self._ask("approve", "prod", "api", version, "--comment", "read the plan")

    def _open_window(self) -> None:
        self._ask("windows", "open", "prod", "--for", "30m", "--reason", "agreed with support")

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
        rollout = max(one.rollout for one in self._inbox.messages if (one.env, one.version) == ("prod", version))
        record = self._data("history", "prod", "api", "--show", str(rollout))
        said = {one["what"] for one in record["gates"] if one["text"].startswith(verb)}
        wrong = {
            "verdict": record["verdict"]["result"] != "good",
            "hooks": [(one["name"], one["code"]) for one in record["hooks"]] != [("migrate", 0), ("smoke", 0)],
            "approvals": not any(one["text"].startswith(f"approve {version}") for one in record["orders"]),
            "gates": not said >= {*gates},
            "watching": _watched(record) < _BAKE,
        }
        if lacking := [name for name, is_wrong in wrong.items() if is_wrong]:
            raise Failed(f"the record of {version} is not whole: {', '.join(lacking)}: {record}")
        return record


def _watched(record: dict[str, Any]) -> float:
    """Sum up for how long a release was watched, in seconds."""
    return sum(one["seconds"] or 0.0 for one in record["phases"] if one["phase"] == "baking")
