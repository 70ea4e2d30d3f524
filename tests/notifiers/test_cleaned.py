"""Whatever a notifier is given, and whatever it says, holds no secret and nothing that cannot be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.app.notifiers import cleaner_of
from controller.errors import AccessError, PlatformError
from controller.notifiers.cleaned import Cleaned
from controller.notifiers.render import blocks_of, event_of, html_of, slack_text, subject_of, text_of
from controller.notifiers.slack import Slack
from controller.notifiers.smtp import mail_of
from controller.options import Options
from tests.notifiers.receiving import HOSTILE, a_message, receiving, tools

GIVEN = {"git_token": "canary-token"}
CLEAN = cleaner_of(Options(**GIVEN))
SECRETS = "canary-token ghp_0123456789abcdefghij password=hunter22 https://me:hunter22@git.example.com"


class Keeps:
    """A notifier that keeps what it gets, or fails."""

    def __init__(self, error=None):
        self.got, self.error = [], error

    def send(self, message, thread):
        if self.error:
            raise self.error
        self.got.append(message)
        return thread


def passed(message):
    keeps = Keeps()
    Cleaned(keeps, CLEAN).send(message, "")
    return keeps.got[0]


def test_secrets_are_left_out_of_every_text():
    message = passed(a_message(title=SECRETS, text=f"a\n{SECRETS}", version=SECRETS, facts={"back": SECRETS}))
    for said in (str(event_of(message)), text_of(message), html_of(message), str(blocks_of(message))):
        assert "canary" not in said and "ghp_" not in said and "hunter22" not in said
    assert message.text.count("\n") == 1


def test_why_it_failed_holds_none_either():
    with pytest.raises(AccessError) as error:
        Cleaned(Keeps(AccessError(f"Slack says {SECRETS}\x1b[2J")), CLEAN).send(a_message(), "")
    assert "canary" not in str(error.value) and "\x1b" not in str(error.value)


texts = st.text(max_size=300) | st.just(HOSTILE)


def test_what_nobody_expected_is_named_and_not_quoted():
    """A token with a line break in it is refused by the HTTP library, which quotes the header that it was in."""
    with receiving() as receiver:
        broken = {"token_env": "xoxb-1\nxoxb-2"}
        made = Slack(channel="C1", api=receiver.url, **broken).opened(tools())
        with pytest.raises(PlatformError) as error:
            Cleaned(made, CLEAN).send(a_message(), "")
    assert str(error.value) == "the notifier stumbled: ValueError"


@given(title=texts, text=texts, why=texts)
def test_whatever_others_wrote_every_form_stays_what_it_is(title, text, why):
    message = passed(a_message(title=title, text=text, facts={"from": why}))
    assert "\n" not in subject_of(message) and "\r" not in subject_of(message)
    assert "<" not in slack_text(message.title)
    page = html_of(message)
    assert page.count("<pre") == page.count("</pre>") == 1 and "<script" not in page
    mail = mail_of(message, "trueup@example.com", ("team@example.com",))
    assert sorted(set(mail.keys())) == sorted(mail.keys())
    assert b"\r\nBcc:" not in mail.as_bytes().partition(b"\r\n\r\n")[0]
