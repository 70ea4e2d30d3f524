"""Orders: what people type, what the loop does about it, and every wrong way to type it."""

import getpass
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.cli.orders import set_pause
from controller.clock import Clock, parse
from controller.codes import BLOCKED, DONE, UNREACHABLE, WRONG
from controller.loop.reconcile import going_from
from controller.model.desired import Accepted
from controller.model.names import TargetName
from controller.model.orders import Orders, Pause, Stopped
from tests.world import digest

FAST = "2020-01-01T00:00:00Z*2"


def test_pause_holds_and_resume_lets_go(shop):
    shop.release("1")
    said = shop("pause", "prod", "api", "--reason", "audit")
    assert said.code == DONE and "prod/api is paused, until `trueup resume`: audit" in said.out
    shop.world.version = "2"
    shop.ticks(3)
    assert shop.world.sent == [] and "audit" in shop.world.said
    assert shop("resume", "prod", "api").out.startswith("prod/api goes on; it was paused by ")
    shop.ticks(14)
    assert shop.world.goods[0] == "2"


def test_pauses_that_are_over_are_kept_with_when_they_held():
    begins = datetime(2030, 1, 1, tzinfo=UTC)
    hour = timedelta(hours=1)
    orders = Orders()

    def paused(target, hours, *, until=None):
        return set_pause(target, Pause(reason="x", at=begins + hours * hour, until=until), begins + hours * hour)

    steps = (
        paused(None, 0, until=begins + hour),  # it ends by itself, and another one comes later
        paused(None, 3),
        set_pause(None, None, begins + 5 * hour),
        paused(TargetName("api"), 6),
        set_pause(TargetName("api"), None, begins + 7 * hour),
        set_pause(TargetName("api"), None, begins + 8 * hour),
    )
    for number, step in enumerate(steps, 1):
        orders = step(orders, number)
    assert orders.stopped == (
        Stopped(at=begins, until=begins + hour),
        Stopped(at=begins + 3 * hour, until=begins + 5 * hour),
    )
    assert orders.targets["api"].stopped == (Stopped(at=begins + 6 * hour, until=begins + 7 * hour),)
    assert (orders.pause, orders.targets["api"].pause) == (None, None)


def test_pausing_an_environment_pauses_every_target(shop):
    shop.release("1")
    shop("pause", "prod", "--reason", "freeze", "--rollback", "armed")
    shop.world.version = "2"
    shop.ticks(3)
    assert shop.world.sent == [] and shop("status").out.count("(paused)") == 1


def test_a_freeze_lets_nothing_new_start_and_says_what_ends_it(shop):
    shop.release("1")
    said = shop("freeze", "prod", "--reason", "inventory", "--until", "2031-01-02T00:00:00Z")
    assert (said.code, said.out) == (DONE, "prod is frozen until 2031-01-02T00:00:00Z: inventory\n")
    shop.world.version = "2"
    shop.ticks(3)
    assert shop.world.sent == []
    why = shop("why", "prod", "api").out
    assert (
        "blocks  freeze: frozen by " in why
        and "inventory (since " in why
        and ", until 2031-01-02T00:00:00Z)" in why
    )
    assert "do next wait until it ends, or: trueup unfreeze prod" in why
    said = shop("unfreeze", "prod")
    assert said.out.startswith("releases may start in prod again; it was frozen by ")
    shop.ticks(14)
    assert shop.world.goods[0] == "2"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("pause", "prod", "--reason", "x", "--for", "2h", "--until", "2040-01-01T00:00:00Z"),
            "exclude each other",
        ),
        (("pause", "prod", "--reason", "x", "--for", "2 hours"), "'2 hours' is not a duration; write 90s"),
        (("pause", "prod", "--reason", "x", "--until", "tomorrow"), "'tomorrow' is not a time"),
        (("pause", "prod", "--reason", "x", "--until", "2040-01-01T00:00:00"), "has no offset"),
        (("pause", "prod", "--reason", "x", "--until", "2020-01-01T00:00:00Z"), "which is over"),
        (("pause", "prod"), "Missing option '--reason'"),
        (("pause", "prd", "--reason", "x"), "no environment 'prd' is known to this store; known: prod"),
        (("pause", "prod", "web", "--reason", "x"), "no target 'web' is known in prod; known: api"),
        (("resume", "prod"), "prod is not paused by an order"),
        (("unpin", "prod", "api"), "prod/api is not pinned"),
        (("freeze", "prod"), "Missing option '--reason'"),
        (("freeze", "prd", "--reason", "x"), "no environment 'prd' is known to this store; known: prod"),
        (("freeze", "prod", "--reason", "x", "--until", "2020-01-01T00:00:00Z"), "which is over"),
        (("unfreeze", "prod"), "prod is not frozen"),
        (("retry", "prod", "api"), "Missing option '--reason'"),
        (("move", "prod", "stage/api"), "'prod' is not ENV/TARGET"),
        (("history", "prd"), "no environment 'prd'"),
        (("pause", "prod", "--reason", ""), "Invalid value for '--reason': it is empty; say why"),
        (("retry", "prod", "api", "--reason", " "), "it is empty; say why"),
        (("rollback", "prod", "api", "--reason", ""), "it is empty; say why"),
        (("accept-history", "prod", "--reason", "\t"), "it is empty; say why"),
    ],
)
def test_what_is_typed_wrong_gets_one_clear_message_and_changes_nothing(shop, args, message):
    shop.release("1")
    before = shop.store.orders("prod")
    said = shop(*args)
    assert said.code == WRONG and message in said.err
    assert shop.store.orders("prod") == before


