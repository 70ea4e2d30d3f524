"""Look-ups as a spec writes them, `${ssm:/path}`: which kinds there are, and what their names look like.

Only the form is judged here: whether there is such a value is asked once a commit, by the kind of target.
"""

import difflib
import re
from typing import Final

from controller.model.lookups import KINDS, Lookup
from controller.spec.scalars import show
from controller.spec.scan import printable

# "About requirements and constraints for parameter names" (Systems Manager User Guide) and PutParameter: letters,
# digits and . _ - in at most 15 levels, a slash first if there is any. A version or a label may follow: "Working
# with parameter versions".
_PARAMETER: Final = re.compile(r"(?:(?:/[A-Za-z0-9_.-]+){1,15}|[A-Za-z0-9_.-]+)(?::[A-Za-z0-9_.-]{1,100})?")
_LONGEST_PARAMETER: Final = 1011
# Through this path SSM gives what Secrets Manager keeps ("Referencing AWS Secrets Manager secrets", same guide).
_SECRETS: Final = "/aws/reference/secretsmanager"
# "Outputs section" (CloudFormation User Guide): letters, digits, colons and hyphens. An export is always one text:
# lists are joined by commas, as Fn::ImportValue inside Fn::Split takes them apart; that is what [] asks for.
_EXPORT: Final = re.compile(r"[A-Za-z0-9:-]{1,255}(?:\[\])?")
# Identifiers of Terraform ("Syntax", Configuration Language), then steps into the value.
_OUTPUT: Final = re.compile(
    r"[A-Za-z_][A-Za-z0-9_-]{0,254}(?:\.[A-Za-z_][A-Za-z0-9_-]{0,254}|\[[0-9]{1,4}\]){0,16}"
)
_STATE_BUCKET: Final = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_STATE_KEY: Final = r"[A-Za-z0-9!_.*'()/:=@-]{1,1024}"
_STATE_FILE: Final = r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,99}/){0,9}[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\.tfstate"
STATE: Final = rf"s3://{_STATE_BUCKET}/{_STATE_KEY}|file:{_STATE_FILE}"
_STATE: Final = re.compile(STATE)
WHERE: Final = "in text values of taskDefinition and serviceDefinition"


def read_lookup(text: str) -> Lookup | str:
    """Read what stands between `${` and `}`, or say what is wrong with it."""
    kind, _, name = text.partition(":")
    if kind not in KINDS:
        close = difflib.get_close_matches(kind.lower(), KINDS, n=1, cutoff=0.6)
        kinds = ", ".join(f"${{{known}:…}}" for known in KINDS)
        hint = f"did you mean ${{{close[0]}:{printable(name)}}}?" if close else f"there is {kinds}"
        return f"{show(printable(kind))} is no kind of look-up; {hint}"
    wrong = _EXPLAIN[kind](name)
    return f"${{{printable(text)}}}: {wrong}" if wrong else Lookup(kind=kind, name=name)


def explain_state(text: str) -> str:
    """Say what is wrong with where a Terraform state is said to be; nothing if it can be there."""
    if _STATE.fullmatch(text):
        return ""
    if text.startswith("file:") and (".." in text.split("/") or text.startswith(("file:/", "file:.."))):
        return "leaves the folder of states that the controller was given (--terraform-states)"
    return "is neither s3://bucket/key nor file:name.tfstate, a file below the controller's folder of states"


def _parameter(name: str) -> str:
    if name.startswith("arn:"):
        return "parameters are named, not given by ARN"
    if name.lower().startswith(_SECRETS):
        return "is a secret: name it under `secrets`, ECS reads it"
    if len(name) > _LONGEST_PARAMETER:
        return f"has more than {_LONGEST_PARAMETER} characters"
    if "/" in name and not name.startswith("/"):
        return f"a parameter's path begins with a slash; did you mean ${{ssm:/{printable(name)}}}?"
    if not _PARAMETER.fullmatch(name):
        return "a parameter's name is letters, digits and . _ - in up to 15 levels, such as /net/private-subnets"
    return ""


def _export(name: str) -> str:
    if _EXPORT.fullmatch(name):
        return ""
    return "an export's name is letters, digits, colons and hyphens; [] after it takes a list apart at its commas"


def _output(name: str) -> str:
    if name.startswith("module."):
        return "a state gives only the outputs of its root module: make the value an output there"
    if _OUTPUT.fullmatch(name):
        return ""
    return "an output is a name, and perhaps steps into its value, such as net.subnets[0]"


_EXPLAIN: Final = {"cfn": _export, "ssm": _parameter, "tfstate": _output}
