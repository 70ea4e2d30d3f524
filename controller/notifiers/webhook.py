"""Messages as CloudEvents to a URL, signed as Standard Webhooks says (standardwebhooks.com, version 1)."""

import base64
import binascii
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from controller.errors import AccessError
from controller.model.message import Message
from controller.model.outbox import Notifier
from controller.model.urls import URL, explain_url
from controller.notifiers.render import event_of
from controller.notifiers.tools import Secret, Tools, judge, one_of

PREFIX: Final = "whsec_"
_TYPE: Final = "application/cloudevents+json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A URL that takes CloudEvents, each signed."""

    url: str = field(
        default="",
        metadata={
            "about": "Where to, if that is no secret.",
            "explain": explain_url,
            "pattern": URL,
            "secret": True,
        },
    )
    url_file: str = field(default="", metadata={"about": "A file that holds the URL."})
    url_env: str = field(default="", metadata={"about": "A variable that holds the URL."})
    secret_file: str = field(
        default="", metadata={"about": "A file that holds the secret to sign with; of several lines each signs."}
    )
    secret_env: str = field(default="", metadata={"about": "A variable that holds it."})

    def wrong(self) -> Iterator[str]:
        """Say what does not go together."""
        yield from one_of("the URL", ("url", self.url), ("urlFile", self.url_file), ("urlEnv", self.url_env))
        yield from one_of("the secret", ("secretFile", self.secret_file), ("secretEnv", self.secret_env))

    def opened(self, tools: Tools) -> Notifier:
        """Make the notifier."""
        url = tools.secret(self.url_file, self.url_env) if not self.url else lambda: self.url
        return WebhookNotifier(tools, url, tools.secret(self.secret_file, self.secret_env))


class WebhookNotifier:
    """Posts one message at a time."""

    def __init__(self, tools: Tools, url: Secret, secret: Secret) -> None:
        self._tools, self._url, self._secret = tools, url, secret

    def send(self, message: Message, thread: str) -> str:
        """Post it; the receiver drops one whose `webhook-id` it has had."""
        body = json.dumps(event_of(message), separators=(",", ":")).encode()
        url, at = self._url(), str(int(self._tools.seconds()))
        signed = " ".join(signatures(self._secret(), message.id, at, body))
        headers = {
            "Content-Type": _TYPE,
            "User-Agent": "trueup",
            "webhook-id": message.id,
            "webhook-timestamp": at,
            "webhook-signature": signed,
        }
        judge(self._tools.http.ask("POST", url, headers, body), urlsplit(url).netloc)
        return thread


def signatures(secrets: str, name: str, at: str, body: bytes) -> Iterator[str]:
    """Sign with each of the secrets, so that one can be changed for another without a gap."""
    for line in secrets.split():
        signed = hmac.new(key_of(line), f"{name}.{at}.".encode() + body, sha256)
        yield f"v1,{base64.b64encode(signed.digest()).decode()}"


def key_of(secret: str) -> bytes:
    """Read a secret as Standard Webhooks writes it: base64, perhaps after `whsec_`. Raises AccessError."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise AccessError("the secret to sign with is not base64, perhaps after whsec_") from None
    if len(key) < 24:  # noqa: PLR2004 - said in the message
        raise AccessError("the secret to sign with is shorter than 24 bytes")
    return key
