"""Enough of Markdown to follow a link: targets, headings, and the anchors that a forge makes of them."""

import re
from collections.abc import Iterator
from pathlib import Path

FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
INLINE_CODE = re.compile(r"`[^`\n]*`")


def prose(text: str) -> str:
    return FENCED.sub("", text)


def links(path: Path) -> Iterator[str]:
    """Every target of an inline link, outside code."""
    yield from LINK.findall(INLINE_CODE.sub("", prose(path.read_text(encoding="utf-8"))))


def anchors(path: Path) -> set[str]:
    """The fragments that headings answer to: lower case, punctuation gone, blanks as hyphens, twins numbered."""
    found: set[str] = set()
    for heading in HEADING.findall(prose(path.read_text(encoding="utf-8"))):
        plain = LINK.sub(lambda link: link.group(0)[1:].partition("]")[0], heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        twins = sum(1 for other in found if other == slug or re.fullmatch(rf"{re.escape(slug)}-\d+", other))
        found.add(f"{slug}-{twins}" if twins else slug)
    return found


def broken(path: Path) -> Iterator[str]:
    """Relative links of one page that lead nowhere."""
    for link in links(path):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue  # another site: not ours to keep alive, and no test asks the network
        name, _, fragment = link.partition("#")
        target = (path.parent / name) if name else path
        if not target.exists():
            yield f"{link}: no such file"
        elif fragment and fragment not in anchors(target):
            yield f"{link}: no such heading"
