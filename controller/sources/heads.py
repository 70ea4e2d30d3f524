"""The mirror's own refs, `refs/trueup/head/<n>`: one for each history that the branch has had."""

from pathlib import Path

from controller.model.names import Commit
from controller.sources.objects import is_oid

HEADS = Path("refs", "trueup", "head")
_HISTORIES = 100


def read_heads(folder: Path) -> tuple[dict[int, Commit], bool]:
    """Read every head, and whether all of them made sense; a crash can leave a ref full of zeros."""
    heads, sound = _packed(folder), True
    for ref in (folder / HEADS).glob("*"):
        text = ref.read_text("ascii", "replace").strip()
        if ref.name.isdecimal() and is_oid(text):
            heads[int(ref.name)] = Commit(text)
        else:
            sound = False
    return heads, sound


def _packed(folder: Path) -> dict[int, Commit]:
    """Read the refs that somebody's `git gc` moved into one file: `<oid> <ref>` a line (git-pack-refs)."""
    try:
        lines = (folder / "packed-refs").read_text("ascii", "replace").splitlines()
    except FileNotFoundError:
        return {}
    refs = [line.partition(f" {HEADS}/") for line in lines]
    return {int(number): Commit(oid) for oid, _, number in refs if number.isdecimal() and is_oid(oid)}


def drop_oldest(folder: Path, heads: dict[int, Commit]) -> None:
    """Unpin all but the newest hundred histories, so that rewriting without end does not fill the disk."""
    for number in sorted(heads)[:-_HISTORIES]:
        (folder / HEADS / str(number)).unlink(missing_ok=True)
        del heads[number]
