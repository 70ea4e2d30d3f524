"""`--as-aws`: a person is who AWS lets be them, in a role with a source identity, and nobody else."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from controller.codes import DONE, UNREACHABLE, WRONG
from controller.gates.approval import Approval
from controller.model.observation import Awaits
from controller.model.people import People, Person

ROLE = "arn:aws:iam::111122223333:role/team"
GRANTED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<SourceIdentity>{0}</SourceIdentity><AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>arn</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIACANARY</AccessKeyId><SecretAccessKey>canary</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2031-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
DENIED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code>
<Message>is not authorized to perform: sts:SetSourceIdentity</Message></Error></ErrorResponse>"""


class Sts(ThreadingHTTPServer):
    """Grants a role with the source identity of whoever asks, as a trust policy does that pins it."""

    def __init__(self, caller: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.caller, self.answers = caller, "{0}"
        self.asked: list[tuple[str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answering(BaseHTTPRequestHandler):
    server: Sts

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        said = {key: values[0] for key, values in parse_qs(body).items()}
        assert said["Action"] == "AssumeRole"
        self.server.asked.append((said["RoleArn"], said["SourceIdentity"]))
        well = said["RoleArn"] == ROLE and said["SourceIdentity"] == self.server.caller
        text = (GRANTED.format(self.server.answers.format(self.server.caller)) if well else DENIED).encode()
        self.send_response(200 if well else 403)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def sts(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with Sts("bob") as server:
        monkeypatch.setenv("TRUEUP_ENDPOINT_URL", server.url)
        yield server
        server.shutdown()


@pytest.fixture
def waiting(shop, tmp_path):
    """A release that waits for approval, and a people.yaml in which nobody is known by an OS user."""
    file = tmp_path / "people.yaml"
    lines = ["apiVersion: trueup/v1", "kind: People", "people:"]
    lines += [f"  {one}: {{sts: [{{role: '{ROLE}', sourceIdentity: {one}}}]}}" for one in ("anna", "bob")]
    file.write_text("\n".join([*lines, "  carl: {}", ""]))
    shop.release("1")
    shop.world.people = People(persons=(Person(name="anna"), Person(name="bob")))
    shop.world.want["gates"] = (Approval(four_eyes=False),)
    shop.world.version = "2"
    shop.ticks(1)
    return lambda *words: shop("approve", "prod", "api", "2", "--people", str(file), "--as-aws", *words)


def given(shop):
    mine = shop.store.orders("prod").targets.get("api")
    return mine.approvals if mine else ()


def test_whoever_aws_lets_be_a_person_says_yes_as_that_person(shop, sts, waiting):
    said = waiting("--as", "bob")
    assert said.code == DONE and "approved by bob" in said.out
    (one,) = given(shop)
    assert (one.by, one.via) == ("bob", f"AWS {ROLE} as bob at {sts.url}")
    assert sts.asked == [(ROLE, "bob")]
    assert "canary" not in said.out + said.err + repr(one)


def test_nobody_else_is_that_person_and_nothing_is_written(shop, sts, waiting):
    said = waiting("--as", "anna")
    assert said.code == UNREACHABLE and "AWS does not say that you are anna" in said.err
    assert "sts:SetSourceIdentity" in said.err
    sts.answers = "mallory"
    said = waiting("--as", "bob")
    assert said.code == UNREACHABLE and "another source identity" in said.err
    assert given(shop) == ()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), WRONG, "say --as too"),
        (("--as", "carl"), UNREACHABLE, "has no sts for carl"),
        (("--as", "mallory"), UNREACHABLE, "knows nobody who is called mallory"),
    ],
)
def test_who_is_not_named_or_has_no_role_is_told_so_and_aws_is_not_asked(shop, sts, waiting, words, code, told):
    said = waiting(*words)
    assert said.code == code and told in said.err
    assert (sts.asked, given(shop)) == ([], ())


def test_without_credentials_it_is_said(shop, sts, waiting, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    said = waiting("--as", "bob")
    assert said.code == UNREACHABLE and "there are no AWS credentials" in said.err


def test_in_a_pause_of_the_platforms_own_it_is_proven_as_well(shop, sts, waiting):
    shop.world.want["gates"] = ()
    shop.ticks(1)
    shop.world.service.primary.awaits = Awaits(pause="arn:hook/1", stage="POST_SCALE_UP")
    shop.ticks(1, 1)
    assert waiting("--as", "anna").code == UNREACHABLE
    assert waiting("--as", "bob").code == DONE
    assert shop.store.orders("prod").targets["api"].answer.by == "bob"
