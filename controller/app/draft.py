"""One service on its way into files: what is to be written of it, and what a person has to know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from controller.app.leaks import leaks
from controller.app.terraform import hint, seems_terraform
from controller.model.names import EnvName
from controller.spec import propose

if TYPE_CHECKING:
    from controller.targets.ecs.adopt import Kept
    from controller.targets.ecs.native import Native


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is to be adopted, from where and to where; no `services` means all. `plain` are no secrets after all."""

    cluster: str
    out: Path
    services: tuple[str, ...] = ()
    terraform: bool = False
    region: str | None = None
    account: str | None = None
    role: str | None = None
    endpoint_url: str | None = None
    force: bool = False
    plain: frozenset[str] = frozenset()


class Outcome(StrEnum):
    """What became of one service."""

    ADOPTED = "adopted"
    ALREADY = "already"
    SKIPPED = "skipped"
    HAND = "needs a hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One service: what was written of it, what to know about it, and what a person has to do first."""

    service: str
    outcome: Outcome
    target: str = ""
    version: str = ""
    files: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    terraform: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A target on its way to a file."""

    row: Row
    kept: "Kept"
    files: Mapping[str, str] = field(default_factory=dict)


def draft(ask: Ask, env: EnvName, target: str, service: "Native", kept: "Kept") -> Draft:
    """Draft the files of one target; what looks like a secret is in none, and needs a hand."""
    from controller.targets.ecs.native import text

    named = propose.version_of(kept.definition, _served(service))
    row = Row(
        service=text(service, "serviceName"),
        outcome=Outcome.ADOPTED,
        target=target,
        version=named.version,
        files=(f"{target}.yaml", f"taskdefs/{target}.yaml"),
        hints=tuple(_hints(kept, named)),
        terraform=hint(target, by=seems_terraform(service)) if ask.terraform else "",
    )
    hands = tuple(
        f"{place} looks like {what}: move it to `secrets` (or say --plain '{place}' if it is none)"
        for place, what in leaks({**kept.definition, "serviceDefinition": kept.service}, ask.plain)
    )
    if hands:
        return Draft(row=replace(row, outcome=Outcome.HAND, files=(), why=hands, hints=()), kept=kept)
    proposal = propose.Proposal(
        name=target,
        service=row.service,
        definition=kept.definition,
        fields=kept.service,
        remarks=(f"{target}: adopted from {row.service}, which runs {kept.revision.rpartition('/')[2]}.",),
        below=tuple(_below(ask, service, kept)),
    )
    files = {
        row.files[0]: propose.target_file(proposal, named, env),
        row.files[1]: propose.definition_file(proposal, named, kept.revision.rpartition("/")[2]),
    }
    return Draft(row=row, kept=kept, files=files)


def _served(service: "Native") -> str:
    """Give the container that a load balancer sends requests to, if there is just one."""
    from controller.targets.ecs.native import parts, text

    names = {text(one, "containerName") for one in parts(service, "loadBalancers")}
    return names.pop() if len(names) == 1 else ""


def _hints(kept: "Kept", named: propose.Named) -> Iterator[str]:
    if named.why:
        yield f"version {named.version} is {named.why}"
    if kept.deregistered:
        revision = kept.revision.rpartition("/")[2]
        yield f"its revision {revision} was deregistered: see skip_destroy in docs/terraform.md"
    if kept.moving:
        yield "a deployment was under way: what PRIMARY has was written"


def _below(ask: Ask, service: "Native", kept: "Kept") -> Iterator[str]:
    """Say at the end of a target what is not ours, and how it would be."""
    from controller.targets.ecs.adopt import scaling_of

    yield f"desiredCount ({scaling_of(service)} now) is left out: autoscaling may own it."
    if ask.terraform:
        family = kept.revision.rpartition("/")[2].rpartition(":")[0]
        yield "The service's own fields are left to Terraform: what is written under `serviceDefinition` is ours."
        yield "To ship what Terraform registers as a rollout of its own, write instead of the file above:"
        yield f"taskDefinition: {{base: {{family: {family}, follow: newest-foreign}}}}"
    elif kept.left:
        yield f"Not ours unless written under `serviceDefinition`: {', '.join(kept.left)}."
