"""What a scrape is answered: every name and label as promised, in both forms, from the first scrape on."""

import gzip
import platform
import shutil
import subprocess
import threading
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from controller.model.desired import Complaint, Unread
from controller.model.orders import Orders, Pause
from controller.model.record import Record
from controller.model.rollout import Phase
from controller.telemetry.accept import OPENMETRICS, TEXT
from controller.telemetry.families import RESULTS
from controller.telemetry.metrics import Metrics
from controller.telemetry.series import AWS_RESULTS, OPERATIONS, REASONS
from tests.telemetry.cycles import NOW, PLACE, cycle, decision, desired, memory, rollout
from tests.telemetry.scrape_cost import measure
from tests.world import digest, settled

TARGET = frozenset({"environment", "target"})
# Every metric and its labels. Dashboards, alerts and docs/operations.md are written against this list.
PROMISED = {
    "trueup_build_info": {"version", "python"},
    "trueup_environment_info": {"environment", "commit"},
    "trueup_spec_valid": {"environment"},
    "trueup_spec_problems": {"environment"},
    "trueup_source_timestamp_seconds": {"source"},
    "trueup_source_polls_total": {"source", "result"},
    "trueup_turns_total": {"environment", "result"},
    "trueup_turn_seconds_bucket": {"environment", "le"},
    "trueup_turn_seconds_count": {"environment"},
    "trueup_turn_seconds_sum": {"environment"},
    "trueup_turn_timestamp_seconds": {"environment"},
    "trueup_queue_depth": set(),
    "trueup_lease_held": {"environment"},
    "trueup_environment_paused": {"environment"},
    "trueup_environment_crashes": {"environment"},
    "trueup_watcher_errors_total": {"watcher"},
    "trueup_aws_calls_total": {"account", "region", "operation", "result"},
    "trueup_aws_throttles_total": {"account", "region", "operation"},
    "trueup_store_errors_total": set(),
    "trueup_rollouts_total": {"environment", "result", "reason"},
    "trueup_guards_shut_total": {"environment", "does"},
    "trueup_rollout_seconds_bucket": {"environment", "result", "le"},
    "trueup_rollout_seconds_count": {"environment", "result"},
    "trueup_rollout_seconds_sum": {"environment", "result"},
    "trueup_target_info": TARGET | {"kind", "cluster", "service", "owner", "wanted", "live"},
    "trueup_target_phase": TARGET | {"phase"},
    "trueup_target_synced": TARGET,
    "trueup_target_drifted": TARGET,
    "trueup_target_drift_timestamp_seconds": TARGET,
    "trueup_target_paused": TARGET,
    "trueup_target_pause_timestamp_seconds": TARGET,
    "trueup_target_quarantined": TARGET,
    "trueup_target_seen": TARGET,
    "trueup_target_rollout_timestamp_seconds": TARGET,
    "trueup_target_tasks": TARGET | {"state"},
    "trueup_target_rollouts_total": TARGET | {"result"},
    "trueup_hotfix": TARGET | {"state"},
    "trueup_blocked": TARGET | {"gate"},
}


@pytest.fixture
def metrics():
    return Metrics(version="0.1.0")


def read(metrics, *, openmetrics=False):
    accept = "application/openmetrics-text" if openmetrics else ""
    parse = parse_openmetrics if openmetrics else parse_text
    return list(parse(metrics.scrape(accept)[0].decode()))


def samples(metrics, name, **labels):
    return {
        tuple(sorted(sample.labels.items())): sample.value
        for family in read(metrics)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    }


def value(metrics, name, **labels):
    (found,) = samples(metrics, name, **labels).values()
    return found


def total(metrics, name, **labels):
    return sum(samples(metrics, name, **labels).values())


def begun(metrics):
    """Tell what the composition root tells before the first turn, and give one turn."""
    metrics.source_seen("git")
    metrics.watcher_seen("logs")
    metrics.watch(cycle({"api": decision()}))
    return metrics


@pytest.mark.parametrize("openmetrics", [False, True], ids=["text", "OpenMetrics"])
def test_every_metric_has_the_name_and_the_labels_that_were_promised_and_no_other_exists(metrics, openmetrics):
    found = {}
    for family in read(begun(metrics), openmetrics=openmetrics):
        for sample in family.samples:
            if sample.name.startswith("trueup_"):
                found.setdefault(sample.name, set()).add(frozenset(sample.labels))

    assert found == {name: {frozenset(labels)} for name, labels in PROMISED.items()}


