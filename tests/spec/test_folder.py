"""An environment that is a folder: each file stands or falls alone, its own file carries all others."""

from controller.model.desired import Load
from controller.model.names import Commit, TargetName
from controller.model.trust import Commits, Verify
from controller.spec.parse import Compiler, spec_files
from controller.spec.tables import Files
from tests.spec.shaping import TABLES
from tests.spec.worlds import DEFAULTS, HEAD, PROD, TARGETS, TASKDEF, compiled, folder, lines, one_file, said

API, WEB = lines("api", indent=2), lines("web", indent=2)


def test_each_file_of_a_folder_adds_its_targets():
    of = compiled(folder({"api": API, "team": WEB}))
    assert said(of) == []
    assert {name: target.file for name, target in of.targets.items()} == {
        "api": "specs/prod/api.yaml",
        "web": "specs/prod/team.yaml",
    }


def test_the_environments_own_file_may_hold_targets_too():
    files = folder({"api": API}, head=HEAD + DEFAULTS + "  targets:\n" + lines("web"))
    assert set(compiled(files).targets) == {"api", "web"}


def test_an_environment_that_is_a_folder_may_have_no_targets_yet():
    of = compiled(folder({}))
    assert (said(of), of.targets) == ([], {})


def test_a_file_that_is_broken_is_broken_alone():
    of = compiled(folder({"api": API.replace("v1.2.3", "v1.2"), "web": WEB}))
    assert set(of.targets) == {"web"}
    assert set(of.broken) == {"prod/api.yaml"}
    (complaint,) = said(of)
    assert complaint.startswith("specs/prod/api.yaml:6:14: targets.api.version: 'v1.2' is not ")


def test_a_file_that_is_not_yaml_is_broken_alone():
    files = {**folder({"web": WEB}), "prod/api.yaml": b"[" * 30_000}
    of = compiled(files)
    assert set(of.targets) == {"web"}
    assert said(of) == ["specs/prod/api.yaml:1:33: is nested more than 32 levels deep"]


def test_a_broken_environment_file_leaves_nothing_standing_and_still_names_every_problem():
    files = folder(
        {"api": API.replace("v1.2.3", "v1.2"), "web": WEB}, head=HEAD.replace("eu-west-1", "eu") + DEFAULTS
    )
    of = compiled(files)
    assert of.targets == {}
    assert set(of.broken) == {"prod/environment.yaml", "prod/api.yaml"}
    assert [complaint.where for complaint in of.complaints] == ["targets.api.version", "aws.region"]


def test_an_environment_file_that_is_not_yaml_is_the_only_thing_said():
    of = compiled({**folder({"api": API}), "prod/environment.yaml": b"spec: ]"})
    assert of.targets == {}
    assert said(of) == ["specs/prod/environment.yaml:1:7: is not YAML: did not find expected node content"]


def test_what_is_wrong_in_the_defaults_is_wrong_in_the_environments_file_once():
    head = HEAD + DEFAULTS.replace("kind: ecs", "kind: ecs, rollout: {bake: soon}, ownr: x")
    of = compiled(folder({"api": API, "web": WEB}, head=head))
    assert set(of.broken) == {"prod/environment.yaml", "prod/api.yaml", "prod/web.yaml"}
    assert [complaint.where for complaint in of.complaints] == ["defaults.rollout.bake", "defaults.ownr"]
    assert {complaint.path for complaint in of.complaints} == {"specs/prod/environment.yaml"}


def test_a_name_that_only_one_target_lacks_breaks_only_its_file():
    head = HEAD + DEFAULTS.replace("kind: ecs", "kind: ecs, owner: 'team ${team}'")
    more = {"taskDefinition": "{values: {team: payments}}"}
    of = compiled(folder({"api": lines("api", indent=2, **more), "web": WEB}, head=head))
    assert {name: target.owner for name, target in of.targets.items()} == {"api": "team payments"}
    assert set(of.broken) == {"prod/web.yaml"}


def test_a_service_in_two_files_is_wrong_in_both():
    clone = lines("clone", indent=2, service="unifocus-prod-api-service")
    of = compiled(folder({"api": API, "clone": clone, "web": WEB}))
    assert set(of.targets) == {"web"}
    is_of = "'unifocus-prod-api-service' is the service of"
    assert said(of) == [
        f"specs/prod/api.yaml:5:14: targets.api.service: {is_of} clone too, at specs/prod/clone.yaml:5",
        f"specs/prod/clone.yaml:5:14: targets.clone.service: {is_of} api too, at specs/prod/api.yaml:5",
    ]


