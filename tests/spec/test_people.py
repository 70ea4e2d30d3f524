"""people.yaml: what it says is read into People, and whatever is wrong in it is refused with its place."""

from pathlib import Path

import pytest

from controller.errors import SpecError
from controller.model.people import People, Session
from controller.spec.people import read_people

BAD = sorted((Path(__file__).parents[1] / "golden" / "people").glob("*.yaml"))
HEAD = "apiVersion: trueup/v1\nkind: People\n"
ROLE = "arn:aws:iam::111122223333:role/team"
KEY = "SHA256:" + "a" * 43
GOOD = f"""\
{HEAD}localApprovals: true
people:
  anna:
    emails: [anna@example.com, 12345+anna@users.noreply.example.com]
    keys: ["{KEY}", {"A1" * 20}]
    osUsers: [anna, anna-admin]
    sts: [{{role: "{ROLE}", sourceIdentity: anna}}]
    subjects: ["github|12345"]
    github: Anna-GH
    groups: [release-managers, on-call]
  bob:
    emails: [Bob@Example.com]
    sts: [{{role: "{ROLE}", sourceIdentity: bob}}]
    groups: [on-call]
  eve: {{}}
"""


def refused(text):
    with pytest.raises(SpecError) as error:
        read_people(text.encode(), "people.yaml")
    return str(error.value)


def people(text=GOOD):
    return read_people(text.encode(), "people.yaml")


def test_everybody_is_found_by_all_that_stands_for_them():
    found = people()
    anna, bob, eve = found.persons
    assert [one.name for one in found.persons] == ["anna", "bob", "eve"]
    assert found.find(os_user="anna") == found.find(os_user="anna-admin") == anna
    assert found.find(key=KEY) == found.find(key="A1" * 20) == anna
    assert found.find(session=Session(role=ROLE, source_identity="bob")) == bob
    assert found.find(subject="github|12345") == anna
    assert found.of_email("ANNA@example.com") == anna
    assert found.of_email("bob@example.com") == bob
    assert found.of_github("anna-gh") == anna
    assert found.groups_of("anna") == {"release-managers", "on-call"}
    assert (found.groups_of("eve"), found.groups_of("mallory")) == (frozenset(), frozenset())
    assert found.members(("on-call",)) == (anna, bob)
    assert found.members(()) == (anna, bob, eve)


def test_nobody_is_found_by_what_stands_for_nobody():
    found = people()
    assert found.find() is found.find(os_user="bob") is found.find(key="SHA256:x") is None
    assert found.find(session=Session(role=ROLE, source_identity="eve")) is None
    assert found.find(os_user="github|12345") is found.find(subject="anna") is None
    assert found.of_github("") is found.of_github("anna") is found.of_github("github|12345") is None
    assert found.of_email("") is found.of_email("anna") is found.named("") is found.meant("") is None


def test_an_os_user_stands_for_nobody_unless_that_was_allowed():
    for text in (
        GOOD.replace("localApprovals: true", "localApprovals: false"),
        GOOD.replace("localApprovals: true\n", ""),
    ):
        found = people(text)
        assert not found.local
        assert found.find(os_user="anna") is None
        assert found.meant("anna-admin") == found.named("anna")


def test_one_login_at_github_stands_for_one_person():
    text = GOOD.replace("  eve: {}", "  eve: {github: ANNA-gh}")
    assert refused(text) == "people.yaml:17:17: people.eve.github: 'anna-gh': anna has that GitHub login too"
    assert "is not a login at GitHub" in refused(text.replace("ANNA-gh", "'an na'"))


def test_a_machine_is_nobody():
    found = people(f"{HEAD}machines: [NoReply@host.example]\n{GOOD.removeprefix(HEAD)}")
    assert found.is_machine("noreply@HOST.example") and not found.is_machine("anna@example.com")
    assert found.of_email("noreply@host.example") is None and len(found.persons) == 3
    assert not people().is_machine("noreply@host.example")


@pytest.mark.parametrize(
    ("machines", "told"),
    [
        ("[bob@example.com]", "'bob@example.com': bob has that email, and so is no machine"),
        ("[a@x.example, A@x.example]", "'A@x.example': stands here twice"),
        ("[github]", "'github' is not an email address"),
    ],
)
def test_a_machine_that_is_somebody_is_refused(machines, told):
    assert told in refused(f"{HEAD}machines: {machines}\n{GOOD.removeprefix(HEAD)}")


def test_no_file_knows_nobody_of_itself():
    assert people(f"{HEAD}people: {{}}\n") == People()


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_what_is_wrong_is_refused_with_its_place_word_for_word(file):
    assert refused(file.read_text(encoding="utf-8")) + "\n" == file.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "[]", "a: &x b", "people: {}\n---\n", "\x00", "[" * 30_000])
def test_what_is_no_such_file_is_refused(text):
    assert refused(text).startswith("people.yaml:")
