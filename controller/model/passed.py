"""A difference that is passed over."""

from dataclasses import dataclass

from controller.model.manifest import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One path with its value on either side, None for absent, and the rule by which that is no difference."""

    path: str
    live: Scalar
    wanted: Scalar
    rule: str
