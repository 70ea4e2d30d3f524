"""A tree in the platform's own shape, as plain Python values."""

import re
from collections.abc import Mapping
from typing import Final

from controller.spec.nodes import Fields, Text, values_of

# Numbers as YAML 1.2's core schema has them, but only those that can be written back exactly: where the platform
# wants text (an environment variable's value, a task's cpu), 1.10, 012, 0x1F and 1e3 stay what was written, and
# where it wants a number, the kind of target reads the text. Anything as long as an account is a name.
_WHOLE: Final = re.compile(r"-?[1-9][0-9]{0,9}|0")
_FRACTION: Final = re.compile(r"-?[0-9]{1,9}\.[0-9]{1,9}")


def native(fields: Fields) -> Mapping[str, object]:
    """Give a mapping with the types that its plain scalars have; quoted ones are text."""
    given = values_of(fields, _typed)
    return given if isinstance(given, dict) else {}


def _typed(text: Text) -> object:
    value = text.value
    if value is None or not text.plain:
        return value
    if value in {"true", "false"}:
        return value == "true"
    if _WHOLE.fullmatch(value):
        return int(value)
    is_fraction = _FRACTION.fullmatch(value) and str(float(value)) == value
    return float(value) if is_fraction else value
