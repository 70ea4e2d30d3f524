"""Messages to a topic of Amazon SNS, as the same events that a webhook is sent."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from controller.errors import AccessError, PlatformError, Refusal
from controller.model.message import Message
from controller.model.outbox import Notifier
from controller.notifiers.render import cut, event_of
from controller.notifiers.tools import Publishes, Tools

_TOPIC: Final = (
    r"arn:aws(-cn|-us-gov)?:sns:[a-z]{2}(-[a-z]+)+-[0-9]:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?",
    "the ARN of a topic, such as arn:aws:sns:eu-west-1:111122223333:releases",
)
_SUBJECT: Final = 100  # characters of ASCII: docs.aws.amazon.com/sns/latest/api/API_Publish.html
_DENIED: Final = frozenset({
    "AuthorizationError", "AuthorizationErrorException", "AccessDenied", "AccessDeniedException", "NotFound",
    "NotFoundException", "InvalidClientTokenId", "ExpiredToken", "SignatureDoesNotMatch",
})  # fmt: skip
_NEVER: Final = frozenset({"InvalidParameter", "InvalidParameterException", "InvalidParameterValueException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sns:
    """A topic of Amazon SNS."""

    topic: str = field(metadata={"about": "The ARN of the topic.", "like": _TOPIC})

    def wrong(self) -> Iterator[str]:
        """Say what does not go together: there is nothing that could."""
        yield from ()

    def opened(self, tools: Tools) -> Notifier:
        """Make the notifier."""
        return SnsNotifier(self.topic, tools)


class SnsNotifier:
    """Publishes one message at a time, with the credentials at hand."""

    def __init__(self, topic: str, tools: Tools) -> None:
        self._topic, self._tools = topic, tools
        self._client: Publishes | None = None

    def send(self, message: Message, thread: str) -> str:
        """Publish it; its attributes are there for filters of subscriptions."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - who only names kinds need not pay

        try:
            self._client = self._client or self._tools.sns(self._topic.split(":")[3])
            self._client.publish(**request_of(message, self._topic))
        except ClientError as error:
            raise _meant(error.response.get("Error", {}).get("Code", ""), str(error)) from error
        except BotoCoreError as error:
            raise PlatformError(f"SNS cannot be asked: {error}") from error
        return thread


def request_of(message: Message, topic: str) -> dict[str, object]:
    """Write the request; a FIFO topic drops what it has had, and keeps the order of a target."""
    said = {
        "environment": message.env,
        "target": message.target or "",
        "transition": message.transition,
        "id": message.id,
    }
    lists = {"occasions": sorted(message.occasions), "owners": list(message.owners)}
    request: dict[str, object] = {
        "TopicArn": topic,
        "Subject": cut(message.title.encode("ascii", "replace").decode(), _SUBJECT).replace("…", "."),
        "Message": json.dumps(event_of(message)),
        "MessageAttributes": {
            **{key: {"DataType": "String", "StringValue": value} for key, value in said.items() if value},
            **{
                key: {"DataType": "String.Array", "StringValue": json.dumps(value)}
                for key, value in lists.items()
                if value
            },
        },
    }
    if topic.endswith(".fifo"):
        request |= {"MessageGroupId": message.about.replace("/", "."), "MessageDeduplicationId": message.id}
    return request


def _meant(code: str, text: str) -> Exception:
    if code in _DENIED:
        return AccessError(f"SNS says {text}")
    return Refusal(f"SNS says {text}") if code in _NEVER else PlatformError(f"SNS says {text}")
