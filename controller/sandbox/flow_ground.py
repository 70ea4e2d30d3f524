"""What the flow is played on: two repositories, three environments, people, a database, and an inbox."""

import base64
import json
import os
import pwd
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from controller.sandbox.cast import AUTHOR, Failed, Repository
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
DESK: Final = "release-desk"
ON_CALL: Final = "on-call"
_FILES: Final = Path(__file__).parent / "flow_specs"
_SHOP: Final = "https://git.unifocus.example.com/unifocus"
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DONE: Final = "COMPLETED"
_WIDE: Final = 130  # characters of a line that are shown
_SECRET: Final = "INBOX_SECRET"  # noqa: S105  the name of a variable
# Seeds are one version back from what their specs say.
_AHEAD: Final[Mapping[str, tuple[str, str]]] = {
    "stage.yaml": ('track: {tags: "v*-stage"}', "version: v1.2.3-stage"),
    "prod.yaml": ("version: v1.2.2 ", "version: v1.2.3 "),
}
_PEOPLE: Final = """\
apiVersion: trueup/v1
kind: People
localApprovals: true
people:
  developer: {{emails: [{author}]}}
  {desk}: {{osUsers: [{user}], groups: [release-managers, emergency]}}
  {on_call}:
    sts: [{{role: "arn:aws:iam::111122223333:role/team", sourceIdentity: {on_call}}}]
    groups: [release-managers, emergency]
"""
_NOTIFIERS: Final = """\
apiVersion: trueup/v1
kind: Notifiers
digest: 1m
notifiers:
  inbox: {{kind: webhook, url: "{url}", secretEnv: {secret}}}
routes:
  - {{to: inbox, events: [before, during, after, needed, notes]}}
"""


class Ground(Story):
    """The flow's story without its acts: how everything is made, asked and proven."""

    def _make(self) -> None:
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
        self._aws("rds").create_db_instance(
            DBInstanceIdentifier=DATABASE, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
            MasterUsername="root", MasterUserPassword=secrets.token_hex(), BackupRetentionPeriod=0,
        )  # fmt: skip
        self._start_controller(self._releases, self._operators())

    def _how_on(self) -> str:
        return f"push to {self._releases}"

    def _files(self) -> dict[str, str]:
        """Give the specs: the application is here, and the window opens in three days."""
        day = _DAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]
        changed = {_SHOP: f"file://{self._shop.folder}", '"Tue ': f'"{day} '}
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
        people = _PEOPLE.format(author=AUTHOR, user=json.dumps(_user()), desk=DESK, on_call=ON_CALL)
        notifiers = _NOTIFIERS.format(url=self._inbox.url, secret=_SECRET)
        for name, text in (("people.yaml", people), ("notifiers.yaml", notifiers)):
            (self._folder / name).write_text(text, encoding="utf-8")
        return {
            "TRUEUP_APPLICATIONS": f"file://{self._folder}/",
            "TRUEUP_PEOPLE": str(self._folder / "people.yaml"),
            "TRUEUP_NOTIFIERS": str(self._folder / "notifiers.yaml"),
            _SECRET: secret,
        }

    def _aws(self, kind: str) -> Any:  # noqa: ANN401  the SDK makes its clients at run time
        return self._eye.client(PROD[0], kind)

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

    # --- what people ask

    def _ask(self, *words: str, code: int = 0, lines: int = 1, developer: bool = False) -> None:
        """Give a command, as the release desk, or else the developer, and show the first lines of its answer."""
        found, said, why = self._asked(words, developer=developer)
        self._listen()
        if found != code:
            raise Failed(f"trueup {' '.join(words)} ended with {found} instead of {code}: {said} {why}")
        first, *more = (line for line in (said or why).splitlines() if line.strip())
        self._line("dev" if developer else "person", f"trueup {words[0]}: {first}")
        for line in more[: lines - 1]:
            self._line("", f"  {line}")

    def _asked(self, words: Sequence[str], *, developer: bool = False) -> tuple[int, str, str]:
        name, email = ("developer", AUTHOR)
        own = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email} if developer else {
            "TRUEUP_PEOPLE": str(self._folder / "people.yaml")
        }  # fmt: skip
        variables = {
            "TRUEUP_CLOCK": self._clock,
            "TRUEUP_STORE": self._store,
            "TRUEUP_REPO": self._releases,
            "TRUEUP_ENDPOINT_URL": self._endpoint,
            "TRUEUP_APPLICATIONS": f"file://{self._folder}/",
            "TRUEUP_CACHE": str(self._folder / "cache-of-commands"),
            **KEYS,
            **own,
        }
        process = self._started(words, variables)
        code = process.finished()
        return code, "\n".join(process.said()), "\n".join(process.complaints())

    def _data(self, *words: str) -> dict[str, Any]:
        """Give a command that answers with one item of data."""
        code, said, why = self._asked((*words, "-o", "json"))
        if code:
            raise Failed(f"trueup {' '.join(words)} ended with {code}: {why}")
        item: dict[str, Any] = json.loads(said)["items"][0]
        return item

    def _until_blocked(self, version: str, gates: Sequence[str]) -> None:
        """Wait until just these gates keep a version from prod, in this order."""
        found: list[str] = []

        def blocked() -> bool:
            status = self._data("why", "prod", "api")
            found[:] = [status["wanted"], *(one["gate"] for one in status["blockers"])]
            return found == [version, *gates]

        try:
            self._until(f"{version} to wait for {', '.join(gates)}", blocked)
        except Failed as failed:
            raise Failed(f"{failed}; it says {', '.join(found)}") from None

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
        super()._line(who, text if len(text) <= _WIDE else f"{text[:_WIDE]}…")

    def _show(self, name: str, reason: str, told: Mapping[str, Any]) -> None:
        """Nothing: what people are told is shown."""


def _user() -> str:
    """Name who runs this, as the machine does: nobody else can approve here."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise Failed(f"this machine has no user for uid {os.getuid()}, so nobody here can approve") from None
