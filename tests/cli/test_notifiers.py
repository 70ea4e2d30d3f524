"""`trueup notifiers`: what is shown, a test message, and dead letters that are sent again."""

import json
from dataclasses import replace

import pytest

from controller.codes import DONE, NEGATIVE, UNREACHABLE, WRONG
from controller.errors import Refusal
from controller.loop.asking import Asking
from controller.loop.noting import NOTES
from controller.model.message import Delivery
from controller.model.story import Event
from tests.contracts import made
from tests.loop.telling import Box, Life
from tests.notifiers.receiving import SIGNING, receiving


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


@pytest.fixture
def file(tmp_path, receiver):
    secret = tmp_path / "secret"
    secret.write_text(f"{SIGNING}\n")
    found = tmp_path / "notifiers.yaml"
    found.write_text(
        "apiVersion: trueup/v1\nkind: Notifiers\nnotifiers:\n"
        f'  hook: {{kind: webhook, url: "{receiver.url}/hook", secretFile: "{secret}"}}\n'
        "routes:\n  - {to: hook, events: [before, during, after, needed]}\n"
    )
    return found


class Told(Life):
    """A controller on the shop's store."""

    def __init__(self, shop):
        self.store, self.world = shop.store, shop.world
        self.asking, self.heard = (
            Asking(shop.store),
            type("Quiet", (), {"__getattr__": lambda s, n: lambda *_: None})(),
        )


def test_a_test_message_is_sent_now_and_signed(trueup, file, receiver):
    said = trueup("notifiers", "test", "hook", "--notifiers", str(file))
    assert (said.code, said.out) == (DONE, "hook: the test message was taken\n")
    (request,) = receiver.requests
    assert request.json["type"] == "trueup.test.v1" and request.headers["webhook-signature"].startswith("v1,")


def test_a_test_that_is_not_taken_says_why(trueup, file, receiver):
    receiver.answers = [(403, b"who are you?")]
    said = trueup("notifiers", "test", "hook", "--notifiers", str(file))
    assert said.code == UNREACHABLE
    assert "answers 403: who are you?" in said.err


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("test", "slack"), "there is no notifier 'slack' in"),
        (
            ("test", "hook", "--notifiers", "/nowhere/notifiers.yaml"),
            "/nowhere/notifiers.yaml cannot be read: No such",
        ),
    ],
)
def test_what_is_not_there_gets_one_sentence(trueup, file, args, what):
    flags = () if "--notifiers" in args else ("--notifiers", str(file))
    said = trueup("notifiers", *args, *flags)
    assert (said.code, said.out) == (WRONG, "")
    assert what in said.err


def test_a_secret_that_is_not_there_is_said_without_any(trueup, file):
    (file.parent / "secret").unlink()
    said = trueup("notifiers", "test", "hook", "--notifiers", str(file))
    assert said.code == WRONG
    assert "notifier hook: the secret in" in said.err and "cannot be read: No such file" in said.err


def test_each_notifier_is_shown_with_its_cursor_lag_and_dead_letters(shop, file):
    life = Told(shop)
    box = Box(fails=[Refusal("too long"), None, KeyError("odd")])
    deliverer = life.deliverer(box, name="hook")
    shop.release("1")
    deliverer.step()
    said = shop("notifiers", "--notifiers", str(file), "-o", "json")
    (one,) = json.loads(said.out)["items"]
    assert said.code == NEGATIVE
    assert (one["name"], one["kind"], one["sent"], one["failed"]) == ("hook", "webhook", 1, 2)
    assert (one["dead"], one["waiting"], one["why"]) == (1, 1, "'odd'")
    assert one["waitingSince"] and one["lastSent"] and one["cursor"] > 0
    table = shop("notifiers", "--notifiers", str(file)).out.splitlines()
    assert table[0].split()[:4] == ["NOTIFIER", "KIND", "CURSOR", "WAITING"]
    assert table[1].startswith("hook      webhook")
    dead = shop("notifiers", "--notifiers", str(file), "--dead")
    assert "prod/api: 1 starts" in dead.out and "too long" in dead.out


def test_dead_letters_are_sent_again_by_the_controller(shop):
    life = Told(shop)
    box = Box(fails=[Refusal("no")] * 3)
    deliverer = life.deliverer(box, name="hook")
    shop.release("1")
    deliverer.step()
    first, *_ = shop.store.deliveries()["hook"].dead
    assert shop("notifiers", "resend", "hook", first.id).out.startswith("hook: 1 are sent again")
    deliverer.step()
    assert [message.id for message in box.got] == [first.id]
    assert shop("notifiers", "resend", "hook").out.startswith("hook: 2 are sent again")
    deliverer.step()
    assert len(box.got) == 3
    assert shop("notifiers", "resend", "hook").out == "hook has no dead letters\n"


def test_what_cannot_be_sent_again_is_refused_and_writes_nothing(shop):
    life = Told(shop)
    life.deliverer(Box(), name="hook")
    shop.store.deliver(NOTES, None, Delivery(cursor=0))  # the controller's own mark, and no notifier
    for args, what in (
        (("hokk",), "no notifier 'hokk' is known to this store; known: hook\n"),
        ((NOTES,), "no notifier '/notes' is known to this store; known: hook\n"),
        (("hook", "msg_nothing"), "hook has no dead letter 'msg_nothing'"),
    ):
        said = shop("notifiers", "resend", *args)
        assert (said.code, said.out) == (WRONG, "") and what in said.err
    assert shop.store.again("hook").number == 0


def test_hostile_text_in_a_dead_letter_moves_no_cursor(shop):
    life = Told(shop)
    deliverer = life.deliverer(Box(fails=[Refusal("\x1b[2J\nfake line")]), name="hook")
    shop.release("1")
    deliverer.step()
    said = shop("notifiers", "--dead")
    assert "\x1b" not in said.out and len(said.out.splitlines()) == 2
    state = shop.store.deliveries()["hook"]
    shop.store.deliver("hook", state, replace(state, why="\x1b[2J", tries=1))
    assert "\x1b" not in shop("notifiers").out


def test_without_any_notifier_it_says_so(shop):
    said = shop("notifiers")
    assert (said.code, said.out.partition(":")[0]) == (DONE, "nobody is told anything")


def test_release_notes_are_shown_of_the_newest_or_of_one_version(shop):
    for version in ("1", "2"):
        row = made.an_entry(f"{version} in prod/api\n\nFixes\n- one \x1b[2J (abc, Ada)")
        row = replace(row, event=Event.NOTES, version=version)
        shop.store.deliver("/notes", None, None, [row])
    newest, older = shop("history", "prod", "api", "--notes"), shop("history", "prod", "api", "--notes", "1")
    assert newest.out.startswith("2 in prod/api\n\nFixes\n") and "\x1b" not in newest.out
    assert older.out.startswith("1 in prod/api\n")
    listed = json.loads(shop("history", "prod", "api", "--notes", "1", "-o", "json").out)
    assert (listed["kind"], listed["items"][0]["version"]) == ("ReleaseNotesList", "1")


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("prod", "api", "--notes", "9"), "prod/api has no release notes of 9; there are: none"),
        (("prod", "--notes"), "--notes takes ENV and TARGET"),
        (("prod", "api", "--notes", "1", "--show", "1"), "--show takes ENV and TARGET, and neither --all"),
    ],
)
def test_notes_that_there_are_not_get_one_sentence(shop, args, what):
    shop.release("1")
    said = shop("history", *args)
    assert (said.code, said.out) == (WRONG, "") and what in said.err
