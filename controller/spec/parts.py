"""What stands in more than one place of a spec: what every mapping has, a pause, where a state is."""

from datetime import datetime
from typing import Annotated, ClassVar, Final, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from controller.spec.lookups import STATE, explain_state
from controller.spec.scalars import Explained, Moment, Sentence, refuse

_UNTOLD: Final = "paused by the spec"

State: TypeAlias = Annotated[str, Explained(explain_state, STATE)]
ABOUT_STATE: Final = (
    "Where ${tfstate:output} looks: s3://bucket/key, or file:name.tfstate below the controller's folder of states."
)


class Strict(BaseModel):
    """A mapping in which every key means something."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)
    not_yet: ClassVar[frozenset[str]] = frozenset()


class Stop(Strict):
    """A pause by commit, with its reason."""

    reason: Sentence = Field(description="Why it is paused; shown wherever something waits for it.")
    until: Annotated[datetime, Moment()] | None = Field(
        default=None, description="When the pause ends by itself, with its zone; without it, a commit ends it."
    )


def _read_paused(value: object) -> object:
    if value is None or (isinstance(value, str) and value not in {"true", "false"}):
        refuse("is neither true nor false nor {reason: …, until: …}")
    if isinstance(value, str):
        return {"reason": _UNTOLD} if value == "true" else None
    return value


class _TrueOrStop:
    """Tells editors that a pause may also be true or false."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, walk: GetJsonSchemaHandler) -> JsonSchemaValue:
        stop = [one for one in walk(schema)["anyOf"] if one != {"type": "null"}]
        return {"anyOf": [{"type": "boolean"}, *stop]}


Paused: TypeAlias = Annotated[Stop | None, BeforeValidator(_read_paused), _TrueOrStop()]