def test_the_same_service_name_in_another_cluster_is_another_service():
    clone = lines("clone", indent=2, service="unifocus-prod-api-service", cluster="other")
    assert said(compiled(folder({"api": API, "clone": clone}))) == []


def test_a_name_in_two_files_is_wrong_in_both():
    of = compiled(folder({"api": API, "again": lines("api", indent=2, service="other"), "web": WEB}))
    assert set(of.targets) == {"web"}
    assert said(of) == [
        "specs/prod/again.yaml:4:3: targets.api: is declared in specs/prod/api.yaml:4 too",
        "specs/prod/api.yaml:4:3: targets.api: is declared in specs/prod/again.yaml:4 too",
    ]


def test_files_of_targets_are_closed_mappings_of_their_own_kind():
    files = folder({"api": API})
    files["prod/api.yaml"] = b"apiVersion: trueup/v1\nkind: Environment\nmetdata: {}\ntargets: {}\n"
    files["prod/web.yaml"] = b"# nothing\n"
    assert said(compiled(files)) == [
        "specs/prod/api.yaml:2:7: kind: 'Environment' is not Targets",
        "specs/prod/api.yaml:3:1: metdata: unknown field",
        "specs/prod/api.yaml:4:10: targets: names no target",
        "specs/prod/web.yaml:1:1: is empty: an empty file does not mean that nothing is wanted",
    ]


def test_a_file_with_a_misspelt_ending_is_said_to_be_no_file_of_targets_and_breaks_nothing():
    files = {**folder({"api": API}), "prod/web.yml": b"x", "prod/README.md": b"x", "prod/deep/x.yml": b"x"}
    of = compiled(files)
    assert said(of) == ["specs/prod/web.yml: is not read: a file of targets ends in .yaml"]
    assert (set(of.targets), of.broken) == ({"api"}, {})


def test_a_task_definition_is_found_in_the_environments_folder_first():
    files = folder({"api": API})
    assert '"cpu": "512"' in str(compiled(files).targets["api"].release.shape)
    files["prod/taskdefs/main.yaml"] = TASKDEF.replace(b"${cpu}", b"2048")
    assert '"cpu": 2048' in str(compiled(files).targets["api"].release.shape)


def test_a_task_definition_that_may_not_be_read_is_not_simply_missing():
    files = folder({"api": API})
    del files["taskdefs/main.yaml"]
    of = compiled(files, rejected={"taskdefs/main.yaml": "it is a symbolic link"})
    place = "specs/prod/environment.yaml:7:48: targets.api.taskDefinition.file"
    assert said(of) == [f"{place}: taskdefs/main.yaml cannot be read: it is a symbolic link"]


def test_a_file_that_may_not_be_read_is_broken():
    view = Files(files=folder({"api": API}), rejected={"prod/web.yaml": "it is a link"}, commit=Commit("c1"))
    sheets = dict.fromkeys(spec_files(PROD, {**view.files, **view.rejected}), view)
    of = Compiler(TABLES).compile(PROD, sheets)
    assert (set(of.targets), said(of)) == ({"api"}, ["prod/web.yaml: cannot be read: it is a link"])


def test_an_environment_is_a_folder_as_soon_as_there_is_its_file():
    of = compiled({**one_file(lines("api")), **folder({"web": WEB})})
    assert set(of.targets) == {"web"}


def test_targets_in_a_list_are_refused():
    files = {**folder({}), "prod/api.yaml": TARGETS.replace("targets:", "targets: [api]").encode()}
    assert said(compiled(files)) == ["specs/prod/api.yaml:3:10: targets: must be a mapping, not a list"]


def needing(name, *needs):
    return lines(name, indent=2, needs=f"[{', '.join(needs)}]")


def test_targets_of_several_files_need_each_other_by_name():
    of = compiled(folder({"api": API, "web": needing("web", "api")}))
    assert said(of) == [] and of.targets["web"].needs == ("api",)


