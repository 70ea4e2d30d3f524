"""The whole flow of releases is a promise of the README: it ends well, soon, and each step of it is proven."""

import json
import re
import signal
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.e2e.process import trueup
from tests.e2e.telling import Telling, is_all_over

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]  # on a machine that does much else

KEPT = "Interrupt with Ctrl-C."
STEPS = (
    "what main built is on dev",
    "v1.2.3-stage is good on stage",
    "prod waits, and nothing was sent to it",
    "two people agreed, neither of whom wrote it",
    "only the window kept it then",
    "v1.2.3 is good in prod",
    "v1.2.4 came back with its database",
    "the hotfix is good in prod, in a freeze",
    "the hotfix was reviewed and merged, and until then both were owed",
    "people were told",
)
SAID = (
    "trueup wait stage api --commit ",
    "trueup attest stage api --check e2e=pass --digest",
    "prod/api would not take v1.2.3: v1.2.3-stage is good in stage for ",
    "stage/api: v1.2.3-stage is good at commit ",
    "blocks  window: the window is shut; it opens ",
    "blocks  backup: the newest backup of the instance unifocus-prod is the automated snapshot",
    "a snapshot is made: unifocus-prod-before-v1-2-3",
    "on-call broke the glass at ",
    "what the hotfix v1.2.5 brought is not on main (2 commits of it)",
    "the hotfix to v1.2.5 of on-call has the yes of release-desk",
    "prod/api: rest: runs what is wanted: v1.2.5",
)
RELEASED = (
    "v1.2.3 is approved by release-desk",
    "v1.2.3 starts, after v1.2.2",
    "v1.2.3: its hooks before are done, and it rolls",
    "v1.2.3 runs everywhere, and is watched",
    "v1.2.3 is good, after",
    "release notes of v1.2.3",
    "v1.2.4 runs everywhere, and is watched",
    "v1.2.4 is left: it goes back",
    "v1.2.4 failed and went back: v1.2.3 runs again",
    "v1.2.5 starts, after v1.2.3",
    "v1.2.5 is good, after",
)


def test_the_whole_flow_goes_through_and_leaves_a_record_that_verifies(tell: Callable[..., Telling]):
    told = tell("--flow", "--keep")
    told.until(KEPT, seconds=300)
    assert in_order(told.text.partition("All of it happened, in ")[2], STEPS)
    assert in_order(told.text, RELEASED) and in_order(told.text, SAID)
    assert "- rooms: book a room by the hour (#41, a developer)" in told.text
    store = re.search(r"--store (sqlite:///\S+)", told.text)[1]
    assert trueup("audit", "verify", "--store", store).code == 0
    by_version = records(store)
    assert by_version["v1.2.4"]["verdict"]["back"] == "v1.2.3"
    assert [hook["name"] for hook in by_version["v1.2.4"]["hooks"]] == ["migrate", "smoke", "undo"]
    whole(by_version["v1.2.3"])
    assert any("freeze" in gate["what"] for gate in by_version["v1.2.5"]["gates"])
    assert minutes_after_its_window_opened(by_version["v1.2.3"], told.text) < 30
    assert told.ends(signal.SIGINT) == 0
    assert is_all_over(told)


def whole(record: dict[str, Any]) -> None:
    """Of the release to prod the record has gates, approvals, hooks, times and the verdict."""
    assert record["verdict"]["result"] == "good" and "developer@unifocus.example.com" in record["author"]
    opened = {gate["what"] for gate in record["gates"] if gate["text"].startswith("open")}
    assert opened >= {"promoted", "approval", "checklist", "window", "backup", "alarms"}
    orders = [f"{one['text'].split(' ')[0]} {one['by']}" for one in record["orders"]]
    assert orders == ["check: on-call", "approve release-desk"]
    assert [(hook["name"], hook["code"]) for hook in record["hooks"]] == [("migrate", 0), ("smoke", 0)]
    assert [one["phase"] for one in record["phases"]][:4] == ["pending", "preparing", "rolling", "baking"]
    assert sum(one["seconds"] for one in record["phases"] if one["phase"] == "baking") >= 3600


def minutes_after_its_window_opened(record: dict[str, Any], text: str) -> int:
    """Count from the window that was committed to the start of the rollout, on a clock of 24 hours."""
    hour, minute = re.search(r"Let prod be released to from (\d\d):(\d\d) to", text).groups()
    opened = datetime.fromisoformat(record["opened"])
    return (opened.hour * 60 + opened.minute - int(hour) * 60 - int(minute)) % (24 * 60)


def records(store: str) -> dict[str, dict[str, Any]]:
    """Read the record of every release to prod, by its version."""
    told = data("history", "prod", "api", "--store", store)
    rollouts = {row["version"]: row["rollout"] for row in told if row["event"] == "rollout opened"}
    show = ("history", "prod", "api", "--store", store, "--show")
    return {version: data(*show, str(number))[0] for version, number in rollouts.items()}


def data(*words: str) -> list[dict[str, Any]]:
    return json.loads(trueup(*words, "-o", "json").out)["items"]


def in_order(text: str, what: tuple[str, ...]) -> bool:
    """Whether a text has all of these, one after the other; says which is the first that it lacks."""
    at = 0
    for one in what:
        at = text.find(one, at)
        assert at >= 0, f"{one!r} is not where it should be in:\n{text}"
    return True
