"""Messages in Slack: through an incoming webhook, or as a bot, which keeps one thread a rollout."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from controller.errors import AccessError, PlatformError, Refusal
from controller.model.message import Message
from controller.model.outbox import Notifier
from controller.model.urls import URL, explain_server
from controller.notifiers.render import blocks_of, slack_text
from controller.notifiers.tools import Secret, Tools, judge, one_of

_JSON: Final = "application/json; charset=utf-8"
# How Slack says no (docs.slack.dev, chat.postMessage): what a person has to put right, and what is too much.
_DENIED: Final = frozenset({
    "account_inactive", "channel_not_found", "invalid_auth", "is_archived", "missing_scope", "no_permission",
    "not_authed", "not_in_channel", "org_login_required", "restricted_action", "token_expired", "token_revoked",
})  # fmt: skip
_NEVER: Final = frozenset({"invalid_arguments", "invalid_blocks", "msg_blocks_too_long", "msg_too_long", "no_text"})

Payload: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """A channel in Slack."""

    url_file: str = field(default="", metadata={"about": "A file that holds the URL of an incoming webhook."})
    url_env: str = field(default="", metadata={"about": "A variable that holds it."})
    token_file: str = field(default="", metadata={"about": "A file that holds a bot's token; needs channel."})
    token_env: str = field(default="", metadata={"about": "A variable that holds it."})
    channel: str = field(default="", metadata={"about": "The channel that the bot posts to."})
    api: str = field(
        default="https://slack.com/api",
        metadata={
            "about": "Another API than Slack's own.",
            "explain": explain_server,
            "pattern": URL,
            "secret": True,
        },
    )

    def wrong(self) -> Iterator[str]:
        """Say what does not go together."""
        bot = bool(self.token_file or self.token_env)
        if bot and (self.url_file or self.url_env):
            yield "write the URL of an incoming webhook, or a bot's token and its channel, not both"
        elif bot:
            yield from one_of("the token", ("tokenFile", self.token_file), ("tokenEnv", self.token_env))
        else:
            yield from one_of("the URL", ("urlFile", self.url_file), ("urlEnv", self.url_env))
        if bot != bool(self.channel):
            yield "a bot's token and its channel go together: one of them is missing"

    def opened(self, tools: Tools) -> Notifier:
        """Make the notifier: the bot if there is a token."""
        if self.token_file or self.token_env:
            return SlackBot(tools, self.api, tools.secret(self.token_file, self.token_env), self.channel)
        return SlackHook(tools, tools.secret(self.url_file, self.url_env))


class SlackHook:
    """Posts to an incoming webhook; that knows no threads."""

    def __init__(self, tools: Tools, url: Secret) -> None:
        self._tools, self._url = tools, url

    def send(self, message: Message, thread: str) -> str:
        """Post it."""
        answer = self._tools.http.ask("POST", self._url(), {"Content-Type": _JSON}, written(payload_of(message)))
        judge(answer, "Slack")
        return thread


class SlackBot:
    """Posts to a channel; the first message of a rollout begins its thread."""

    def __init__(self, tools: Tools, api: str, token: Secret, channel: str) -> None:
        self._tools, self._url, self._token, self._channel = tools, f"{api}/chat.postMessage", token, channel

    def send(self, message: Message, thread: str) -> str:
        """Post it; gives the time stamp by which Slack knows the thread."""
        payload = payload_of(message) | {"channel": self._channel}
        if thread:
            payload |= {"thread_ts": thread, "reply_broadcast": is_loud(message)}
        headers = {"Content-Type": _JSON, "Authorization": f"Bearer {self._token()}"}
        answer = self._tools.http.ask("POST", self._url, headers, written(payload))
        judge(answer, "Slack")
        said = heard(answer.body)
        return thread or str(said.get("ts", ""))


def payload_of(message: Message) -> Payload:
    """Write what both ways take: blocks, and a text for where there are none."""
    return {
        "text": slack_text(message.title),
        "blocks": blocks_of(message),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def is_loud(message: Message) -> bool:
    """Whether the channel should see it too, not only the thread: it did not go well, or a person is needed."""
    return message.transition in {"stalled", "going_back", "went_back", "failed"}


def written(payload: Payload) -> bytes:
    """Write it as JSON."""
    return json.dumps(payload).encode()


def heard(body: bytes) -> Mapping[str, object]:
    """Read Slack's answer, which is 200 whether it took the message or not."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise PlatformError("Slack answers something that is no JSON object")
    if said.get("ok") is True:
        return said
    error = str(said.get("error", "nothing"))[:80]
    if error in _DENIED:
        raise AccessError(f"Slack says {error}")
    if error in _NEVER:
        raise Refusal(f"Slack says {error}")
    raise PlatformError(f"Slack says {error}")
