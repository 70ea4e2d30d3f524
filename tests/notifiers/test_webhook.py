"""The webhook: CloudEvents over real HTTP, signed so that any library for Standard Webhooks takes them."""

import base64
import hashlib
import hmac

import pytest

from controller.errors import AccessError, PlatformError, Refusal
from controller.notifiers.webhook import Webhook
from tests.notifiers.receiving import SIGNING, a_message, receiving, tools


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


def notifier(receiver, secret=SIGNING):
    return Webhook(url=f"{receiver.url}/hook", secret_file=secret).opened(tools())


def test_a_message_is_one_event_with_its_own_id(receiver):
    notifier(receiver).send(a_message(), "")
    (request,) = receiver.requests
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert request.json == {
        "specversion": "1.0",
        "id": "msg_0123456789abcdef0123456789abcdef",
        "source": "/trueup/prod",
        "type": "trueup.went_back.v1",
        "subject": "prod/api",
        "time": "2026-03-01T12:00:00.000Z",
        "datacontenttype": "application/json",
        "data": {
            "environment": "prod",
            "target": "api",
            "owners": ["payments"],
            "occasions": ["after"],
            "transition": "went_back",
            "rollout": 3,
            "version": "v1.4.0",
            "title": "prod/api: v1.4.0 failed and went back: v1.3.0 runs again",
            "text": "exit code 1",
            "facts": {"commit": "c" * 40, "back": "v1.3.0"},
            "blocked": [
                {
                    "gate": "window",
                    "why": "the window is shut",
                    "since": None,
                    "until": "2026-03-01T12:00:00.000Z",
                    "groups": [],
                    "items": [],
                }
            ],
        },
    }


def test_the_signature_is_that_of_standard_webhooks(receiver):
    notifier(receiver).send(a_message(), "")
    (request,) = receiver.requests
    assert request.headers["webhook-id"] == request.json["id"]
    assert request.headers["webhook-timestamp"] == "1700000000"
    signed = f"{request.headers['webhook-id']}.1700000000.".encode() + request.body
    key = base64.b64decode(SIGNING.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"


def test_two_secrets_sign_while_one_is_changed_for_the_other(receiver):
    other = "whsec_" + base64.b64encode(b"n" * 32).decode()
    notifier(receiver, f"{SIGNING}\n{other}\n").send(a_message(), "")
    first, second = receiver.requests[0].headers["webhook-signature"].split()
    assert first.startswith("v1,") and second.startswith("v1,") and first != second


@pytest.mark.parametrize("secret", ["whsec_short", "not base64!", "whsec_" + base64.b64encode(b"x" * 23).decode()])
def test_a_secret_that_is_none_is_refused_and_not_repeated(receiver, secret):
    with pytest.raises(AccessError) as error:
        notifier(receiver, secret).send(a_message(), "")
    assert "the secret to sign with" in str(error.value) and secret not in str(error.value)
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, PlatformError),
        (503, PlatformError),
        (429, PlatformError),
        (408, PlatformError),
        (401, AccessError),
        (404, AccessError),
        (302, AccessError),
        (400, Refusal),
        (410, Refusal),
        (413, Refusal),
    ],
)
def test_each_answer_means_what_becomes_of_the_message(receiver, status, kind):
    receiver.answers = [(status, b"because\nof <that>")]
    with pytest.raises(kind, match=rf"answers {status}: because of <that>"):
        notifier(receiver).send(a_message(), "")


def test_nobody_there_is_tried_again():
    with receiving() as receiver:
        made = notifier(receiver)
    with pytest.raises(PlatformError, match="connection is refused"):
        made.send(a_message(), "")
