"""Which names of files are taken, the same for git and folder."""

import unicodedata
from collections.abc import Iterable, Mapping

from controller.sources.limits import Limits

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def read_name(raw: bytes) -> str:
    """Read a name as UTF-8; bytes that are not, and characters that do not show, become backslash escapes."""
    text = raw.decode("utf-8", "backslashreplace")
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        letter.encode("unicode_escape").decode("ascii") if unicodedata.category(letter) in _INVISIBLE else letter
        for letter in text
    )


def reject_names(names: Iterable[str], limits: Limits) -> Mapping[str, str]:
    """Say of each name that may not be read why; names that only differ in case reject each other."""
    names = list(names)
    rejected = {name: why for name in names if (why := _odd(name, limits))}
    spellings: dict[str, set[str]] = {}
    for part in {part for name in names for part in _parts(name)}:
        spellings.setdefault(part.casefold(), set()).add(part)
    if all(len(spelt) == 1 for spelt in spellings.values()):
        return rejected
    for name in names:
        for part in _parts(name):
            others = spellings[part.casefold()] - {part}
            if others:
                rejected.setdefault(name, f"{part} and {min(others)} differ only in upper and lower case")
    return rejected


def _parts(name: str) -> list[str]:
    """Give the name and every folder above it: `a/b/c` is a, a/b and a/b/c."""
    folders = name.split("/")
    return ["/".join(folders[:depth]) for depth in range(1, len(folders) + 1)]


def _odd(name: str, limits: Limits) -> str:
    """Say what is wrong with one name alone; empty when nothing is."""
    if "\\" in name:
        return "its name holds a backslash, bytes that are not UTF-8, or characters that do not show"
    if unicodedata.normalize("NFC", name) != name:
        return "its name is not in Unicode's composed form (NFC)"
    if any(part in {"", ".", ".."} or part.casefold() == ".git" for part in name.split("/")):
        return "its name leads out of the folder of the specs, or into git's own"
    if len(name.encode()) > limits.name_bytes:
        return f"its name is longer than {limits.name_bytes} bytes"
    return ""
