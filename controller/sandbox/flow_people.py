"""Who plays in the flow: who they are to the commands, and where they are told things."""

import json
import os
import pwd
from typing import Final

from controller.sandbox.cast import AUTHOR, Failed

DEVELOPER: Final = "developer"
DESK: Final = "release-desk"
ON_CALL: Final = "on-call"
CI: Final = "ci"
SHORT: Final = {DEVELOPER: "dev", DESK: "desk", ON_CALL: "on-call", CI: "ci"}
SECRET: Final = "INBOX_SECRET"  # noqa: S105  the name of a variable
_ROLE: Final = "arn:aws:iam::111122223333:role/team"
# Whoever plays this is the one on call; AWS says who the others are. The developer is in the group too, so that
# nothing but having written it keeps their yes from counting.
_PEOPLE: Final = """\
apiVersion: trueup/v1
kind: People
localApprovals: true
people:
  {developer}:
    emails: [{author}]
    sts: [{{role: "{role}", sourceIdentity: {developer}}}]
    groups: [release-managers]
  {desk}:
    sts: [{{role: "{role}", sourceIdentity: {desk}}}]
    groups: [release-managers, emergency]
  {on_call}: {{osUsers: [{user}], groups: [support, emergency]}}
"""
_NOTIFIERS: Final = """\
apiVersion: trueup/v1
kind: Notifiers
digest: 1m
notifiers:
  inbox: {{kind: webhook, url: "{url}", secretEnv: {secret}}}
routes:
  - {{to: inbox, events: [before, during, after, needed, notes]}}
"""


def people() -> str:
    """Give the people.yaml of the flow; raises Failed where nobody can be known by their user."""
    user = json.dumps(_user())
    return _PEOPLE.format(author=AUTHOR, user=user, developer=DEVELOPER, desk=DESK, on_call=ON_CALL, role=_ROLE)


def notifiers(url: str) -> str:
    """Give the notifiers.yaml of the flow, for an inbox at this address."""
    return _NOTIFIERS.format(url=url, secret=SECRET)


def _user() -> str:
    """Name who runs this, as the machine does: nobody else can give orders here."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise Failed(f"this machine has no user for uid {os.getuid()}, so nobody here can give orders") from None
