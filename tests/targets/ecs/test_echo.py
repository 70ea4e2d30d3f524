"""What AWS fills in after we applied a release, though nobody knows of it: an echo, and no drift."""

from dataclasses import replace

from controller.model.desired import DesiredTarget, Ignored
from controller.model.outcome import Sent
from controller.model.paths import excepting
from controller.plan.compare import differences
from controller.stores.codec import Codec, Tables
from controller.targets.ecs.passing import passed_over
from tests.targets.ecs.rig import release

CODEC = Codec(Tables())
TIMEOUT = "taskDefinition.containerDefinitions[api].startTimeout"
GROUP = "service.networkConfiguration.awsvpcConfiguration.securityGroups[sg-guard]"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-a"]}}


def heard(wanted, sent: Sent):
    return replace(wanted, manifest=wanted.manifest.echoed(sent.echo))


def applied(ground, **service):
    """Apply a release where AWS fills in what nobody knows."""
    ground.faults(fillsIn={"startTimeout": 30}, addsSecurityGroups=["sg-guard"])
    wanted = release("v1.2.3", service)
    return wanted, ground.send(wanted)


def test_what_was_filled_in_after_our_own_apply_is_no_drift(ground):
    wanted, sent = applied(ground, networkConfiguration=NETWORK)
    assert {(one.path, one.live, one.wanted) for one in sent.echo} == {(TIMEOUT, 30, None), (GROUP, True, None)}
    live = ground.look().manifest
    assert not wanted.runs_in(live)
    assert heard(wanted, sent).runs_in(live)
    assert differences(live, heard(wanted, sent).manifest) == ()


def test_it_is_known_after_a_restart(ground):
    wanted, sent = applied(ground)
    content = CODEC.read_content(CODEC.write_content(heard(wanted, sent)))
    ground.restart()
    assert content.manifest.echo == sent.echo
    assert content.manifest.runs_in(ground.look().manifest)


def test_what_somebody_changes_afterwards_is_drift_all_the_same(ground):
    wanted, sent = applied(ground)
    ground.faults(fillsIn={"startTimeout": 31})
    somebody = ground.aws.register("v1.2.3")
    ground.aws.ecs.update_service(cluster="prod", service="api", taskDefinition=somebody)
    live = ground.look().manifest
    assert not heard(wanted, sent).runs_in(live)
    assert TIMEOUT in [one.path for one in differences(live, heard(wanted, sent).manifest)]


def test_without_an_apply_of_ours_it_is_a_difference(ground):
    ground.faults(fillsIn={"startTimeout": 30})
    somebody = ground.aws.register("v1.2.3")
    ground.aws.ecs.update_service(cluster="prod", service="api", taskDefinition=somebody)
    assert TIMEOUT in [one.path for one in differences(ground.look().manifest, release("v1.2.3").manifest)]


def test_a_declared_field_of_the_service_that_shows_otherwise_is_never_an_echo(ground):
    ground.faults(fillsIn={"startTimeout": 30})
    sent = ground.send(release("v1.2.3", {"networkConfiguration": NETWORK}))
    assert [one.path for one in sent.echo] == [TIMEOUT]


def wish(ground, wanted, *ignore):
    return DesiredTarget(place=ground.place(), release=wanted, ignore=ignore)


def test_every_rule_by_which_something_is_passed_over_is_named(ground):
    wanted, sent = applied(ground)
    owned = heard(wanted, sent)
    rule = Ignored(path="taskDefinition.containerDefinitions[api].environment", reason="the console owns it")
    kept = {path: value for path, value in owned.manifest.pairs.items() if ".environment" not in path}
    manifest = type(owned.manifest).of(kept, excepting(owned.manifest.owns, (rule.path,)))
    changed = replace(owned, manifest=manifest.echoed(sent.echo))
    rules = {one.path: one.rule for one in passed_over(wish(ground, changed, rule), ground.look())}
    assert rules[TIMEOUT] == "echo: AWS answered so when it was last applied"
    assert rules["service.platformVersion"] == "not declared: what is absent from the spec is not ours"
    by_default = [path for path, said in rules.items() if said.startswith("AWS's default")]
    assert "taskDefinition.containerDefinitions[api].cpu" in by_default
    assert all(said.split(":")[0] in {"echo", "not declared", "AWS's default", "the same in other words"}
               or "host port" in said for said in rules.values())  # fmt: skip


def test_what_an_ignore_of_the_spec_covers_is_listed_with_its_reason(ground):
    wanted = release("v1.2.3")
    ground.send(wanted)
    path = "taskDefinition.containerDefinitions[api].image"
    other = release("v9.9.9")
    kept = {at: value for at, value in other.manifest.pairs.items() if at != path}
    manifest = type(other.manifest).of(kept, excepting(other.manifest.owns, (path,)))
    rule = Ignored(path=path, reason="INC-42")
    (one,) = [
        one
        for one in passed_over(wish(ground, replace(other, manifest=manifest), rule), ground.look())
        if one.path == path
    ]
    assert (one.rule, str(one.live).endswith("v1.2.3"), str(one.wanted).endswith("v9.9.9")) == (
        "ignore: INC-42",
        True,
        True,
    )
