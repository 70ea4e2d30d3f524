"""`history --show`: the whole record of one rollout, from the commit that asked for it to its verdict."""

import json
from dataclasses import replace

import pytest
import yaml

from controller.codes import DONE, WRONG
from controller.model.gate import OnShut
from controller.model.hooks import Hook, When
from controller.model.manifest import Manifest
from controller.model.questions import Unanswered
from controller.model.reviews import Brought, ChangeOf
from controller.model.story import Event
from tests.world import Approval, digest, release

HOOKS = (Hook(name="migrate", when=When.BEFORE), Hook(name="smoke", when=When.AFTER))
SHA = "sha256:" + "4" * 64


@pytest.fixture
def shop(shop):
    """Specs have an author, and releases know their commit."""
    read = shop.world.read

    def signed(env, accepted, instead):
        desired = read(env, accepted, instead)
        targets = {
            name: replace(want, release=replace(want.release, commit=desired.commit))
            for name, want in desired.targets.items()
        }
        return replace(desired, targets=targets, author=f"Ada {desired.commit}")

    shop.world.read = signed
    return shop


def record(shop, number, target="api"):
    said = shop("history", "prod", target, "--show", str(number), "-o", "json")
    assert said.code == DONE, said.err
    told = json.loads(said.out)
    assert (told["apiVersion"], told["kind"]) == ("trueup/v1", "RolloutRecordList")
    (item,) = told["items"]
    return item


def rows(shop, event):
    return [row for row in shop.store.journal(env="prod", limit=10_000) if row.event is event]


def test_it_says_what_was_asked_for_by_whom_and_how_it_ended(shop):
    shop.release("1", "2")
    told = record(shop, 2)
    assert (told["env"], told["target"], told["rollout"], told["version"]) == ("prod", "api", 2, "2")
    assert (told["digest"], told["replaced"], told["purpose"], told["way"]) == (
        digest("2"),
        "1",
        "forward",
        "deploy",
    )
    assert (told["commit"], told["author"]) == ("c2", "Ada c2")
    assert [(one["what"], one["by"]) for one in told["commits"]] == [("c2", "Ada c2")]
    assert told["verdict"]["result"] == "good" and told["verdict"]["why"].startswith("keep: it stayed well")
    assert record(shop, 1)["commit"] == "c1"


def test_phases_follow_each_other_and_add_up_to_how_long_it_took(shop):
    shop.release("1")
    told = record(shop, 1)
    assert [one["phase"] for one in told["phases"]] == ["rolling", "baking", "idle"]
    assert [one["until"] for one in told["phases"][:-1]] == [one["since"] for one in told["phases"][1:]]
    assert sum(one["seconds"] for one in told["phases"][:-1]) == told["seconds"] > 0
    assert (told["phases"][0]["since"], told["phases"][-1]["since"]) == (told["opened"], told["ended"])
    assert told["phases"][-1]["until"] is told["phases"][-1]["seconds"] is None


def test_the_calls_and_the_rows_that_it_was_made_of_are_in_it(shop):
    shop.release("1")
    shop.release("2")
    told = record(shop, 2)
    assert [one["what"] for one in told["calls"]] == ["intent", "Sent"]
    numbers = [row.number for row in shop.store.journal(env="prod", limit=10_000) if row.rollout == 2]
    assert told["rows"] == numbers and numbers


def test_images_are_named_by_the_digest_of_their_content(shop):
    fields = {"taskDefinition.image": f"registry/api@{SHA}", "taskDefinition.cpu": "256"}
    pinned = replace(release("1"), manifest=Manifest.of(fields, owns=("taskDefinition",)))
    shop.world.want = {"release": pinned}
    shop.ticks(14)
    assert record(shop, 1)["images"] == {"taskDefinition.image": f"registry/api@{SHA}"}


