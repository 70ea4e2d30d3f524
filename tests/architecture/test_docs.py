"""The documents lead where they say, and stay as short as they promise."""

import json
import re
import shutil

import pytest

from controller.kinds import SPEC
from controller.spec.check import validate
from controller.targets.ecs.buckets import BUDGETS
from tests.architecture import markdown, tree

SHOWN = re.compile(r"^```yaml\n(apiVersion: [^\n]*\nkind: Environment\n.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [path for path in tree.files() if path.suffix == ".md"]


@pytest.mark.parametrize("page", PAGES, ids=tree.short)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page):
    assert list(markdown.broken(page)) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`, three\n[a](#one-two-three) [b](#four) [c](missing.md) [d](https://example.com/x)\n"
    )
    assert list(markdown.broken(page)) == ["#four: no such heading", "missing.md: no such file"]


def test_links_and_headings_inside_code_are_not_read(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Real\n```\n# Not a heading\n[x](nowhere.md)\n```\n`[y](nowhere.md)`\n")
    assert list(markdown.broken(page)) == []
    assert markdown.anchors(page) == {"real"}


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/words.md"])
def test_the_page_exists_and_says_something(name):
    assert len((tree.ROOT / name).read_text(encoding="utf-8").split()) > 50


def test_every_page_under_docs_can_be_found_from_another():
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in markdown.links(page)
        if ":" not in link
    }
    docs = {page for page in PAGES if page.is_relative_to(tree.ROOT / "docs")}
    lost = [page for page in docs if page not in linked and page.parent not in linked]
    assert sorted(tree.short(page) for page in lost) == []


def test_contributing_fits_on_a_page():
    assert (tree.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").count("\n") <= 60


def test_decisions_are_numbered_without_a_gap_and_dated():
    pages = sorted((tree.ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    assert [page.name for page in pages if "Date: 20" not in page.read_text(encoding="utf-8")] == []


def written_specs():
    """Every whole environment that a page shows."""
    for page in PAGES:
        for example in SHOWN.findall(page.read_text(encoding="utf-8")):
            yield pytest.param(example, id=tree.short(page))


@pytest.mark.parametrize("example", list(written_specs()))
def test_a_spec_that_a_page_shows_is_one_that_validates(example, tmp_path):
    shutil.copytree(tree.ROOT / "specs" / "taskdefs", tmp_path / "taskdefs")
    name = re.search(r"^metadata: \{name: ([a-z]+)\}$", example, re.MULTILINE)[1]
    (tmp_path / f"{name}.yaml").write_text(example, encoding="utf-8")
    checked, complaints = validate([tmp_path], SPEC)
    assert [str(complaint) for complaint in complaints] == []
    assert checked


def test_the_reference_begins_with_a_spec_of_ten_lines():
    page = (tree.ROOT / "docs" / "spec.md").read_text(encoding="utf-8")
    assert page.partition("```yaml\n")[2].partition("```")[0].count("\n") == 10


def test_the_policy_of_the_security_page_allows_what_is_called_and_nothing_else():
    page = (tree.ROOT / "SECURITY.md").read_text(encoding="utf-8")
    policy = json.loads(page.partition("```json\n")[2].partition("```")[0])
    actions = [one["Action"] for one in policy["Statement"]]
    allowed = {name for action in actions for name in ([action] if isinstance(action, str) else action)}
    implied = {"iam:PassRole"}  # no call: it is asked for when a definition names a role
    assert {action.partition(":")[2] for action in allowed - implied} == set(BUDGETS)