def test_what_is_needed_and_is_in_no_file_is_said_where_it_is_needed():
    of = compiled(folder({"api": API, "web": needing("web", "apy")}))
    (complaint,) = said(of)
    assert complaint.startswith("specs/prod/web.yaml:") and set(of.broken) == {"prod/web.yaml"}
    assert complaint.endswith("targets.web.needs: 'apy' is not a target of this environment; did you mean 'api'?")


def test_what_is_needed_and_stands_in_a_file_that_is_broken_is_not_missing():
    of = compiled(folder({"api": API.replace("v1.2.3", "v1.2"), "web": needing("web", "api")}))
    assert set(of.targets) == {"web"} and set(of.broken) == {"prod/api.yaml"}


def test_what_is_needed_and_stands_in_a_file_that_was_left_out_is_not_missing():
    files = folder({"api": API, "web": needing("web", "api")})
    view = Files(files=files, commit=Commit("c1"), path="specs")
    kept = [path for path in spec_files(PROD, files) if path != "prod/api.yaml"]
    of = Compiler(TABLES).compile(PROD, dict.fromkeys(kept, view))
    assert said(of) == [] and set(of.targets) == {"web"}


def test_a_circle_breaks_each_file_that_is_in_it_and_no_other():
    files = {"api": needing("api", "web"), "web": needing("web", "api"), "job": needing("job", "api")}
    of = compiled(folder(files))
    assert set(of.broken) == {"prod/api.yaml", "prod/web.yaml"} and set(of.targets) == {"job"}


def test_an_environment_says_how_much_of_it_may_change_at_once():
    some = compiled(folder({"api": API}, head=f"{HEAD}  concurrentRollouts: 2\n  maxChanges: 5\n{DEFAULTS}"))
    assert some.load == Load(rollouts=2, changes=5)
    share = compiled(folder({"api": API}, head=f'{HEAD}  maxChanges: "30%"\n{DEFAULTS}'))
    assert share.load == Load(percent=30.0)
    assert compiled(folder({"api": API})).load == Load()


def test_what_has_to_be_signed_is_said_of_the_whole_environment():
    assert compiled(folder({"api": API})).verify == Verify()
    said_ = compiled(folder({"api": API}, head=f"{HEAD}  verify: {{commits: range, tags: true}}\n{DEFAULTS}"))
    assert said_.verify == Verify(commits=Commits.RANGE, tags=True)


def test_where_tags_have_to_be_signed_every_target_with_an_application_has_a_gate_for_it():
    named = "  application: {repository: 'https://git.example.com/shop'}\n"
    signed, plain = f"{HEAD}  verify: {{tags: true}}\n", HEAD
    compiler = Compiler(TABLES)

    def kinds(head):
        made = compiled(folder({"api": API}, head=f"{head}{DEFAULTS}"), compiler=compiler)
        return [gate.kind for gate in made.targets["api"].gates]

    assert [kinds(head) for head in (plain + named, signed, signed + named)] == [[], [], ["signed"]]


def test_a_target_names_the_files_that_it_is_made_of():
    made = compiled(folder({"api": API, "web": WEB}))
    looked_for = {"prod/taskdefs/main.yaml", "taskdefs/main.yaml"}  # the first of them that is there is taken
    assert made.files_of(TargetName("api")) == {"prod/environment.yaml", "prod/api.yaml", *looked_for}
    assert made.files_of(TargetName("none")) == frozenset()


def test_defaults_may_say_what_is_needed_and_a_target_otherwise():
    head = HEAD + DEFAULTS.replace("{kind", "{needs: [api], kind")
    of = compiled(folder({"api": needing("api"), "web": WEB, "job": needing("job", "web")}, head=head))
    assert said(of) == []
    assert {name: target.needs for name, target in of.targets.items()} == {
        "api": (), "web": ("api",), "job": ("web",)
    }  # fmt: skip


def test_a_gate_that_asks_who_reviewed_knows_every_file_that_its_target_is_made_of():
    gate = "gates: [{kind: approval, via: github-review}]"
    (of,) = gates(compiled(folder({"api": f"{API}    {gate}\n"})))
    assert of.files == ("specs/prod/api.yaml", "specs/prod/environment.yaml", "specs/taskdefs/main.yaml")
    assert (of.via, of.environment) == ("github-review", "prod")


def gates(of):
    assert said(of) == []
    return of.targets["api"].gates
