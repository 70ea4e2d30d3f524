"""Release notes: the commits between two versions, grouped, with what was deployed, who approved, how long it took.

Commits are read as Conventional Commits 1.0 says (conventionalcommits.org). A pull request that GitHub merged or
squashed stands for all its commits.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from controller.model.application import AppCommit
from controller.model.consent import APPROVED_BY
from controller.model.names import Commit
from controller.model.notes import Brought, Change, Group, Noted
from controller.model.rollout_record import RolloutRecord
from controller.plan.calls import in_words
from controller.plan.needed import APPROVAL

LARGEST: Final = 16_000
"""How many characters the notes of one release may have."""
_TITLE: Final = 200
_SHORT: Final = 7
_CONVENTIONAL: Final = re.compile(
    r"(?P<type>[A-Za-z]{1,20})(?:\((?P<scope>[^()\r\n]{1,60})\))?(?P<bang>!)?: +(?P<title>.+)"
)
_BREAKING: Final = re.compile(r"^BREAKING[ -]CHANGE: ", re.MULTILINE)
_MERGED: Final = re.compile(r"Merge pull request #(?P<number>[1-9][0-9]{0,8}) from ")
_SQUASHED: Final = re.compile(r"(?P<title>.+?) \(#(?P<number>[1-9][0-9]{0,8})\)")
_PARTS: Final = re.compile(r": |; ")
_FEATURES: Final = frozenset({"feat", "feature"})
_FIXES: Final = frozenset({"fix", "perf", "revert", "hotfix"})


def notes_of(noted: Sequence[Noted], about: str = "", clean: Callable[[str], str] = str) -> str:
    """Write the notes of one target, or of the members of a group, whose name `about` is; one at least.

    What others wrote comes through `clean`.
    """
    record = noted[0].record
    before = ", ".join(dict.fromkeys(one.record.replaced for one in noted if one.record.replaced))
    head = f"{record.version} in {record.env}/{about or record.target}" + (f", after {before}" if before else "")
    foot = _fitting(tuple(_foot(noted)), LARGEST // 2)
    room = LARGEST - len(head) - len(foot) - 200
    lines = [line for paragraph in _bodies(noted, clean) for line in ("", *paragraph)]
    body = _fitting(lines, room)
    return "\n\n".join(part for part in (head, body, foot) if part)


def changes_of(commits: Sequence[AppCommit]) -> tuple[Change, ...]:
    """Make changes of commits, newest first: what a pull request brought is one change."""
    known = {one.commit: one for one in commits}
    seen: set[Commit] = set()
    found: list[Change] = []
    for one in commits:
        if one.commit in seen:
            continue
        seen.add(one.commit)
        merged = _MERGED.match(one.subject)
        if len(one.parents) > 1 and merged:
            inner = _inner(one, known, seen)
            seen.update(each.commit for each in inner)
            found.append(_request(one, int(merged["number"]), inner))
        elif len(one.parents) <= 1:
            found.append(_change(one))
    return tuple(found)


def _inner(merge: AppCommit, known: Mapping[Commit, AppCommit], seen: set[Commit]) -> list[AppCommit]:
    """Find the commits that a merge brought: those behind its other parents, and not behind its first."""
    main = _behind(merge.parents[:1], known)
    return [known[one] for one in _behind(merge.parents[1:], known) if one not in main and one not in seen]


def _behind(starts: Sequence[Commit], known: Mapping[Commit, AppCommit]) -> dict[Commit, None]:
    found: dict[Commit, None] = {}
    left = list(starts)
    while left:
        one = left.pop()
        if one in known and one not in found:
            found[one] = None
            left += known[one].parents
    return found


def _request(merge: AppCommit, number: int, inner: Sequence[AppCommit]) -> Change:
    """Make one change of a merged pull request; if its title has no type, it has that of its commits."""
    title = next((line.strip() for line in merge.body.splitlines() if line.strip()), merge.subject)
    change = _change(replace(merge, subject=title))
    groups = {_change(one).group for one in inner}
    group = change.group
    if Group.BREAKING in groups:
        group = Group.BREAKING
    elif not _CONVENTIONAL.fullmatch(title):
        group = next((one for one in Group if one in groups), group)
    author = inner[0].author if inner else merge.author
    at = min([merge.at, *(one.at for one in inner)])
    return replace(change, group=group, request=number, author=author, at=at)


def _change(one: AppCommit) -> Change:
    squashed = _SQUASHED.fullmatch(one.subject)
    subject = squashed["title"] if squashed else one.subject
    said = _CONVENTIONAL.fullmatch(subject)
    return Change(
        group=_group(said["type"].lower() if said else "", bang=bool(said and said["bang"]), body=one.body),
        title=said["title"] if said else subject,
        scope=(said["scope"] or "") if said else "",
        request=int(squashed["number"]) if squashed else 0,
        commit=one.commit,
        author=one.author,
        at=one.at,
    )


def _group(kind: str, *, bang: bool, body: str) -> Group:
    if bang or _BREAKING.search(body):
        return Group.BREAKING
    if kind in _FEATURES:
        return Group.FEATURES
    return Group.FIXES if kind in _FIXES else Group.OTHERS


def _bodies(noted: Sequence[Noted], clean: Callable[[str], str]) -> Iterator[Sequence[str]]:
    """Give the paragraphs that tell what changed; where members bring different things, each under its name."""
    brought: dict[Brought, list[str]] = {}
    for one in noted:
        brought.setdefault(one.brought, []).append(one.record.target)
    for what, names in brought.items():
        if len(brought) > 1:
            yield (f"{', '.join(names)}:",)
        yield from _body(what, clean)


def _body(brought: Brought, clean: Callable[[str], str]) -> Iterator[Sequence[str]]:
    """Give the paragraphs that tell what changed, each as its lines."""
    if brought.unknown:
        yield (f"What changed is not known: {clean(brought.unknown)}",)
        return
    changes = changes_of(brought.commits)
    if brought.back:
        yield ("It goes back; this is taken out:",)
    elif not changes:
        yield ("No commit lies between the two.",)
    for group in Group:
        mine = [one for one in changes if one.group is group]
        if mine:
            yield (group.value, *(_line(one, clean) for one in mine))
    if brought.more:
        yield ("There are more commits than are told here.",)


def _line(one: Change, clean: Callable[[str], str]) -> str:
    scope = f"{clean(one.scope)}: " if one.scope else ""
    name = f"#{one.request}" if one.request else one.commit[:_SHORT]
    return f"- {scope}{clean(one.title)[:_TITLE]} ({name}, {clean(one.author)[:_TITLE]})"


def _fitting(lines: Sequence[str], room: int) -> str:
    """Join as many lines as there is room for."""
    kept: list[str] = []
    for at, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            kept.append(f"… and {len(lines) - at} lines more")
            break
        kept.append(line)
    return "\n".join(kept).strip()


def _foot(noted: Sequence[Noted]) -> Iterator[str]:
    """Say what was deployed, who approved it, and how long it took."""
    for one in noted:
        of = f"{one.record.target}: " if len(noted) > 1 else ""
        yield from (f"Deployed: {of}{path} = {image}" for path, image in sorted(one.record.images.items()))
    record = noted[0].record
    if record.commit:
        yield f"Specs: commit {record.commit[:12]}" + (f" by {record.author}" if record.author else "")
    approvers = dict.fromkeys(name for one in noted for name in approvers_of(one.record))
    if approvers:
        yield f"Approved by: {', '.join(approvers)}"
    took = [one.record.seconds for one in noted if one.record.seconds is not None]
    if took:
        yield f"Rollout: {in_words(timedelta(seconds=max(took)))} from its start until it was good"
    leads = [lead for one in noted if (lead := lead_of(one)) is not None]
    if leads:
        yield f"Lead time: {in_words(max(leads))} from the oldest commit until it was good"


def approvers_of(record: RolloutRecord) -> tuple[str, ...]:
    """Name whose yes counted when it started, each once; of a hotfix, which has no such gate, who agreed to it."""
    gates = [part for one in record.gates if one.what == APPROVAL for part in _PARTS.split(one.text)]
    counted = [part.removeprefix(APPROVED_BY) for part in gates if part.startswith(APPROVED_BY)]
    if counted:
        return tuple(dict.fromkeys(name for names in counted for name in names.split(", ")))
    verb = f"approve {record.version} ("
    return tuple(dict.fromkeys(one.by for one in record.orders if one.text.startswith(verb)))


def lead_of(noted: Noted) -> timedelta | None:
    """Say how long it took from the oldest commit until the release was good; None for one that goes back."""
    record, brought = noted.record, noted.brought
    if record.ended is None or brought.back or brought.more or not brought.commits:
        return None
    oldest: datetime = min(one.at for one in brought.commits)
    return max(record.ended - oldest, timedelta())
