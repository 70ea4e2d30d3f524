"""Text that somebody else wrote, made safe to show: nothing in it is invisible, and nothing is endless."""

import re
from typing import Final

LABEL: Final = 128
LINE: Final = 4096
# The userinfo of RFC 3986 §3.2.1; an @ after the first slash belongs to the path.
_LOGIN: Final = re.compile(r"://[^/?#\s@]*@")


def visible(text: str, limit: int = LINE) -> str:
    r"""Cut text to `limit` characters and spell out (as `\x1b`, `\n`, `\u202e`) what cannot be seen.

    That covers line ends, terminal escapes, and the bidirectional and zero-width characters that make a line read
    as another (reliability rows 82 and 85). Whoever a URL logs in as is left out.
    """
    if "://" in text:
        text = _LOGIN.sub("://***@", text)
    shown = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if shown.isprintable():
        return shown
    return "".join(letter if letter.isprintable() else _spelled(letter) for letter in shown)


def _spelled(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
