"""Which forms of versions an environment takes, or a target of it: `versions: bare`, `versions: [latest, rc]`."""

from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from controller.model.version import WRITTEN, Form, read_version
from controller.spec.nodes import Fields, Items, Mark, Node, Text
from controller.spec.scalars import OneOf, refuse, show

VERSIONS: Final = "versions"
ACKNOWLEDGED: Final = "acknowledged"
ABOUT_BREAKING: Final = (
    "`acknowledged`: a version whose first number grows may start. Take it out once that is done."
)
_WORD: Final = OneOf(tuple(Form), Form)
ABOUT_FORMS: Final = (
    "Which versions are taken: latest, rc, stage, bare (vX.Y.Z), or a list of these. Any if absent."
)


def _read_forms(value: object) -> object:
    if value == []:
        refuse("takes no version at all; leave it out to take any")
    return [_WORD.read(value)] if isinstance(value, str) else value


class _WordOrList:
    """Tells editors that one form may also be written alone."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, walk: GetJsonSchemaHandler) -> JsonSchemaValue:
        several = walk(schema)
        return {"anyOf": [several["items"], {**several, "minItems": 1}]}


Forms: TypeAlias = Annotated[list[Annotated[Form, _WORD]], BeforeValidator(_read_forms), _WordOrList()]


def misformed(lines: Fields, under: Fields, env: str, target: str) -> tuple[Mark, str] | None:
    """Say that the version of a target has a form that is not taken, and where it stands; None if all is well.

    `under` is what is laid under the target: whoever says which forms are taken is named.
    """
    text, taken = lines.get("version"), lines.get(VERSIONS)
    version = read_version(text.value or "") if isinstance(text, Text) else None
    forms = _forms(taken)
    if version is None or text is None or not forms or version.form in forms:
        return None
    who = env if taken is under.get(VERSIONS) else target
    return text.at, f"{show(version.text)} is {_one(version.form)}; {who} takes {_several(forms)}"


def _forms(node: Node | None) -> tuple[Form, ...]:
    """Give the forms that are named; nothing if any of them is none, which is told elsewhere."""
    items = node.items if isinstance(node, Items) else (node,)
    words = [item.value for item in items if isinstance(item, Text)]
    known = tuple(form for form in Form if form in words)
    return known if len(known) == len(set(words)) else ()


def _one(form: Form) -> str:
    if form is Form.LATEST:
        return "whatever was built last"
    return f"an {form} version" if form is Form.RC else f"a {form} version"


def _several(forms: tuple[Form, ...]) -> str:
    """Say which forms are taken, and how they are written: `bare ones (vX.Y.Z)`."""
    words = [str(form) if form is Form.LATEST else f"{form} ones ({WRITTEN[form]})" for form in forms]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
