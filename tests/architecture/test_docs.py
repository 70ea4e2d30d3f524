"""The documents lead where they say, and stay as short as they promise."""

import pytest

from tests.architecture import markdown, tree

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