def test_resuming_a_target_of_a_paused_environment_says_which_pause_holds(shop):
    shop.release("1")
    shop("pause", "prod", "--reason", "freeze")
    assert "prod as a whole is: trueup resume prod" in shop("resume", "prod", "api").err


def test_rollback_goes_back_at_once_stays_there_and_unpin_follows_the_spec_again(shop):
    shop.release("1", "2")
    said = shop("rollback", "prod", "api", "--reason", "checkout is broken")
    assert said.code == DONE and "goes back to 1" in said.out
    shop.ticks(12)
    assert shop.world.running == "1" and digest("2") in shop.world.quarantine
    assert shop.world.phase == "idle" and "pinned  to 1" in shop("why", "prod", "api").out
    assert shop("unpin", "prod", "api").code == DONE
    shop.ticks(3)
    assert shop.world.running == "1" and "failed here" in shop.world.said
    assert shop("retry", "prod", "api", "--reason", "fixed outside").code == DONE
    shop.ticks(14)
    assert shop.world.running == "2"


def test_rollback_to_a_version_that_was_never_good_names_those_that_were(shop):
    shop.release("1", "2")
    said = shop("rollback", "prod", "api", "--to", "9", "--reason", "x")
    assert said.code == BLOCKED and "9 was never good here; there is to go back to: 1" in said.err


def test_rollback_to_what_runs_or_was_left_says_that_and_not_that_it_was_never_good(shop):
    shop.release("1", "2")
    said = shop("rollback", "prod", "api", "--to", "2", "--reason", "x")
    assert said.code == BLOCKED and "2 is what runs; there is to go back to: 1" in said.err
    assert shop("rollback", "prod", "api", "--reason", "worse").code == DONE
    shop.ticks(14)
    said = shop("rollback", "prod", "api", "--to", "2", "--reason", "x")
    assert said.code == BLOCKED and "2 is quarantined until `trueup retry` (a person said roll back: " in said.err


def test_rollback_with_nothing_to_go_back_to_says_so(shop):
    shop.release("1")
    said = shop("rollback", "prod", "api", "--reason", "x")
    assert said.code == BLOCKED and "no other good release" in said.err


def test_rollback_while_paused_says_that_nothing_is_sent_yet(shop):
    shop.release("1", "2")
    shop("pause", "prod", "--reason", "audit")
    said = shop("rollback", "prod", "api", "--reason", "x")
    assert said.code == DONE and "nothing is sent until `trueup resume`" in said.err


def test_recover_wants_something_to_recover_and_a_confirmation(shop):
    shop.release("1")
    assert "nothing to recover" in shop("recover", "prod").err
    shop.world.service.identity = "another"
    shop.ticks(1)
    assert "add --confirm" in shop("recover", "prod").err
    assert shop("recover", "prod", "--confirm").code == DONE
    shop.ticks(4)
    assert "deleted and made again" not in shop.world.said and shop.world.phase == "idle"


def test_forget_is_refused_until_the_spec_no_longer_names_it(shop):
    shop.release("1")
    before = shop.store.orders("prod")
    said = shop("forget", "prod", "api", "--confirm")
    assert said.code == BLOCKED and "take it out of the spec first" in said.err
    assert shop.store.orders("prod") == before
    shop.world.versions.clear()
    shop.ticks(1)
    said = shop("forget", "prod", "api")
    assert said.code == BLOCKED and "add --confirm" in said.err
    assert shop("forget", "prod", "api", "--confirm").code == DONE
    shop.ticks(1)
    assert shop.store.load("prod").targets == {} and shop.world.platform.calls == []


def renamed(shop):
    """The service of api, under the name of web."""
    shop.release("1", "2")
    shop.world.versions = {"web": "2"}
    shop.world.places["web"] = "api"
    return shop.ticks(1)


def test_a_move_hands_over_what_is_remembered_once_the_new_name_is_seen_to_name_the_service(shop):
    renamed(shop)
    assert "claimed by prod/api" in shop("why", "prod", "web").out
    said = shop("move", "prod/api", "prod/web")
    assert said.code == DONE and "prod/web takes over from prod/api" in said.out
    shop.ticks(2)
    remembered = shop.store.load("prod").targets
    assert set(remembered) == {"web"} and [kept.release.version for kept in remembered["web"].goods] == ["2", "1"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("prod/api", "prod/wbe"), "no target 'wbe' is known in prod; known: api, web"),
        (("prod/api", "production/api"), "no environment 'production' is known to this store; known: prod"),
        (("prod/aip", "prod/web"), "no target 'aip' is known in prod"),
        (("prod/api", "prod/api"), "prod/api is moved to itself"),
        (("prod/web", "prod/api"), "prod/web owns no service that could be moved"),
    ],
)
def test_a_slip_of_the_hand_moves_nothing(shop, args, message):
    renamed(shop)
    before = shop.store.orders("prod")
    said = shop("move", *args)
    assert said.code == WRONG and message in said.err
    assert shop.store.orders("prod") == before


