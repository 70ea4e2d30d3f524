"""Whatever keeps the items: what a commit, a condition, a revision and the journal mean."""

from contextlib import closing

import pytest

from controller.errors import Conflict
from controller.stores.backend import ABSENT, Check, Key, Row, Write
from controller.stores.memory import MemoryBackend
from controller.stores.sqlite import SqliteBackend

ONE, TWO = Key("part", "one"), Key("part", "two")
FAR = Key("elsewhere", "one")


@pytest.fixture(params=["memory", "sqlite"])
def backend(request, tmp_path):
    made = MemoryBackend() if request.param == "memory" else SqliteBackend(tmp_path / "trueup.db")
    with closing(made) as backend:
        yield backend


def put(key, body="x", expect=None):
    return Write(key=key, body=body, expect=expect)


def row(text, env="prod", target="api"):
    return Row(env=env, target=target, body=text)


def bodies(backend, part="part"):
    return {name: item.body for name, item in backend.get(part, list(backend.etags(part))).items()}


def test_what_is_put_is_got_and_what_is_not_there_is_left_out(backend):
    done = backend.commit([put(ONE, "1"), put(TWO, "2"), put(FAR, "3")])
    assert bodies(backend) == {"one": "1", "two": "2"}
    assert {item.etag for item in backend.get("part", ["one", "two", "three"]).values()} == {done.etag}
    assert backend.get("part", []) == backend.get("nowhere", ["one"]) == backend.etags("nowhere") == {}


def test_many_items_are_got_at_once(backend):
    names = [f"{at:04}" for at in range(1234)]
    backend.commit([put(Key("many", name), name) for name in names])
    assert list(backend.etags("many")) == names
    assert {name: item.body for name, item in backend.get("many", names).items()} == {name: name for name in names}


def test_an_etag_is_never_used_twice_not_even_for_an_item_that_was_gone(backend):
    seen = set()
    for _ in range(5):
        seen.add(backend.commit([put(ONE)]).etag)
        backend.commit([put(ONE, None)])
        seen.add(backend.commit([put(FAR)]).etag)
    assert len(seen) == 10


@pytest.mark.parametrize(
    ("write", "then"),
    [
        (lambda _etag: put(ONE, "new", None), {"one": "new"}),
        (lambda etag: put(ONE, "new", etag), {"one": "new"}),
        (lambda etag: put(ONE, None, etag), {}),
        (lambda _etag: put(TWO, "new", ABSENT), {"one": "old", "two": "new"}),
        (lambda _etag: put(TWO, None, None), {"one": "old"}),
        (lambda _etag: put(ONE, "new", ABSENT), None),
        (lambda _etag: put(ONE, "new", "other"), None),
        (lambda _etag: put(ONE, None, "other"), None),
        (lambda etag: put(TWO, "new", etag), None),
        (lambda etag: put(TWO, None, etag), None),
    ],
)
def test_a_write_holds_only_over_the_etag_that_it_expects(backend, write, then):
    etag = backend.commit([put(ONE, "old")]).etag
    if then is None:
        with pytest.raises(Conflict, match=r"part: (one|two)"):
            backend.commit([write(etag)])
    else:
        backend.commit([write(etag)])
    assert bodies(backend) == ({"one": "old"} if then is None else then)


def test_all_is_written_or_nothing(backend):
    backend.commit([put(ONE, "old")])
    before = backend.revisions(["part", "elsewhere"])
    for conditions in (
        {"writes": [put(FAR), put(TWO), put(ONE, "new", "other")]},
        {"writes": [put(FAR), put(TWO)], "checks": [Check(key=ONE, expect=ABSENT)]},
    ):
        with pytest.raises(Conflict):
            backend.commit(**conditions, rows=[row("never")])
    assert bodies(backend) == {"one": "old"}
    assert backend.etags("elsewhere") == {}
    assert backend.revisions(["part", "elsewhere"]) == before
    assert list(backend.journal(env=None, target=None, after=0, limit=9)) == []


def test_a_check_that_holds_writes_nothing(backend):
    etag = backend.commit([put(ONE)]).etag
    done = backend.commit([put(FAR)], checks=[Check(key=ONE, expect=etag), Check(key=TWO, expect=ABSENT)])
    assert backend.etags("part") == {"one": etag}
    assert set(done.parts) == {"elsewhere"}


def test_an_item_is_not_written_twice_in_one_commit(backend):
    with pytest.raises(ValueError, match="twice"):
        backend.commit([put(ONE, "a"), put(ONE, None)])
    assert bodies(backend) == {}


def test_a_revision_is_new_whenever_its_part_was_written_to_and_only_then(backend):
    assert backend.revisions(["part", "elsewhere"]) == ("", "")
    seen = [backend.revisions(["part"])[0]]
    far = backend.revisions(["elsewhere"])
    for write in (put(ONE), put(ONE), put(ONE, None), put(ONE)):
        done = backend.commit([write])
        seen.append(backend.revisions(["part"])[0])
        assert done.parts == {"part": (seen[-2], seen[-1])}
    assert len(set(seen)) == 5
    assert backend.revisions(["elsewhere", "part", "elsewhere"]) == (*far, seen[-1], *far)
    backend.commit([], rows=[row("alone")])
    assert backend.revisions(["part"]) == (seen[-1],)


def test_rows_are_numbered_from_one_in_the_order_of_their_commits(backend):
    backend.commit([], rows=[row("a"), row("b", target=None)])
    with pytest.raises(Conflict):
        backend.commit([put(ONE, "x", "other")], rows=[row("lost")])
    backend.commit([put(ONE)], rows=[row("c", env="stage")])
    rows = backend.journal(env=None, target=None, after=0, limit=9)
    assert [(found.number, found.body, found.env, found.target) for found in rows] == [
        (1, "a", "prod", "api"),
        (2, "b", "prod", None),
        (3, "c", "stage", "api"),
    ]


def test_bodies_and_names_of_any_text_are_kept(backend):
    key = Key("pärt", "naïve/ñame 'quoted' \"twice\" \\ ; --")
    backend.commit([put(key, "\n\t'\" ü 漢字 🚀 \x00 end")], rows=[row("漢", env="ü", target="🚀")])
    assert bodies(backend, key.part) == {key.name: "\n\t'\" ü 漢字 🚀 \x00 end"}
    assert [found.body for found in backend.journal(env="ü", target="🚀", after=0, limit=1)] == ["漢"]