def test_what_gates_said_while_it_waited_and_that_they_were_open_in_the_end(shop):
    shop.release("1")
    shop.world.want = {"gates": (Approval(),)}
    shop.world.version = "2"
    shop.ticks(3)
    shop.world.approvals["2"] = frozenset({"ada"})
    shop.ticks(12)
    told = record(shop, 2)
    assert [(one["what"], one["text"]) for one in told["gates"]] == [
        ("approval", "1 approval(s) missing"),
        ("approval", "open"),
    ]
    assert [one["phase"] for one in told["phases"]] == ["pending", "rolling", "baking", "idle"]
    assert told["phases"][0]["seconds"] == 9 * 60


def test_what_waited_before_it_and_never_began_had_gates_of_its_own(shop):
    shop.release("1")
    shop.world.want = {"gates": (Approval(),)}
    shop.world.version = "2"
    shop.ticks(3)
    shop.world.want = {"gates": ()}
    shop.world.version = "3"
    shop.ticks(12)
    told = record(shop, 2)
    assert told["version"] == "3" and told["gates"] == []


BROUGHT = Brought(
    pull="#12 Release 2",
    url="https://github.example.com/unifocus/specs/pull/12",
    author="dora",
    reviewers=("anna: approved",),
    checks=("test: success", "lint: failure"),
)


def asked_the_host(shop, answer):
    """Let the world have a git host that gives this answer; gives what it is asked."""
    asked, world = [], shop.world.world

    class Host:
        @staticmethod
        def answer(questions):
            asked.extend(questions)
            return dict.fromkeys(questions, answer)

    shop.world.world = lambda: replace(world(), probes={**world().probes, ChangeOf: Host})
    return asked


def test_who_brought_it_who_reviewed_that_and_its_checks_are_kept_if_the_host_said_so_in_time(shop):
    shop.release("1")
    asked = asked_the_host(shop, BROUGHT)
    shop.world.want = {"gates": (Approval(),)}
    shop.world.version = "2"
    shop.ticks(1)
    assert asked == []  # nobody is asked in the turn in which it is first wanted: it might open at once
    shop.ticks(1)
    assert asked == [ChangeOf(commit="c2")]
    shop.world.approvals["2"] = frozenset({"ada"})
    shop.ticks(12)
    assert record(shop, 2)["brought"] == {
        "pull": "#12 Release 2",
        "url": BROUGHT.url,
        "author": "dora",
        "reviewers": ["anna: approved"],
        "checks": ["test: success", "lint: failure"],
    }
    said = shop("history", "prod", "api", "--show", "2").out
    assert f"  pull      #12 Release 2 {BROUGHT.url}\n" in said
    assert "reviews:\n  anna: approved\nchecks:\n  test: success\n  lint: failure\n" in said
    assert asked == asked[:1] * len(asked), "once it is open, nobody asks"


@pytest.mark.parametrize("answer", [Unanswered(why="GitHub is being asked"), Brought(), "nonsense"])
def test_a_host_that_does_not_say_holds_nothing_up(shop, answer):
    shop.release("1")
    asked_the_host(shop, answer)
    shop.world.want = {"gates": (Approval(),)}
    shop.world.version = "2"
    shop.ticks(2)
    shop.world.approvals["2"] = frozenset({"ada"})
    shop.ticks(12)
    assert shop.world.goods[0] == "2" and record(shop, 2)["brought"] is None


def test_a_way_back_to_what_is_known_here_is_not_said_to_have_passed_a_gate(shop):
    shop.release("1", "2")
    shop.world.want = {"gates": (Approval(),)}
    shop.world.version = "1"
    shop.ticks(12)
    (gate,) = record(shop, 3)["gates"]
    assert (gate["what"], gate["text"]) == ("approval", "not asked: what is known here needs no gate")


