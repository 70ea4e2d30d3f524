"""Plans as Markdown: golden comments, values that would like to be more than values, and what is too long."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.app.sandbox import seeds_of
from controller.cli.markdown import LONGEST, MARK, Block, Entry, Section, State, code, markdown, states
from controller.codes import NEGATIVE
from controller.plan.compare import Difference
from tests.e2e.cloud import Cloud
from tests.e2e.environments import environment

GOLDEN = Path(__file__).parents[1] / "golden" / "plans"
IMAGE = "taskDefinition.containerDefinitions[api].image"


def differs(path, live, wanted):
    return Difference(path=path, live=live, wanted=wanted)


def entry(name="api", state=State.CHANGES, *differences, **said):
    blocks = (Block(title="", differences=differences),) if differences else ()
    return Entry(name=name, state=state, cause=said.pop("cause", "no difference"), blocks=blocks, **said)


CHANGES = entry(
    "api",
    State.CHANGES,
    differs(IMAGE, "shop/api:v1.2.2", "shop/api:v1.2.3"),
    differs("taskDefinition.containerDefinitions[api].environment[DB_PASSWORD]", "hunter2", "hunter3"),
    differs("taskDefinition.containerDefinitions[api].essential", None, True),
    differs("taskDefinition.containerDefinitions[api].user", "root", None),
    cause=f"registers v1.2.3 for shop-prod-api because of {IMAGE}",
    calls=("RegisterTaskDefinition for v1.2.3", "UpdateService shop-prod-api"),
    notes=("deploy: every gate is open: v1.2.3",),
)
WAITS = entry("web", State.WAITS, cause="differs: x", waits=(("alarms", "shop-prod-5xx rings"),))
HELD = entry("worker", State.BLOCKED, cause="no difference", waits=(("pause", "quarter end"),))
UNSEEN = entry("cron", State.UNREAD, cause="could not be compared", notes=("rest: we could not look",))
RESTS = entry("db", State.RESTS)
NASTY = (
    "```\n# Approved\n<img src=x onerror=alert(1)>",
    "a | b `` c ` d ``` e",
    "@everyone see https://evil.example [x](javascript:1) #1",
    "\u202etxt.exe\x1b[31m",
    "-->",
    "`",
    "``` diff",
    "\\`",
)
PLANS = {
    "nothing": [Section(env="prod", about="0123456789ab", entries=(RESTS, RESTS)), Section(env="stage")],
    "one-of-each": [
        Section(env="dev", unread="the repository has no branch main"),
        Section(
            env="prod",
            about="0123456789ab",
            problems=("specs/prod/web.yaml:3:5: targets.web.version: is missing",),
            entries=(CHANGES, WAITS, HELD, UNSEEN, RESTS),
        ),
    ],
    "merging": [
        Section(
            env="prod",
            spec=(differs("paused.reason", None, "quarter end"),),
            notes=("its files were broken where the branch began",),
            entries=(
                Entry(
                    name="api",
                    state=State.CHANGES,
                    cause="registers v1.2.3 for shop-prod-api because of x",
                    blocks=(
                        Block(title="in the spec", differences=(differs("version", "v1.2.2", "v1.2.3"),)),
                        Block(title="against what runs", differences=(differs(IMAGE, "a:v1.2.1", "a:v1.2.3"),)),
                    ),
                    calls=("RegisterTaskDefinition for v1.2.3", "UpdateService shop-prod-api"),
                    notes=("gates, quarantine and pause: not known here",),
                ),
                Entry(
                    name="old",
                    state=State.REMOVED,
                    cause="is no longer named by the specs",
                    notes=("what it runs is left as it is: trueup never deletes",),
                ),
            ),
        )
    ],
    "injection": [
        Section(
            env="prod",
            problems=NASTY,
            entries=tuple(
                entry(f"t{number}", State.CHANGES, differs(f"a[{text}]", text, f"{text}!"), cause=text,
                      calls=(text,), waits=((text, text),), notes=(text,))
                for number, text in enumerate(NASTY)
            ),
        )
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_plan_becomes_its_golden_comment(name):
    assert markdown(PLANS[name]) == (GOLDEN / f"{name}.md").read_text(encoding="utf-8").rstrip("\n")


def test_every_golden_comment_has_its_plan():
    assert {file.stem for file in GOLDEN.glob("*.md")} == set(PLANS)


def test_a_plan_with_nothing_to_do_is_one_line_below_its_mark():
    mark, line = markdown(PLANS["nothing"]).split("\n\n")
    assert mark == MARK and "\n" not in line and "nothing to do; 2 targets looked at" in line


def prose(comment):
    """What GitHub would read as Markdown: without what is fenced, and without code spans (GFM, 4.5 and 6.3)."""
    kept, fence = [], ""
    for line in comment.split("\n"):
        ticks = re.fullmatch(r" {0,3}(`{3,})([^`]*)", line)
        if fence:
            if ticks and not ticks[2].strip() and len(ticks[1]) >= len(fence):
                fence = ""
        elif ticks:
            fence = ticks[1]
        else:
            kept.append(line)
    assert not fence, "a fence was left open"
    return spanless("\n".join(kept))


def spanless(text):
    opening = re.search(r"`+", text)
    if opening is None:
        return text
    rest = text[opening.end() :]
    closing = next((one for one in re.finditer(r"`+", rest) if one[0] == opening[0]), None)
    assert closing is not None, "a code span was left open"
    return f"{text[: opening.start()]}CODE{spanless(rest[closing.end() :])}"


def skeleton(text):
    return prose(
        markdown([
            Section(
                env="prod",
                problems=(text,),
                entries=(
                    entry("api", State.CHANGES, differs(f"a[{text}]", f"x{text}", f"y{text}"), cause=text,
                          calls=(text,), waits=((text, text),), notes=(text,)),
                ),
            )
        ])
    )  # fmt: skip


@pytest.mark.parametrize("text", [*NASTY, "", " ", "\n\n", "\t"])
def test_no_value_becomes_markdown(text):
    assert skeleton(text) == skeleton("plain")


@given(st.text(st.one_of(st.sampled_from("`~|<>&\\\n\r\t\u2028\u202e*_[]()#@! -+"), st.characters()), max_size=60))
def test_no_text_at_all_becomes_markdown(text):
    assert skeleton(text) == skeleton("plain")


def test_secrets_are_hidden_by_their_name_and_by_their_form():
    path = "taskDefinition.containerDefinitions[api].environment[API_TOKEN]"
    said = markdown(
        [
            Section(
                env="prod",
                problems=("password=hunter2",),
                entries=(entry("api", State.CHANGES, differs(path, "hunter2", "hunter3"), cause="token=hunter2"),),
            )
        ]
    )
    assert "hunter" not in said and f"- {path}: ***\n+ {path}: *** (another value)" in said


@pytest.mark.parametrize("letter", ["x", "ü", "\U0001f600"])
def test_a_comment_is_never_longer_than_github_takes_and_says_what_is_left_out(letter):
    many = [differs(f"a[{number}]", letter * 300, letter * 301) for number in range(40)]
    entries = tuple(entry(f"t{number}", State.CHANGES, *many) for number in range(60))
    said = markdown([Section(env="dev", entries=entries), Section(env="prod", entries=entries)])
    assert len(said) <= len(said.encode()) <= LONGEST
    told = said.count("#### ")
    assert 0 < told < 60
    assert said.splitlines()[-3:] == [
        f"… and {60 - told} more targets; run `trueup plan dev`", "", "… and 1 more environment; run `trueup plan`",
    ]  # fmt: skip
    assert "more target" in said


def test_one_target_alone_is_cut_by_its_differences():
    many = [differs(f"a[{number}]", "x" * 100, "y" * 10_000) for number in range(1000)]
    said = markdown([Section(env="dev", entries=(entry("api", State.CHANGES, *many),))])
    assert re.search(r"\n# … and \d{3} more differences\n```\n", said) and len(said.encode()) < LONGEST / 2


def test_a_span_keeps_what_its_text_begins_and_ends_with():
    assert code("a") == "`a`" and code("`a`") == "`` `a` ``" and code("a``b") == "```a``b```"


def test_what_moves_by_itself_waits_and_what_a_person_has_to_move_is_blocked():
    assert states(["alarms", "rollout"]) is State.WAITS
    assert {states([gate, "alarms"]) for gate in ("pause", "quarantine", "stalled", "held", "source", "mode")} == {
        State.BLOCKED
    }


def test_plan_prints_a_comment_of_what_it_found(trueup, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "prod.yaml").write_text(environment("prod", {"api": "v1.2.3", "web": "v1.0.0"}))
    (tmp_path / "specs" / "stage.yaml").write_text("nonsense")
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "prod.yaml").write_text(environment("prod", "v1.2.3"))
    with Cloud(speed=0) as cloud:
        cloud.seed(seeds_of(seeds))
        where = ("--repo", str(tmp_path), "--store", f"sqlite:///{tmp_path}/none.db")
        said = trueup("plan", "-o", "markdown", "prod", *where, "--endpoint-url", cloud.endpoint_url)
    assert said.code == NEGATIVE
    assert "2 targets: 1 changes, 0 waits, 0 blocked, 0 unread, 1 as it should be." in said.out
    assert "#### `api`: changes\n\n`registers v1.2.3 for unifocus-prod-api-service because of" in said.out
    assert (
        f"```diff\n- {IMAGE}: " in said.out
        and "- would call `RegisterTaskDefinition for v1.2.3`, then `U" in said.out
    )
