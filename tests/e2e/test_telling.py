"""People are told by the real process: each thing once, over a kill, however slow another receiver is."""

import threading

import pytest

from tests.e2e.stage import FIRST, SEEDED, Stage
from tests.notifiers.receiving import SIGNING, receiving
from tests.sources.repository import Repository

pytestmark = pytest.mark.e2e


def told(receiver) -> list[tuple[str, str]]:
    """What came, in order, each id once: its version and transition."""
    seen: dict[str, tuple[str, str]] = {}
    for request in receiver.requests:
        data = request.json["data"]
        seen.setdefault(request.json["id"], (data["version"], data["transition"]))
    return list(seen.values())


def test_a_release_is_told_over_a_kill_and_beside_a_receiver_that_hangs(stage: Stage) -> None:
    shop = Repository(stage.folder / "shop.git")
    for version, message in ((SEEDED, "feat: before"), (FIRST, "fix(cart): round half up (#12)")):
        shop.git("tag", version, shop.commit({"main.py": version}, message=message))
    stage.variables["TRUEUP_APPLICATIONS"] = f"file://{stage.folder}/"
    more = f'application: {{repository: "{shop.url}"}}'
    stage.begin(more=more).stop()
    file = stage.folder / "notifiers.yaml"
    with receiving() as receiver, receiving() as hangs:
        hangs.hold = threading.Event()
        lines = "\n".join(
            f'  {name}: {{kind: webhook, url: "{one.url}/", secretEnv: HOOK_SECRET}}'
            for name, one in (("good", receiver), ("hangs", hangs))
        )
        file.write_text(
            f"apiVersion: trueup/v1\nkind: Notifiers\nnotifiers:\n{lines}\n"
            "routes: [{to: [good, hangs], events: [before, during, after, needed, notes]}]\n"
        )
        stage.variables["HOOK_SECRET"] = SIGNING
        controller = stage.start(notifiers=str(file))
        assert controller.url
        stage.release(FIRST, more=more)
        stage.until("the start was told", lambda: (FIRST, "started") in told(receiver))
        controller.kill()
        again = stage.start(notifiers=str(file))
        stage.until_ended(FIRST, "good")
        stage.until("the notes were told", lambda: (FIRST, "notes") in told(receiver))
        assert told(receiver) == [(FIRST, one) for one in ("started", "baking", "good", "notes")]
        assert "Fixes\n- cart: round half up (#12, Ada)" in receiver.requests[-1].json["data"]["text"]
        assert "Fixes\n- cart: round half up" in stage.order("history", "prod", "api", "--notes", FIRST).out
        metrics = again.get("/metrics")[1]
        assert 'trueup_notifications_total{notifier="good",result="sent"} ' in metrics
        assert 'trueup_notifications_total{notifier="hangs",result="sent"} 0.0' in metrics
        assert again.stop() == 0


def test_single_turns_tell_too_and_a_wrong_file_stops_the_start(stage: Stage) -> None:
    stage.begin().stop()
    file = stage.folder / "notifiers.yaml"
    with receiving() as receiver:
        text = (
            "apiVersion: trueup/v1\nkind: Notifiers\nnotifiers:\n"
            f'  good: {{kind: webhook, url: "{receiver.url}/", secretEnv: HOOK_SECRET}}\n'
            "routes: [{to: good, events: [during, after]}]\n"
        )
        file.write_text(text)
        refused = stage.once(notifiers=str(file))
        assert refused.code == 2 and "the variable HOOK_SECRET holds no secret" in refused.err
        stage.variables["HOOK_SECRET"] = SIGNING
        assert stage.once(notifiers=str(file)).code == 0
        stage.release(FIRST)
        assert stage.once(notifiers=str(file)).code == 1
        assert told(receiver) == [(FIRST, "started")]
        file.write_text(text.replace("to: good", "to: nobody"))
        refused = stage.once(notifiers=str(file))
        assert (
            refused.code == 2 and "notifiers.yaml:5:15: routes.0.to.0: there is no notifier 'nobody'" in refused.err
        )
