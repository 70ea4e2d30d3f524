"""The inbox of the flow believes what is signed, keeps it once, and counts what came again."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from controller.notifiers.webhook import Webhook
from controller.probes.guarded import Http
from controller.sandbox.inbox import Inbox
from tests.notifiers.receiving import SIGNING, a_message, tools


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    one = Inbox(SIGNING)
    yield one
    one.close()


def test_a_signed_message_is_kept_once_and_its_repetition_is_seen(inbox: Inbox):
    sends = Webhook(url=inbox.url, secret_env=SIGNING).opened(tools())
    first, second = a_message(), replace(a_message(), id="msg_2", transition="good")
    for message in (first, second, first):
        sends.send(message, "")
    assert inbox.told("prod", "v1.4.0") == ["went_back", "good"]
    assert [one.id for one in inbox.messages] == [first.id, "msg_2"]
    assert inbox.repeated == [first.id]
    assert inbox.refused == 0


def test_what_is_not_signed_with_the_secret_is_refused_and_counted(inbox: Inbox):
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    answer = Http().ask("POST", inbox.url, headers, b'{"data": {}}')
    assert (answer.status, inbox.refused, inbox.messages) == (401, 1, [])
