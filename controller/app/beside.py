"""Does Terraform leave to us what is ours? Judged from its files, target by target. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from controller.app.finding import Finding, ng, ok, skip
from controller.app.hcl import DEFINITION, SCALING, SERVICE, Resource

_LIFECYCLE: Final = "lifecycle {{ ignore_changes = [{}] }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A target, its service and family, and whether its spec says how many tasks there are."""

    target: str
    service: str
    family: str
    counts: bool


def judged(targets: Sequence[Beside], found: Sequence[Resource]) -> Iterator[Finding]:
    """Judge what Terraform says of each target; of services whose names only Terraform knows, once."""
    services = [one for one in found if one.kind == SERVICE]
    for target in targets:
        exact = [one for one in services if one.says("name") == target.service]
        mine = exact or [one for one in services if one.may_be(target.service)]
        if not mine:
            yield skip("terraform", target.target, f"no {SERVICE} is named {target.service} there")
        for one in mine:
            yield from _service(target.target, one, found, counts=target.counts)
            yield from _definitions(target, one, found)
    for one in services:
        if one.is_open():
            yield from _service(f"{one.address} ({one.says('name') or 'no name'})", one, found, counts=False)


def _service(about: str, one: Resource, found: Sequence[Resource], *, counts: bool) -> Iterator[Finding]:
    wanted = ["task_definition"]
    if counts or _scaled(one, found):
        wanted.append("desired_count")
    if one.ignored is None:
        yield from _planned(about, one, wanted)
        return
    missing = [key for key in wanted if not one.ignores(key)]
    if missing:
        do = f"in {one.where} write: {_LIFECYCLE.format(', '.join(wanted))}"
        yield ng("terraform", about, f"{one.address} does not ignore {', '.join(missing)}", do)
    else:
        yield ok("terraform", about, f"{one.address} ignores {', '.join(wanted)}")


def _planned(about: str, one: Resource, wanted: Sequence[str]) -> Iterator[Finding]:
    """Judge by a plan: its JSON does not tell of lifecycle, but it tells what would be changed."""
    touched = [key for key in wanted if key in one.planned]
    if touched:
        do = f"write: {_LIFECYCLE.format(', '.join(wanted))}"
        yield ng("terraform", about, f"this plan would change {', '.join(touched)} ({one.where})", do)
    else:
        why = "JSON of Terraform does not show ignore_changes; give --terraform the folder of its files"
        yield skip("terraform", about, why)


def _definitions(target: Beside, service: Resource, found: Sequence[Resource]) -> Iterator[Finding]:
    said = service.says("task_definition")
    definitions = [one for one in found if one.kind == DEFINITION]
    named = [one for one in definitions if f"{one.address}." in said and _folder(one) == _folder(service)]
    mine = named or [one for one in definitions if one.may_be(target.family, "family")]
    if not mine:
        yield skip("terraform", target.target, f"no {DEFINITION} of the family {target.family} is there")
    for one in mine:
        if one.values.get("track_latest") in {True, "true"}:
            what = f"{one.address} takes the revisions that we register for drift of its own"
            yield ng("terraform", target.target, what, f"in {one.where} write: track_latest = false")
        if one.values.get("skip_destroy") in {True, "true"}:
            yield ok("terraform", target.target, f"{one.address} has skip_destroy")
        else:
            what = f"{one.address} deregisters each revision that it replaces, the one that we go back to included"
            yield ng("terraform", target.target, what, f"in {one.where} write: skip_destroy = true")


def _scaled(service: Resource, found: Sequence[Resource]) -> bool:
    """Whether autoscaling owns the desired count, as far as these files tell."""
    for one in found:
        said = one.says("resource_id")
        if one.kind != SCALING:
            continue
        name = service.says("name")
        if f"{service.address}." in said or (name and said.endswith(f"/{name}")):
            return True
    return False


def _folder(one: Resource) -> str:
    return one.where.rpartition("/")[0]