def test_orders_for_it_are_told_with_who_and_why_and_those_of_others_are_not(shop):
    shop.release("1")
    shop("pause", "prod", "--reason", "quarter end", "--as", "grace")
    shop("resume", "prod", "--as", "ada")
    shop.release("2")
    shop("pause", "prod", "api", "--reason", "later", "--as", "bob")
    assert [(one["text"], one["by"]) for one in record(shop, 2)["orders"]] == [
        ("pause: quarter end", "grace"),
        ("resume", "ada"),
    ]
    assert record(shop, 1)["orders"] == []


def test_hooks_have_their_exit_codes_and_times(shop):
    shop.release("1")
    shop.world.terms = {"hooks": HOOKS}
    shop.release("2")
    told = record(shop, 2)
    assert [(one["name"], one["when"], one["state"], one["code"]) for one in told["hooks"]] == [
        ("migrate", "before", "passed", 0),
        ("smoke", "after", "passed", 0),
    ]
    assert all(one["task"] and told["opened"] <= one["started"] <= one["ended"] for one in told["hooks"])
    assert record(shop, 1)["hooks"] == []
    assert "before migrate: passed, exit code 0" in shop("history", "prod", "api", "--show", "2").out


def test_a_hook_that_failed_says_why_and_what_it_logged(shop):
    shop.release("1")
    shop.world.terms = {"hooks": HOOKS}
    shop.world.platform.exits_with["migrate"] = 3
    shop.world.version = "2"
    shop.ticks(6, 1)
    told = record(shop, 2)
    (hook,) = told["hooks"]
    assert (hook["state"], hook["code"], told["verdict"]["result"]) == ("failed", 3, "failed")
    assert any("migrate: boom" in line for line in told["evidence"])
    assert [one["what"] for one in told["failures"]] == ["quarantined"]


def test_a_release_that_failed_has_its_evidence_and_where_it_went_back_to(shop):
    shop.release("1")
    shop.world.platform.bad.add(digest("2"))
    shop.world.version = "2"
    shop.ticks(20)
    told = record(shop, 2)
    assert (told["verdict"]["result"], told["verdict"]["back"]) == ("rolled_back", "1")
    assert told["verdict"]["cause"] == "breaker"
    assert "task 1: api exited 1" in told["evidence"]
    assert [one["phase"] for one in told["phases"]][:2] == ["rolling", "rolling_back"]


def test_a_failure_that_another_release_mends_at_once_is_told_of_the_one_that_failed(shop):
    shop.release("1")
    shop.world.version = "2"
    shop.ticks(5)
    shop.world.sick.add(digest("2"))
    shop.world.version = "3"
    shop.ticks(16)
    failed = [(row.rollout, row.version) for row in rows(shop, Event.QUARANTINED)]
    assert failed == [(2, "2")], shop.world.trail()
    assert len(record(shop, 2)["failures"]) == 1 and record(shop, 3)["failures"] == []
    assert record(shop, 2)["ended"] == record(shop, 3)["opened"]


def test_guards_that_only_warned_are_in_it(shop):
    shop.world.guarding = {"action": OnShut.WARN}
    shop.release("1")
    shop.world.version = "2"
    shop.ticks(5)
    shop.world.sick.add(digest("2"))
    shop.ticks(14)
    told = record(shop, 2)
    assert told["verdict"]["result"] == "good"
    assert [one["what"] for one in told["guards"]] == ["alarms"] and "warning: " in told["guards"][0]["text"]


def test_alarms_that_rang_when_it_was_opened_are_in_it(shop):
    shop.release("1")
    shop.world.terms = {"incident": "INC-42"}
    shop.world.rings = True
    shop.world.version = "2"
    shop.ticks(2)
    shop.world.rings = False
    shop.ticks(14)
    assert record(shop, 2)["alarms"] == ["5xx"]


