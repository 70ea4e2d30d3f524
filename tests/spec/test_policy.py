"""policy.yaml: what it says is read into floors, and a spec that goes below one is wrong, with its place."""

from datetime import timedelta
from pathlib import Path

import pytest

from controller.errors import SpecError
from controller.kinds import SPEC
from controller.model.names import Commit, EnvName
from controller.model.policy import Floor, Policy
from controller.model.trust import Commits, Verify
from controller.spec.check import validate
from controller.spec.parse import Compiler, spec_files
from controller.spec.policy import read_policy
from controller.spec.tables import Files

PROD = EnvName("prod")
HEAD = "apiVersion: trueup/v1\nkind: Policy\nenvironments:\n"
SPECS = """\
apiVersion: trueup/v1
kind: Environment
metadata: {name: prod}
spec:
  aws: {account: "111122223333", region: eu-west-1}
  cluster: unifocus-prod-cluster
  targets:
    api:
      kind: ecs
      service: unifocus-prod-api-service
      version: v1.2.3
      images: {api: "registry.example.com/unifocus/api:${version}"}
      taskDefinition: {family: unifocus-prod-api, containerDefinitions: [{name: api, memory: 512}]}
"""


def policy(text: str, name: str = "prod") -> Policy:
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return read_policy(f"{HEAD}  {name}:\n{lines}".encode(), "policy.yaml", SPEC)


def refused(text: str) -> list[str]:
    with pytest.raises(SpecError) as error:
        policy(text)
    return str(error.value).splitlines()


def compiled(floors: Policy, spec: str, env: str = "prod"):
    files = Files(files={f"{env}.yaml": spec.encode()}, commit=Commit("c1"), path="specs")
    compiler = Compiler(SPEC, lambda: floors)
    return compiler.compile(EnvName(env), dict.fromkeys(spec_files(EnvName(env), files.files), files))


def said(floors: str, more: str = "", *, spec: str = SPECS) -> list[str]:
    """What is wrong with the target that has these further lines."""
    lines = "".join(f"      {line}\n" for line in more.splitlines())
    found = compiled(policy(floors), spec + lines)
    assert bool(found.complaints) == bool(found.broken) == (not found.targets)
    return [str(one).removeprefix("specs/prod.yaml:") for one in found.complaints]


WATCH = "guards: [{kind: alarms, prefix: x-}]"
RUNS = "registry.example.com/unifocus/api:v1.2.3"
CREATES = "create: true\nserviceDefinition: {desiredCount: 1}"
FORBIDS = "and the operator's policy for prod forbids"
ASKS = "and the operator's policy for prod asks for"


def test_every_key_is_read_into_a_floor():
    found = policy(
        """\
account: "111122223333"
gates: [{kind: approval, count: 2, groups: [release-managers]}, {kind: window}]
guards: [alarms]
bake: 30m
maxAutomaticRollbacks: 3
verify: {commits: head, tags: true}
registries: [registry.example.com/unifocus]
roles: ["arn:aws:iam::111122223333:role/unifocus-*"]
forbid: [duringIncident, privileged]"""
    )
    (floor,) = found.of(PROD)
    assert floor.gates[0].values == {"count": 2, "groups": ("release-managers",)}
    assert (floor.gates[1].kind, floor.gates[1].values) == ("window", {})
    assert (floor.guards, floor.bake, floor.rollbacks) == (("alarms",), timedelta(minutes=30), 3)
    assert found.verify_of(PROD) == Verify(commits=Commits.HEAD, tags=True)
    assert found.of(EnvName("dev")) == ()


def test_every_floor_that_matches_holds_and_the_strictest_signature_counts():
    found = Policy(
        floors=(
            Floor(name="*", verify=Verify(commits=Commits.RANGE)),
            Floor(name="pr*", verify=Verify(commits=Commits.HEAD, tags=True)),
        )
    )
    assert len(found.of(PROD)) == 2
    assert found.verify_of(PROD) == Verify(commits=Commits.RANGE, tags=True)
    assert found.verify_of(EnvName("dev")) == Verify(commits=Commits.RANGE)
    assert Policy().verify_of(PROD) == Verify()