def test_a_destination_that_names_another_service_takes_nothing_over(shop):
    shop.release("1")
    shop.world.versions["web"] = "1"
    shop.ticks(14)
    said = shop("move", "prod/api", "prod/web")
    assert said.code == WRONG
    assert "prod/web names 111122223333/eu-west-1/c/web, and prod/api owns 111122223333/eu-west-1/c/api" in said.err
    assert "commit the spec that names the service under prod/web first" in said.err
    shop.ticks(2)
    assert set(shop.store.load("prod").targets) == {"api", "web"}


def test_a_pause_ends_by_the_controllers_clock_where_it_is_known(shop, monkeypatch):
    shop.release("1")
    monkeypatch.setenv("TRUEUP_CLOCK", FAST)
    clock = Clock(parse(FAST))
    before = clock.now()
    said = shop("pause", "prod", "--reason", "audit", "--for", "2h")
    pause = shop.store.orders("prod").pause
    assert said.code == DONE and before <= pause.at <= clock.now()
    assert pause.until - pause.at == timedelta(hours=2)
    assert before <= shop.store.journal(limit=1)[0].at <= clock.now()


def test_where_the_controllers_clock_is_not_known_no_pause_has_an_end(shop, monkeypatch):
    shop.release("1")
    monkeypatch.setenv("TRUEUP_CLOCK", "now*60")
    for flags in (("--for", "2h"), ("--until", "2040-01-01T00:00:00Z")):
        said = shop("pause", "prod", "--reason", "audit", *flags)
        assert said.code == WRONG and "instant as START, such as 2026-01-31T09:00:00Z*60" in said.err
    assert shop.store.orders("prod").pause is None
    assert shop("pause", "prod", "--reason", "audit").code == DONE


def test_a_clock_that_cannot_be_read_is_one_clear_message(shop, monkeypatch):
    shop.release("1")
    monkeypatch.setenv("TRUEUP_CLOCK", "soon*60")
    said = shop("status")
    assert said.code == WRONG and "'soon' is neither 'now' nor an instant" in said.err


def test_every_order_is_in_the_history_with_who_gave_it(shop):
    shop.release("1", "2")
    shop("pause", "prod", "--reason", "audit", "--as", "the release desk")
    said = shop("history", "prod")
    assert "pause: audit" in said.out and "the release desk" in said.out and "good after" in said.out


def test_a_store_that_is_not_there_is_not_made(tmp_path, trueup):
    said = trueup("status", "--store", f"sqlite:///{tmp_path}/nowhere.db")
    assert said.code == WRONG and "no such file" in said.err and not (tmp_path / "nowhere.db").exists()


def people_file(folder, local="true"):
    file = folder / "people.yaml"
    file.write_text(
        f"apiVersion: trueup/v1\nkind: People\nlocalApprovals: {local}\npeople:\n"
        f"  anna: {{emails: [anna@example.com], osUsers: [{getpass.getuser()}]}}\n"
    )
    return str(file)


def test_a_history_is_accepted_by_somebody_whom_people_yaml_knows_and_just_as_far_as_they_looked(shop, tmp_path):
    shop.release("1")
    words = ("accept-history", "prod", "--reason", "cleaned up")
    said = shop(*words, "--commit", "9f3c2a7d", "--people", people_file(tmp_path))
    assert "goes on from 9f3c2a7d, if that is the newest commit or what follows it" in said.out
    order = shop.store.orders("prod").accept
    assert (order.by, order.commit, order.reason) == ("anna", "9f3c2a7d", "cleaned up")
    row = shop.store.journal(env="prod")[-1]
    assert (row.by, row.text) == ("anna", "accept-history of 9f3c2a7d: cleaned up")
    assert going_from(replace(shop.store.load("prod"), accepted=Accepted(commit="c1"))) == Accepted(
        commit="c1", anywhere=True, only="9f3c2a7d"
    )


def test_a_history_is_not_accepted_by_a_stranger_nor_of_no_commit(shop, tmp_path):
    shop.release("1")
    words = ("accept-history", "prod", "--reason", "cleaned up")
    said = shop(*words, "--people", people_file(tmp_path, local="false"))
    assert said.code == UNREACHABLE and "it is not known who you are" in said.err
    for wrong in ("main", "9f3c", "--path", "HEAD~1"):
        said = shop(*words, f"--commit={wrong}")
        assert said.code == WRONG and "write the commit's id" in said.err
    assert shop.store.orders("prod").accept is None
