"""Messages as GitHub has them: a deployment of each rollout with its states, and a status of a commit."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlencode

from controller.errors import PlatformError, Refusal
from controller.model.message import Message
from controller.model.outbox import Notifier
from controller.notifiers.render import GITHUB_TEXT, cut
from controller.notifiers.tools import Secret, Tools, judge, one_of

_REPOSITORY: Final = (
    r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}",
    "a repository of GitHub: owner/name",
)
_SHA: Final = 40
# What each transition is called there: the state of a commit, and that of a deployment.
_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "started": ("pending", "in_progress"),
    "migrated": ("pending", "in_progress"),
    "rolling": ("pending", "in_progress"),
    "baking": ("pending", "in_progress"),
    "good": ("success", "success"),
    "going_back": ("failure", "failure"),
    "went_back": ("failure", "failure"),
    "failed": ("failure", "failure"),
    "stalled": ("error", "error"),
    "superseded": ("error", "inactive"),
})  # fmt: skip


class About(StrEnum):
    """Whose commit it is: that of the specs, or that which the version names in the application's repository."""

    SPECS = "specs"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True, kw_only=True)
class Github:
    """A repository on GitHub: deployments, and statuses of commits."""

    repository: str = field(metadata={"about": "Its owner and name.", "like": _REPOSITORY})
    commit: About = field(
        default=About.SPECS,
        metadata={"about": "Which commit: of the specs, or of the application (where the version is a tag)."},
    )
    token_file: str = field(default="", metadata={"about": "A file that holds a token; else --github-token-file."})
    token_env: str = field(default="", metadata={"about": "A variable that holds a token."})

    def wrong(self) -> Iterator[str]:
        """Say what does not go together."""
        if self.token_file and self.token_env:
            yield from one_of("the token", ("tokenFile", self.token_file), ("tokenEnv", self.token_env))

    def opened(self, tools: Tools) -> Notifier:
        """Make the notifier."""
        own = bool(self.token_file or self.token_env)
        token = tools.secret(self.token_file, self.token_env) if own else tools.github_token
        return GithubNotifier(self, tools, token)


class GithubNotifier:
    """Keeps what GitHub calls a deployment as the thread of a rollout: its number, and the commit."""

    def __init__(self, settings: Github, tools: Tools, token: Secret) -> None:
        self._settings, self._tools, self._token = settings, tools, token
        self._base = f"{tools.github}/repos/{settings.repository}"

    def send(self, message: Message, thread: str) -> str:
        """Set the states; what has none there, as that something waits, is passed over."""
        states = _STATES.get(message.transition)
        if states is None or message.target is None:
            return thread
        thread = thread or self._begin(message)
        deployment, _, sha = thread.partition(":")
        said = cut(message.title, GITHUB_TEXT)
        context = f"trueup/{message.about}"
        self._post(f"/statuses/{sha}", {"state": states[0], "context": context, "description": said})
        self._post(f"/deployments/{deployment}/statuses", {"state": states[1], "description": said})
        return thread

    def _begin(self, message: Message) -> str:
        """Find the commit, and make a deployment of it; gives both."""
        sha = self._commit(message)
        task = f"deploy:trueup-{message.attempt or message.rollout}"
        made = self._made_before(message.about, sha, task) or self._post(
            "/deployments",
            {
                "ref": sha,
                "task": task,
                "environment": message.about,
                "description": cut(message.title, GITHUB_TEXT),
                "auto_merge": False,
                "required_contexts": [],
                "payload": {"id": message.id, "version": message.version, "rollout": message.rollout},
            },
        )
        number = made.get("id")
        if not isinstance(number, int):
            raise PlatformError("GitHub answers no number of the deployment that it made")
        return f"{number}:{sha}"

    def _made_before(self, environment: str, sha: str, task: str) -> Mapping[str, object]:
        """Find the deployment if it was made, and a crash or an answer that was lost kept that from being noted."""
        query = urlencode({"environment": environment, "sha": sha, "task": task, "per_page": 1})
        found = self._list(f"/deployments?{query}")
        return found[0] if found else {}

    def _commit(self, message: Message) -> str:
        if self._settings.commit is About.SPECS:
            sha = message.facts.get("commit", "")
            if len(sha) != _SHA:
                raise Refusal("it is not known which commit of the specs this is of")
            return sha
        if not message.version:
            raise Refusal("it is not known which version this is of")
        found = self._ask("GET", f"/commits/{quote(message.version, safe='')}", None)
        sha = str(found.get("sha", ""))
        if len(sha) != _SHA:
            raise PlatformError(f"GitHub names no commit for {message.version}")
        return sha

    def _post(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]:
        return self._ask("POST", path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> Mapping[str, object]:
        said = self._heard(method, path, body)
        if not isinstance(said, dict):
            raise PlatformError("GitHub answers something that is no JSON object")
        return said

    def _list(self, path: str) -> list[Mapping[str, object]]:
        said = self._heard("GET", path, None)
        if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
            raise PlatformError("GitHub answers something that is no list of objects")
        return said

    def _heard(self, method: str, path: str, body: bytes | None) -> object:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._token()}",
            "Content-Type": "application/json",
            "User-Agent": "trueup",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        answer = self._tools.http.ask(method, f"{self._base}{path}", headers, body)
        judge(answer, "GitHub")
        try:
            return json.loads(answer.body)
        except ValueError:
            return None
