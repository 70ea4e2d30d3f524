"""Specs: where they come from, and what is wrong with them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from controller import kinds
from controller.sources.auth import Credentials
from controller.sources.specs import SpecSource
from controller.spec.parse import Compiler
from controller.spec.versioned import Versioned

if TYPE_CHECKING:
    from controller.app.policy import PolicyFile
    from controller.clock import Clock
    from controller.model.desired import Complaint
    from controller.options import Options
    from controller.sources.snapshot import Snapshots
    from controller.sources.trust import Trust


def validate(paths: Iterable[Path], policy: Path | None = None) -> "tuple[list[str], list[Complaint]]":
    """Check spec files, offline, by the floors of a policy: what was checked, and every problem.

    Raises SpecError if the policy cannot be read, or is wrong.
    """
    from controller.app.policy import policy_of
    from controller.spec.check import validate as _validate

    floors = policy_of(policy) if policy else None
    checked, complaints = _validate(list(paths), kinds.SPEC, floors)
    return list(checked), list(complaints)


def schema() -> dict[str, object]:
    """Give the JSON Schema of the spec."""
    from controller.spec.describe import schema as _schema

    return dict(_schema(kinds.SPEC))


def tree(options: "Options") -> "Snapshots":
    """Open the repository, or the plain folder, that holds the specs."""
    from controller.sources.folder import FolderSource
    from controller.sources.git import GitMirror

    path = Path(options.repo)
    if path.is_dir() and not _is_repository(path):
        return FolderSource(path / options.path if (path / options.path).is_dir() else path)
    cache, credentials = options.cache.expanduser(), credentials_of(options)
    return GitMirror(options.repo, options.branch, options.path, cache=cache, credentials=credentials)


def credentials_of(options: "Options") -> Credentials:
    """Give what we show git servers; SpecError if it cannot work."""
    return Credentials(
        token=options.git_token.get_secret_value() if options.git_token else None,
        token_file=options.git_token_file,
        username=options.git_username or "x-access-token",
        ssh_key_file=options.git_ssh_key_file,
        known_hosts_file=options.git_known_hosts_file,
        ca_file=options.git_ca_file,
    )


def source(options: "Options", clock: "Clock", *, acts: bool = False) -> SpecSource:
    """Read specs from there, compiled under the operator's policy, and verified.

    Who `acts` always verifies, others where they were given keys. Raises SpecError if the policy cannot be read.
    """
    rules = rules_of(options)
    trust = trust_of(options, clock, rules) if acts or options.signers else None
    compiler = _compiler(rules)
    return SpecSource(tree(options), compiler.compile, now=clock.now, trust=trust, rules=rules)


def compiler_of(options: "Options") -> Compiler:
    """Give who compiles specs under the operator's policy. Raises SpecError if that cannot be read, or is wrong."""
    return _compiler(rules_of(options))


def _compiler(rules: "PolicyFile | None") -> Compiler:
    return Compiler(kinds.SPEC, rules.policy) if rules else Compiler(kinds.SPEC)


def trust_of(options: "Options", clock: "Clock", rules: "PolicyFile | None" = None) -> "Trust":
    """Give whose signatures count: by the operator's keys, and by people.yaml; the policy says of what."""
    from functools import partial

    from controller.app.people import people_of
    from controller.sources.trust import Trust, no_floor

    people = partial(people_of, options.people) if options.people else None
    return Trust(
        signers=options.signers,
        cache=options.cache.expanduser(),
        now=clock.now,
        people=people,
        floor=(lambda env: rules.policy().verify_of(env)) if rules else no_floor,
    )


def versioned() -> Versioned:
    """Give who reads a target at a version that it follows."""
    return Versioned(kinds.SPEC)


def rules_of(options: "Options") -> "PolicyFile | None":
    """Open the operator's policy, if there is one. Raises SpecError if it cannot be read, or is wrong."""
    from controller.app.policy import PolicyFile

    return PolicyFile(options.policy) if options.policy else None


def folder_source(folder: Path, clock: "Clock") -> SpecSource:
    """Read specs from a folder of this machine, compiled."""
    from controller.sources.folder import FolderSource

    return SpecSource(FolderSource(folder), Compiler(kinds.SPEC).compile, now=clock.now)


def _is_repository(path: Path) -> bool:
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())
