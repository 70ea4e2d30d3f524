"""What a good spec comes to: defaults laid under, names filled in, types as the platform has them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.gates.alarms import Alarms
from controller.gates.http import Http
from controller.gates.prometheus import Prometheus
from controller.gates.promoted import Promoted
from controller.gates.window import NotBefore, Window
from controller.model.desired import Brake, OnDrift, Supersede
from controller.model.gate import OnShut
from controller.model.lookups import Lookup, find_lookups, lookups_in
from controller.model.orders import Pause
from controller.model.place import Place
from controller.model.rollout import Terms
from controller.shaping import Native, Shaped
from controller.spec.parse import Compiler
from tests.spec.shaping import TABLES
from tests.spec.worlds import DEFAULTS, HEAD, TASKDEF, compiled, folder, lines, one_file, said, target

ROLE = "arn:aws:iam::111122223333:role/trueup"


def shape(of, name="api"):
    return json.loads(str(target(of, name).release.shape))


def test_the_smallest_target_has_the_terms_that_the_model_gives():
    api = target(compiled(one_file(lines("api"))))
    assert api.terms == Terms()
    assert (api.supersede, api.on_drift) == (Supersede.ALWAYS, OnDrift.HEAL)
    assert api.heal_after == timedelta(minutes=5)
    assert (api.pause, api.owner, api.create, api.gates, api.settings) == (None, "", False, (), None)
    assert (api.release.version, api.release.commit, api.file) == ("v1.2.3", "c1", "specs/prod.yaml")


def test_a_target_lives_in_its_own_cluster_or_in_the_environments():
    of = compiled(one_file(lines("api"), lines("web", cluster="edge")))
    assert target(of).place == Place(
        kind="ecs",
        account="111122223333",
        region="eu-west-1",
        cluster="unifocus-prod-cluster",
        service="unifocus-prod-api-service",
        role=None,
    )
    assert target(of, "web").place.cluster == "edge"


def test_everything_that_can_be_said_of_a_target_is_heard():
    head = HEAD.replace("region: eu-west-1", f"region: eu-west-1, roleArn: {ROLE!r}")
    api = target(
        compiled(
            one_file(
                lines(
                    "api",
                    owner="payments",
                    rollout="{deadline: 20m, progressDeadline: 90s, bake: 1h, supersede: afterBake}",
                    guards="[{kind: alarms, prefix: p-, exclude: ['*-x'], noData: ok}, {kind: alarms, names: [a]}]",
                    onDrift="report",
                    healAfter="1h",
                    paused="{reason: quarter end, until: 2026-12-31T18:00:00+01:00}",
                    serviceDefinition="{desiredCount: 3}",
                ),
                head=head + DEFAULTS,
            )
        )
    )
    where = {"account": "111122223333", "region": "eu-west-1", "role": ROLE}
    assert api.terms == Terms(
        guards=(Alarms(prefix="p-", exclude=("*-x",), no_data="ok", **where), Alarms(names=("a",), **where)),
        deadline=timedelta(minutes=20),
        progress=timedelta(seconds=90),
        stuck=timedelta(seconds=90),
        bake=timedelta(hours=1),
    )
    assert (api.owner, api.supersede, api.on_drift) == ("payments", Supersede.AFTER_BAKE, OnDrift.REPORT)
    assert api.heal_after == timedelta(hours=1)
    assert api.pause == Pause(reason="quarter end", until=datetime(2026, 12, 31, 17, tzinfo=UTC))
    assert api.place.role == ROLE
    assert json.loads(api.settings.shape) == {"desiredCount": 3}


WATCHED = """[
  {kind: http, url: "https://${target}.example.com/health", status: 200, action: hold, shadow: true, passes: 3},
  {kind: http, url: "https://api.example.com/", method: HEAD, status: [200, 300-399], maxLatency: 500ms,
   failures: 2},
  {kind: http, url: "http://10.0.0.1:8080/", pointer: /a/0, equals: true, timeout: 2s, followRedirects: true},
  {kind: http, url: "http://api.internal/", contains: "es läuft"},
  {kind: prometheus, query: "sum(rate(errors{env='${environment}'}[5m]))", max: 0.01, for: 2m},
  {kind: prometheus, query: up, min: 1, max: +1.5e0, noData: ok, url: "http://prometheus:9090/x", action: warn},
  {kind: alarms, names: [a], passes: 100, failures: 100, for: 1h},
]"""


GATED = """[
  {kind: promoted, from: stage, soak: 30m, containers: [api]},
  {kind: window, allow: Mon-Thu 09:00-16:00, holidays: [2026-12-24], timezone: Europe/Berlin, fit: rollout+bake},
  {kind: alarms, prefix: a-},
  {kind: http, url: "https://api.example.com/ready"},
  {kind: prometheus, query: up, min: 1},
]"""


def test_every_kind_of_gate_is_heard_with_what_it_has_to_know_of_its_target():
    rest = {"notBefore": "2026-12-01T06:00:00+01:00", "rollout": "{deadline: 20m, bake: 1h}"}
    api = target(compiled(one_file(lines("api", gates=GATED.replace("\n", "\n    "), **rest))))
    assert api.gates == (
        Promoted(source="stage", soak=timedelta(minutes=30), containers=("api",), environment="prod"),
        Window(
            allow=("Mon-Thu 09:00-16:00",),
            holidays=("2026-12-24",),
            timezone="Europe/Berlin",
            fit="rollout+bake",
            deadline=timedelta(minutes=20),
            bake=timedelta(hours=1),
        ),
        Alarms(account="111122223333", region="eu-west-1", role=api.place.role, prefix="a-"),
        Http(url="https://api.example.com/ready"),
        Prometheus(query="up", min=1.0),
        NotBefore(at=datetime(2026, 12, 1, 5, tzinfo=UTC)),
    )


def test_every_kind_of_guard_is_heard_with_what_all_have_in_common():
    api = target(compiled(one_file(lines("api", guards=WATCHED.replace("\n", "\n    ")))))
    second = timedelta(seconds=1)
    assert api.terms.guards == (
        Http(url="https://api.example.com/health", status=("200",), action=OnShut.HOLD, shadow=True, passes=3),
        Http(
            url="https://api.example.com/",
            method="HEAD",
            status=("200", "300-399"),
            max_latency=second / 2,
            failures=2,
        ),
        Http(url="http://10.0.0.1:8080/", pointer="/a/0", equals="true", timeout=2 * second, follow_redirects=True),
        Http(url="http://api.internal/", contains="es läuft"),
        Prometheus(query="sum(rate(errors{env='prod'}[5m]))", max=0.01, lasting=120 * second),
        Prometheus(query="up", min=1.0, max=1.5, no_data="ok", url="http://prometheus:9090/x", action=OnShut.WARN),
        Alarms(
            account="111122223333",
            region="eu-west-1",
            names=("a",),
            passes=100,
            failures=100,
            lasting=3600 * second,
        ),
    )


def test_a_query_may_have_several_lines():
    pad = "\n" + " " * 6
    query = pad.join(
        ["guards:", "  - kind: prometheus", "    max: 1", "    query: |", "      sum(", "        up", "      )"]
    )
    api = target(compiled(one_file(lines("api") + f"{pad[1:]}{query}\n")))
    assert api.terms.guards == (Prometheus(query="sum(\n  up\n)\n", max=1.0),)


def test_a_password_in_a_url_is_not_repeated():
    of = compiled(one_file(lines("api", guards="[{kind: http, url: 'https://ana:hush@api.example.com/'}]")))
    assert len(said(of)) == 1 and "hush" not in said(of)[0]


def test_maps_of_the_defaults_merge_and_everything_else_replaces():
    defaults = """\
  owner: unifocus
  defaults:
    kind: ecs
    owner: platform
    taskDefinition: {file: taskdefs/main.yaml, values: {cpu: "512"}}
    rollout: {deadline: 20m, bake: 1h}
    guards: [{kind: alarms, prefix: "${environment}-${target}-"}]
