"""A small environment, as one file and as a folder, and one sentence to compile it."""

from collections.abc import Mapping

from controller.model.names import Commit, EnvName
from controller.spec.parse import Compiler, spec_files
from controller.spec.tables import Files
from controller.spec.units import Compiled
from tests.spec.shaping import TABLES

PROD = EnvName("prod")
TASKDEF = b"""\
family: unifocus-${environment}-${target}
cpu: ${cpu}
containerDefinitions:
  - {name: main, essential: true, portMappings: [{containerPort: 8080}]}
"""
HEAD = """\
apiVersion: trueup/v1
kind: Environment
metadata: {name: prod}
spec:
  aws: {account: "111122223333", region: eu-west-1}
  cluster: unifocus-prod-cluster
"""
DEFAULTS = "  defaults: {kind: ecs, taskDefinition: {file: taskdefs/main.yaml, values: {cpu: '512'}}}\n"
TARGETS = "apiVersion: trueup/v1\nkind: Targets\ntargets:\n"


def lines(name: str, version: str = "v1.2.3", *, indent: int = 4, **more: str) -> str:
    """The lines of one target."""
    fields = {
        "service": f"unifocus-prod-{name}-service",
        "version": version,
        "images": f'{{main: "registry.example.com/{name}:${{version}}"}}',
        **more,
    }
    pad = " " * indent
    return f"{pad}{name}:\n" + "".join(f"{pad}  {key}: {value}\n" for key, value in fields.items())


def one_file(*targets: str, head: str = HEAD + DEFAULTS) -> dict[str, bytes]:
    return {"prod.yaml": (head + "  targets:\n" + "".join(targets)).encode(), "taskdefs/main.yaml": TASKDEF}


def folder(files: Mapping[str, str], head: str = HEAD + DEFAULTS) -> dict[str, bytes]:
    """An environment that is a folder; each file is given as the lines of its targets."""
    units = {f"prod/{name}.yaml": (TARGETS + text).encode() for name, text in files.items()}
    return {"prod/environment.yaml": head.encode(), **units, "taskdefs/main.yaml": TASKDEF}


def compiled(
    files: Mapping[str, bytes], *, compiler: Compiler | None = None, commit: str = "c1", **more: Mapping[str, str]
) -> Compiled:
    view = Files(files=files, commit=Commit(commit), path="specs", **more)
    return (compiler or Compiler(TABLES)).compile(PROD, dict.fromkeys(spec_files(PROD, files), view))


def said(of: Compiled) -> list[str]:
    return [str(complaint) for complaint in of.complaints]


def target(of: Compiled, name: str = "api"):
    assert not of.complaints, "\n".join(said(of))
    return of.targets[name]
