"""The whole record of one rollout, for people. Pure: text out."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from controller.cli.evidence import shown
from controller.cli.show import instant, span

if TYPE_CHECKING:
    from controller.model.rollout_record import HookTold, RolloutRecord, Stretch, Told

_WIDTH: Final = 9


def render(record: "RolloutRecord") -> str:
    """Print a record, a section for each of its parts that says something."""
    return shown((*_head(record), *_sections(record)))


def _head(record: "RolloutRecord") -> Iterator[str]:
    yield f"{record.env}/{record.target}  rollout {record.rollout}: {record.version}"
    by = f" by {record.author}" if record.author else ""
    ended = f", ended {instant(record.ended)}" if record.ended else ""
    took = f" after {span(record.seconds)}" if record.seconds is not None else ""
    verdict = record.verdict
    said = f"{verdict.result}{f' ({verdict.cause})' if verdict.cause else ''}: {verdict.why}"
    back = f"; back to {verdict.back}" if verdict.back else ""
    lines = {
        "commit": f"{record.commit}{by}" if record.commit else "",
        "built": record.built,
        "follows": record.follows,
        "pull": " ".join(filter(None, (record.brought.pull, record.brought.url))) if record.brought else "",
        "digest": record.digest,
        "replaced": record.replaced,
        "opened": f"{instant(record.opened)}{ended}{took}",
        "verdict": f"{said}{back}" if verdict.result else f"none yet: it is {record.phase}",
        "rang": ", ".join(record.alarms),
    }
    yield from (f"  {name:{_WIDTH}} {text}" for name, text in lines.items() if text)


def _sections(record: "RolloutRecord") -> Iterator[str]:
    yield from _section("images", (f"{path} = {value}" for path, value in _sorted(record.images)))
    yield from _section("commits", (f"{_at(one)}  {one.text}, by {one.by}" for one in record.commits))
    yield from _section("reviews", record.brought.reviewers if record.brought else ())
    yield from _section("checks", record.brought.checks if record.brought else ())
    yield from _section("phases", map(_stretch, record.phases))
    yield from _section("gates", (f"{_at(one)}  {one.what}: {one.text}" for one in record.gates))
    yield from _section("orders", (f"{_at(one)}  {one.text}, by {one.by}" for one in record.orders))
    yield from _section("hooks", map(_hook, record.hooks))
    yield from _section("calls", (f"{_at(one)}  {one.text}" for one in record.calls))
    yield from _section("guards", (f"{_at(one)}  {one.text}" for one in record.guards))
    yield from _section("failed", (f"{_at(one)}  {one.text}" for one in record.failures))
    yield from _section("evidence", record.evidence)


def _section(name: str, lines: Iterable[str]) -> Iterator[str]:
    told = list(lines)
    if told:
        yield f"{name}:"
        yield from (f"  {line}" for line in told)


def _sorted(images: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return sorted(images.items())


def _at(one: "Told") -> str:
    return instant(one.at)


def _stretch(one: "Stretch") -> str:
    took = f" {span(one.seconds)}" if one.seconds is not None else ""
    return f"{instant(one.since)}  {one.phase}{took}: {one.reason}"


def _hook(one: "HookTold") -> str:
    code = "" if one.code is None else f", exit code {one.code}"
    ended = f" to {one.ended}" if one.ended else ""
    why = f": {one.why}" if one.why else ""
    return f"{one.started}{ended}  {one.when} {one.name}: {one.state}{code}{why}"
