"""The tables: every kind of target, guard, question and answer by its name; adding one is a line here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from controller.gates.alarms import Alarms as AlarmGuard
from controller.gates.approval import Approval as ApprovalGate
from controller.gates.http import Http as HttpGuard
from controller.gates.prometheus import Prometheus as PrometheusGuard
from controller.gates.promoted import Promoted
from controller.gates.window import NotBefore, Window
from controller.model.application import Carried
from controller.model.gate import Gate
from controller.model.people import People
from controller.model.questions import (
    AlarmHistory,
    Alarms,
    AlarmsOf,
    Approvals,
    ApprovalsOf,
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
    WhoIsWho,
)
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
    "promoted": Promoted,
    "window": Window,
})  # fmt: skip
SPEC: Final = SpecTables(
    targets={"ecs": shape}, guards=_GUARDS, gates=_GATES, not_before=lambda at: NotBefore(at=at)
)

PASSING: Final = MappingProxyType({"ecs": passed_over})
NAMING: Final = MappingProxyType({"ecs": names_of})

STORED: Final = StoredTables(
    gates={**_GATES, "notBefore": NotBefore},
    questions={
        "alarmsOf": AlarmsOf,
        "approvalsOf": ApprovalsOf,
        "changedBy": ChangedBy,
        "fetched": Fetched,
        "measured": Measured,
        "onBranch": OnBranch,
        "provenIn": ProvenIn,
        "rangBetween": RangBetween,
        "whoIsWho": WhoIsWho,
    },
    answers={
        "alarmHistory": AlarmHistory,
        "alarms": Alarms,
        "approvals": Approvals,
        "carried": Carried,
        "changer": Changer,
        "httpAnswer": HttpAnswer,
        "httpSilence": HttpSilence,
        "people": People,
        "proven": Proven,
        "samples": Samples,
    },
)
