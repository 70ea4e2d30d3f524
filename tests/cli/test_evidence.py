"""What was gathered of what failed: short in `why`, whole in `history --evidence`, and unable to move a cursor."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml

from controller.cli.show import listing
from controller.codes import DONE, WRONG
from controller.model.story import EVIDENCE_LIMIT, EVIDENCE_TEXT, Entry, Event
from tests.world import digest

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
SEEN = "verdict: the circuit breaker\ntask e1: api exited 137"
WHOLE = SEEN + "\nlog: starting \x1b[31mred\x1b[0m \x9b2J\nlog: \u202egnp.exe"


def broken(shop, version="2"):
    """Version 2 of api failed here, and 1 runs again."""
    shop.release("1")
    shop.world.platform.bad.add(digest(version))
    shop.world.version = version
    return shop.ticks(20)


def write(shop, text=WHOLE, version="2", at=NOON, target="api"):
    """Write a row of evidence, as the loop does."""
    row = Entry(
        at=at,
        env="prod",
        target=target,
        event=Event.EVIDENCE,
        text=f"what was seen of {version} when it failed",
        rollout=2,
        version=version,
        data={EVIDENCE_TEXT: text},
    )
    record = shop.store.load("prod")
    shop.store.save(record, record, "prod", [row])


def evidence(shop, lines):
    """Let what failed have this short evidence."""
    record = shop.store.load("prod")
    memory = record.targets["api"]
    barred = {name: replace(one, evidence=lines) for name, one in memory.quarantine.items()}
    shop.store.save(record, replace(record, targets={"api": replace(memory, quarantine=barred)}), "prod")


def test_why_shows_what_was_seen_of_what_failed_and_where_the_rest_is(shop):
    broken(shop)
    told = shop("why", "prod", "api").out.splitlines()
    at = next(number for number, line in enumerate(told) if line.startswith("  failed  "))
    assert "circuit breaker" in told[at]
    assert told[at + 1] == "          task 1: api exited 1"
    assert told[at + 2] == "          all of it: trueup history prod api --evidence"
    assert told[at + 3].startswith("  do next commit another version")


def test_why_shows_ten_lines_and_counts_the_others(shop):
    broken(shop)
    evidence(shop, tuple(f"task {number}: exit 1" for number in range(13)))
    told = shop("why", "prod", "api").out
    assert "          task 9: exit 1\n          and 3 more lines\n" in told and "task 10:" not in told


def test_of_several_that_failed_why_shows_the_one_that_is_wanted(shop):
    broken(shop)
    shop.world.platform.bad.add(digest("3"))
    shop.world.version = "3"
    shop.ticks(20)
    record = shop.store.load("prod")
    memory = record.targets["api"]
    barred = {name: replace(one, evidence=(f"log of {one.version}",)) for name, one in memory.quarantine.items()}
    shop.store.save(record, replace(record, targets={"api": replace(memory, quarantine=barred)}), "prod")
    assert len(barred) == 2
    assert "log of 3" in shop("why", "prod", "api").out
    shop.world.version = "2"
    shop.ticks(2)
    told = shop("why", "prod", "api").out
    assert "log of 2" in told and "log of 3" not in told


def test_nothing_is_said_of_what_failed_once_something_else_is_wanted(shop):
    broken(shop)
    shop.world.version = "3"
    shop.ticks(14)
    assert "  failed  " not in shop("why", "prod", "api").out


def test_history_prints_all_of_it_newest_last(shop):
    broken(shop)
    write(shop)
    write(shop, "verdict: deadline", version="3")
    said = shop("history", "prod", "api", "--evidence")
    assert said.code == DONE
    gathered, first, second = said.out.rstrip("\n").split("\n\n")  # the loop has journaled what it gathered
    assert gathered.splitlines()[1].startswith("  verdict: it is not well")
    assert first.splitlines() == [
        "2030-01-01T12:00:00Z  prod/api  2  rollout 2: what was seen of 2 when it failed",
        "  verdict: the circuit breaker",
        "  task e1: api exited 137",
        "  log: starting \\x1b[31mred\\x1b[0m \\x9b2J",
        "  log: \\u202egnp.exe",
    ]
    assert second.splitlines()[1:] == ["  verdict: deadline"]
    assert shop("history", "prod", "api", "--evidence", "--limit", "1").out.rstrip("\n") == second


def test_the_whole_of_the_longest_evidence_comes_out_again(shop):
    shop.release("1")
    lines = [f"log {number:05}: {'x' * 50}" for number in range(EVIDENCE_LIMIT // 62)]
    write(shop, "\n".join(lines))
    assert shop("history", "prod", "api", "--evidence").out.splitlines()[1:] == [f"  {line}" for line in lines]


def test_rows_of_evidence_stay_out_of_the_way_of_the_others(shop):
    broken(shop)
    before = shop("history", "prod", "api").out
    write(shop)
    assert shop("history", "prod", "api").out == before
    assert "what was seen of 2 when it failed" in shop("history", "prod", "api", "--all").out


def test_evidence_of_another_target_is_not_shown(shop):
    shop.release("1")
    write(shop, target="web")
    assert "No evidence is kept" in shop("history", "prod", "api", "--evidence").out
    assert "prod/web" in shop("history", "prod", "--evidence").out


def test_two_ways_of_choosing_rows_exclude_each_other(shop):
    shop.release("1")
    said = shop("history", "--all", "--evidence")
    assert said.code == WRONG and "--all and --evidence exclude each other" in said.err


@pytest.mark.parametrize(("output", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_machines_get_every_letter_and_terminals_none_that_moves_them(shop, output, read):
    shop.release("1")
    write(shop)
    out = shop("history", "prod", "api", "--evidence", "-o", output).out
    assert read(out)["items"][0]["data"]["text"] == WHOLE
    assert out.replace("\n", "").isprintable()


def test_evidence_that_others_wrote_cannot_move_the_cursor_in_why(shop):
    broken(shop)
    evidence(shop, ("log: \x1b[2J\x1b[1;1Hall is well\nprod/api: fine", "log: \u202egnp.exe"))
    out = shop("why", "prod", "api").out
    assert out.replace("\n", "").isprintable()
    assert "          log: \\x1b[2J\\x1b[1;1Hall is well\\nprod/api: fine\n" in out


@pytest.mark.parametrize(("output", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_what_can_be_seen_is_printed_as_it_is_and_what_cannot_is_escaped(output, read):
    items = [{"why": "größer — 漢字"}, {"why": "\x7f \u200b \U000e0041 \t"}]
    assert "größer — 漢字" in listing("Thing", items[:1], output)
    out = listing("Thing", items, output)
    assert out.replace("\n", "").isprintable()
    assert read(out)["items"] == items
