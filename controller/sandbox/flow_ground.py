"""What the flow is played on: two repositories, three environments, people, a database, and an inbox."""

import base64
import json
import secrets
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from controller.sandbox.cast import AUTHOR, Failed, Process, Repository
from controller.sandbox.flow_people import DEVELOPER, SECRET, SHORT, notifiers, people
from controller.sandbox.inbox import Inbox
from controller.sandbox.story import KEYS, Story

SPEED: Final = 240
IMAGE: Final = "333344445555.dkr.ecr.eu-west-1.amazonaws.com/unifocus-api"
Where = tuple[str, str, str]
DEV: Final[Where] = ("333344445555", "unifocus-dev-cluster", "unifocus-dev-api-service")
STAGE: Final[Where] = ("222233334444", "unifocus-stage-cluster", "unifocus-stage-api-service")
PROD: Final[Where] = ("111122223333", "unifocus-prod-cluster", "unifocus-prod-api-service")
DATABASE: Final = "unifocus-prod"
ALARM: Final = "unifocus-prod-api-5xx"
_FILES: Final = Path(__file__).parent / "flow_specs"
_SHOP: Final = "https://git.unifocus.example.com/unifocus"
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW: Final = "Tue 09:00-16:00"
_DONE: Final = "COMPLETED"
_WIDE: Final = 110  # characters of a line; what is longer goes on in the next
_INDENT: Final = " " * 16
# Seeds are one version back from what their specs say.
_AHEAD: Final[Mapping[str, tuple[str, str]]] = {
    "stage.yaml": ('track: {tags: "v*-stage"}', "version: v1.2.3-stage"),
    "prod.yaml": ("version: v1.2.2 ", "version: v1.2.3 "),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended, and what it said on its output and on its errors."""

    code: int
    said: str
    why: str


class Ground(Story):
    """The flow's story without its acts: how everything is made, asked and proven."""

    def _make(self) -> None:
        self._window = f"{_day(datetime.now(UTC) + timedelta(days=3))} 09:00-16:00"
        self._shop = Repository(self._folder / "unifocus")
        first = self._committed("feat: take bookings")
        for tag in ("v1.2.2-stage", "v1.2.2"):
            self._shop.tag(tag, first)
        self._repository = Repository(self._folder / "releases", self._specs)
        for name, text in self._files().items():
            self._repository.write(f"specs/{name}", text)
        self._repository.commit("Release v1.2.2")
        self._releases = self._repository.published(self._folder / "releases.git")
        self._start_sandbox(self._seed(), SPEED)
        self._line("ecs", f"three clusters run one version back ({self._endpoint})")
        self._aws("rds").create_db_instance(
            DBInstanceIdentifier=DATABASE, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
            MasterUsername="root", MasterUserPassword=secrets.token_hex(), BackupRetentionPeriod=0,
        )  # fmt: skip
        self._start_controller(self._releases, self._operators())

    def _how_on(self) -> str:
        return f"push to {self._releases}"

    def _files(self) -> dict[str, str]:
        """Give the specs: the application is here, and the window opens in three days."""
        changed = {_SHOP: f"file://{self._shop.folder}", _WINDOW: self._window}
        found = {file.name: file.read_text(encoding="utf-8") for file in _FILES.glob("*.yaml")}
        for old, new in changed.items():
            found = {name: text.replace(old, new) for name, text in found.items()}
        return found

    def _seed(self) -> Path:
        folder = self._folder / "seed"
        Repository(folder, self._specs)
        for name, text in self._files().items():
            old, new = _AHEAD.get(name, ("", ""))
            (folder / "specs" / name).write_text(text.replace(old, new) if old else text, encoding="utf-8")
        return folder / "specs"

    def _operators(self) -> dict[str, str]:
        """Write the operator's files; gives the controller's variables."""
        secret = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
        self._inbox = Inbox(secret)
        self._open.callback(self._inbox.close)
        self._shown = 0
        for name, text in (("people.yaml", people()), ("notifiers.yaml", notifiers(self._inbox.url))):
            (self._folder / name).write_text(text, encoding="utf-8")
        return {
            "TRUEUP_APPLICATIONS": f"file://{self._folder}/",
            "TRUEUP_PEOPLE": str(self._folder / "people.yaml"),
            "TRUEUP_NOTIFIERS": str(self._folder / "notifiers.yaml"),
            SECRET: secret,
        }

    def _aws(self, kind: str) -> Any:  # noqa: ANN401  the SDK makes its clients at run time
        return self._eye.client(PROD[0], kind)

    def _now(self) -> datetime:
        """Give the time that is played."""
        start, _, speed = self._clock.partition("*")
        began = datetime.fromisoformat(start)
        return began + (datetime.now(UTC) - began) * float(speed)

    # --- what developers and builds do

    def _committed(self, message: str) -> str:
        """Change the application; gives the commit."""
        self._shop.write(f"src/{secrets.token_hex(4)}.ts", f"// {message}\n")
        return self._shop.commit(message)

    def _build(self, message: str, build: str, tag: str = "latest") -> str:
        """Commit to the application, build and push that; gives the commit."""
        commit = self._committed(message)
        self._line("git", f"{commit[:8]} {message}")
        self._eye.push(f"{IMAGE}:{build}", tag)
        self._line("build", f"{build} is pushed as {tag}")
        return commit

    def _tag(self, version: str, build: str, commit: str) -> None:
        """Tag a commit, and the image that was built of it: nothing is built again."""
        self._eye.push(f"{IMAGE}:{build}", version)
        self._shop.tag(version, commit)
        self._line("git", f"{commit[:8]} is tagged {version}, and so is the image {build}")

    def _move_window(self, minutes: int) -> datetime:
        """Commit that prod's window opens in so many minutes, for half an hour; gives when."""
        opens = (self._now() + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
        shuts = opens + timedelta(minutes=30)
        wanted = f"{_day(opens)} {opens:%H:%M}-{shuts:%H:%M}"
        self._repository.edit("prod.yaml", {self._window: wanted})
        message = f"Let prod be released to from {opens:%H:%M} to {shuts:%H:%M} UTC today"
        self._repository.commit(message)
        commit = self._repository.push(self._releases)
        self._line("git", f"{commit[:8]} {message}")
        return opens

    def _snapshot(self, version: str) -> None:
        name = f"{DATABASE}-before-{version.replace('.', '-')}"
        self._aws("rds").create_db_snapshot(DBInstanceIdentifier=DATABASE, DBSnapshotIdentifier=name)
        self._line("rds", f"a snapshot is made: {name}")

    # --- what people ask

    def _ask(self, by: str, *words: str, code: int = 0, lines: slice = slice(1)) -> None:
        """Give a command, and show it with these lines of its answer; it has to end with this code."""
        self._line(SHORT[by], shlex.join(("trueup", *words)))
        self._answered(self._asked(words), words, code, lines)

    def _answered(self, answer: Answer, words: Sequence[str], code: int = 0, lines: slice = slice(1)) -> None:
        if answer.code != code:
            said = f"{answer.said} {answer.why}"
            raise Failed(f"trueup {' '.join(words)} ended with {answer.code} instead of {code}: {said}")
        for line in [one for one in (answer.said or answer.why).splitlines() if one.strip()][lines]:
            self._line("", f"  {line}")
        self._listen()

    def _asked(self, words: Sequence[str]) -> Answer:
        """Give a command, and wait for its answer."""
        return self._ends(self._given(words))

    def _ends(self, process: Process) -> Answer:
        return Answer(process.finished(), "\n".join(process.said()), "\n".join(process.complaints()))

    def _given(self, words: Sequence[str]) -> Process:
        variables = {
            "TRUEUP_CLOCK": self._clock,
            "TRUEUP_STORE": self._store,
            "TRUEUP_REPO": self._releases,
            "TRUEUP_ENDPOINT_URL": self._endpoint,
            "TRUEUP_APPLICATIONS": f"file://{self._folder}/",
            "TRUEUP_CACHE": str(self._folder / "cache-of-commands"),
            "TRUEUP_PEOPLE": str(self._folder / "people.yaml"),
            "GIT_AUTHOR_NAME": DEVELOPER,
            "GIT_AUTHOR_EMAIL": AUTHOR,
            **KEYS,
        }
        return self._started(words, variables)

    def _data(self, *words: str) -> dict[str, Any]:
        """Give a command that answers with one item of data."""
        answer = self._asked((*words, "-o", "json"))
        if answer.code:
            raise Failed(f"trueup {' '.join(words)} ended with {answer.code}: {answer.why}")
        item: dict[str, Any] = json.loads(answer.said)["items"][0]
        return item

    def _until_blocked(self, version: str, gates: Sequence[str], *, alone: bool = True) -> None:
        """Wait until these gates keep a version from prod, in this order, and unless `alone` is False no other."""
        found: list[str] = []

        def blocked() -> bool:
            status = self._data("why", "prod", "api")
            found[:] = [status["wanted"], *(one["gate"] for one in status["blockers"])]
            return (found if alone else found[: len(gates) + 1]) == [version, *gates]

        try:
            self._until(f"{version} to wait for {', '.join(gates)}", blocked)
        except Failed as failed:
            raise Failed(f"{failed}; it says {', '.join(found)}") from None

    def _why_shut(self, gate: str) -> str:
        """Say why a gate keeps prod from moving; empty if it does not."""
        return next((one["why"] for one in self._data("why", "prod", "api")["blockers"] if one["gate"] == gate), "")

    # --- what is believed

    def _until_told(self, env: str, version: str, *transitions: str) -> None:
        """Wait until these were told of a version, each of them once, and in this order."""

        def told() -> bool:
            return [one for one in self._inbox.told(env, version) if one in transitions] == [*transitions]

        self._until(f"{env} to tell of {version}: {', '.join(transitions)}", told)

    def _until_runs(self, where: Where, build: str) -> None:
        self._until(f"{where[2]} to run {build}", lambda: self._eye.running(*where) == (build, _DONE, True))

    def _until_done(self, where: Where, before: int, *what: str) -> None:
        """Wait until ECS carried out just this since then, and every one-off task ended with 0."""

        def done() -> bool:
            exits = self._eye.exits(*where[:2])
            hooks = [one for one in what if one != "UpdateService"]
            return self._eye.done(where[1])[before:] == [*what] and all(exits.get(one) == 0 for one in hooks)

        self._until(f"{where[1]} to do {', then '.join(what)}", done)

    def _prove(self, what: str, where: Where, build: str, updates: int, also: str = "") -> None:
        runs, state, whole = self._eye.running(*where)
        sent = self._eye.calls("UpdateService", where[2])
        if (runs, state, whole, sent) != (build, _DONE, True, updates):
            raise Failed(f"{what}: {where[2]} runs {runs} {state}, all tasks {whole}, after {sent} calls")
        proof = f"ECS runs {build}, UpdateService so far: {updates}{also}"
        self._line("ecs", f"proven: {where[2]} runs {build}, {state}, all tasks; {sent} UpdateService so far")
        self._proven(what, proof)

    def _listen(self) -> None:
        """Show what people were told, instead of what the controller logs."""
        super()._listen()
        inbox: Inbox | None = getattr(self, "_inbox", None)
        for message in inbox.messages[self._shown :] if inbox else ():
            self._shown += 1
            self._line("told", message.title)

    def _line(self, who: str, text: str) -> None:
        lead = " " * (len(text) - len(text.lstrip()))
        first, *more = textwrap.wrap(
            text.lstrip(), _WIDE, initial_indent=lead, subsequent_indent=f"{lead}  ", break_on_hyphens=False
        )
        super()._line(who, first)
        for line in more:
            self._say(f"{_INDENT}{line}")

    def _show(self, name: str, reason: str, told: Mapping[str, Any]) -> None:
        """Nothing: what people are told is shown."""


def _day(at: datetime) -> str:
    return _DAYS[at.weekday()]
