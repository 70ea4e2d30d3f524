"""A secret in plain text is refused by its form, and is not repeated in the refusal."""

import pytest

from controller.targets.ecs.inline import inline_secrets

# Put together here, so that nobody's scanner takes this file for a leak.
SECRETS = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE",
    "an AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "a token of GitHub": "ghp_" + "a1B2" * 9,
    "a token of GitLab": "glpat-" + "a1B2" * 5,
    "a token of Slack": "xoxb-" + "1234567890-abc",
    "a key of Stripe": "sk_live_" + "a1B2" * 6,
    "a key of Google": "AIza" + "a" * 35,
    "a token of npm": "npm_" + "a" * 36,
}


def faults(environment=(), options=None):
    container = {"name": "api", "environment": list(environment), "logConfiguration": {"options": options or {}}}
    return [(fault.path[3:], fault.what) for fault in inline_secrets({"containerDefinitions": [container]})]


@pytest.mark.parametrize("what", SECRETS)
def test_a_secret_in_plain_text_is_refused_and_not_repeated(what):
    value = f"x {SECRETS[what]} y"
    (found,) = faults([{"name": "A", "value": "1"}, {"name": "B", "value": value}])
    assert found == (
        ("environment", 1, "value"),
        f"'B' is {what}: keep it in a secret, and name that under `secrets`",
    )
    (logged,) = faults(options={"splunk-url": "https://x", "splunk-token": value})
    assert logged[0] == ("logConfiguration", "options", "splunk-token")
    assert "`secretOptions`" in logged[1] and SECRETS[what] not in found[1] + logged[1]


@pytest.mark.parametrize(
    "value", ["", "AKIA", "arn:aws:secretsmanager:x", "postgres://app@db", "v1.2.3", "ghp_short"]
)
def test_anything_else_is_a_value_like_any_other(value):
    assert faults([{"name": "PASSWORD", "value": value}]) == []
