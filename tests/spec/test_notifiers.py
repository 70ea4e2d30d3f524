"""notifiers.yaml: what it says is read, and whatever is wrong in it is refused with its place."""

from datetime import timedelta

import pytest

from controller.errors import SpecError
from controller.kinds import NOTIFIERS
from controller.model.message import Occasion, Route
from controller.notifiers.email import Email, Security
from controller.notifiers.github import About, Github
from controller.notifiers.slack import Slack
from controller.notifiers.sns import Sns
from controller.notifiers.webhook import Webhook
from controller.spec.notifiers import read_notifiers

HEAD = "apiVersion: trueup/v1\nkind: Notifiers\n"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:releases"
GOOD = f"""\
{HEAD}digest: 30m
giveUp: 2h
notifiers:
  releases: {{kind: slack, tokenFile: /run/secrets/slack, channel: C012345}}
  hook: {{kind: webhook, url: "https://hooks.example.com/trueup", secretEnv: HOOK_SECRET}}
  topic: {{kind: sns, topic: "{TOPIC}"}}
  code: {{kind: github, repository: acme/shop, commit: application}}
  mail:
    kind: email
    host: smtp.example.com
    port: 465
    security: tls
    from: trueup@example.com
    to: team@example.com
    username: trueup
    passwordFile: /run/secrets/smtp
routes:
  - {{to: releases, owners: [payments], environments: [prod], events: [before, after, needed]}}
  - {{to: [hook, topic]}}
"""


def refused(text):
    with pytest.raises(SpecError) as error:
        read_notifiers(text.encode(), "notifiers.yaml", NOTIFIERS)
    return str(error.value)


def test_all_that_it_says_is_read():
    told = read_notifiers(GOOD.encode(), "notifiers.yaml", NOTIFIERS)
    assert (told.digest, told.give_up) == (timedelta(minutes=30), timedelta(hours=2))
    assert told.notifiers == {
        "releases": Slack(token_file="/run/secrets/slack", channel="C012345"),  # noqa: S106 - the name of a file
        "hook": Webhook(url="https://hooks.example.com/trueup", secret_env="HOOK_SECRET"),  # noqa: S106 - of a variable
        "topic": Sns(topic=TOPIC),
        "code": Github(repository="acme/shop", commit=About.APPLICATION),
        "mail": Email(
            host="smtp.example.com",
            port=465,
            security=Security.TLS,
            sender="trueup@example.com",
            to=("team@example.com",),
            username="trueup",
            password_file="/run/secrets/smtp",  # noqa: S106 - the name of a file
        ),
    }
    usual = frozenset({Occasion.BEFORE, Occasion.AFTER, Occasion.NEEDED, Occasion.NOTES})
    assert told.routes == (
        Route(
            notifier="releases",
            occasions=usual - {Occasion.NOTES},
            owners=frozenset({"payments"}),
            environments=frozenset({"prod"}),
        ),
        Route(notifier="hook", occasions=usual),
        Route(notifier="topic", occasions=usual),
    )


def test_an_hour_is_the_rule():
    told = read_notifiers(f"{HEAD}notifiers: {{}}\nroutes: []\n".encode(), "n.yaml", NOTIFIERS)
    assert (told.digest, told.give_up, told.routes) == (timedelta(hours=1), timedelta(hours=1), ())


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("kind: Notifiers", "kind: People", "2:7: kind: 'People' is not Notifiers"),
        ("digest: 30m", "digest: 10s", "3:9: digest: '10s' is not between 1m and 7d"),
        ("giveUp", "givUp", "4:1: givUp: unknown field; did you mean 'giveUp'?"),
        (
            "kind: slack",
            "kind: slak",
            "6:20: notifiers.releases.kind: 'slak' is not email or github or slack or sns",
        ),
        ("channel: C0", "chanel: C0", "6:58: notifiers.releases.chanel: unknown field; did you mean 'channel'?"),
        ("tokenFile: /run/secrets/slack", "token: xoxb-1", "6:27: notifiers.releases.token: unknown field"),
        (", channel: C012345", "", "6:13: notifiers.releases: a bot's token and its channel go together"),
        (
            ", secretEnv: HOOK_SECRET",
            "",
            "7:9: notifiers.hook: the secret is missing: write secretFile or secretEnv",
        ),
        (
            "secretEnv: H",
            "urlEnv: A, secretEnv: H",
            "7:9: notifiers.hook: the URL is said 2 times: write one of url",
        ),
        ("https://hooks", "https://me:pw@hooks", "7:30: notifiers.hook.url: "),
        (
            TOPIC,
            "arn:aws:sqs:eu-west-1:1:x",
            "8:29: notifiers.topic.topic: 'arn:aws:sqs:eu-west-1:1:x' is not the ARN",
        ),
        ("acme/shop", "acme", "9:36: notifiers.code.repository: 'acme' is not a repository of GitHub: owner/name"),
        ("port: 465", "port: 0", "13:11: notifiers.mail.port: "),
        ("from: trueup@example.com", "from: 'a@b.c\\nBcc: x@y.z'", "15:11: notifiers.mail.from: "),
        ("security: tls", "security: none", "11:5: notifiers.mail: a password is never sent without TLS"),
        ("    username: trueup\n", "", "11:5: notifiers.mail: there is a password, and no username"),
        (
            "to: releases",
            "to: relases",
            "20:10: routes.0.to.0: there is no notifier 'relases'; did you mean 'releases'",
        ),
        ("[before, after", "[befor, after", "20:71: routes.0.events.0: 'befor' is not before or during or after"),
        ("environments: [prod]", "environment: [prod]", "20:40: routes.0.environment: unknown field; did you mean"),
        ("  topic:", "  Topic:", "8:3: notifiers.Topic: 'Topic' is not a name"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(before, after, complaint):
    assert before in GOOD
    said = refused(GOOD.replace(before, after))
    assert f"notifiers.yaml:{complaint}" in said, said


def test_a_password_in_a_url_is_not_repeated():
    assert "pw" not in refused(GOOD.replace("https://hooks", "https://me:pw@hooks"))


@pytest.mark.parametrize(
    "text", ["", "[]", "a: &x b", f"{HEAD}notifiers: []\nroutes: []\n", f"{HEAD}routes: []\n", "\x00", "[" * 30_000]
)
def test_what_is_no_such_file_is_refused(text):
    assert refused(text).startswith("notifiers.yaml:")
