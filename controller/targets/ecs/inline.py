"""Secrets that stand in a task definition as plain text, where everybody who may describe it can read them."""

import re
from collections.abc import Iterator
from typing import Final

from controller.shaping import Fault
from controller.targets.ecs.native import Native, part, parts, text

# Only forms that nothing else has: a name such as PASSWORD may hold anything, and a wrong alarm would be ignored.
_FORMS: Final = (
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("a token of GitHub", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})")),
    ("a token of GitLab", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}")),
    ("a token of Slack", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}")),
    ("a key of Stripe", re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}")),
    ("a key of Google", re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b")),
    ("a token of npm", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
)


def inline_secrets(definition: Native) -> Iterator[Fault]:
    """Say which values are secrets by their form; the value itself is never repeated."""
    for index, container in enumerate(parts(definition, "containerDefinitions")):
        at = ("taskDefinition", "containerDefinitions", index)
        for place, item in enumerate(parts(container, "environment")):
            what = secret_form(text(item, "value"))
            if what:
                told = f"{text(item, 'name')!r} is {what}: keep it in a secret, and name that under `secrets`"
                yield Fault(path=(*at, "environment", place, "value"), what=told)
        options = part(part(container, "logConfiguration"), "options")
        for name, value in options.items():
            what = secret_form(value) if isinstance(value, str) else ""
            if what:
                told = f"is {what}: keep it in a secret, and name that under `secretOptions`"
                yield Fault(path=(*at, "logConfiguration", "options", name), what=told)


def secret_form(value: str) -> str:
    """Say what secret a value is by its form; empty if it is none that is known."""
    return next((what for what, form in _FORMS if form.search(value)), "")
