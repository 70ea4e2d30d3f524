"""No secret reaches a log line, and every value becomes plain."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.rollout import Phase
from controller.telemetry.redact import cleaned, cleaner, redactor


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("git said canary-token is wrong", "git said *** is wrong"),
        ("Authorization: Basic Y2FuYXJ5", "Authorization: Basic ***"),
        ("{'authorization': 'Bearer Y2FuYXJ5'}", "{'authorization': 'Bearer ***'}"),
        ("GET /?X-Amz-Signature=cafe01&X-Amz-Date=20260131", "GET /?X-Amz-Signature=***&X-Amz-Date=20260131"),
        ("X-Amz-Security-Token: IQoJb3Jp", "X-Amz-Security-Token: ***"),
        ("password=hunter2, next", "password=***, next"),
        ('{"secret": "hunter2"}', '{"secret": "***"}'),
        ("pushed with ghp_0123456789abcdefghij", "pushed with ***"),
        ("pushed with github_pat_11AAAAAAA0123456789", "pushed with ***"),
        ("waits for AWS quota, 3 tokens left", "waits for AWS quota, 3 tokens left"),
        ("unable to pull secret: not found", "unable to pull secret: not found"),
        ("unifocus-prod-api:42", "unifocus-prod-api:42"),
    ],
)
def test_secrets_are_left_out_of_a_text_and_the_rest_stays(text, shown):
    assert redactor(["canary-token"])(text) == shown


def test_of_two_secrets_of_which_one_begins_the_other_nothing_is_left():
    assert redactor(["canary", "canary-and-more"])("canary-and-more canary") == "*** ***"


def test_an_empty_or_tiny_secret_does_not_eat_every_line():
    assert redactor(["", "a"])("a line") == "a line"


def test_values_become_what_json_has():
    value = {
        "at": datetime(2026, 1, 31, 10, tzinfo=timezone(timedelta(hours=1))),
        "phase": Phase.ROLLING,
        "names": ("a", frozenset({"c", "b"})),
        "path": Path("/tmp/x"),
        "count": 3,
        "share": 0.5,
        "strange": float("nan"),
        "well": True,
        "nothing": None,
        "error": ValueError("a\nb"),
        5: "five",
    }

    assert cleaned(value, str) == {
        "at": "2026-01-31T09:00:00.000Z",
        "phase": "rolling",
        "names": ["a", ["b", "c"]],
        "path": "/tmp/x",
        "count": 3,
        "share": 0.5,
        "strange": "nan",
        "well": True,
        "nothing": None,
        "error": "a\\nb",
        "5": "five",
    }


def test_a_value_is_hidden_by_its_name_wherever_it_is():
    value = {"git_token": "canary", "deep": [{"Authorization": "canary"}], "tokens": 3, "token_file": "/run/x"}

    assert cleaned(value, str) == {
        "git_token": "***",
        "deep": [{"Authorization": "***"}],
        "tokens": 3,
        "token_file": "***",
    }


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(timezones=st.just(UTC))


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_any_value_can_be_written_as_json_without_control_characters(value):
    written = json.dumps(cleaned(value, redactor(["canary"])), allow_nan=False, ensure_ascii=False)

    assert written.isprintable()


@given(st.text(), st.text())
def test_invariant_29_a_secret_never_comes_through(before, after):
    assert "canary-0123" not in str(cleaned(before + "canary-0123" + after, redactor(["canary-0123"])))


# ---- lines that somebody else logged

SECRETS = st.text("abcdefghijkmnopqrstuvwxyz0123456789+/=", min_size=8, max_size=40)
NAMES = st.sampled_from(["DB_PASSWORD", "API_KEY", "github_token", "CLIENT_SECRET", "awsCredential", "PRIVATE_KEY"])
AROUND = st.text(max_size=400)


@given(name=NAMES, secret=SECRETS, ours=SECRETS, before=AROUND, after=AROUND, most=st.integers(10, 300))
def test_no_seeded_secret_is_left_in_a_line_and_it_is_bounded_and_visible(name, secret, ours, before, after, most):
    clean = cleaner([ours])
    for kept in (secret, ours):
        shown = clean(f"{before}{kept}{after}", most, {name: secret, "GREETING": "hello"})
        assert kept not in shown or kept in before or kept in after
        assert shown.isprintable()
        assert len(shown) <= most
    assert len(clean("x" * 10_000, most, {})) == most


def test_a_line_without_secrets_is_left_as_it_is():
    environment = {"GREETING": "hello world", "DB_PASSWORD": "hunter2-hunter2"}
    assert cleaner()("hello world, exit 3", 300, environment) == "hello world, exit 3"