GATES = "alarms or approval or backup or checklist or http or prometheus or promoted or window"
FORBIDDEN = (
    "create or duringIncident or executeCommand or followTag or hostMounts or hostNetwork or ignore or privileged"
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bakes: 30m", "5:5: environments.prod.bakes: unknown field; did you mean 'bake'?"),
        ("bake: 8d", "5:11: environments.prod.bake: '8d' is not between 0s and 7d"),
        ("gates: [approval]", "5:13: environments.prod.gates.0: must be a mapping, not text"),
        ("gates: [{count: 2}]", f"5:13: environments.prod.gates.0.kind: is missing; write {GATES}"),
        (
            "gates: [{kind: aproval}]",
            f"5:20: environments.prod.gates.0.kind: 'aproval' is not {GATES}; did you mean 'approval'?",
        ),
        (
            "gates: [{kind: approval, counts: 2}]",
            "5:30: environments.prod.gates.0.counts: unknown field; did you mean 'count'?",
        ),
        (
            "gates: [{kind: approval, count: 0}]",
            "5:37: environments.prod.gates.0.count: 0 is not between 1 and 20",
        ),
        ("gates: [{kind: alarms, action: hold}]", "5:28: environments.prod.gates.0.action: unknown field"),
        ("gates: [{kind: window, allow: [Mon], deny: [Mon]}]", "5:13: environments.prod.gates.0: never opens"),
        (
            "gates: [{kind: window, timezone: UTC}]",
            "5:13: environments.prod.gates.0: timezone goes with allow, deny or holidays",
        ),
        ("guards: [[alarms]]", "5:14: environments.prod.guards.0: must be a mapping, not a list"),
        (
            "guards: [{kind: alarms, action: stop}]",
            "5:37: environments.prod.guards.0.action: 'stop' is not warn or hold or rollback",
        ),
        (
            "guards: [alarm]",
            "5:14: environments.prod.guards.0: 'alarm' is not alarms or http or prometheus; did you mean 'alarms'?",
        ),
        ("forbid: [fun]", f"5:14: environments.prod.forbid.0: 'fun' is not {FORBIDDEN}"),
        (
            "verify: {commits: all}",
            "5:23: environments.prod.verify.commits: 'all' is not none or head or range",
        ),
        ("bake: 1m\nbake: 2m", "6:5: duplicate key 'bake' (first at line 5)"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(text, told):
    (line,) = refused(text)
    assert line == f"policy.yaml:{told}"


def test_an_environments_name_or_pattern_and_the_head_are_checked():
    for name in ("Prod", "../prod", "'[a-z]'"):
        with pytest.raises(SpecError, match="the name of an environment, or a pattern"):
            policy("bake: 1m", name)
    with pytest.raises(SpecError, match="'People' is not Policy"):
        read_policy(HEAD.replace("Policy", "People").encode() + b"  prod: {}\n", "policy.yaml", SPEC)


def test_what_meets_every_floor_is_good():
    floors = """\
account: "111122223333"
gates:
  - {kind: approval, count: 2, groups: [release-managers, owners], fourEyes: true}
  - {kind: promoted, from: stage, soak: 30m}
  - {kind: window, allow: ["Mon-Thu 09:00-16:00"], timezone: Europe/Berlin}
guards: [alarms, {kind: alarms, prefix: x-api, action: hold, exclude: ["*-cpu"]}]
bake: 10m
maxAutomaticRollbacks: 3
registries: [registry.example.com/unifocus]
forbid: [duringIncident, followTag, ignore, create, privileged, hostNetwork, hostMounts, executeCommand]"""
    good = """\
gates:
  - {kind: approval}
  - {kind: approval, count: 3, groups: [release-managers]}
  - {kind: promoted, from: stage, soak: 1h}
  - {kind: window, allow: ["Mon 09:00-12:00"], timezone: Europe/Berlin, fit: rollout}
guards: [{kind: alarms, prefix: x, action: warn}, {kind: alarms, prefix: x, action: hold}]"""
    assert said(floors, good) == []


@pytest.mark.parametrize(
    ("floors", "more", "told"),
    [
        ("gates: [{kind: approval}]", "", f"9:7: targets.api.gates: have no approval, {ASKS} one"),
        ("gates: [{kind: approval, count: 2}]", "gates: [{kind: approval}]",
         f"14:15: targets.api.gates.0.count: is 1, {ASKS} at least 2"),
        ("gates: [{kind: approval, count: 2}]", "gates: [{kind: approval, count: 1}]",
         f"14:39: targets.api.gates.0.count: is 1, {ASKS} at least 2"),
        ("gates: [{kind: approval, groups: [owners]}]", "gates: [{kind: approval}]",
         f"14:15: targets.api.gates.0.groups: is none, {ASKS} some of owners"),
        ("gates: [{kind: approval, groups: [owners]}]", "gates: [{kind: approval, groups: [owners, interns]}]",
         f"14:40: targets.api.gates.0.groups: is owners, interns, {ASKS} some of owners"),
        ("gates: [{kind: approval, expires: 24h}]", "gates: [{kind: approval, expires: 25h}]",
         f"14:41: targets.api.gates.0.expires: is 25h, {ASKS} at most 24h"),
        ("gates: [{kind: approval, fourEyes: true}]", "gates: [{kind: approval, fourEyes: false}]",
         f"14:42: targets.api.gates.0.fourEyes: is false, {ASKS} true"),
        ("gates: [{kind: promoted, from: stage}]", "gates: [{kind: promoted, from: dev}]",
         f"14:38: targets.api.gates.0.from: is dev, {ASKS} stage"),
        ("gates: [{kind: promoted, soak: 30m}]", "gates: [{kind: promoted, from: stage}]",
         f"14:15: targets.api.gates.0.soak: is 0s, {ASKS} at least 30m"),
        ("gates: [{kind: promoted, containers: [api, web]}]",
         "gates: [{kind: promoted, from: a, containers: [api]}]",
         f"14:53: targets.api.gates.0.containers: is api, {ASKS} all of api, web"),
        ("gates: [{kind: backup, maxAge: 6h}]", "gates: [{kind: backup, database: x}]",
         f"14:15: targets.api.gates.0.maxAge: is 24h, {ASKS} at most 6h"),
        ("gates: [{kind: checklist, items: [a, b]}]", "gates: [{kind: checklist, items: [a, c]}]",
         f"14:40: targets.api.gates.0.items: is a, c, {ASKS} all of a, b"),
        ("gates: [{kind: window, override: [on-call]}]", "gates: [{kind: window, allow: [Mon], override: [all]}]",
         f"14:54: targets.api.gates.0.override: is all, {ASKS} none but on-call"),
        ("gates: [{kind: approval, count: 2}]", "gates: [{kind: approval, count: 2, fourEyes: false}]",
         f"14:52: targets.api.gates.0.fourEyes: is false, {ASKS} true"),
        ("gates: [{kind: promoted, from: stage}]", "gates: [{kind: promoted, from: stage, containers: [proxy]}]",
         f"14:57: targets.api.gates.0.containers: is proxy, {ASKS} all"),
        ("gates: [{kind: window}]", "gates: [{kind: window, allow: [Mon], override: [all]}]",
         f"14:54: targets.api.gates.0.override: is all, {ASKS} none"),
        ("gates: [{kind: window, fit: rollout}]", "gates: [{kind: window, allow: [Mon]}]",
         f"14:15: targets.api.gates.0.fit: is none, {ASKS} at least rollout"),
        ("gates: [{kind: window, allow: [Mon-Thu]}]", "gates: [{kind: window, allow: [Mon-Fri]}]",
         f"14:37: targets.api.gates.0.allow: is open on Fri 2028-01-07 00:00, {ASKS} no more than Mon-Thu"),
        ("gates: [{kind: window, allow: [Mon]}]", "gates: [{kind: window, allow: [Mon], timezone: Asia/Tokyo}]",
         f"14:54: targets.api.gates.0.timezone: is Asia/Tokyo, {ASKS} UTC"),
        ("gates: [{kind: alarms, prefix: x-}]", "gates: [{kind: alarms, prefix: x-, noData: ok}]",
         f"14:50: targets.api.gates.0.noData: is ok, {ASKS} unsure"),
        ("guards: [{kind: alarms, prefix: x-}]", "", f"9:7: targets.api.guards: have no alarms, {ASKS} one"),
        (WATCH, "guards: [{kind: alarms, prefix: x-, shadow: true}]",
         f"14:51: targets.api.guards.0.shadow: is true, {ASKS} false"),
        (WATCH, "guards: [{kind: alarms, prefix: x-, action: warn}]",
         f"14:51: targets.api.guards.0.action: is warn, {ASKS} at least rollback"),
        (WATCH, "guards: [{kind: alarms, prefix: x-api-}]",
         f"14:39: targets.api.guards.0.prefix: is x-api-, {ASKS} a beginning of x-"),
        (WATCH, "guards: [{kind: alarms, names: [y]}]",
         f"14:16: targets.api.guards.0.prefix: is none, {ASKS} a beginning of x-"),
        (WATCH, 'guards: [{kind: alarms, prefix: x-, exclude: ["*"]}]',
         f"14:52: targets.api.guards.0.exclude: is *, {ASKS} none"),
        (WATCH, "guards: [{kind: alarms, prefix: x-, failures: 100}]",
         f"14:53: targets.api.guards.0.failures: is 100, {ASKS} at most 1"),
        (WATCH, "guards: [{kind: alarms, prefix: x-, for: 1h}]",
         f"14:48: targets.api.guards.0.for: is 1h, {ASKS} at most 0s"),
        ("guards: [{kind: http, url: https://x.example.com}]", "guards: [{kind: http, url: https://y.example.com}]",
         f"14:34: targets.api.guards.0.url: is another, {ASKS} its own"),
        ("guards: [{kind: http, status: 200-204}]", "guards: [{kind: http, url: https://y.co, status: [200, 404]}]",
         f"14:56: targets.api.guards.0.status: is 200, 404, {ASKS} none but 200-204"),
        ("guards: [{kind: http, maxLatency: 1s}]", 'guards: [{kind: http, url: "https://y.example.com/"}]',
         f"14:16: targets.api.guards.0.maxLatency: is none, {ASKS} at most 1s"),
        ("guards: [{kind: prometheus, query: up, min: 1}]", "guards: [{kind: prometheus, query: up, min: 0.5}]",
         f"14:51: targets.api.guards.0.min: is 0.5, {ASKS} at least 1"),
        ("guards: [alarms]", "", f"9:7: targets.api.guards: have no alarms that is heeded, {ASKS} one"),
        ("guards: [alarms]", "guards: [{kind: alarms, prefix: x, shadow: true}]",
         f"14:15: targets.api.guards: have no alarms that is heeded, {ASKS} one"),
        ("guards: [alarms]", "guards: [{kind: alarms, prefix: x, action: warn}]",
         f"14:15: targets.api.guards: have no alarms that is heeded, {ASKS} one"),
        ("bake: 30m", "", f"9:7: targets.api.rollout.bake: is 10m, {ASKS} at least 30m"),
        ("bake: 30m", "rollout: {bake: 0s}", f"14:23: targets.api.rollout.bake: is 0s, {ASKS} at least 30m"),
        ("registries: [registry.example.com/others]", "",
         f"13:23: targets.api.taskDefinition: runs {RUNS}, {ASKS} images of registry.example.com/others"),
        ("registries: [registry.example.com/uni]", "",
         f"13:23: targets.api.taskDefinition: runs {RUNS}, {ASKS} images of registry.example.com/uni"),
        ("forbid: [duringIncident]", "rollout: {duringIncident: INC-1}",
         f"14:33: targets.api.rollout.duringIncident: is INC-1, {FORBIDS} duringIncident"),
        ("forbid: [create]", CREATES,
         f"14:15: targets.api.create: is true, {FORBIDS} create"),
        ("forbid: [ignore]", 'ignore: [{path: "$.taskDefinition.memory", reason: x}]',
         f"14:15: targets.api.ignore: passes over taskDefinition.memory, {FORBIDS} ignore"),
        ("forbid: [executeCommand]", "serviceDefinition: {enableExecuteCommand: true}",
         f"14:49: targets.api.serviceDefinition.enableExecuteCommand: is true, {FORBIDS} executeCommand"),
    ],
)  # fmt: skip
def test_a_target_below_a_floor_is_told_the_floor_and_the_value(floors, more, told):
    assert said(floors, more) == [told]


def test_a_floor_may_name_the_target_whose_guard_it_asks_for():
    floors = 'guards: [{kind: alarms, prefix: "prod-${target}-", names: ["${target}-5xx"]}]'
    mine = "guards: [{kind: alarms, prefix: prod-api-, names: [api-5xx]}]"
    assert said(floors, mine) == []
    told = said(floors, mine.replace("api", "web"))
    assert [one.partition(": ")[2].partition(": ")[2] for one in told] == [
        f"is prod-web-, {ASKS} a beginning of prod-api-",
        f"is web-5xx, {ASKS} all of api-5xx",
    ]
    floors = 'guards: [{kind: http, url: "https://example.com/${target}/health"}]'
    assert said(floors, "guards: [{kind: http, url: https://example.com/api/health}]") == []
    assert len(said(floors, "guards: [{kind: http, url: https://example.com/web/health}]")) == 1


DEFINITION = "taskDefinition: {family: unifocus-prod-api, containerDefinitions: [{name: api, memory: 512}]}"


@pytest.mark.parametrize(
    ("floors", "definition", "told"),
    [
        ("forbid: [privileged]", "containerDefinitions: [{name: api, memory: 512, privileged: true}]",
         f"has a privileged container, {FORBIDS} privileged"),
        ("forbid: [hostNetwork]", "networkMode: host, containerDefinitions: [{name: api, memory: 512}]",
         f"uses the host's network, {FORBIDS} hostNetwork"),
        ("forbid: [hostMounts]",
         "volumes: [{name: v, host: {sourcePath: /etc}}], containerDefinitions: [{name: api, memory: 512}]",
         f"mounts /etc of the host, {FORBIDS} hostMounts"),
        ('roles: ["*:role/unifocus-*"]',
         'taskRoleArn: "arn:aws:iam::111122223333:role/admin", containerDefinitions: [{name: api, memory: 512}]',
         f"has the role arn:aws:iam::111122223333:role/admin, {ASKS} *:role/unifocus-*"),
    ],
)  # fmt: skip
def test_what_a_task_definition_may_not_say_is_found_in_it(floors, definition, told):
    spec = SPECS.replace(DEFINITION, f"taskDefinition: {{family: unifocus-prod-api, {definition}}}")
    assert said(floors, spec=spec) == [f"13:23: targets.api.taskDefinition: {told}"]


def test_images_that_are_laid_over_a_base_and_roles_that_are_looked_up_are_checked_too():
    base = "taskDefinition: {base: {family: unifocus-prod-api, follow: newest-foreign}}"
    (told,) = said("registries: [x]", spec=SPECS.replace(DEFINITION, base))
    assert told.startswith(f"13:23: targets.api.taskDefinition: runs {RUNS}, {ASKS} images of x")
    role = DEFINITION.replace("{family", 'taskRoleArn: "${ssm:/net/role}", family').replace("n: task", "n: {task")
    (told,) = said('roles: ["arn:*"]', spec=SPECS.replace(DEFINITION, role))
    assert told == f"13:23: targets.api.taskDefinition: has the role ${{ssm:/net/role}}, {ASKS} arn:*"


@pytest.mark.parametrize(
    ("image", "is_allowed"),
    [
        ("registry.example.com/unifocus/api:v1", True),
        ("registry.example.com/unifocus:v1", True),
        ("registry.example.com/unifocus2/api:v1", False),
        ("registry.example.com.evil.com/unifocus/api:v1", False),
        ("registry.example.com:5000/unifocus/api:v1", False),
        ("nginx:1", False),
    ],
)
def test_where_an_image_comes_from_is_compared_by_whole_names(image, is_allowed):
    spec = SPECS.replace("registry.example.com/unifocus/api:${version}", image)
    assert (said("registries: [registry.example.com/unifocus]", spec=spec) == []) == is_allowed


def test_an_image_that_follows_its_tag_is_found():
    spec = SPECS.replace('"registry.example.com/unifocus/api:${version}"',
                         '{image: "registry.example.com/unifocus/api:x", follow: tag}')  # fmt: skip
    told = f"follows the tag of api, {FORBIDS} followTag"
    assert said("forbid: [followTag]", spec=spec) == [f"12:21: targets.api.images.api: {told}"]


@pytest.mark.parametrize(
    ("track", "what"),
    [
        ("{image: latest}", "follows the tag latest"),
        ('{semver: ">=1", onMovedTag: follow}', "follows tags that are moved"),
        ('{semver: ">=1"}', ""),
    ],
)
def test_a_target_that_follows_a_tag_which_moves_is_found(track, what):
    spec = SPECS.replace("version: v1.2.3", f"track: {track}")
    wrong = [f"11:14: targets.api.track: {what}, {FORBIDS} followTag"] if what else []
    assert said("forbid: [followTag]", spec=spec) == wrong


GROUPED = """\
  groups:
    unifocus:
      version: v1.2.3
      targets: [api]
      gates: [{kind: approval, count: 2}]
  targets:
"""


def test_the_gate_of_a_group_is_as_good_as_one_of_a_member_and_is_held_to_the_floor():
    spec = SPECS.replace("      version: v1.2.3\n", "").replace("  targets:\n", GROUPED)
    floors = policy("gates: [{kind: approval, count: 2}]")
    assert compiled(floors, spec).complaints == ()
    (wrong,) = compiled(floors, spec.replace("count: 2", "count: 1")).complaints
    told = f"targets.api.gates.0.count: is 1, {ASKS} at least 2"
    assert str(wrong).startswith("specs/prod.yaml:11:") and str(wrong).endswith(told)


def test_what_is_wrong_with_the_whole_environment_breaks_all_of_it():
    most = SPECS.replace("  cluster:", "  maxAutomaticRollbacks: 9\n  cluster:")
    (told,) = said("maxAutomaticRollbacks: 2", spec=most)
    assert told == f"6:26: maxAutomaticRollbacks: is 9, {ASKS} at most 2"
    (told,) = said('account: "444455556666"')
    assert told == f"5:18: aws.account: is 111122223333, {ASKS} 444455556666"


def test_the_account_of_another_environment_is_refused():
    """Row 40 of the catalogue of bad input: whoever writes dev.yaml does not reach production."""
    dev = SPECS.replace("name: prod", "name: dev")
    floors = policy('account: "111122223333"')
    (told,) = compiled(floors, dev, "dev").complaints
    assert told.what == "is 111122223333, which the operator's policy keeps for prod"
    assert compiled(floors, SPECS).complaints == ()


def test_what_is_only_observed_starts_nothing_and_has_no_floor():
    floors = "gates: [{kind: approval}]\nbake: 1h\nguards: [alarms]"
    assert said(floors, "mode: observe") == []
    assert len(said(floors)) == 3


def test_a_gate_from_the_defaults_counts():
    defaults = SPECS.replace("  targets:", "  defaults: {gates: [{kind: approval, count: 2}]}\n  targets:")
    assert said("gates: [{kind: approval, count: 2}]", spec=defaults) == []
    (told,) = said("gates: [{kind: approval, count: 3}]", spec=defaults)
    assert told == f"7:46: targets.api.gates.0.count: is 2, {ASKS} at least 3"


def test_a_policy_that_changes_is_applied_to_what_was_compiled_before():
    floors = [Policy()]
    compiler = Compiler(SPEC, lambda: floors[0])
    files = Files(files={"prod.yaml": SPECS.encode()}, commit=Commit("c1"), path="specs")
    sheets = {"prod.yaml": files}
    assert not compiler.compile(PROD, sheets).complaints
    floors[0] = policy("bake: 1h")
    assert len(compiler.compile(PROD, sheets).complaints) == 1
    floors[0] = Policy()
    assert not compiler.compile(PROD, sheets).complaints


def test_validate_says_it_too(tmp_path: Path):
    (tmp_path / "prod.yaml").write_text(SPECS, encoding="utf-8")
    _, complaints = validate([tmp_path], SPEC, policy("bake: 1h"))
    assert [str(one).partition("prod.yaml:")[2] for one in complaints] == [
        f"9:7: targets.api.rollout.bake: is 10m, {ASKS} at least 1h"
    ]


# ---- environments that a gate names


@pytest.mark.parametrize(
    ("source", "told"),
    [("stage", ""), ("stge", "'stge' is no environment of these specs; did you mean 'stage'?"),
     ("x", "'x' is no environment of these specs")],
)  # fmt: skip
def test_an_environment_that_there_is_not_is_refused_where_others_are_known(tmp_path: Path, source, told):
    gated = f"{SPECS}      gates: [{{kind: promoted, from: {source}}}]\n"
    (tmp_path / "prod.yaml").write_text(gated, encoding="utf-8")
    assert validate([tmp_path], SPEC)[1] == ()  # one file alone says nothing of others
    stage = SPECS.replace("name: prod", "name: stage").replace("unifocus-prod-api-service", "s")
    (tmp_path / "stage.yaml").write_text(stage, encoding="utf-8")
    found = [str(one).partition("prod.yaml:")[2] for one in validate([tmp_path], SPEC)[1]]
    assert found == ([f"14:38: targets.api.gates.0.from: {told}"] if told else [])


def test_an_environment_that_comes_or_goes_is_noticed_though_the_file_is_as_it_was():
    prod = f"{SPECS}      gates: [{{kind: promoted, from: stage}}]\n".encode()
    stage = SPECS.replace("name: prod", "name: stage").encode()
    compiler = Compiler(SPEC)

    def wrong(*others: str):
        files = {"prod.yaml": prod, **{f"{name}.yaml": stage for name in others}}
        view = Files(files=files, commit=Commit("c1"), path="specs")
        return [one.what for one in compiler.compile(PROD, {"prod.yaml": view}).complaints]

    assert wrong("stage") == wrong("stage", "dev") == wrong() == []
    assert wrong("dev") == ["'stage' is no environment of these specs"]
    assert wrong("dev", "stage") == []
