"""Editing the version line: one text changes, and every other byte stays as somebody wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import SpecError
from controller.spec.edit import edit_version, version_paths
from controller.spec.scan import scan

FILE = "specs/prod.yaml"
API = ("spec", "targets", "api", "version")

SPEC = """\
# what prod runs; ask #releases before you change it
apiVersion: trueup/v1
kind: Environment
metadata: {name: prod}
spec:
  defaults: {kind: ecs}
  targets:
    web: {version: 'v9.0.0', service: web}   # the site: v1.2.2 in a comment stays
    api:
      # the line that a team changes
      version:   v1.2.2     # since monday
      images: {api: "r.example.com/api:${version}", note: "version: v1.2.2"}
      hooks: {before: [{name: migrate, version: v1.2.2}]}
"""


def edited(text, path=API, version="v1.2.3"):
    return edit_version(text.encode(), FILE, path, version).content.decode()


def test_only_the_text_of_the_version_changes():
    found = edit_version(SPEC.encode(), FILE, API, "v1.2.3")
    assert found.content.decode() == SPEC.replace("version:   v1.2.2     #", "version:   v1.2.3     #")
    assert (found.before, found.line) == ("v1.2.2", 11)


def test_a_version_in_a_flow_mapping_keeps_its_quotes_and_its_neighbours():
    after = edited(SPEC, ("spec", "targets", "web", "version"), "v9.1.0")
    assert after == SPEC.replace("'v9.0.0'", "'v9.1.0'")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n", "# the end: é ☂ 🚀", "\n\n\n"])
def test_line_ends_and_what_is_not_ascii_stay(end, last):
    text = ("# größer als ☂ 🚀\n" + SPEC.rstrip("\n") + last).replace("\n", end)
    assert edited(text) == text.replace("version:   v1.2.2     #", "version:   v1.2.3     #")


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize("key", ["version", "'version'", '"version"', "? version\n      "])
def test_quotes_stay_however_the_key_is_written(quote, key):
    text = SPEC.replace("version:   v1.2.2     #", f"{key}: {quote}v1.2.2{quote} #")
    assert edited(text) == text.replace(f"{quote}v1.2.2{quote} #", f"{quote}v1.2.3{quote} #")


def test_a_version_on_the_line_below_its_key_is_found():
    text = SPEC.replace("version:   v1.2.2     #", "version:\n        v1.2.2     #")
    assert edited(text) == text.replace("        v1.2.2     #", "        v1.2.3     #")


def test_a_file_of_targets_and_a_group_are_edited_at_their_own_path():
    text = "apiVersion: trueup/v1\nkind: Targets\ntargets:\n  api: {version: v1.0.0}\n"
    assert edited(text, ("targets", "api", "version")) == text.replace("v1.0.0", "v1.2.3")
    grouped = SPEC + "  groups:\n    unifocus: {version: v1.2.2, targets: [api, worker]}\n"
    paths = version_paths(grouped.encode(), FILE, "api")
    assert paths == (API, ("spec", "groups", "unifocus", "version"))
    assert edited(grouped, paths[1]) == grouped.replace("unifocus: {version: v1.2.2", "unifocus: {version: v1.2.3")
    assert version_paths(grouped.encode(), FILE, "worker") == paths[1:]
    assert version_paths(grouped.encode(), FILE, "other") == ()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "spec.targets.api.version is not there, so there is no line to change"),
        ("version:", "is not there, so there is no line to change"),
        ("track: {image: latest}", "it follows what `track` names"),
        ("version: |\n        v1.2.2\n      x: y", "'v1.2.2\\n', which is no version; change it by hand"),
        ("version: |-\n        v1.2.2\n      x: y", "is a block of lines; write it on the line of its key"),
        ("version: >-\n        v1.2.2\n      x: y", "is a block of lines"),
        ('version: "v1\\x2e2.2"', "is written with escapes or over several lines"),
        ("version: ${release}", "'${release}', which is no version; change it by hand"),
        ("version: [v1.2.2]", "is not there"),
        ("version: &v v1.2.2", "anchors (&v) are refused"),
        ("version: !!str v1.2.2", "tags (!!str) are refused"),
        ("version: v1.2.2\n      version: v1.2.2", "duplicate key 'version'"),
    ],
)
def test_what_is_written_in_another_way_is_refused_with_its_place(line, why):
    text = SPEC.replace("version:   v1.2.2     # since monday", line)
    with pytest.raises(SpecError) as refused:
        edited(text)
    assert why in str(refused.value) and str(refused.value).startswith(FILE)


def test_a_version_that_is_a_default_is_not_changed_for_all():
    text = SPEC.replace("version:   v1.2.2     # since monday", "owner: a").replace(
        "{kind: ecs}", "{version: v1.2.2}"
    )
    with pytest.raises(SpecError, match="it stands in `defaults`, for others too"):
        edited(text)


@pytest.mark.parametrize(
    "version", ["1.2.3", "v1.2", "v1.2.3 # x", "v1.2.3\nspec: {}", "", "${version}", "v1.2.3-beta"]
)
def test_only_a_version_is_written(version):
    with pytest.raises(SpecError, match=r"is not vMAJOR\.MINOR\.PATCH"):
        edited(SPEC, version=version)


WORDS = st.text(alphabet="abé☂🚀 #'-", max_size=8).map(lambda text: text.replace("'", "''"))


@given(
    comments=st.lists(WORDS, min_size=4, max_size=4),
    spaces=st.integers(1, 5),
    quote=st.sampled_from(["", "'", '"']),
)
def test_whatever_stands_around_it_only_that_text_differs(comments, spaces, quote):
    before, after, own, below = (f" # {one}" for one in comments)
    head = f"{before}\nspec:{after}\n  targets:\n    api:\n      note: '{comments[0]}'\n      "
    head += f"version:{' ' * spaces}{quote}"
    tail = f"{quote}{own}\n      other: v1.2.2{below}\n"
    text = f"{head}v1.2.2{tail}"
    if not scan(text.encode(), FILE).complaints:
        assert edited(text) == f"{head}v1.2.3{tail}"
