"""Who answers each kind of question."""

import threading
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from controller.app.people import people_of
from controller.app.pulls import github_of
from controller.app.specs import trust_of
from controller.clock import Clock
from controller.model.backups import BackupsOf
from controller.model.consent import AuthorsOf, SignatureOf, WhoIsWho
from controller.model.questions import AlarmsOf, ChangedBy, Fetched, Measured, OnBranch, ProvenIn, RangBetween
from controller.model.reviews import ChangeOf, ReviewsOf, RunApprovalsOf
from controller.ports import Probe, Store
from controller.probes.alarm_history import AlarmHistories
from controller.probes.branches import Branches
from controller.probes.brought import BroughtProbe
from controller.probes.cloudtrail import CloudTrail
from controller.probes.cloudwatch import CloudWatchAlarms
from controller.probes.http import HttpProbe
from controller.probes.ledger import Ledger
from controller.probes.people import WhoIsWhoProbe
from controller.probes.prometheus import PrometheusProbe, Server
from controller.probes.rds import RdsBackups
from controller.probes.reviews import ReviewsProbe
from controller.probes.together import Patience
from controller.sources.applications import GitApplications
from controller.sources.authors import AuthorsProbe
from controller.sources.specs import SpecSource
from controller.sources.tags import TagProbe

if TYPE_CHECKING:
    from controller.options import Options
    from controller.targets.ecs.client import Clients


def probes_of(
    options: "Options",
    clients: "Clients",
    clock: Clock,
    store: Store,
    specs: SpecSource,
    applications: GitApplications,
    stop: threading.Event | None = None,
) -> Mapping[type, Probe]:
    """Give who answers each kind of question; `stop` ends the waiting for hosts that are slow to answer."""
    people = options.people
    return {
        **_of_aws(clients, clock),
        **_of_hosts(options, clock, stop or threading.Event()),
        AuthorsOf: AuthorsProbe(specs, applications),
        OnBranch: Branches(applications, clock.elapsed),
        ProvenIn: Ledger(store),
        SignatureOf: TagProbe(applications, trust_of(options, clock)),
        WhoIsWho: WhoIsWhoProbe(partial(people_of, people) if people else None),
    }


def _of_aws(clients: "Clients", clock: Clock) -> dict[type, Probe]:
    return {
        AlarmsOf: CloudWatchAlarms(clients.cloudwatch),
        BackupsOf: RdsBackups(clients.rds),
        ChangedBy: CloudTrail(clients.cloudtrail),
        RangBetween: AlarmHistories(clients.cloudwatch, clock.now),
    }


def _of_hosts(options: "Options", clock: Clock, stop: threading.Event) -> dict[type, Probe]:
    patience = Patience(elapsed=clock.real, stop=stop)
    github, url = github_of(options, clock.real), options.prometheus_url
    reviews = ReviewsProbe(github, options.branch, patience)
    server = Server(url=url, token_file=options.prometheus_token_file) if url else None
    return {
        ChangeOf: BroughtProbe(github, options.branch, clock.real, stop),
        Fetched: HttpProbe(patience),
        Measured: PrometheusProbe(patience, server),
        ReviewsOf: reviews,
        RunApprovalsOf: reviews,
    }
