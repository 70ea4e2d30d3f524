"""Hooks in a spec: what they come to, in order, with their names filled in."""

import json
from datetime import timedelta

import pytest

from controller.model.hooks import Hook, Image, When
from controller.model.packed import Packed
from controller.model.rollout import Terms
from tests.spec.worlds import DEFAULTS, HEAD, compiled, lines, one_file, target


def api_of(defaults="", **more):
    return target(compiled(one_file(lines("api", **more), head=HEAD + (defaults or DEFAULTS))))


def shape(**declared):
    whole = {"container": "main", "command": [], "environment": {}, "cpu": None, "memory": None, **declared}
    return Packed.of(json.dumps(whole, sort_keys=True))


def test_hooks_come_in_order_with_all_that_is_said_of_them():
    hooks = (
        "{after: [{name: smoke, container: main, timeout: 5m}, {check: e2e, timeout: 30m}],"
        " before: [{name: migrate, container: main, command: [sh, -c, 'go ${version}', 3], timeout: 1h,"
        " environment: {TO: '${version}', AS: '${target}-${environment}'}, cpu: 256, memory: 512},"
        " {name: seed, container: main}],"
        " onRollback: [{name: undo, container: main, image: old}, {name: tell, container: main}]}"
    )
    migrate = shape(
        command=["sh", "-c", "go v1.2.3", "3"], environment={"TO": "v1.2.3", "AS": "api-prod"}, cpu=256, memory=512
    )
    assert api_of(hooks=hooks).terms.hooks == (
        Hook(name="migrate", when=When.BEFORE, timeout=timedelta(hours=1), shape=migrate),
        Hook(name="seed", when=When.BEFORE, timeout=timedelta(minutes=10), shape=shape()),
        Hook(name="smoke", when=When.AFTER, timeout=timedelta(minutes=5), shape=shape()),
        Hook(name="e2e", when=When.AFTER, timeout=timedelta(minutes=30), check="e2e"),
        Hook(name="undo", when=When.ON_ROLLBACK, image=Image.OLD, shape=shape()),
        Hook(name="tell", when=When.ON_ROLLBACK, shape=shape()),
    )


def test_hooks_of_the_defaults_are_laid_under_list_by_list():
    defaults = DEFAULTS.replace(
        "kind: ecs,",
        "kind: ecs, hooks: {before: [{name: a, container: main}], after: [{check: e2e}]},",
    )
    assert [hook.name for hook in api_of(defaults).terms.hooks] == ["a", "e2e"]
    replaced = api_of(defaults, hooks="{before: [{name: b, container: main}]}")
    assert [hook.name for hook in replaced.terms.hooks] == ["b", "e2e"]
    assert api_of(defaults, hooks="{before: [], after: []}").terms.hooks == ()


def test_the_snapshot_that_a_gate_has_made_comes_before_all_other_hooks():
    gates = "[{kind: backup, database: unifocus-prod, take: true, timeout: 3h}, {kind: backup, database: other}]"
    found = api_of(gates=gates, hooks="{before: [{name: migrate, container: main}]}").terms.hooks
    assert [hook.name for hook in found] == ["snapshot of unifocus-prod", "migrate"]
    assert (found[0].when, found[0].timeout) == (When.BEFORE, timedelta(hours=3))
    assert json.loads(str(found[0].shape)) == {"snapshotOf": "unifocus-prod"}


def test_a_hook_is_no_part_of_the_release():
    plain, hooked = api_of(), api_of(hooks="{before: [{name: a, container: main}]}")
    assert hooked.release == plain.release


def test_a_release_that_nobody_may_go_back_from_and_one_that_ends_an_incident():
    terms = api_of(rollout="{rollbackSafe: false, duringIncident: INC-42}").terms
    assert (terms.rollback_safe, terms.incident) == (False, "INC-42")
    assert (Terms().rollback_safe, Terms().incident) == (True, "")


def test_a_progress_deadline_that_is_written_holds_for_the_rollout_too():
    assert api_of(rollout="{progressDeadline: 3m}").terms.stuck == timedelta(minutes=3)
    assert api_of(rollout="{bake: 3m}").terms.stuck == Terms().stuck == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("hooks", "complaint"),
    [
        (
            "{before: [" + ", ".join(f"{{name: h{n}, container: main}}" for n in range(11)) + "]}",
            "has 11 hooks, and may have 10",
        ),
        (
            "{before: [{name: a, container: main, command: [" + ", ".join(["x"] * 101) + "]}]}",
            "has 101 words, and may have 100",
        ),
        ("{before: [{name: a, container: main, command: ['" + "x" * 4097 + "']}]}", "text of at most 4096"),
        ("{before: [{name: a, container: main, command: ['${ssm:/x}']}]}", "look-up"),
    ],
)
def test_hooks_are_bounded(hooks, complaint):
    of = compiled(one_file(lines("api", hooks=hooks), head=HEAD + DEFAULTS))
    assert any(complaint in one.what and one.line for one in of.complaints), of.complaints
