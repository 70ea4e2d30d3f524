"""Doctor's look at what applications are built from: can each repository that the specs name be read?"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from controller.app.applications import applications
from controller.app.finding import Finding, ng, ok
from controller.model.application import Application
from controller.model.desired import Desired
from controller.model.images import Unreachable

if TYPE_CHECKING:
    from controller.clock import Clock
    from controller.options import Options

_CHECK: Final = "application"
_DO: Final = "list it in TRUEUP_APPLICATIONS, or correct its address or the credentials for it"


def repositories(wanted: Sequence[Desired], options: "Options", clock: "Clock") -> Iterator[Finding]:
    """Ask each repository once for its tags, whatever the number of targets that name it."""
    named = {one.repository: one for desired in wanted for one in _named(desired)}
    if not named:
        return
    opened = applications(options, clock)
    try:
        for repository, application in sorted(named.items()):
            tags = opened.tags(application)
            if isinstance(tags, Unreachable):
                yield ng(_CHECK, repository, tags.why.removeprefix(f"{repository}: "), _DO, unreachable=True)
            else:
                yield ok(_CHECK, repository, f"{len(tags)} tags")
    finally:
        opened.close()


def _named(desired: Desired) -> Iterator[Application]:
    for target in desired.targets.values():
        followed = target.track.application if target.track else None
        yield from (one for one in (target.application, followed) if one is not None)