def test_both_forms_say_the_same(metrics):
    def all_of(families):
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
            if sample.name.startswith("trueup_")
        }

    assert all_of(read(begun(metrics))) == all_of(read(metrics, openmetrics=True))


def test_process_and_garbage_collector_are_told_too_and_nothing_of_a_global_registry(metrics):
    names = {sample.name for family in read(metrics) for sample in family.samples}

    assert {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"} <= names
    assert "python_gc_collections_total" in names
    assert not [name for name in names if name.endswith("_created")]
    assert {sample.name for family in read(Metrics(version="0.2.0")) for sample in family.samples} == names


def test_a_scrape_before_the_first_turn_is_well_formed(metrics):
    assert value(metrics, "trueup_build_info", version="0.1.0", python=platform.python_version()) == 1
    assert value(metrics, "trueup_store_errors_total") == 0
    assert value(metrics, "trueup_queue_depth") == 0
    assert metrics.scrape("application/openmetrics-text")[0].endswith(b"# EOF\n")


def test_each_form_has_its_content_type_and_is_compressed_for_who_asks(metrics):
    plain, headers = begun(metrics).scrape()
    packed, packed_headers = metrics.scrape("", "deflate, gzip")
    open_packed, open_headers = metrics.scrape("application/openmetrics-text;version=1.0.0", "gzip")

    assert headers == {"Content-Type": TEXT, "Vary": "Accept, Accept-Encoding"}
    assert packed_headers == headers | {"Content-Encoding": "gzip"}
    assert open_headers["Content-Type"] == OPENMETRICS
    assert gzip.decompress(packed).splitlines()[-30:] == plain.splitlines()[-30:]
    assert gzip.decompress(open_packed).endswith(b"# EOF\n")
    assert not plain.endswith(b"# EOF\n")


def test_an_environment_has_all_its_series_as_soon_as_it_is_seen(metrics):
    metrics.environment_seen("prod")

    assert len(samples(metrics, "trueup_rollouts_total", environment="prod")) == len(RESULTS) * len(REASONS)
    assert total(metrics, "trueup_rollouts_total") == 0
    assert {dict(key)["result"] for key in samples(metrics, "trueup_turns_total")} == {"ok", "error"}
    assert len(samples(metrics, "trueup_rollout_seconds_count")) == len(RESULTS)
    assert value(metrics, "trueup_turn_seconds_count") == 0
    assert value(metrics, "trueup_turn_timestamp_seconds") == 0
    assert value(metrics, "trueup_lease_held") == 0
    assert value(metrics, "trueup_spec_valid") == 1
    assert value(metrics, "trueup_environment_info", commit="") == 1


def test_a_turn_is_counted_timed_and_dated(metrics):
    metrics.watch(cycle({"api": decision()}, seconds=0.2))
    metrics.watch(cycle({"api": decision()}, seconds=7, now=NOW + timedelta(minutes=1)))
    metrics.turn_failed("prod")

    assert value(metrics, "trueup_turns_total", environment="prod", result="ok") == 2
    assert value(metrics, "trueup_turns_total", environment="prod", result="error") == 1
    assert value(metrics, "trueup_turn_seconds_count") == 2
    assert value(metrics, "trueup_turn_seconds_sum") == 7.2
    assert value(metrics, "trueup_turn_seconds_bucket", le="0.25") == 1
    assert value(metrics, "trueup_turn_timestamp_seconds") == NOW.timestamp() + 60


def test_the_commit_is_one_series_at_a_time(metrics):
    metrics.watch(cycle({"api": decision()}))
    metrics.watch(cycle({"api": decision()}, desired=desired("api", commit="abc1234")))

    assert value(metrics, "trueup_environment_info", commit="abc1234") == 1
    assert len(samples(metrics, "trueup_environment_info")) == 1


def test_a_spec_with_problems_is_not_valid_until_it_has_none(metrics):
    complaints = tuple(Complaint(path="specs/prod.yaml", what="unknown key", line=line) for line in (3, 9))
    metrics.watch(cycle({"api": decision()}, desired=desired("api", complaints=complaints)))
    assert value(metrics, "trueup_spec_valid") == 0
    assert value(metrics, "trueup_spec_problems") == 2

    metrics.watch(cycle({"api": decision()}))
    assert value(metrics, "trueup_spec_valid") == 1
    assert value(metrics, "trueup_spec_problems") == 0


def test_a_file_that_stands_as_it_was_when_it_last_parsed_is_a_problem(metrics):
    metrics.watch(cycle({"api": decision()}, desired=desired("api", broken={"specs/prod/api.yaml": "abc"})))

    assert value(metrics, "trueup_spec_valid") == 0


def test_with_git_away_what_was_known_of_the_spec_stays_and_a_bad_first_spec_is_told(metrics):
    metrics.watch(cycle({"api": decision()}))
    metrics.watch(cycle({"api": decision()}, desired=Unread(env="prod", why="git is away")))
    assert value(metrics, "trueup_spec_valid") == 1
    assert value(metrics, "trueup_environment_info", commit="9f3c2ab") == 1

    metrics.watch(cycle({"api": decision()}, desired=Unread(env="prod", why="line 3", reason="SpecInvalid")))
    assert value(metrics, "trueup_spec_valid") == 0
    assert value(metrics, "trueup_spec_problems") == 1
    metrics.watch(cycle({"api": decision()}))
    metrics.watch(cycle({"api": decision()}, desired=Unread(env="prod", why="a link", reason="FileRejected")))
    assert value(metrics, "trueup_spec_valid") == 0


@pytest.mark.parametrize(
    ("spec", "order", "paused"),
    [
        (None, None, 0),
        (Pause(reason="quarter end"), None, 1),
        (None, Pause(reason="lunch", until=NOW + timedelta(hours=1)), 1),
        (None, Pause(reason="lunch", until=NOW), 0),
    ],
    ids=["nobody", "the spec", "a person", "a person, until now"],
)
def test_an_environment_is_paused_by_its_spec_or_by_a_person_as_long_as_that_holds(metrics, spec, order, paused):
    after = Record(targets={"api": memory()}, orders=Orders(pause=order))
    metrics.watch(cycle({"api": decision()}, desired=desired("api", pause=spec), after=after))

    assert value(metrics, "trueup_environment_paused") == paused


def test_crashes_are_told_until_a_turn_ended(metrics):
    metrics.environment_seen("prod")
    assert value(metrics, "trueup_environment_crashes", environment="prod") == 0
    metrics.crashed("prod", 3)
    assert value(metrics, "trueup_environment_crashes", environment="prod") == 3
    metrics.crashed("prod", 0)
    assert value(metrics, "trueup_environment_crashes", environment="prod") == 0


def test_the_lease_is_told_as_it_comes_and_goes(metrics):
    metrics.lease("prod", True)
    assert value(metrics, "trueup_lease_held", environment="prod") == 1
    metrics.watch(cycle({"api": decision()}))
    assert value(metrics, "trueup_lease_held", environment="prod") == 1
    metrics.lease("prod", False)
    assert value(metrics, "trueup_lease_held", environment="prod") == 0


def test_a_poll_is_counted_and_only_one_that_succeeds_is_dated(metrics):
    metrics.source_seen("git")
    assert value(metrics, "trueup_source_timestamp_seconds", source="git") == 0
    assert total(metrics, "trueup_source_polls_total", source="git") == 0

    metrics.polled("git", True, NOW)
    metrics.polled("git", False, NOW + timedelta(minutes=1))
    assert value(metrics, "trueup_source_timestamp_seconds", source="git") == NOW.timestamp()
    assert value(metrics, "trueup_source_polls_total", source="git", result="ok") == 1
    assert value(metrics, "trueup_source_polls_total", source="git", result="error") == 1


def test_a_source_that_is_named_by_its_url_never_shows_a_login(metrics):
    metrics.polled("https://bot:canary@git.example.com/a.git", True, NOW)

    assert value(metrics, "trueup_source_timestamp_seconds", source="https://***@git.example.com/a.git")
    assert b"canary" not in metrics.scrape()[0]


def test_aws_calls_are_counted_by_how_they_were_answered(metrics):
    where = {"account": PLACE.account, "region": PLACE.region}
    metrics.aws_seen(*where.values())
    assert len(samples(metrics, "trueup_aws_calls_total", **where)) == len(OPERATIONS) * len(AWS_RESULTS)
    assert total(metrics, "trueup_aws_calls_total") == 0

    metrics.aws_call(*where.values(), "DescribeServices", "ok")
    metrics.aws_call(*where.values(), "DescribeServices", "throttled")
    metrics.aws_call(*where.values(), "UpdateService", "denied")
    assert total(metrics, "trueup_aws_calls_total", operation="DescribeServices") == 2
    assert value(metrics, "trueup_aws_calls_total", operation="UpdateService", result="denied") == 1
    metrics.aws_call(*where.values(), "UpdateService", "a word nobody knows")
    assert value(metrics, "trueup_aws_calls_total", operation="UpdateService", result="failed") == 1
    assert value(metrics, "trueup_aws_throttles_total", **where, operation="DescribeServices") == 1
    assert total(metrics, "trueup_aws_throttles_total") == 1


def test_an_operation_that_nobody_listed_has_all_its_results_from_its_first_call(metrics):
    metrics.aws_call("1", "eu-west-1", "ListTagsForResource", "ok")

    assert len(samples(metrics, "trueup_aws_calls_total", operation="ListTagsForResource")) == len(AWS_RESULTS)


def test_the_accounts_of_the_first_turn_have_their_series_before_the_first_call(metrics):
    metrics.watch(cycle({"api": decision()}))

    assert len(samples(metrics, "trueup_aws_throttles_total", account=PLACE.account)) == len(OPERATIONS)


def test_queue_watchers_and_store_are_told(metrics):
    metrics.watcher_seen("logs")
    assert value(metrics, "trueup_watcher_errors_total", watcher="logs") == 0
    metrics.queue(12)
    metrics.watcher_failed("logs")
    metrics.store_failed()

    assert value(metrics, "trueup_queue_depth") == 12
    assert value(metrics, "trueup_watcher_errors_total", watcher="logs") == 1
    assert value(metrics, "trueup_store_errors_total") == 1


@pytest.mark.parametrize(
    ("ended", "result", "reason"),
    [
        ("good", "good", "none"),
        ("superseded", "superseded", "none"),
        ("failed:breaker", "failed", "breaker"),
        ("rolled_back:alarm", "rolled_back", "alarm"),
        ("stalled:foreign", "stalled", "foreign"),
        ("failed:the moon", "failed", "other"),
    ],
)
def test_a_rollout_that_ends_is_counted_once_by_result_and_why_and_timed(metrics, ended, result, reason):
    before = Record(targets={"api": memory(Phase.BAKING, rollout=rollout())})
    metrics.watch(cycle({"api": decision(Phase.BAKING, ended=ended)}, before=before))

    assert value(metrics, "trueup_rollouts_total", environment="prod", result=result, reason=reason) == 1
    assert total(metrics, "trueup_rollouts_total") == 1
    assert value(metrics, "trueup_target_rollouts_total", target="api", result=result) == 1
    assert total(metrics, "trueup_target_rollouts_total") == 1
    assert value(metrics, "trueup_rollout_seconds_sum", result=result) == 600
    assert total(metrics, "trueup_rollout_seconds_count") == 1


def test_a_turn_in_which_nothing_ended_counts_no_rollout(metrics):
    before = Record(targets={"api": memory(Phase.BAKING, rollout=rollout())})
    metrics.watch(cycle({"api": decision(Phase.BAKING)}, before=before))

    assert total(metrics, "trueup_rollouts_total") == 0
    assert total(metrics, "trueup_rollout_seconds_count") == 0


def test_an_end_without_a_name_raises_after_all_else_was_told(metrics):
    decisions = {"api": decision(ended="vanished"), "web": decision(ended="good")}

    with pytest.raises(ValueError, match="prod/api: vanished"):
        metrics.watch(cycle(decisions))

    assert value(metrics, "trueup_target_rollouts_total", target="web", result="good") == 1
    assert value(metrics, "trueup_turns_total", result="ok") == 1


def shown(metrics):
    return {dict(key)["target"] for key in samples(metrics, "trueup_target_synced")}


def test_a_target_that_is_only_not_due_keeps_its_series(metrics):
    metrics.watch(cycle({"api": decision(), "web": decision()}))
    after = Record(targets={"api": memory(), "web": memory()})
    metrics.watch(cycle({"api": decision()}, desired=desired("api", "web"), after=after))

    assert shown(metrics) == {"api", "web"}


def test_a_target_that_leaves_git_drops_its_series_at_once_though_it_is_remembered(metrics):
    metrics.watch(cycle({"api": decision(), "web": decision()}))
    after = Record(targets={"api": memory(), "web": memory()})
    metrics.watch(cycle({"api": decision()}, after=after))

    assert shown(metrics) == {"api"}


def test_a_target_that_leaves_git_during_a_rollout_is_told_of_to_its_end(metrics):
    moving = memory(Phase.ROLLING, rollout=rollout())
    metrics.watch(cycle({"api": decision(), "web": decision()}))
    metrics.watch(cycle({"api": decision()}, after=Record(targets={"api": memory(), "web": moving})))

    assert shown(metrics) == {"api", "web"}


def test_with_git_away_no_series_is_dropped(metrics):
    metrics.watch(cycle({"api": decision(), "web": decision()}))
    after = Record(targets={"api": memory(), "web": memory()})
    metrics.watch(cycle({"api": decision()}, after=after, desired=Unread(env="prod", why="git is away")))

    assert shown(metrics) == {"api", "web"}


def test_a_target_that_a_person_said_to_forget_drops_its_series(metrics):
    metrics.watch(cycle({"api": decision(), "web": decision()}))
    metrics.watch(cycle({"api": decision(), "web": decision()}, dropped=frozenset({"web"})))

    assert shown(metrics) == {"api"}


def test_an_environment_that_leaves_takes_everything_with_it_and_may_come_back(metrics):
    metrics.watch(cycle({"api": decision()}))
    metrics.watch(cycle({"api": decision()}, env="dev"))
    metrics.environment_left("prod")

    assert b'environment="prod"' not in metrics.scrape()[0]
    assert b'environment="dev"' in metrics.scrape()[0]
    metrics.watch(cycle({"api": decision()}))
    assert value(metrics, "trueup_turns_total", environment="prod", result="ok") == 1


def test_names_from_git_cannot_forge_a_line(metrics):
    evil = 'prod"} 1\ntrueup_forged 1\n#'
    metrics.watch(cycle({'a"\n': decision()}, env=evil))

    assert not [line for line in metrics.scrape()[0].decode().splitlines() if line.startswith("trueup_forged")]
    assert {dict(key)["environment"] for key in samples(metrics, "trueup_target_synced")} == {
        evil.replace("\n", "\\n")
    }


def test_turns_scrapes_and_departures_may_happen_at_once(metrics):
    errors = []

    def work(env):
        try:
            for number in range(30):
                metrics.watch(cycle({"api": decision(ended="good"), f"t{number}": decision()}, env=env))
                metrics.scrape("", "gzip" if number % 2 else "")
                if number % 10 == 9:
                    metrics.environment_left(env)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test fails with it
            errors.append(error)

    threads = [threading.Thread(target=work, args=(env,)) for env in ("dev", "stage", "prod", "demo")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert read(metrics)


def test_a_real_life_is_told_as_it_was_lived(metrics):
    world = settled("1")
    world.sick.add(digest("2"))
    world.version = "2"
    world.ticks(40)
    world.version = "3"
    world.ticks(14)
    for turn in world.cycles:
        metrics.watch(turn)

    assert value(metrics, "trueup_target_rollouts_total", target="api", result="good") == 1
    assert value(metrics, "trueup_target_rollouts_total", target="api", result="rolled_back") == 1
    assert value(metrics, "trueup_rollouts_total", result="rolled_back", reason="alarm") == 1
    assert value(metrics, "trueup_turns_total", result="ok") == len(world.cycles)
    assert value(metrics, "trueup_target_phase", phase="idle") == 1
    assert value(metrics, "trueup_target_synced", target="api") == 1
    assert value(metrics, "trueup_target_info", wanted="3", live="3") == 1


def test_what_scrapes_cost_can_be_measured_and_the_wire_carries_a_fraction_of_the_text():
    costs = {found.what.split(",")[0]: found for found in measure(500)}

    assert costs["gzip"].size * 10 < costs["plain text"].size


@pytest.mark.promtool
@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_has_nothing_to_say_against_names_and_help(metrics):
    begun(metrics).lease("prod", True)

    ran = subprocess.run(
        ["promtool", "check", "metrics"], input=metrics.scrape()[0], capture_output=True, check=False
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