"""
    more = {"rollout": "{bake: 2h}", "taskDefinition": "{values: {cpu: 256}}", "owner": "payments"}
    of = compiled(one_file(lines("api", **more), lines("web", guards="[]"), head=HEAD + defaults))
    api, web = target(of), target(of, "web")
    assert (api.terms.deadline, api.terms.bake) == (timedelta(minutes=20), timedelta(hours=2))
    assert (web.terms.deadline, web.terms.bake) == (timedelta(minutes=20), timedelta(hours=1))
    assert [guard.prefix for guard in api.terms.guards] == ["prod-api-"]
    assert web.terms.guards == ()
    assert (api.owner, web.owner) == ("payments", "platform")
    assert (shape(of)["cpu"], shape(of, "web")["cpu"]) == ("256", "512")


def test_names_are_filled_in_and_two_dollars_are_one():
    taskdef = """\
family: ${environment}-${target}-${cluster}-${region}-${account}
cpu: ${cpu}
containerDefinitions:
  - name: main
    command: ["${greeting}", "$HOME $$ $${version}", "${version}${version}", "$(id)"]
"""
    text = lines("api", taskDefinition="{values: {cpu: 1024, greeting: 'in ${region}'}}")
    made = shape(compiled({**one_file(text), "taskdefs/main.yaml": taskdef.encode()}))
    assert made["family"] == "prod-api-unifocus-prod-cluster-eu-west-1-111122223333"
    assert made["cpu"] == "1024"
    assert made["containerDefinitions"][0]["command"] == [
        "in eu-west-1",
        "$HOME $$ ${version}",
        "v1.2.3v1.2.3",
        "$(id)",
    ]


def test_what_is_filled_in_is_not_filled_in_again():
    text = lines("api", taskDefinition="{values: {cpu: '$${version}'}}")
    assert shape(compiled(one_file(text)))["cpu"] == "${version}"


def test_names_do_not_grow_a_file_without_end():
    taskdef = (
        b"family: x\ncpu: ${cpu}\ncontainerDefinitions:\n  - name: main\n    command:\n"
        + b"      - ${long}\n" * 100
    )
    text = lines("api", taskDefinition=f"{{values: {{cpu: '1', long: {'x' * 1000}}}}}")
    found = said(compiled({**one_file(text), "taskdefs/main.yaml": taskdef}))
    assert len(found) == 100 - 65
    assert found[0].endswith("what is put in for ${names} has more than 65536 characters together")


def test_keys_are_never_filled_in():
    text = lines("api", images='{"${target}": x}')
    found = said(compiled(one_file(text)))
    assert any("targets.api.images.${target}: '${target}' is not a name in ECS" in complaint for complaint in found)


def test_plain_scalars_of_a_native_shape_have_types_and_quoted_ones_are_text():
    taskdef = """\
