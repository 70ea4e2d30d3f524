"""Slack: over a webhook and as a bot, against a server that answers as Slack does."""

import json

import pytest

from controller.errors import AccessError, PlatformError, Refusal
from controller.notifiers.slack import Slack
from tests.notifiers.receiving import HOSTILE, a_message, receiving, tools


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


def bot(receiver):
    named = {"token_env": "xoxb-token"}
    return Slack(channel="C012345", api=receiver.url, **named).opened(tools())


def test_a_bot_keeps_one_thread_a_rollout(receiver):
    made = bot(receiver)
    thread = made.send(a_message(transition="started"), "")
    again = made.send(a_message(transition="good"), thread)
    first, second = receiver.requests
    assert first.path == "/chat.postMessage"
    assert first.headers["authorization"] == "Bearer xoxb-token"
    assert first.json["channel"] == "C012345" and "thread_ts" not in first.json
    assert (second.json["thread_ts"], second.json["reply_broadcast"]) == ("171.1", False)
    assert thread == again == "171.1"


def test_what_went_wrong_is_seen_in_the_channel_too(receiver):
    bot(receiver).send(a_message(), "171.1")
    assert receiver.requests[0].json["reply_broadcast"] is True


def test_a_webhook_gets_the_same_blocks_and_no_channel(receiver):
    receiver.answers = [(200, b"ok")]
    Slack(url_file=f"{receiver.url}/services/T0/B0/x").opened(tools()).send(a_message(), "")
    (request,) = receiver.requests
    assert request.path == "/services/T0/B0/x"
    assert "channel" not in request.json and "authorization" not in request.headers
    assert request.json["blocks"][0]["text"]["text"] == "prod/api: v1.4.0 failed and went back: v1.3.0 runs again"
    assert "window: the window is shut (until 2026-03-01T12:00:00Z)" in request.json["blocks"][1]["text"]["text"]


def test_nothing_that_others_wrote_is_a_link_or_calls_anybody(receiver):
    bot(receiver).send(a_message(title=HOSTILE, text=HOSTILE * 200, facts={"author": HOSTILE}), "")
    sent = receiver.requests[0].json
    assert "<" not in sent["text"] and "&lt;!channel&gt;" in sent["text"]
    texts = [one for block in sent["blocks"] for one in (block.get("text"), *block.get("fields", [])) if one]
    assert {one["type"] for one in texts} == {"plain_text"}
    assert '"mrkdwn"' not in json.dumps(sent["blocks"])
    assert len(sent["blocks"][0]["text"]["text"]) <= 150 and len(sent["blocks"][1]["text"]["text"]) <= 3000


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("ratelimited", PlatformError),
        ("internal_error", PlatformError),
        ("invalid_auth", AccessError),
        ("not_in_channel", AccessError),
        ("msg_too_long", Refusal),
        ("invalid_blocks", Refusal),
    ],
)
def test_a_no_of_slack_comes_with_200(receiver, error, kind):
    receiver.answers = [(200, {"ok": False, "error": error})]
    with pytest.raises(kind, match=f"Slack says {error}"):
        bot(receiver).send(a_message(), "")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b'{"ok": false}'])
def test_an_answer_that_is_none_is_tried_again(receiver, body):
    receiver.answers = [(200, body)]
    with pytest.raises(PlatformError):
        bot(receiver).send(a_message(), "")
