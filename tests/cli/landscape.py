"""Stage and prod of a product in the embedded ECS, their specs in a real repository, and a controller's memory."""

import os
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

from controller.app.memory import open_store
from controller.app.sandbox import seeds_of
from controller.cli.main import run
from controller.codes import BLOCKED, DONE, NEGATIVE
from controller.model.names import EnvName, TargetName
from tests.e2e.environments import ACCOUNTS, environment, family
from tests.sources.repository import ENVIRONMENT, Repository

REGISTRY = "222233334444.dkr.ecr.eu-west-1.amazonaws.com"
SHARED = {"stage": f"{REGISTRY}/unifocus-api:${{version}}", "prod": f"{REGISTRY}/unifocus-api:${{version}}-stage"}
OTHER = f"{REGISTRY}/unifocus-prod-api:${{version}}"
PROD, STAGE = "specs/prod.yaml", "specs/stage.yaml"
GATE = "gates: [{kind: promoted, from: stage}]"


def spec(place: str, version: str, more: str = "", image: str = "") -> str:
    """One environment, whose image is the same in both unless another is named: equal tags are equal images."""
    own = f"{ACCOUNTS[place]}.dkr.ecr.eu-west-1.amazonaws.com/{family('api', place)}:${{version}}"
    text = environment(place, version, more=more, bake="0s")
    assert own in text
    return text.replace(own, image or SHARED[place])


def opened(folder: Path) -> Repository:
    """A repository that is there already."""
    found = Repository.__new__(Repository)
    found.folder, found.url = folder, f"file://{folder}"
    return found


class Landscape:
    """What `trueup` is run against."""

    def __init__(self, folder: Path, cloud, *, made: bool = False) -> None:
        self.folder, self.cloud = folder, cloud
        self.repository = Repository(folder / "specs.git") if not made else opened(folder / "specs.git")
        self.url = f"sqlite:///{folder}/trueup.db"

    def seed(self, **versions: str) -> None:
        """Let these run already: the seed of a spec is one version back."""
        seeds = self.folder / "seeds"
        seeds.mkdir()
        for place, version in versions.items():
            head, _, last = version.partition("-")[0].rpartition(".")
            following = version.replace(f"{head}.{last}", f"{head}.{int(last) + 1}", 1)
            (seeds / f"{place}.yaml").write_text(spec(place, following))
        self.cloud.seed(seeds_of(seeds))

    def commit(self, message="Change the specs", **texts: str) -> str:
        return self.repository.commit({f"specs/{name}.yaml": text for name, text in texts.items()}, message=message)

    def text(self, file: str = PROD, branch: str = "main") -> str:
        words = ["git", f"--git-dir={self.repository.folder}", "show", f"{branch}:{file}"]
        return subprocess.run(words, env=ENVIRONMENT, capture_output=True, check=True).stdout.decode()

    def log(self, form: str, branch: str = "main") -> str:
        return self.repository.git("log", "-1", f"--format={form}", branch)

    def turns(self, times: int = 2) -> None:
        words = ["run", "--once", *self.flags(), "--log", "json", "--log-level", "error", "--listen", "127.0.0.1:0"]
        for _ in range(times):
            code = run(words)
            assert code in {DONE, NEGATIVE, BLOCKED}, code

    def copied(self, folder: Path) -> "Landscape":
        """The same once more, for a test to change; what runs is shared."""
        shutil.copytree(self.repository.folder, folder / "specs.git")
        shutil.copy(self.folder / "trueup.db", folder)
        return Landscape(folder, self.cloud, made=True)

    def flags(self, *, cache: bool = True) -> list[str]:
        words = {"repo": self.repository.url, "store": self.url, "endpoint-url": self.cloud.endpoint_url}
        words |= {"cache": str(self.folder / "cache")} if cache else {}
        return [word for name, value in words.items() for word in (f"--{name}", value)]

    def memory(self, env: str = "prod"):
        with closing(open_store(self.url)) as store:
            return store.load(EnvName(env)).targets[TargetName("api")]

    def orders(self, env: str = "prod"):
        with closing(open_store(self.url)) as store:
            return store.orders(EnvName(env))


def known_author(monkeypatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ada")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.com")
    os.environ.pop("GIT_DIR", None)
