"""Which files make an environment, and what happens to those that almost do."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.names import Commit
from controller.sources.environments import environments
from controller.sources.snapshot import Snapshot


def holding(*files: str, rejected: dict[str, str] | None = None) -> Snapshot:
    return Snapshot(
        commit=Commit("1" * 40),
        committed_at=datetime(2026, 1, 1, tzinfo=UTC),
        author="",
        subject="",
        path="specs",
        files=dict.fromkeys(files, b""),
        oids=dict.fromkeys(files, "2" * 40),
        rejected=rejected or {},
    )


def test_files_at_the_top_and_folders_with_environment_yaml_are_environments():
    found = environments(
        holding(
            "dev.yaml",
            "prod/api.yaml",
            "prod/environment.yaml",
            "prod/notes/x.md",
            "taskdefs/api.yaml",
            "README.md",
        )
    )
    assert dict(found.files) == {
        "dev": ("dev.yaml",),
        "prod": ("prod/environment.yaml", "prod/api.yaml", "prod/notes/x.md"),
    }
    assert not found.refused
    assert not found.strays


def test_a_file_and_a_folder_of_one_name_are_an_error_of_that_environment_alone():
    found = environments(holding("prod.yaml", "prod/environment.yaml", "dev.yaml"))
    assert set(found.files) == {"dev"}
    assert dict(found.refused) == {
        "prod": "specs/prod.yaml and specs/prod/environment.yaml both say what prod is: keep one"
    }


def test_a_folder_without_environment_yaml_does_not_disturb_the_file_of_its_name():
    found = environments(holding("prod.yaml", "prod/taskdef.yaml"))
    assert dict(found.files) == {"prod": ("prod.yaml",)}


def test_environment_yaml_deeper_down_makes_nothing():
    assert not environments(holding("a/b/environment.yaml")).files


@pytest.mark.parametrize("name", ["Prod.yaml", "1prod.yaml", "pr_od.yaml", "a" * 41 + ".yaml", "-a.yaml", ".yaml"])
def test_a_name_that_no_environment_can_have_is_a_stray(name):
    found = environments(holding(name, "dev.yaml"))
    assert set(found.files) == {"dev"}
    assert set(found.strays) == {name}


@pytest.mark.parametrize("name", ["prod.yml", "prod.YAML", "prod/environment.yml", "prod/Environment.yaml"])
def test_a_misspelt_suffix_is_a_stray_that_says_how_it_is_written(name):
    assert ".yaml" in environments(holding(name)).strays[name]


def test_a_folder_with_a_name_that_no_environment_can_have_is_a_stray():
    assert set(environments(holding("Prod/environment.yaml", "Prod/api.yaml")).strays) == {"Prod/environment.yaml"}


def test_a_rejected_file_refuses_its_environment_and_no_other():
    why = {"prod.yaml": "it is a symbolic link", "stage/environment.yaml": "it is a submodule", "qa/x": "no"}
    found = environments(holding("dev.yaml", "qa/environment.yaml", rejected=why))
    assert set(found.files) == {"dev"}
    assert dict(found.refused) == {
        "prod": "specs/prod.yaml: it is a symbolic link",
        "qa": "specs/qa/x: no",
        "stage": "specs/stage/environment.yaml: it is a submodule",
    }


def test_a_rejected_file_in_a_folder_that_is_none_refuses_nobody():
    assert set(environments(holding("dev.yaml", rejected={"taskdefs/api.yaml": "link"})).files) == {"dev"}


def test_a_link_where_a_folder_may_have_been_is_a_stray():
    assert dict(environments(holding(rejected={"prod": "it is a symbolic link"})).strays) == {
        "prod": "it is a symbolic link"
    }


NAMES = st.sampled_from(["prod", "Prod", "dev", "1", "taskdefs"])
FILES = st.one_of(
    NAMES.map("{}.yaml".format), NAMES.map("{}/environment.yaml".format), NAMES.map("{}/api.yaml".format), NAMES
)


@given(st.sets(FILES), st.dictionaries(FILES, st.just("odd")))
def test_no_name_is_in_two_places_and_none_is_lost(files, rejected):
    found = environments(holding(*(files - set(rejected)), rejected=rejected))
    assert not set(found.files) & set(found.refused)
    for name in files | set(rejected):
        if name.endswith(".yaml") and "/" not in name:
            stem = name.removesuffix(".yaml")
            assert stem in found.files or stem in found.refused or name in found.strays
    assert not {file for belonging in found.files.values() for file in belonging} & set(rejected)