family: x
cpu: 512
memory: "1024"
containerDefinitions:
  - name: main
    essential: true
    cpu: 0
    portMappings: [{containerPort: 8080}]
    dockerLabels: {a: 1.10, b: 0x1F, c: 012, d: 1_000, e: 22:22, f: 1.5, g: yes, h: "true", i: null, j: -3, k: 1e3}
    environment: [{name: ACCOUNT, value: 111122223333}]
"""
    container = shape(compiled({**one_file(lines("api")), "taskdefs/main.yaml": taskdef.encode()}))
    main = container["containerDefinitions"][0]
    assert (container["cpu"], container["memory"]) == (512, "1024")
    assert (main["essential"], main["cpu"], main["portMappings"]) == (True, 0, [{"containerPort": 8080}])
    assert main["dockerLabels"] == {
        "a": "1.10",
        "b": "0x1F",
        "c": "012",
        "d": "1_000",
        "e": "22:22",
        "f": 1.5,
        "g": "yes",
        "h": "true",
        "i": None,
        "j": -3,
        "k": "1e3",
    }
    assert main["environment"] == [{"name": "ACCOUNT", "value": "111122223333"}]


def test_a_task_definition_may_stand_in_the_target():
    inline = "{family: 'unifocus-${environment}-api', containerDefinitions: [{name: main}]}"
    head = HEAD + "  defaults: {kind: ecs}\n"
    made = shape(compiled(one_file(lines("api", taskDefinition=inline), head=head)))
    assert made["family"] == "unifocus-prod-api"
    assert made["containerDefinitions"] == [{"image": "registry.example.com/api:v1.2.3", "name": "main"}]


@pytest.mark.parametrize("version", ["v0.0.0", "v1.2.3", "v10.20.30-stage", "v1.2.3-rc.1", "latest"])
def test_a_version_may_be_any_that_a_release_has(version):
    assert target(compiled(one_file(lines("api", version)))).release.version == version


@pytest.mark.parametrize(
    ("version", "semver", "base"),
    [
        ("v1.2.3", "1.2.3", "v1.2.3"),
        ("v1.2.3-stage", "1.2.3-stage", "v1.2.3"),
        ("v10.20.30-rc.12", "10.20.30-rc.12", "v10.20.30"),
    ],
)
def test_a_version_is_known_with_its_numbers_alone_and_without_its_suffix(version, semver, base):
    taskdef = b'family: x\ncontainerDefinitions:\n  - {name: main, command: ["${semver}", "${shown}"]}\n'
    more = {
        "images": '{main: "registry.example.com/api:${base}"}',
        "taskDefinition": "{values: {shown: '${base}'}}",
    }
    files = {**one_file(lines("api", version, **more)), "taskdefs/main.yaml": taskdef}
    (container,) = shape(compiled(files))["containerDefinitions"]
    assert container["image"] == f"registry.example.com/api:{base}"
    assert container["command"] == [semver, base]


def test_a_major_step_is_acknowledged_by_one_word_of_the_target():
    both = compiled(one_file(lines("api", "v2.0.0", breaking="acknowledged"), lines("web", "v2.0.0")))
    assert (target(both).breaking, target(both, "web").breaking) == (True, False)


def test_latest_has_no_numbers_which_is_said_where_they_are_asked_for_and_only_there():
    files = one_file(lines("api", "latest", images='{main: "registry.example.com/api:${semver}"}'), lines("web"))
    (wrong,) = said(compiled(files))
    what = "${semver} stands for nothing while the version is latest; ${version} is latest"
    assert wrong == f"specs/prod.yaml:12:22: targets.api: {what}"
    assert target(compiled(one_file(lines("api", "latest")))).release.version == "latest"


def test_a_target_may_take_other_versions_than_its_environment():
    head = HEAD + "  versions: bare\n" + DEFAULTS
    both = one_file(lines("api", "v1.2.3-rc.1", versions="[bare, rc]"), lines("web"), head=head)
    assert target(compiled(both)).release.version == "v1.2.3-rc.1"
    (wrong,) = said(compiled(one_file(lines("api"), lines("web", "v1.2.3-rc.1"), head=head)))
    assert wrong.endswith("targets.web.version: 'v1.2.3-rc.1' is an rc version; prod takes bare ones (vX.Y.Z)")


def test_the_versions_of_the_defaults_come_before_the_environments():
    head = HEAD + "  versions: bare\n" + DEFAULTS.replace("{kind: ecs", "{kind: ecs, versions: [latest, stage]")
    assert target(compiled(one_file(lines("api", "latest"), head=head))).release.version == "latest"
    (wrong,) = said(compiled(one_file(lines("api", "v1.2.3"), head=head)))
    assert wrong.endswith("'v1.2.3' is a bare version; prod takes latest and stage ones (vX.Y.Z-stage)")


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "nginx:1.27",
        "localhost:5000/a/b:v1",
        "public.ecr.aws/nginx/nginx:1.27-alpine",
        "registry.example.com/a__b--c/d:V1_x",
        f"registry.example.com/api:v1@sha256:{'0a' * 32}",
    ],
)
def test_an_image_may_be_any_that_a_registry_has(image):
    assert image in str(target(compiled(one_file(lines("api", images=f'{{main: "{image}"}}')))).release.shape)


def test_an_environment_may_be_paused_and_have_its_brake():
    head = HEAD + "  paused: true\n  maxAutomaticRollbacks: 0\n" + DEFAULTS
    of = compiled(one_file(lines("api"), head=head))
    assert of.pause == Pause(reason="paused by the spec")
    assert of.brake == Brake(limit=0)
    assert compiled(one_file(lines("api", paused="false"))).pause is None
    assert compiled(one_file(lines("api"))).brake == Brake()


def test_unquoted_accounts_are_text_even_if_they_look_octal():
    for account in ("012345670123", "111122223333", "000000000000"):
        files = one_file(lines("api"), head=HEAD.replace('"111122223333"', account) + DEFAULTS)
        assert target(compiled(files)).place.account == account


def test_the_head_is_filled_in_too():
    head = HEAD.replace("unifocus-prod-cluster", "unifocus-${environment}-cluster")
    head = head.replace("region: eu-west-1", "region: eu-west-1, roleArn: 'arn:aws:iam::${account}:role/trueup'")
    assert target(compiled(one_file(lines("api"), head=head + DEFAULTS))).place.role == ROLE


@pytest.mark.parametrize(("answer", "why"), [(None, "ZeroDivisionError"), (Shaped(), "nothing came of it")])
def test_a_kind_that_fails_on_one_target_is_told_and_stops_no_other(answer, why):
    def failing(native: Native) -> Shaped:
        if native.definition["family"] == "unifocus-prod-web":
            return answer or 1 / 0
        return TABLES.targets["ecs"](native)

    files = folder({"api": lines("api", indent=2), "web": lines("web", indent=2)})
    of = compiled(files, compiler=Compiler(replace(TABLES, targets={"ecs": failing})))
    assert set(of.targets) == {"api"}
    place = "specs/taskdefs/main.yaml:1:1: targets.web.taskDefinition"
    assert said(of) == [f"{place}: cannot be read by its kind ({why})"]


def test_a_version_that_changes_only_its_label_makes_an_equal_release():
    one = target(compiled({**one_file(lines("api", images="{main: a}")), "taskdefs/main.yaml": TASKDEF}))
    other = target(compiled(one_file(lines("api", "v1.2.4", images="{main: a}"))))
    assert one.release == other.release
    assert one.release.version != other.release.version


def test_look_ups_are_left_for_the_kind_and_only_what_people_escaped_is_the_text_itself():
    definition = rb"""
