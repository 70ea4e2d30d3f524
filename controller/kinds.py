"""The tables: every kind of target, guard, question and answer by its name; adding one is a line here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from controller.gates.alarms import Alarms as AlarmGuard
from controller.gates.approval import Approval as ApprovalGate
from controller.gates.backup import Backup
from controller.gates.checklist import Checklist
from controller.gates.http import Http as HttpGuard
from controller.gates.prometheus import Prometheus as PrometheusGuard
from controller.gates.promoted import Promoted
from controller.gates.signed import SignedTag
from controller.gates.window import NotBefore, Window
from controller.model.application import Carried
from controller.model.backups import Backups, BackupsOf
from controller.model.consent import (
    Approvals,
    ApprovalsOf,
    Authors,
    AuthorsOf,
    Opened,
    OpenedIn,
    SignatureOf,
    Ticks,
    TicksOf,
    Unsigned,
    WhoIsWho,
)
from controller.model.gate import Gate
from controller.model.people import People
from controller.model.questions import (
    AlarmHistory,
    Alarms,
    AlarmsOf,
    ChangedBy,
    Changer,
    Fetched,
    HttpAnswer,
    HttpSilence,
    Measured,
    OnBranch,
    Proven,
    ProvenIn,
    RangBetween,
    Samples,
)
from controller.model.reviews import Brought, ChangeOf, Reviews, ReviewsOf, RunApprovalsOf
from controller.model.trust import Signed
from controller.notifiers.email import Email
from controller.notifiers.github import Github
from controller.notifiers.slack import Slack
from controller.notifiers.sns import Sns
from controller.notifiers.tools import Kind
from controller.notifiers.webhook import Webhook
from controller.spec.tables import Tables as SpecTables
from controller.stores.codec import Tables as StoredTables
from controller.targets.ecs.passing import passed_over
from controller.targets.ecs.pinned import names_of
from controller.targets.ecs.spec import shape

_GUARDS: Final[Mapping[str, type[Gate]]] = MappingProxyType({
    "alarms": AlarmGuard,
    "http": HttpGuard,
    "prometheus": PrometheusGuard,
})  # fmt: skip
_GATES: Final[Mapping[str, type[Gate]]] = MappingProxyType({
    **_GUARDS,
    "approval": ApprovalGate,
    "backup": Backup,
    "checklist": Checklist,
    "promoted": Promoted,
    "window": Window,
})  # fmt: skip
SPEC: Final = SpecTables(
    targets={"ecs": shape},
    guards=_GUARDS,
    gates=_GATES,
    not_before=lambda at: NotBefore(at=at),
    signed=lambda application: SignedTag(application=application),
)

NOTIFIERS: Final[Mapping[str, type[Kind]]] = MappingProxyType({
    "email": Email,
    "github": Github,
    "slack": Slack,
    "sns": Sns,
    "webhook": Webhook,
})  # fmt: skip

PASSING: Final = MappingProxyType({"ecs": passed_over})
NAMING: Final = MappingProxyType({"ecs": names_of})

STORED: Final = StoredTables(
    gates={**_GATES, "notBefore": NotBefore, "signed": SignedTag},
    questions={
        "alarmsOf": AlarmsOf,
        "approvalsOf": ApprovalsOf,
        "authorsOf": AuthorsOf,
        "backupsOf": BackupsOf,
        "changeOf": ChangeOf,
        "changedBy": ChangedBy,
        "fetched": Fetched,
        "measured": Measured,
        "openedIn": OpenedIn,
        "onBranch": OnBranch,
        "provenIn": ProvenIn,
        "rangBetween": RangBetween,
        "signatureOf": SignatureOf,
        "ticksOf": TicksOf,
        "reviewsOf": ReviewsOf,
        "runApprovalsOf": RunApprovalsOf,
        "whoIsWho": WhoIsWho,
    },
    answers={
        "alarmHistory": AlarmHistory,
        "alarms": Alarms,
        "approvals": Approvals,
        "authors": Authors,
        "backups": Backups,
        "brought": Brought,
        "carried": Carried,
        "changer": Changer,
        "httpAnswer": HttpAnswer,
        "httpSilence": HttpSilence,
        "opened": Opened,
        "people": People,
        "proven": Proven,
        "reviews": Reviews,
        "samples": Samples,
        "ticks": Ticks,
        "signed": Signed,
        "unsigned": Unsigned,
    },
)
