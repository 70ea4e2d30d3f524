"""Which version a target follows, and where that comes from. Pure: text and data out."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from controller.model.desired import DesiredTarget

_SHOWN: Final = 12


def follows(want: "DesiredTarget | None") -> list[str]:
    """Tell a person in a line; nothing of a target that follows nothing, or that could not be read."""
    followed = want.followed if want is not None else None
    if followed is None:
        return []
    built = f" (built from {followed.commit[:_SHOWN]})" if followed.commit else ""
    return [f"  follows {followed.source}: {followed.version}{built}"]


def as_followed(want: "DesiredTarget | None") -> dict[str, object]:
    """Give the same as data."""
    followed = want.followed if want is not None else None
    if followed is None:
        return {}
    said = {"source": followed.source, "version": followed.version, "built": followed.commit or ""}
    return {"follows": {**said, "refused": followed.refused}}
