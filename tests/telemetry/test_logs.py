"""Every line of the log, ours and of libraries: one line, one form, no secret and no forgery."""

import io
import json
import logging
from datetime import UTC, datetime

import pytest
import structlog

from controller.telemetry.logs import logger, set_up

NOW = datetime(2026, 1, 31, 12, 3, 11, 250_000, UTC)


@pytest.fixture
def begin():
    """Set logging up as `run` does, and put it back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("controller")
    before = (root.handlers[:], root.level, ours.level)
    stream = io.StringIO()

    def start(form="json", level="info", secrets=("canary-token",)):
        set_up(form=form, level=level, now=lambda: NOW, stream=stream, secrets=secrets)
        return stream

    yield start
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    structlog.reset_defaults()


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_of_json_begins_with_time_level_and_event(begin):
    stream = begin()
    logger().info("listening", url="http://127.0.0.1:9102", port=9102)

    wanted = {
        "time": "2026-01-31T12:03:11.250Z",
        "level": "info",
        "event": "listening",
        "url": "http://127.0.0.1:9102",
        "port": 9102,
    }
    assert lines(stream) == [wanted]
    assert list(lines(stream)[0]) == list(wanted)


def test_a_line_for_people_says_when_what_in_which_phase_and_why(begin):
    stream = begin("console")
    log = logger()
    log.info(
        "decision",
        environment="prod",
        target="api",
        phase="rolling",
        reason="deploy: every gate is open: v1.2.4",
        move="deploy",
    )
    log.warning("decision", environment="prod", target="api", phase="stalled", reason="give up: no way back")
    log.warning("not read", environment="prod", reason="git is away")
    log.info("listening", url="http://127.0.0.1:9102", note="two words", empty="")

    assert stream.getvalue().splitlines() == [
        "12:03:11 prod/api  rolling  deploy: every gate is open: v1.2.4",
        "12:03:11 WARNING prod/api  stalled  give up: no way back",
        "12:03:11 WARNING prod  not read: git is away",
        '12:03:11  listening  url=http://127.0.0.1:9102  note="two words"  empty=""',
    ]


def test_how_many_tasks_run_is_shown_to_people_while_they_change(begin):
    stream = begin("console")
    facts = {"environment": "prod", "target": "api", "reason": "watch: the platform is working"}
    logger().info("decision", phase="rolling", running=3, desired=4, **facts)
    logger().info("decision", phase="idle", running=4, desired=4, **facts)

    assert [line.rpartition("  ")[2] for line in stream.getvalue().splitlines()] == [
        "3/4 running",
        "watch: the platform is working",
    ]


def test_a_line_that_brings_its_own_time_keeps_it(begin):
    stream = begin()
    logger().info("decision", time=datetime(2030, 1, 1, tzinfo=UTC))

    assert lines(stream)[0]["time"] == "2030-01-01T00:00:00.000Z"


def test_below_the_level_nothing_is_written(begin):
    stream = begin(level="warning")
    logger().info("hidden")
    logger().warning("shown")

    assert [line["event"] for line in lines(stream)] == ["shown"]


def test_debug_is_for_our_lines_only_because_botocore_would_write_down_signed_requests(begin):
    stream = begin(level="debug")
    logger().debug("ours")
    logging.getLogger("botocore.auth").debug("X-Amz-Security-Token: canary")
    logging.getLogger("botocore.auth").info("X-Amz-Security-Token: canary")

    assert [line["event"] for line in lines(stream)] == ["ours"]


def test_what_libraries_warn_of_comes_in_the_same_form_with_their_name(begin):
    stream = begin()
    logging.getLogger("urllib3.connectionpool").warning("Retrying %s with canary-token", "https://u:p@h/x")

    (line,) = lines(stream)
    assert line["event"] == "Retrying https://***@h/x with ***"
    assert (line["level"], line["logger"]) == ("warning", "urllib3.connectionpool")


EVIL = (
    'x\r\n{"level":"info","event":"forged"}\n12:03:11 prod/api  idle  forged '
    "\x1b[2K\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}"
)


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_value_can_forge_a_line_or_reach_the_terminal(begin, form):
    stream = begin(form)
    log = logger()
    log.info(EVIL, owner=EVIL, nested={"a": [EVIL]})
    log.warning("decision", environment=EVIL, target=EVIL, phase=EVIL, reason=EVIL)
    logging.getLogger("library").warning("%s", EVIL)

    written = stream.getvalue()
    assert written.count("\n") == 3
    assert not set(written) & set("\r\x1b\N{RIGHT-TO-LEFT OVERRIDE}")
    assert not any(line.startswith(('{"level', "12:03:11 prod/api")) for line in written.splitlines())


def fail(why):
    raise RuntimeError(why)


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_exception_is_written_whole_without_secrets_and_cannot_pass_for_a_line(begin, form):
    stream = begin(form)
    try:
        fail("canary-token\n12:03:11 prod/api  idle  forged \x1b[31m")
    except RuntimeError:
        logger().exception("turn failed", environment="prod")

    written = stream.getvalue()
    assert "canary" not in written
    assert "\x1b" not in written
    if form == "json":
        (line,) = lines(stream)
        assert line["exception"].startswith("Traceback (most recent call last)")
        assert (line["event"], line["level"]) == ("turn failed", "error")
    else:
        first, *rest = written.splitlines()
        assert first == "12:03:11 ERROR prod  turn failed"
        assert rest
        assert all(row.startswith("    | ") for row in rest)
        assert any("RuntimeError: ***" in row for row in rest)


def test_secrets_are_left_out_wherever_they_are(begin):
    stream = begin()
    named = {"git_token": "other"}
    logger().info("canary-token", reason="it said canary-token", more={"deep": ["canary-token"]}, **named)

    assert "canary" not in stream.getvalue()
    assert "other" not in stream.getvalue()


class Unwritable:
    """Something that cannot be told what it is."""

    def __str__(self):
        raise RuntimeError("canary-token")


def test_of_a_line_that_cannot_be_written_nothing_is_repeated(begin, capsys):
    stream = begin()
    logger().info("canary-token", value=Unwritable())

    assert stream.getvalue() == "a log line of controller could not be written: RuntimeError\n"
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_went_away_stops_nothing_and_sees_nothing(begin, capsys):
    stream = begin()
    stream.close()
    logger().info("canary-token")

    assert capsys.readouterr() == ("", "")


def test_a_value_without_end_is_cut(begin):
    stream = begin()
    logger().info("long", reason="a" * 1_000_000)

    assert len(stream.getvalue()) < 5000


def test_setting_it_up_twice_does_not_write_twice(begin):
    begin()
    stream = begin()
    logger().info("once")

    assert len(lines(stream)) == 1


def test_the_standard_error_is_where_lines_go_unless_told(begin, capsys):
    begin()
    set_up(form="json", level="info", now=lambda: NOW)
    logger().info("here")

    captured = capsys.readouterr()
    assert json.loads(captured.err)["event"] == "here"
    assert captured.out == ""
