"""Build the repositories of applications from the options."""

from controller.app.specs import credentials_of
from controller.clock import Clock
from controller.options import Options
from controller.sources.application import Pace
from controller.sources.applications import GitApplications
from controller.sources.doors import Doors


def applications(options: Options, clock: Clock) -> GitApplications:
    """Open none of them yet; SpecError if TRUEUP_APPLICATIONS is wrong."""
    doors = Doors.of(
        options.applications,
        options.repo,
        credentials_of(options),
        token_file=options.applications_token_file,
        username=options.applications_username or "",
    )
    pace = Pace(interval=options.poll.total_seconds(), now=clock.now, elapsed=clock.real)
    return GitApplications(doors=doors, cache=options.cache.expanduser(), pace=pace)
