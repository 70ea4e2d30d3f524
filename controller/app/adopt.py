"""Adopt services that run already: specs and task definitions whose first plan is empty, or why there are none.

Nothing is taken on trust: what is to be written is compiled as the controller does it, and compared with what runs.
A target that would differ, or that holds what looks like a secret, is not written, and said.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controller import kinds
from controller.app.draft import Ask, Draft, Outcome, Row, draft
from controller.app.lay import lay
from controller.app.reach import Reached, in_words, reach
from controller.errors import Refusal, SpecError
from controller.model.names import Commit, EnvName, TargetName
from controller.plan.compare import differences
from controller.spec import propose
from controller.spec.check import load
from controller.spec.listing import MAIN
from controller.spec.naming import target_names
from controller.spec.nodes import Text
from controller.spec.parse import Compiler, spec_files
from controller.spec.scalars import NAME_PATTERN, NAME_WANTED
from controller.spec.scan import scan
from controller.spec.tables import Files

if TYPE_CHECKING:
    from controller.spec.units import Compiled
    from controller.targets.ecs.native import Native

_SERVICE: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_HERE: Final = Commit("working tree")
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What became of every service, and how many calls it took."""

    env: str
    rows: tuple[Row, ...]
    calls: int = 0


def adopt(ask: Ask) -> Adoption:
    """Read a cluster, write the files, and say what became of each service.

    Raises SpecError for what is asked wrongly, Refusal where files are in the way; then nothing is written.
    """
    env, view = _environment(ask.out)
    for name in ask.services:
        if not _SERVICE.fullmatch(name):
            raise SpecError(f"{name!r} is not the name of a service")
    reached = reach(
        cluster=ask.cluster,
        region=ask.region,
        account=ask.account,
        role=ask.role,
        endpoint_url=ask.endpoint_url,
    )
    try:
        found, definitions = _read(ask, reached)
    finally:
        reached.close()
    view, main = _with_main(ask, env, view, reached)
    rows, files = proposed(ask, env, view, found, definitions)
    if files:
        lay(ask.out, {**main, **files}, force=ask.force)
    return Adoption(env=env, rows=rows, calls=reached.calls.total())


def proposed(
    ask: Ask,
    env: EnvName,
    view: Files,
    found: "Mapping[str, Native | str]",
    definitions: "Mapping[str, Native]",
) -> tuple[tuple[Row, ...], Mapping[str, str]]:
    """Say what becomes of each service, and which files are to be written, by name below the environment's folder.

    `view` is the folder of specs with the environment's own file in it, `found` are the services or why they could
    not be read, `definitions` the task definitions of the PRIMARY deployments by their ARNs.
    """
    rows, made = _made(ask, env, found, definitions, _compiled(env, view))
    made = [_checked(one, env, view) for one in made]
    files = {name: text for one in made if one.row.outcome is Outcome.ADOPTED for name, text in one.files.items()}
    whole = sorted([*rows, *(one.row for one in made)], key=lambda row: (row.target or row.service, row.service))
    return tuple(whole), files


def _environment(out: Path) -> tuple[EnvName, Files]:
    """Give the environment that a folder is to be, and what stands beside it now."""
    whole = out.absolute()
    if not re.fullmatch(NAME_PATTERN, whole.name):
        raise SpecError(
            f"--out {out}: the folder's name is the environment's, and {whole.name!r} is not {NAME_WANTED}"
        )
    if whole.with_name(f"{whole.name}.yaml").exists():
        raise Refusal(f"{out.parent / whole.name}.yaml says what {whole.name} is already: nothing was written")
    if whole.exists() and not whole.is_dir():
        raise SpecError(f"--out {out} is a file; it has to be a folder")
    there = load(whole.parent) if whole.parent.is_dir() else Files(files={}, commit=_HERE)
    return EnvName(whole.name), replace(there, path=str(out.parent) if str(out.parent) != "." else "")


