"""The tables: every kind of target, guard, question and answer by its name; adding one is a line here."""

from types import MappingProxyType
from typing import Final

from controller.gates.alarms import Alarms as AlarmGuard
from controller.model.questions import Alarms, AlarmsOf, ChangedBy, Changer
from controller.spec.tables import Tables as SpecTables
from controller.stores.codec import Tables as StoredTables
from controller.targets.ecs.passing import passed_over
from controller.targets.ecs.pinned import names_of
from controller.targets.ecs.spec import shape

SPEC: Final = SpecTables(targets={"ecs": shape}, guards={"alarms": AlarmGuard})

PASSING: Final = MappingProxyType({"ecs": passed_over})
NAMING: Final = MappingProxyType({"ecs": names_of})

STORED: Final = StoredTables(
    gates={"alarms": AlarmGuard},
    questions={"alarmsOf": AlarmsOf, "changedBy": ChangedBy},
    answers={"alarms": Alarms, "changer": Changer},
)
