"""What a message looks like for each receiver: pure, and nothing in it is what somebody else made it.

Texts come from specs, git and logs. Each form is escaped for where it goes, and cut to what is taken there.
"""

import html
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from controller.model.message import Message
from controller.plan.blocked import line_of

SLACK_HEADER: Final = 150
SLACK_TEXT: Final = 3000
SLACK_FIELDS: Final = 10
GITHUB_TEXT: Final = 140
SUBJECT: Final = 150
_SLACK_FIELD: Final = 2000
_LABELS: Final = MappingProxyType({
    "from": "replaces",
    "back": "back on",
    "commit": "commit",
    "author": "by",
    "runs": "runs",
    "cause": "cause",
})  # fmt: skip
_SHORT: Final = 12


def cleaned(message: Message, clean: Callable[[str], str]) -> Message:
    """Bring every text in a message through `clean`, line by line."""

    def lines(text: str) -> str:
        return "\n".join(map(clean, text.splitlines()))

    return replace(
        message,
        title=clean(message.title),
        text=lines(message.text),
        version=clean(message.version),
        facts={clean(name): clean(value) for name, value in message.facts.items()},
        blocked=tuple(replace(one, why=clean(one.why)) for one in message.blocked),
    )


def instant(at: datetime) -> str:
    """Write a moment: RFC 3339 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_of(message: Message) -> dict[str, object]:
    """Write it as an event: CloudEvents 1.0 in structured JSON, with what machines need as its data."""
    blocked = [
        {
            "gate": one.gate,
            "why": one.why,
            "since": instant(one.since) if one.since else None,
            "until": instant(one.until) if one.until else None,
            "groups": list(one.groups),
            "items": list(one.items),
        }
        for one in message.blocked
    ]
    return {
        "specversion": "1.0",
        "id": message.id,
        "source": f"/trueup/{message.env}",
        "type": f"trueup.{message.transition}.v1",
        "subject": message.about,
        "time": instant(message.at),
        "datacontenttype": "application/json",
        "data": {
            "environment": message.env,
            "target": message.target,
            "owners": list(message.owners),
            "occasions": sorted(message.occasions),
            "transition": message.transition,
            "rollout": message.rollout or None,
            "version": message.version,
            "title": message.title,
            "text": message.text,
            "facts": dict(message.facts),
            "blocked": blocked,
        },
    }


def facts_of(message: Message) -> Iterator[tuple[str, str]]:
    """Give the few facts that people read, each with its label."""
    for name, label in _LABELS.items():
        value = message.facts.get(name, "")
        if value:
            yield label, value[:_SHORT] if name == "commit" else value


def text_of(message: Message) -> str:
    """Write it as plain text: what happened, why, what blocks in order, and the facts."""
    parts = [message.text] if message.text else []
    blocks = _unsaid(message)
    if blocks:
        parts.append(f"blocked by\n{blocks}")
    facts = "\n".join(f"{label}: {value}" for label, value in facts_of(message))
    return "\n\n".join((*parts, facts) if facts else parts)


def _unsaid(message: Message) -> str:
    """List what blocks, in order, if its text does not do so already."""
    lines = [line_of(one) for one in message.blocked]
    said = {line.strip() for line in message.text.splitlines()}
    return "" if said.issuperset(lines) else "\n".join(lines)


def html_of(message: Message) -> str:
    """Write it as HTML for a mail."""
    body = html.escape(text_of(message))
    return (
        f'<!doctype html><html><head><meta charset="utf-8"></head><body><h3>{html.escape(message.title)}</h3>'
        f'<pre style="white-space: pre-wrap">{body}</pre></body></html>\n'
    )


def blocks_of(message: Message) -> list[dict[str, object]]:
    """Write it as Slack's blocks; all of it is plain text, in which nothing is a link, a mention or bold."""
    blocks: list[dict[str, object]] = [{"type": "header", "text": _plain(message.title, SLACK_HEADER)}]
    told = message.text
    listed = _unsaid(message)
    if listed:
        told = f"{told}\n{listed}".strip()
    if told:
        blocks.append({"type": "section", "text": _plain(told, SLACK_TEXT)})
    fields = [_plain(f"{label}\n{value}", _SLACK_FIELD) for label, value in facts_of(message)]
    if fields:
        blocks.append({"type": "section", "fields": fields[:SLACK_FIELDS]})
    blocks.append({"type": "context", "elements": [_plain(f"{message.about} {instant(message.at)}", SLACK_HEADER)]})
    return blocks


def slack_text(text: str) -> str:
    """Escape a text for Slack's markup: what begins with < is a link, a mention, or a call to everybody."""
    return cut(text, SLACK_TEXT // 6).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def subject_of(message: Message) -> str:
    """Write one line that is safe as a header."""
    return cut(" ".join(message.title.split()), SUBJECT)


def cut(text: str, most: int) -> str:
    """Cut a text to so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _plain(text: str, most: int) -> dict[str, object]:
    return {"type": "plain_text", "text": cut(text, most), "emoji": False}
