"""Order and load with the real process: what is needed comes first, so many roll at once, many wait for a yes."""

from datetime import datetime

import pytest

from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.environments import environment
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = pytest.mark.e2e

TARGETS = ("api", "job", "web")


def specs(version: str, load: str = "", needs: str = "") -> str:
    """Three targets at one version; `load` is a line of the environment, `needs` one of web."""
    text = environment("prod", dict.fromkeys(TARGETS, version), bake="5s")
    text = text.replace("  defaults:\n", f"  {load}\n  defaults:\n") if load else text
    return text.replace("    web:\n", f"    web:\n      {needs}\n") if needs else text


def begin(stage: Stage, load: str = "", needs: str = "") -> None:
    stage.seed({"prod.yaml": specs(FIRST)})
    stage.commit({"prod.yaml": specs(SEEDED, load, needs)})
    stage.start()
    for target in TARGETS:
        stage.until(f"{target} is good", lambda target=target: stage.goods(target))


def blocked(stage: Stage, target: str) -> dict[str, str]:
    status = stage.status(target)
    return {blocker.gate: blocker.why for blocker in status.blockers} if status else {}


def phased(stage: Stage, target: str, *phases: Phase) -> list[datetime]:
    """When a target came into one of these phases, or out of them, as the journal tells."""
    names = {phase.value for phase in phases}
    rows = stage.journal(Event.PHASE, target)
    return [row.at for row in rows if (row.data["before"] in names) != (row.data["after"] in names)]


def test_what_is_needed_is_good_before_anything_is_sent_for_what_needs_it(stage: Stage):
    begin(stage, needs="needs: [api]")
    stage.commit({"prod.yaml": specs("v1.2.3", needs="needs: [api]")})
    stage.until("web waits", lambda: "waits for api, which" in blocked(stage, "web").get("needs", ""))
    assert "blocks  needs: waits for api, which " in stage.order("why", "prod", "web").out
    for target in TARGETS:
        stage.until_rests("v1.2.3", target)
    good = next(row.at for row in stage.journal(Event.ENDED, "api") if row.version == "v1.2.3")
    sent = next(row.at for row in stage.journal(Event.INTENT, "web"))
    assert good <= sent


def test_one_after_the_other_where_there_is_room_for_one(stage: Stage):
    begin(stage, load="concurrentRollouts: 1")
    stage.commit({"prod.yaml": specs("v1.2.3", load="concurrentRollouts: 1")})
    stage.until("somebody waits for room", lambda: any("slots" in blocked(stage, one) for one in TARGETS))
    for target in TARGETS:
        stage.until_rests("v1.2.3", target)
    spans = sorted(tuple(phased(stage, target, Phase.ROLLING)) for target in TARGETS)
    assert all(len(span) == 2 for span in spans), spans
    assert spans[0][1] <= spans[1][0] and spans[1][1] <= spans[2][0], "no two rolled at once"


def test_a_commit_that_changes_too_many_waits_for_a_person_over_a_restart(stage: Stage):
    begin(stage, load="maxChanges: 2")
    commit = stage.commit({"prod.yaml": specs("v1.2.3", load="maxChanges: 2")})
    for target in TARGETS:
        stage.until(f"{target} is held", lambda target=target: "massChange" in blocked(stage, target))
    assert "more than maxChanges: 2; `trueup confirm prod --commit" in stage.order("why", "prod", "api").out
    stage.kill()
    stage.start()
    stage.looks(3)
    assert stage.cloud.changes() == []
    stage.order("confirm", "prod", "--commit", "0" * 12, "--reason", "no", code=4)
    said = stage.order("confirm", "prod", "--commit", commit[:12], "--reason", "the quarterly base image")
    assert said.out.startswith("prod: 3 changes confirmed (api v1.2.3, job v1.2.3, web v1.2.3)")
    for target in TARGETS:
        stage.until_rests("v1.2.3", target)
        assert stage.told(target) == ["v1.2.3"]
    assert [row.by for row in stage.journal(Event.ORDER)] == ["ada"]
    stage.order("confirm", "prod", "--reason", "again", code=4)
