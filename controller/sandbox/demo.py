"""The demo: a good release, one that ECS takes back, one that we take back, and a pause. Every step is proven.

What is shown is what the controller says; what is believed is what ECS says.
"""

from collections.abc import Callable, Sequence
from typing import Final

from controller.sandbox.cast import Failed, Repository
from controller.sandbox.story import Story

SPEED: Final = 60
_ACCOUNTS: Final = {"dev": "333344445555", "stage": "222233334444", "prod": "111122223333"}
EVERYWHERE: Final = {
    (_ACCOUNTS[env], f"unifocus-{env}-cluster", f"unifocus-{env}-{target}-service"): tag
    for env, tag in (("dev", "latest"), ("stage", "v1.2.3-stage"), ("prod", "v1.2.3"))
    for target in ("api", "web")
}
PROD: Final = (_ACCOUNTS["prod"], "unifocus-prod-cluster", "unifocus-prod-api-service")
STAGE: Final = (_ACCOUNTS["stage"], "unifocus-stage-cluster", "unifocus-stage-web-service")
_DONE: Final = "COMPLETED"


class Demo(Story):
    """The whole story in half a minute."""

    def acts(self) -> Sequence[Callable[[], None]]:
        """Give what is played, in order."""
        return (self._prepare, self._good, self._taken_back_by_ecs, self._taken_back_by_us, self._paused)

    def _prepare(self) -> None:
        self._repository = Repository(self._folder / "releases", self._specs)
        self._repository.edit("prod.yaml", {"bake: 1h": "bake: 5m"})
        self._repository.commit("Release v1.2.3 everywhere")
        self._line(
            "demo", f"an hour of ECS passes in a minute; prod is watched for 5m instead of 1h ({SPEED} times)"
        )
        self._start_sandbox(self._repository.folder / "specs", SPEED)
        self._line("ecs", f"three clusters run one version back ({self._endpoint})")
        self._start_controller(str(self._repository.folder))
        self._heard.clear()
        with self._act("what runs is adopted untouched, then brought to what git says"):
            for where, tag in EVERYWHERE.items():
                self._until_runs(where, tag)
            self._until_rests("prod/api", "keep")
        self._prove_everywhere("v1.2.3 is out everywhere")

    def _good(self) -> None:
        with self._act("a good release: v1.2.4"):
            self._release(
                "prod.yaml",
                {"version: v1.2.3              #": "version: v1.2.4              #"},
                "Release api v1.2.4",
            )
            self._until_runs(PROD, "v1.2.4")
            self._until_rests("prod/api", "keep")
        self._prove("v1.2.4 was deployed, watched and kept", PROD, "v1.2.4", updates=2)

    def _taken_back_by_ecs(self) -> None:
        broken = {
            "version: v1.2.4              #": "version: v1.2.5              #",
            "unifocus-prod-api:${version}": "unifocus-prod-api:${version}-crash",
        }
        with self._act("a broken release: v1.2.5 crashes, and ECS's circuit breaker takes it back"):
            self._release("prod.yaml", broken, "Release api v1.2.5")
            self._until("ECS to roll back", lambda: self._eye.verdict(*PROD) == "ROLLBACK_SUCCESSFUL")
            self._until_rests("prod/api", "recovered")
        self._prove(
            "ECS took v1.2.5 back; it was remembered as failed and not sent again", PROD, "v1.2.4", updates=3
        )

    def _taken_back_by_us(self) -> None:
        stage = {
            "{enable: true, rollback: true}": "{enable: false, rollback: false}",
            "rollout: {deadline: 20m,": "rollout: {deadline: 3m,",
            "unifocus-stage-web:${version}": "unifocus-stage-web:${version}-crash",
        }
        calls = ("UpdateService", "StopServiceDeployment")
        before = [self._eye.calls(call, STAGE[2]) for call in calls]
        with self._act("another one, on stage, where the breaker is off: trueup itself goes back"):
            self._release("stage.yaml", stage, "Try another web image on stage")
            self._until("the broken image to be tried", lambda: self._eye.running(*STAGE)[0].endswith("crash"))
            self._until_runs(STAGE, "v1.2.3-stage")
            self._until_rests("stage/web", "recovered")
        sent = [self._eye.calls(call, STAGE[2]) - earlier for call, earlier in zip(calls, before, strict=True)]
        self._prove("there and back with one call each", STAGE, "v1.2.3-stage", updates=before[0] + 1)
        if sent != [1, 1]:
            raise Failed(f"ECS counts {sent} of {' and '.join(calls)} for going there and back, not one each")

    def _paused(self) -> None:
        calls = self._eye.calls("UpdateService", PROD[2])
        with self._act("a pause holds the next release until somebody resumes"):
            self._command("pause", "prod", "--reason", "the database is being moved", "--as", "the release desk")
            fixed = {
                "version: v1.2.5              #": "version: v1.2.6              #",
                "unifocus-prod-api:${version}-crash": "unifocus-prod-api:${version}",
            }
            self._release("prod.yaml", fixed, "Release api v1.2.6")
            self._until_rests("prod/api", "a person paused it")
            self._listen_for(1.5)
            if self._eye.calls("UpdateService", PROD[2]) != calls:
                raise Failed("something was sent to ECS while prod was paused")
            self._command("resume", "prod", "--as", "the release desk")
            self._until_runs(PROD, "v1.2.6")
            self._until_rests("prod/api", "keep")
        self._prove("nothing was sent while paused; v1.2.6 went out after it", PROD, "v1.2.6", updates=calls + 1)

    # --- ordering and proving

    def _release(self, file: str, changes: dict[str, str], message: str) -> None:
        self._repository.edit(file, changes)
        commit = self._repository.commit(message)
        self._line("git", f"{commit[:8]} {message}")

    def _command(self, *args: str) -> None:
        process = self._started([*args, "--store", self._store])
        if process.finished():
            raise Failed(f"trueup {args[0]}: {' '.join(process.complaints())}")
        self._line("person", f"trueup {' '.join(args[:2])}: {' '.join(process.said())}")

    def _prove(self, what: str, where: tuple[str, str, str], tag: str, updates: int) -> None:
        self._check(what, where, tag, updates)
        self._proven(what, f"ECS runs {tag}, {_DONE}, UpdateService so far: {updates}")

    def _prove_everywhere(self, what: str) -> None:
        for where, tag in EVERYWHERE.items():
            self._check(what, where, tag, updates=1)
        tags = ", ".join(dict.fromkeys(EVERYWHERE.values()))
        proof = f"ECS runs {tags} in {len(EVERYWHERE)} services, {_DONE}, one UpdateService each"
        self._proven(what, proof)

    def _check(self, what: str, where: tuple[str, str, str], tag: str, updates: int) -> None:
        runs, state, whole = self._eye.running(*where)
        sent = self._eye.calls("UpdateService", where[2])
        if (runs, state, whole, sent) != (tag, _DONE, True, updates):
            raise Failed(
                f"{what}: ECS says {where[2]} runs {runs} {state}, all tasks {whole}, {sent} calls; "
                f"expected {tag} {_DONE}, {updates} calls"
            )
        self._line("ecs", f"proven: {where[2]} runs {runs}, {state}, all tasks; {sent} UpdateService so far")

    def _until_runs(self, where: tuple[str, str, str], tag: str) -> None:
        self._until(f"{where[2]} to run {tag}", lambda: self._eye.running(*where) == (tag, _DONE, True))