def _read(ask: Ask, reached: Reached) -> "tuple[Mapping[str, Native | str], Mapping[str, Native]]":
    """Read services, and the task definitions that the PRIMARY deployments of those that can be adopted have."""
    from controller.targets.ecs.adopt import revision_of, why_not
    from controller.targets.ecs.answers import Declined
    from controller.targets.ecs.inventory import definition_of, service_names, services_of

    try:
        names = ask.services or service_names(reached.access, ask.cluster)
        found = services_of(reached.access, ask.cluster, names)
        whole = [service for service in found.values() if not isinstance(service, str) and not why_not(service)]
        arns = sorted({revision_of(service) for service in whole})
        return found, {arn: definition_of(reached.access, arn) for arn in arns}
    except Declined as declined:
        raise in_words(declined) from declined


def _with_main(ask: Ask, env: EnvName, view: Files, reached: Reached) -> tuple[Files, Mapping[str, str]]:
    """Lay environment.yaml into the view, unless it is there: then it has to mean the same place."""
    name = f"{env}/{MAIN}"
    if name not in view.files:
        text = propose.environment_file(env, ask.cluster, reached.account, reached.region, ask.role)
        return _over(view, {name: text}), {MAIN: text}
    compiled = _compiled(env, view)
    wrong = compiled.broken.get(name)
    if wrong:
        raise SpecError("\n".join(map(str, wrong)))
    root = scan(view.files[name], name).root
    here = {"aws.account": reached.account, "aws.region": reached.region, "cluster": ask.cluster}
    for key, value in here.items():
        said = root.get("spec", *key.split(".")) if root else None
        if not isinstance(said, Text) or said.value != value:
            raise Refusal(
                f"{ask.out / MAIN}: {key} is not {value}, where these services are: adopt into another folder"
            )
    return view, {}


def _made(
    ask: Ask,
    env: EnvName,
    found: "Mapping[str, Native | str]",
    definitions: "Mapping[str, Native]",
    before: "Compiled",
) -> tuple[list[Row], list[Draft]]:
    from controller.targets.ecs.adopt import keep, revision_of, why_not

    owned = {made.target.place.service: name for name, made in before.made.items()}
    rows: list[Row] = []
    wanted: dict[str, Native] = {}
    for name, service in found.items():
        why = service if isinstance(service, str) else why_not(service)
        if name in owned and not ask.force:
            rows.append(Row(service=name, outcome=Outcome.ALREADY, target=owned[name]))
        elif why or isinstance(service, str):
            rows.append(Row(service=name, outcome=Outcome.SKIPPED, why=(why,)))
        else:
            wanted[name] = service
    taken = [name for service, name in owned.items() if service not in wanted]
    names = {
        **target_names(list(wanted), (ask.cluster, env), taken),
        **{s: t for s, t in owned.items() if s in wanted},
    }
    made = []
    for name, service in wanted.items():
        kept = keep(service, definitions[revision_of(service)], with_service=not ask.terraform)
        made.append(draft(ask, env, names[name], service, kept))
    return rows, made


def _checked(made: Draft, env: EnvName, view: Files) -> Draft:
    """Compile what is to be written, and compare it with what runs."""
    if made.row.outcome is not Outcome.ADOPTED:
        return made
    files = {f"{env}/{name}": text for name, text in made.files.items()}
    compiled = _compiled(env, _over(view, files))
    wrong = [str(one) for name in files for one in compiled.broken.get(name, ())]
    found = compiled.targets.get(TargetName(made.row.target))
    why: Sequence[str] = wrong or ["it could not be compiled"]
    if found is not None and not wrong:
        unlike = [*differences(made.kept.manifest, found.release.manifest)]
        unlike += differences(made.kept.settings, found.settings.manifest) if found.settings else ()
        why = [f"{one.path} would differ from what runs" for one in unlike]
    if not why:
        return made
    row = replace(made.row, outcome=Outcome.HAND, files=(), why=tuple(why[:_SHOWN]), hints=())
    return replace(made, row=row)


def _over(view: Files, files: Mapping[str, str]) -> Files:
    return replace(view, files={**view.files, **{name: text.encode() for name, text in files.items()}})


def _compiled(env: EnvName, view: Files) -> "Compiled":
    return Compiler(kinds.SPEC).compile(env, dict.fromkeys(spec_files(env, view.files), view))
