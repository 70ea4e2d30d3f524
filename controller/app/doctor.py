"""Can the controller do its work? Each thing that it needs is tried once, read-only, and told with what to do."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controller.app.doctor_applications import repositories
from controller.app.doctor_aws import environment, place
from controller.app.finding import Finding, ng, ok, skip
from controller.app.memory import open_store
from controller.app.reach import clients_for
from controller.app.specs import source
from controller.app.world import clock_of
from controller.errors import SpecError, TrueupError
from controller.model.desired import Desired, Unread
from controller.model.names import EnvName
from controller.sources.snapshot import Reason

if TYPE_CHECKING:
    from controller.app.beside import Beside
    from controller.app.hcl import Resource
    from controller.clock import Clock
    from controller.model.desired import DesiredTarget
    from controller.options import Options

# 2.38 knows `safe.bareRepository`, so that a repository cannot make git run what it brings, and 2.37
# `transfer.credentialsInUrl`. An older git passes such settings over in silence; 2.39 is what is tested.
OLDEST_GIT: Final = (2, 39)
_VERSION: Final = re.compile(r"git version (\d+)\.(\d+)")
_PATIENCE: Final = 10.0  # seconds that a check waits for AWS's budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to examine: specs of a repository, or, before there are any, one place of AWS's."""

    options: "Options"
    env: str | None = None
    region: str = ""
    role: str | None = None
    cluster: str = ""
    terraform: tuple[Path, ...] = ()


def examine(asked: Asked) -> tuple[Finding, ...]:
    """Check everything that was asked about, in the order in which one thing needs another."""
    clock = clock_of(asked.options)
    found = [_git()]
    wanted: list[Desired] = []
    if asked.options.repo:
        found += _specs(asked, clock, wanted)
        found.append(_store(asked.options))
        found += repositories(wanted, asked.options, clock)
    clients = clients_for(asked.options.endpoint_url, Counter(), patience=_PATIENCE)
    try:
        for desired in wanted:
            found += environment(desired, clients, clock)
        if asked.region:
            found += place(asked.region, asked.role, asked.cluster, clients, clock)
    finally:
        clients.close()
    if asked.terraform:
        found += _terraform(asked.terraform, wanted)
    return tuple(found)


def _git() -> Finding:
    """Check that git is there, and new enough for what keeps a hostile repository out."""
    from controller.sources.address import Scheme
    from controller.sources.command import Git
    from controller.sources.limits import Limits

    oldest = ".".join(map(str, OLDEST_GIT))
    do = f"install git {oldest} or newer where trueup runs"
    try:
        done = Git(cache=Path("/"), scheme=Scheme.FILE, limits=Limits()).run("version")
    except OSError as problem:
        return ng("git", "", f"git cannot be started: {problem.strerror or problem}", do)
    said = done.out.decode("utf-8", "replace").strip()
    hit = _VERSION.search(said)
    if not hit:
        return ng("git", "", f"git does not say its version: {said or done.err.strip() or done.ended.value}", do)
    new = (int(hit[1]), int(hit[2])) >= OLDEST_GIT
    return ok("git", "", said) if new else ng("git", "", f"{said} is too old", do)


def _specs(asked: Asked, clock: "Clock", wanted: list[Desired]) -> Iterator[Finding]:
    """Check that specs can be fetched and read; what they ask for is added to `wanted`."""
    options = asked.options
    try:
        specs = source(options, clock, acts=True)
    except SpecError as problem:
        yield ng("repository", "", str(problem), "correct --repo, --branch or --path")
        return
    try:
        specs.poll()
        if specs.why:
            yield ng("repository", "", specs.why, "correct --repo, --branch or the credentials", unreachable=True)
            return
        head = specs.head
        yield ok("repository", "", f"{specs.name} is read, at {str(head.commit)[:12] if head else 'nothing'}")
        names = sorted(specs.environments())
        if asked.env is not None and EnvName(asked.env) not in names:
            there = ", ".join(names) or "none"
            yield ng("specs", asked.env, f"no such environment; there are: {there}", "name one of them")
        elif not names:
            yield ng("specs", "", f"there is no environment in {options.path}", "write one, or `trueup adopt` one")
        for name in names:
            if asked.env in {None, name}:
                reading = specs.read(name, None)
                yield _signed(name, reading)
                yield from _read(name, reading, wanted)
    finally:
        specs.close()


def _signed(env: EnvName, reading: Desired | Unread) -> Finding:
    """Say whether the newest commit is signed as the environment asks for."""
    if isinstance(reading, Unread):
        if reading.reason != Reason.UNVERIFIED:
            return skip("signatures", env, "it cannot be read: see specs")
        return ng("signatures", env, reading.why, "see docs/operations.md, Trust in the source")
    if reading.signed is None:
        return skip("signatures", env, "nobody asks for any: verify in docs/spec.md")
    whose = "" if reading.signed.known else ", whom people.yaml does not know"
    return ok("signatures", env, f"{reading.commit[:12]} is signed by {reading.signed.by}{whose}")


def _read(env: EnvName, reading: Desired | Unread, wanted: list[Desired]) -> Iterator[Finding]:
    do = "run `trueup validate`, and mend what it says"
    if isinstance(reading, Unread):
        if reading.reason == Reason.UNVERIFIED:
            yield skip("specs", env, "they are not read, as they are not verified")
            return
        yield ng("specs", env, reading.why, do)
        return
    wanted.append(reading)
    if reading.complaints:
        more = f" and {len(reading.complaints) - 1} more" if len(reading.complaints) > 1 else ""
        yield ng("specs", env, f"{reading.complaints[0]}{more}", do)
    else:
        yield ok("specs", env, f"{len(reading.targets)} targets")


def _store(options: "Options") -> Finding:
    try:
        store = open_store(options.store, must_exist=True)
    except SpecError as problem:
        return skip("store", "", f"{problem}; `trueup run` makes it")
    except TrueupError as problem:
        return ng("store", "", str(problem), "see docs/operations.md, The store", unreachable=True)
    try:
        names = sorted(store.environments())
        for name in names:
            store.load(name)
    except TrueupError as problem:
        return ng("store", "", str(problem), "see docs/operations.md, The store", unreachable=True)
    finally:
        store.close()
    return ok("store", "", f"it can be read, and remembers {', '.join(names) or 'nothing yet'}")


def _terraform(paths: Sequence[Path], wanted: Sequence[Desired]) -> Iterator[Finding]:
    from controller.app.beside import judged
    from controller.app.hcl import resources

    found: list[Resource] = []
    for path in paths:
        try:
            found += resources(path)
        except SpecError as problem:
            yield ng(
                "terraform", "", str(problem), "give a folder of .tf files, or `terraform show -json` in a file"
            )
    targets = [
        _beside(desired.env, name, target) for desired in wanted for name, target in sorted(desired.targets.items())
    ]
    if found:
        yield from judged(targets, found)


def _beside(env: str, name: str, target: "DesiredTarget") -> "Beside":
    from controller.app.beside import Beside

    family = dict(target.release.manifest.fields).get("taskDefinition.family", "")
    return Beside(
        target=f"{env}/{name}",
        service=target.place.service,
        family=str(family),
        counts=target.settings is not None and "service.desiredCount" in target.settings.manifest.owns,
    )
