"""The series of every target follow the status table, whatever comes, changes and goes."""

import gzip
import importlib
import inspect
import pkgutil
import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from prometheus_client.parser import text_string_to_metric_families

from controller.kinds import STORED
from controller.model.decision import Blocker
from controller.model.hotfix import HOTFIX
from controller.model.rollout import Phase
from controller.model.status import HotfixStatus
from controller.plan.blocking import MOVED_TAG
from controller.plan.joint import GROUP
from controller.plan.look import FREEZE, SLOTS
from controller.plan.mass import MASS_CHANGE
from controller.plan.needs import NEEDS
from controller.plan.versions import BREAKING
from controller.telemetry.families import FAMILIES, GATES, RESULTS
from controller.telemetry.squeeze import gather
from controller.telemetry.table import Table
from tests.telemetry.cycles import NOW, status

_GATE = re.compile(r'gate="(\w+)"')
COLUMNS = sum(len(family.columns) for family in FAMILIES)


def samples(table):
    families = text_string_to_metric_families(table.text(openmetrics=False).decode())
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(table, name, **labels):
    found = [
        value for key, value in samples(table).items() if key[0] == name and set(labels.items()) <= set(key[1:])
    ]
    assert len(found) == 1, found
    return found[0]


def shown(*statuses):
    table = Table()
    table.show(statuses)
    return table


def test_a_table_without_targets_has_the_heads_and_no_series():
    assert samples(Table()) == {}
    assert Table().text(openmetrics=False).count(b"# TYPE") == len(FAMILIES)


def test_every_series_of_a_target_is_there_as_soon_as_it_is_shown():
    found = samples(shown(status("api"), status("web")))

    assert len(found) == 2 * COLUMNS
    assert {result for key in found for label, result in key[1:] if label == "result"} == set(RESULTS)
    assert {gate for key in found for label, gate in key[1:] if label == "gate"} == set(GATES)
    held = (
        "claim",
        "held",
        "foreign",
        "stalled",
        "fight",
        "rollout",
        "movedTag",
        "mode",
        "needs",
        "slots",
    )
    gates = (
        "group",
        "massChange",
        "fixed",
        "breaking",
        "gates",
        "freeze",
        "promoted",
        "approval",
        "checklist",
        "backup",
        "signed",
        "window",
        "notBefore",
        "alarms",
        "http",
        "prometheus",
        "hotfix",
    )
    assert ("pause", "source", "quarantine", "quota", *held, *gates) == GATES


def test_every_kind_of_gate_and_whatever_else_the_plan_says_that_blocks_has_a_series_of_its_own():
    said = {gate for module in _modules("controller.plan") for gate in _GATE.findall(inspect.getsource(module))}
    named = {HOTFIX, BREAKING, FREEZE, GROUP, MASS_CHANGE, MOVED_TAG, NEEDS, SLOTS}
    assert {"pause", "held", "fixed", "quota"} <= said, "the words are found"
    assert {*STORED.gates, *said, *named} <= {*GATES}


def _modules(package):
    folder = importlib.import_module(package).__path__
    return [importlib.import_module(f"{package}.{one.name}") for one in pkgutil.iter_modules(folder)]


def test_hotfixes_have_a_series_for_each_thing_that_can_be_said_of_them():
    standing = HotfixStatus(number=1, version="v1.2.4", by="anna", at=NOW, standing=True, skipped=("promoted",))
    late = HotfixStatus(number=0, version="v1.2.3", by="bob", at=NOW, review_due=NOW, overdue=True)

    def states(*hotfixes):
        found = samples(shown(status(hotfixes=hotfixes)))
        return {dict(key[1:])["state"] for key, value in found.items() if key[0] == "trueup_hotfix" and value}

    assert states() == set()
    assert states(standing) == {"standing", "skipping"}
    assert states(late) == {"unreviewed", "overdue"}
    assert states(replace(standing, skipped=(), unmerged="it is not there")) == {"standing", "unmerged"}
    assert states(late, standing) == {"standing", "skipping", "unreviewed", "overdue"}