def test_one_that_is_under_way_has_no_verdict_yet_and_its_hooks_so_far(shop):
    shop.release("1")
    shop.world.terms = {"hooks": HOOKS}
    shop.world.version = "2"
    shop.ticks(1)
    told = record(shop, 2)
    assert (told["phase"], told["ended"], told["seconds"], told["verdict"]["result"]) == (
        "preparing",
        None,
        None,
        "",
    )
    assert [(one["name"], one["state"], one["code"]) for one in told["hooks"]] == [("migrate", "running", None)]
    assert "none yet: it is preparing" in shop("history", "prod", "api", "--show", "2").out


def test_a_way_back_that_a_person_ordered_is_told_from_the_order_on(shop):
    shop.release("1", "2")
    shop("rollback", "prod", "api", "--to", "1", "--reason", "errors", "--as", "ada")
    shop.ticks(10)
    told = record(shop, 3)
    assert (told["purpose"], told["version"], told["verdict"]["back"]) == ("back", "2", "1")
    assert [(one["text"], one["by"]) for one in told["orders"]] == [("rollback to 1: errors", "ada")]
    assert told["gates"] == [] and told["digest"] == digest("2")


def test_numbers_that_began_again_mean_the_newest(shop):
    shop.release("1", "2")
    memory = shop.store.load("prod")
    shop.store.save(memory, replace(memory, targets={}), "prod")
    shop.ticks(2)
    shop.release("3")
    told = record(shop, 1)
    assert (told["version"], told["commit"], told["verdict"]["result"]) == ("3", "c3", "good")
    assert told["opened"] > record(shop, 2)["ended"]
    assert record(shop, 2)["version"] == "2"


def test_the_record_of_a_target_that_is_forgotten_is_still_there(shop):
    shop.release("1")
    before = record(shop, 1)
    memory = shop.store.load("prod")
    shop.store.save(memory, replace(memory, targets={}), "prod")
    assert record(shop, 1) == before


def test_rows_of_an_older_version_have_a_record_too(shop):
    shop.release("1")
    known = {"digest", "way", "before", "after", "result", "cause", "seconds", "opened", "back"}
    old = [
        replace(row, env="stage", number=0, data={key: row.data[key] for key in known & row.data.keys()})
        for row in shop.store.journal(env="prod", limit=10_000)
    ]
    memory = shop.store.load("stage")
    shop.store.save(memory, memory, "stage", old)
    said = shop("history", "stage", "api", "--show", "1", "-o", "yaml")
    (told,) = yaml.safe_load(said.out)["items"]
    new = record(shop, 1)
    assert (told["version"], told["commit"], told["hooks"]) == ("1", "", [])
    assert [told[key] for key in ("digest", "seconds", "opened", "ended", "verdict", "phases")] == [
        new[key] for key in ("digest", "seconds", "opened", "ended", "verdict", "phases")
    ]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("prod", "api", "--show", "9"), "prod/api has had no rollout 9; there are 1 to 2"),
        (("prod", "web", "--show", "1"), "no target 'web' is known in prod; known: api"),
        (("nope", "api", "--show", "1"), "no environment 'nope' is known to this store; known: prod"),
        (("prod", "--show", "1"), "--show takes ENV and TARGET, and neither --all nor --evidence"),
        (("prod", "api", "--show", "1", "--all"), "--show takes ENV and TARGET, and neither --all nor --evidence"),
        (("prod", "api", "--show", "0"), "0 is not in the range x>=1"),
    ],
)
def test_what_is_not_there_to_be_shown_is_said_in_one_sentence(shop, args, message):
    shop.release("1", "2")
    said = shop("history", *args)
    assert said.code == WRONG and message in said.err and said.out == ""


def test_what_others_wrote_cannot_move_a_cursor(shop):
    shop.release("1")
    shop("pause", "prod", "api", "--reason", "\x1b[2J\u202e", "--as", "\x1b[31mroot")
    shop("resume", "prod", "api")
    shop.release("2")
    for form in ("table", "json", "yaml"):
        said = shop("history", "prod", "api", "--show", "2", "-o", form).out
        assert said.replace("\n", "").isprintable(), form
