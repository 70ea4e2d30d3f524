"""How a change in git is told to whoever asked for it. Pure."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.app.changing import Made


def told(name: str, made: "Made", *, dry_run: bool = False) -> str:
    """Say what was changed, and where that is proposed; with `dry_run` what would be, and how it would be told."""
    one = made.edition
    where = f"{one.file}:{one.line}"
    if not one.is_new:
        return f"{name} has {one.version} already ({where}); nothing was changed"
    step = f"{name}: {one.before} becomes {one.version} in {where}"
    if dry_run:
        message = "\n".join(f"  {line}".rstrip() for line in made.said.message.rstrip().splitlines())
        return f"{step}; nothing was pushed (--dry-run). The commit on {made.branch} would say:\n{message}"
    how = "was pushed before as" if made.was_there else "commit"
    more = f"\n{made.url}" if made.url else ""
    return f"{step}, {how} {made.commit[:12]} on {made.branch}{more}"
