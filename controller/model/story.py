"""What happened, as rows of the journal: append-only, for history, people and the audit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from controller.model.names import EnvName, TargetName

EVIDENCE_TEXT: Final = "text"
"""Where the data of an EVIDENCE row has the evidence: lines of text, as others wrote them."""

OF_SETTINGS: Final = "settings"
"""In the data of a DRIFT row: that only settings drifted, so that what ran was never in doubt."""

ORIGIN: Final = "0" * 64
"""The chain before the first row of a journal."""

EVIDENCE_LIMIT: Final = 64 * 1024
"""How long the evidence of one failure may be, in bytes of UTF-8 (design §9)."""


class Event(StrEnum):
    """What kind of thing a row of the journal tells."""

    ADOPTED = "adopted"
    OPENED = "rollout opened"
    INTENT = "intent"
    OUTCOME = "outcome"
    PHASE = "phase"
    GOOD = "good"
    QUARANTINED = "quarantined"
    EVIDENCE = "evidence"
    GUARD = "guard"
    ENDED = "rollout ended"
    DRIFT = "drift"
    FIGHT = "fight"
    ACCEPTED = "commit accepted"
    ORDER = "order"
    HELD = "held"
    FOLLOWED = "followed"
    NEEDED = "person needed"
    BEFORE = "about to start"
    NOTES = "release notes"
    HOTFIX = "hotfix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row; `number` is given by the store when it is written, `data` holds what machines need."""

    at: datetime
    env: EnvName
    event: Event
    text: str
    target: TargetName | None = None
    rollout: int = 0
    version: str = ""
    by: str = "trueup"
    data: Mapping[str, str] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One row as a link of the chain over all rows of a store: its text, and the chain before it and at it."""

    number: int
    text: str
    previous: str
    chain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """Where a chain ends: the number of its last row, and the chain there. It stands for all rows up to it."""

    number: int
    chain: str
