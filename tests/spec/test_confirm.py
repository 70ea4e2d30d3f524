"""confirm: `mode: observe` goes out of a file, and every other byte stays as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.spec.confirm import confirm, observing

BLOCK = """\
# api: adopted
apiVersion: trueup/v1
kind: Targets
targets:
  api:
    kind: ecs   # a comment
    mode: observe   # until it is confirmed
    version: v1.2.3

  web:
    mode: "observe"
    version: v1.2.3   # mode: observe
  worker: {version: v1.2.3, service: worker, mode: 'observe'}
  cron: {mode: observe , version: v1.2.3}
  job: {version: v1.2.3, mode: observe, service: job}
  lone: {mode: observe}
  empty:
    mode: observe  # nothing else
  free: {mode: release, version: v1.2.3}
"""
CONFIRMED = """\
# api: adopted
apiVersion: trueup/v1
kind: Targets
targets:
  api:
    kind: ecs   # a comment
    version: v1.2.3

  web:
    version: v1.2.3   # mode: observe
  worker: {version: v1.2.3, service: worker}
  cron: {version: v1.2.3}
  job: {version: v1.2.3, service: job}
  lone: {}
  empty:
    {}  # nothing else
  free: {mode: release, version: v1.2.3}
"""
ENVIRONMENT = """\
apiVersion: trueup/v1
kind: Environment
metadata: {name: prod}
spec:
  defaults:
    kind: ecs
    mode: observe
  targets:
    api:
      mode: observe
      service: api
"""


def test_every_target_of_a_file_is_confirmed_and_nothing_else_is_touched():
    done = confirm(BLOCK.encode(), "a.yaml", None)
    assert done.text == CONFIRMED
    assert done.places == ("api", "web", "worker", "cron", "job", "lone", "empty")
    assert done.failed == ()
    assert observing(CONFIRMED.encode(), "a.yaml") == ()


def test_only_the_named_targets_are_confirmed():
    done = confirm(BLOCK.encode(), "a.yaml", {"job"})
    assert done.places == ("job",)
    assert done.text == BLOCK.replace("mode: observe, service: job", "service: job")


def test_the_defaults_are_confirmed_with_all_and_with_none_of_them():
    done = confirm(ENVIRONMENT.encode(), "prod.yaml", None)
    assert done.places == ("defaults", "api")
    assert done.text == "".join(line for line in ENVIRONMENT.splitlines(keepends=True) if "observe" not in line)
    assert confirm(ENVIRONMENT.encode(), "prod.yaml", {"api"}).places == ("api",)
    assert observing(ENVIRONMENT.encode(), "prod.yaml") == ("defaults", "api")


def test_a_file_in_which_nothing_only_observes_stays_the_very_same():
    assert confirm(CONFIRMED.encode(), "a.yaml", None).text == CONFIRMED
    assert confirm(CONFIRMED.encode(), "a.yaml", None).places == ()


def test_lines_may_end_as_on_windows():
    text = BLOCK.replace("\n", "\r\n")
    assert confirm(text.encode(), "a.yaml", None).text == CONFIRMED.replace("\n", "\r\n")


@pytest.mark.parametrize("written", ["mode:\n      observe", "? mode\n    : observe", "mode: |-\n      observe"])
def test_what_is_written_otherwise_is_left_and_named(written):
    text = f"targets:\n  api:\n    {written}\n    version: v1.2.3\n"
    done = confirm(text.encode(), "a.yaml", None)
    assert (done.text, done.places, done.failed) == (text, (), ("api",))


def test_a_file_that_cannot_be_read_is_left():
    assert confirm(b"targets: [", "a.yaml", None).text == "targets: ["


LINES = st.sampled_from(
    [
        "    kind: ecs",
        "    # mode: observe",
        "    version: v1.0.0   # x",
        "    images: {a: 'ü'}",
        "    owner: 'mode: observe'",
    ]
)


@given(st.lists(LINES, unique=True, min_size=1), st.integers(0, 5), st.sampled_from(["", "  # why", " "]))
def test_wherever_the_line_stands_only_it_goes(lines, place, end):
    place = min(place, len(lines))
    whole = [*lines[:place], f"    mode: observe{end}", *lines[place:]]
    keys = [line for line in lines if not line.strip().startswith("#")]
    head = ["targets:", "  api:"]
    text = "\n".join([*head, *whole]) + "\n"
    done = confirm(text.encode(), "a.yaml", None)
    if keys:
        assert done.text == "\n".join([*head, *lines]) + "\n"
    assert done.places == ("api",)
