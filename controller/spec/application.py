"""`application:` of an environment or a target: the repository that its images are built from."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import Field

from controller.model.application import MAIN, Application
from controller.spec.parts import Strict
from controller.spec.scalars import Explained, Like

_PATH: Final = r"[A-Za-z0-9_.~/+@%,=-]+"
_HOST: Final = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
REPOSITORY: Final = (
    rf"https?://{_HOST}(?::[0-9]{{1,5}})?/{_PATH}|ssh://(?:[A-Za-z0-9_.-]+@)?{_HOST}(?::[0-9]{{1,5}})?/{_PATH}"
    rf"|[A-Za-z0-9_.-]+@{_HOST}:{_PATH}|file:///{_PATH}"
)
BRANCH: Final = r"[A-Za-z0-9_][A-Za-z0-9._/+@#=-]{0,199}"
_LONGEST: Final = 2048
ABOUT_APPLICATION: Final = "The repository that the images are built from, for tags, release notes and authors."


def explain_repository(text: str) -> str:
    """Say what is wrong with the address of a repository, without repeating it; empty if nothing is."""
    if re.match(r"https?://[^/]*@", text):
        return "holds a user name or a password; the operator gives credentials with TRUEUP_GIT_TOKEN_FILE"
    if len(text) > _LONGEST or not re.fullmatch(REPOSITORY, text):
        return "is not the address of a git repository, such as https://github.com/acme/shop"
    return ""


RepositoryAddress: TypeAlias = Annotated[str, Explained(explain_repository, REPOSITORY, shown=False)]


class Built(Strict):
    """The repository of the application. Which ones may be read, and with what, the operator says."""

    repository: RepositoryAddress = Field(description="Its address: https://…, ssh://… or user@host:path.")
    branch: Annotated[str, Like(BRANCH, "a branch such as main or release/2.x")] = Field(
        default=MAIN, description="The branch that everything ends up on. main if absent."
    )

    @property
    def application(self) -> Application:
        """Give it as a value."""
        return Application(repository=self.repository, branch=self.branch)