family: x
containerDefinitions:
  - name: main
    command: ["${ssm:/${environment}/a}", "$${ssm:/a}", "${role}", "${cfn:a:b[]}-${tfstate:x.y[0]}", "${escaped}"]
"""
    values = "{role: '${ssm:/${target}/role}', escaped: '$${ssm:/b}', cpu: '1'}"
    text = lines("api", taskDefinition=f"{{values: {values}}}", serviceDefinition="{cluster: '${ssm:/c}'}")
    found = compiled(one_file(text) | {"taskdefs/main.yaml": definition})
    command = shape(found)["containerDefinitions"][0]["command"]
    assert command == [
        "\0{ssm:/prod/a}",
        "${ssm:/a}",
        "\0{ssm:/api/role}",
        "\0{cfn:a:b[]}-\0{tfstate:x.y[0]}",
        "${ssm:/b}",
    ]
    assert [str(one) for text in command for one in lookups_in(text)] == [
        "${ssm:/prod/a}",
        "${ssm:/api/role}",
        "${cfn:a:b[]}",
        "${tfstate:x.y[0]}",
    ]
    assert find_lookups(json.loads(target(found).settings.shape)) == {Lookup(kind="ssm", name="/c")}


def test_where_terraform_keeps_its_state_is_said_for_all_or_for_one():
    told = []

    def kind(native: Native) -> Shaped:
        told.append(native.state)
        return TABLES.targets["ecs"](native)

    head = HEAD + "  terraformState: 's3://tf-${environment}/ecs.tfstate'\n" + DEFAULTS
    files = one_file(lines("api"), lines("web", terraformState="'file:${target}.tfstate'"), head=head)
    found = compiled(files, compiler=Compiler(replace(TABLES, targets={"ecs": kind})))
    assert found.complaints == ()
    assert told == ["s3://tf-prod/ecs.tfstate", "file:web.tfstate"]