def test_the_phase_is_a_state_set():
    for phase in Phase:
        found = samples(shown(status(phase=phase)))
        ones = {
            dict(key[1:])["phase"]: value
            for key, value in found.items()
            if key[0] == "trueup_target_phase" and value
        }
        assert ones == {phase.value: 1.0}


def test_each_fact_of_a_status_is_its_own_series():
    table = shown(
        status(
            synced=False,
            drifted=True,
            seen=False,
            quarantined=True,
            paused="lunch",
            paused_since=NOW,
            rollout_since=NOW.replace(microsecond=250_000),
            desired=4,
            running=3,
        )
    )

    assert value(table, "trueup_target_synced") == 0
    assert value(table, "trueup_target_drifted") == 1
    assert value(table, "trueup_target_seen") == 0
    assert value(table, "trueup_target_quarantined") == 1
    assert value(table, "trueup_target_paused") == 1
    assert value(table, "trueup_target_pause_timestamp_seconds") == NOW.timestamp()
    assert value(table, "trueup_target_rollout_timestamp_seconds") == NOW.timestamp() + 0.25
    assert value(table, "trueup_target_tasks", state="desired") == 4
    assert value(table, "trueup_target_tasks", state="running") == 3


def test_what_is_over_is_over_in_the_series_too():
    table = shown(status(phase=Phase.STALLED, paused="lunch", paused_since=NOW, rollout_since=NOW, synced=False))
    table.show([status()])

    assert samples(table) == samples(shown(status()))


def test_versions_are_on_the_info_only_and_an_old_one_goes_with_the_new():
    table = shown(status(wanted="v1.2.3", live="v1.2.3"))
    table.show([status(wanted="v1.2.4", live="v1.2.3")])

    (info,) = [dict(key[1:]) for key in samples(table) if key[0] == "trueup_target_info"]
    assert info == {
        "environment": "prod",
        "target": "api",
        "kind": "ecs",
        "cluster": "unifocus-prod",
        "service": "unifocus-prod-api",
        "owner": "payments",
        "wanted": "v1.2.4",
        "live": "v1.2.3",
    }
    assert table.text(openmetrics=False).count(b"v1.2.4") == 1


def test_what_blocks_is_counted_by_its_kind_and_any_gate_of_another_kind_as_gates():
    blockers = tuple(Blocker(gate=gate, why="…") for gate in ("pause", "quota", "alarms", "window", "lamp"))
    found = samples(shown(status(blockers=blockers)))

    shut = {dict(key[1:])["gate"] for key, value in found.items() if key[0] == "trueup_blocked" and value}
    assert shut == {"pause", "quota", "alarms", "window", "gates"}


def test_rollouts_are_counted_for_each_target_and_for_its_life():
    table = shown(status("api"), status("web"))
    table.count(("prod", "api"), "good")
    table.count(("prod", "api"), "good")
    table.count(("prod", "api"), "rolled_back")

    assert value(table, "trueup_target_rollouts_total", target="api", result="good") == 2
    assert value(table, "trueup_target_rollouts_total", target="api", result="rolled_back") == 1
    assert value(table, "trueup_target_rollouts_total", target="web", result="good") == 0
    table.keep("prod", ["web"])
    table.show([status("api")])
    assert value(table, "trueup_target_rollouts_total", target="api", result="good") == 0


def test_a_count_that_comes_before_the_status_is_not_lost():
    table = Table()
    table.count(("prod", "api"), "failed")
    table.show([status("api")])

    assert value(table, "trueup_target_rollouts_total", result="failed") == 1


def test_a_target_that_leaves_takes_all_its_series_with_it_and_no_others():
    table = shown(status("api"), status("web", phase=Phase.STALLED), status("api", "stage"))
    table.keep("prod", ["api"])

    assert {dict(key[1:])["environment"] + "/" + dict(key[1:])["target"] for key in samples(table)} == {
        "prod/api",
        "stage/api",
    }
    assert len(samples(table)) == 2 * COLUMNS


def test_values_from_git_cannot_add_a_line_or_a_label():
    evil = 'x",live="forged"} 1\ntrueup_blocked{gate="forged\\'
    table = shown(status(owner=evil, wanted="v\N{RIGHT-TO-LEFT OVERRIDE}1", live="v" * 10_000))

    found = samples(table)
    assert len(found) == COLUMNS
    (info,) = [dict(key[1:]) for key in found if key[0] == "trueup_target_info"]
    assert info["owner"] == evil.replace("\n", "\\n")
    assert info["wanted"] == "v\\u202e1"
    assert len(info["live"]) == 128


def test_openmetrics_knows_counters_and_infos_by_their_shorter_names():
    text = shown(status()).text(openmetrics=True)

    assert b"# TYPE trueup_target_rollouts counter\n" in text
    assert b"# TYPE trueup_target info\n" in text
    assert b"\ntrueup_target_rollouts_total{" in text
    assert b"\ntrueup_target_info{" in text


def test_what_did_not_change_is_not_written_or_compressed_again():
    table = shown(*(status(f"api-{number}") for number in range(50)))
    first = table.parts(openmetrics=False)

    again = table.parts(openmetrics=False)
    assert [one is other for one, other in zip(first, again, strict=True)] == [True] * len(first)
    table.show(status(f"api-{number}") for number in range(50))
    assert all(one is other for one, other in zip(first, table.parts(openmetrics=False), strict=True))

    table.show([status("api-7", running=3)])
    fresh = [one for one, other in zip(table.parts(openmetrics=False), first, strict=True) if one is not other]
    assert len(fresh) == 1
    assert b'api-7",state="running"} 3\n' in gzip.decompress(gather(fresh))


@given(st.lists(st.sampled_from(list(Phase)), min_size=1, max_size=8), st.booleans())
def test_the_compressed_form_is_the_plain_one(phases, openmetrics):
    table = shown(*(status(f"api-{number}", phase=phase) for number, phase in enumerate(phases)))

    assert gzip.decompress(gather(table.parts(openmetrics=openmetrics))) == table.text(openmetrics=openmetrics)


class AnyLife(RuleBasedStateMachine):
    """Whatever was shown, counted, scraped and dropped before: the series are those of the newest table."""

    def __init__(self):
        super().__init__()
        self.table = Table()
        self.statuses = {}
        self.counts = {}

    @rule(
        name=st.sampled_from(["api", "web", "worker"]),
        env=st.sampled_from(["dev", "prod"]),
        phase=st.sampled_from(list(Phase)),
        running=st.integers(0, 3),
        synced=st.booleans(),
        paused=st.sampled_from(["", "lunch"]),
        gates=st.lists(st.sampled_from([*GATES, "window"]), max_size=2),
    )
    def show(self, env, name, phase, running, synced, paused, gates):
        told = status(name, env, phase=phase, running=running, synced=synced, paused=paused)
        told = replace(told, blockers=tuple(Blocker(gate=gate, why="…") for gate in gates))
        self.statuses[env, name] = told
        self.table.show([told])

    @rule(data=st.data(), result=st.sampled_from(RESULTS))
    def count(self, data, result):
        if self.statuses:
            key = data.draw(st.sampled_from(sorted(self.statuses)))
            counts = self.counts.setdefault(key, dict.fromkeys(RESULTS, 0))
            counts[result] += 1
            self.table.count(key, result)

    @rule(env=st.sampled_from(["dev", "prod"]), kept=st.sets(st.sampled_from(["api", "web", "worker"])))
    def keep(self, env, kept):
        gone = [key for key in self.statuses if key[0] == env and key[1] not in kept]
        for key in gone:
            del self.statuses[key]
            self.counts.pop(key, None)
        self.table.keep(env, kept)

    @rule()
    def scrape(self):
        self.table.parts(openmetrics=False)

    @invariant()
    def it_is_as_if_only_the_newest_had_ever_been_shown(self):
        fresh = shown(*self.statuses.values())
        for key, counts in self.counts.items():
            for result, times in counts.items():
                for _ in range(times):
                    fresh.count(key, result)
        assert samples(self.table) == samples(fresh)
        packed = gzip.decompress(gather(self.table.parts(openmetrics=False)))
        assert sorted(packed.splitlines()) == sorted(fresh.text(openmetrics=False).splitlines())


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(stateful_step_count=20)
