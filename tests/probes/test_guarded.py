"""A registry is named by a spec, so it is not trusted: where it sends us, what it asks for, how much it answers."""

import base64
import hashlib
import ipaddress
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from controller.errors import AccessError, PlatformError
from controller.probes import guarded
from controller.probes.guarded import LARGEST, Http, check_peer
from controller.probes.hosts import Hosts, repository
from controller.probes.logins import Login
from controller.probes.oci import Distribution, NotThere

LOGIN = Login(user="ana", password="open sesame")  # noqa: S106 - no secret
BODY = json.dumps({"schemaVersion": 2, "layers": []}).encode()
KIND = "application/vnd.oci.image.manifest.v1+json"
DIGEST = "sha256:" + hashlib.sha256(BODY).hexdigest()


class Odd(ThreadingHTTPServer):
    """A server that answers each path as it was told to, and remembers who asked with what."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Visit)
        self.answers, self.seen = {}, []
        self.host = f"127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()

    def tell(self, path, *answers):
        """What to answer there: status, headers, body; the last one is repeated."""
        self.answers[path] = list(answers)

    def given(self, path):
        """The credentials that came with each request for a path."""
        return [credentials for where, credentials in self.seen if where == path]


class _Visit(BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, _ = self.path.partition("?")
        self.server.seen.append((path, self.headers.get("Authorization")))
        answers = self.server.answers.get(path, [(404, {}, b"{}")])
        status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    do_HEAD = do_GET  # noqa: N815 - the name that the library looks for

    def log_message(self, *_):
        pass


@pytest.fixture
def odd() -> Iterator[Odd]:
    odd = Odd()
    yield odd
    odd.close()


@pytest.fixture
def http() -> Iterator[Http]:
    http = Http()
    yield http
    http.close()


def speaking(http, login=None):
    return Distribution(http, Hosts.of(""), lambda _: login)


def there(odd):
    return repository(f"{odd.host}/api")


def challenge(realm):
    return {"WWW-Authenticate": f'Bearer realm="{realm}",service="odd",scope="repository:api:pull"'}


IMAGE = (200, {"Content-Type": KIND, "Docker-Content-Digest": DIGEST}, BODY)
MANIFEST, TOKEN = "/v2/api/manifests/v1", "/token"


class Connected:
    """A connection to an address that no test can reach."""

    def __init__(self, address):
        self.address, self.is_closed = address, False

    def getpeername(self):
        return (self.address, 443)

    def close(self):
        self.is_closed = True


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "fe80::1%eth0",
        "224.0.0.1",
        "0.0.0.0",  # noqa: S104 - refused
    ],
)
def test_an_address_that_hands_out_credentials_is_never_asked(address):
    connected = Connected(address)
    with pytest.raises(guarded.HTTPError, match="never asked"):
        check_peer(connected)
    assert connected.is_closed


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "52.94.1.1", "fd00:1::1", "::1"])
def test_other_addresses_may_be_registries(address):
    assert check_peer(Connected(address)).address == address


def test_what_a_name_resolves_to_is_looked_at_before_a_byte_is_sent(odd, http, monkeypatch):
    monkeypatch.setattr(guarded, "_METADATA", ipaddress.ip_network("127.0.0.0/8"))
    odd.tell(MANIFEST, IMAGE)
    with pytest.raises(AccessError, match=r"is not asked: it is at 127\.0\.0\.1"):
        speaking(http).digest(there(odd), "v1")
    assert odd.seen == []


def test_a_token_is_fetched_with_the_login_and_used_until_it_is_refused(odd, http):
    locked = (401, challenge(f"http://{odd.host}{TOKEN}"), b"{}")
    odd.tell(MANIFEST, locked, IMAGE, IMAGE, locked, IMAGE)
    odd.tell(TOKEN, (200, {}, b'{"token": "one"}'), (200, {}, b'{"access_token": "two"}'))
    speaks = speaking(http, LOGIN)
    for _ in range(3):
        assert speaks.digest(there(odd), "v1") == DIGEST
    assert odd.given(MANIFEST) == [None, "Bearer one", "Bearer one", "Bearer one", "Bearer two"]
    assert odd.given(TOKEN) == [LOGIN.basic, LOGIN.basic]


def test_a_login_is_not_sent_to_another_house_for_a_token(odd, http):
    realm = f"http://localhost:{odd.server_port}{TOKEN}"
    odd.tell(MANIFEST, (401, challenge(realm), b"{}"), IMAGE)
    with pytest.raises(AccessError, match="wants its login sent to localhost"):
        speaking(http, LOGIN).digest(there(odd), "v1")
    assert odd.given(TOKEN) == []


def test_without_a_login_a_token_may_come_from_elsewhere(odd, http):
    odd.tell(MANIFEST, (401, challenge(f"http://localhost:{odd.server_port}{TOKEN}"), b"{}"), IMAGE)
    odd.tell(TOKEN, (200, {}, b'{"token": "free"}'))
    assert speaking(http).digest(there(odd), "v1") == DIGEST
    assert (odd.given(TOKEN), odd.given(MANIFEST)) == ([None], [None, "Bearer free"])


@pytest.mark.parametrize("token", [b"", b"[]", b'{"token": "a\\nb"}', b'{"token": 7}', b"x" * 100_000])
def test_a_token_that_is_none_is_said(odd, http, token):
    odd.tell(MANIFEST, (401, challenge(f"http://{odd.host}{TOKEN}"), b"{}"))
    odd.tell(TOKEN, (200, {}, token))
    with pytest.raises(PlatformError, match=r"no token that can be read|more than"):
        speaking(http).digest(there(odd), "v1")


def test_credentials_do_not_follow_to_another_host(odd, http):
    odd.tell(MANIFEST, (401, {"WWW-Authenticate": "Basic realm=x"}, b"{}"), (307, {"Location": "/inner"}, b""))
    odd.tell("/inner", (307, {"Location": f"http://localhost:{odd.server_port}/outer"}, b""))
    odd.tell("/outer", IMAGE)
    assert speaking(http, LOGIN).digest(there(odd), "v1") == DIGEST
    assert (odd.given("/inner"), odd.given("/outer")) == ([LOGIN.basic], [None])


def test_redirects_end(odd, http):
    odd.tell(MANIFEST, (307, {"Location": MANIFEST}, b""))
    with pytest.raises(PlatformError, match="on and on"):
        speaking(http).digest(there(odd), "v1")


def test_an_answer_that_is_too_large_is_not_read(odd, http):
    odd.tell(MANIFEST, (200, {"Content-Type": KIND}, b" " * (LARGEST + 1)))
    with pytest.raises(PlatformError, match="more than 4194304 bytes"):
        speaking(http).manifest(there(odd), "v1")


def test_other_bytes_than_those_of_a_digest_are_refused(odd, http):
    odd.tell(f"/v2/api/manifests/{DIGEST}", (200, {"Content-Type": KIND}, BODY + b" "))
    odd.tell(f"/v2/api/blobs/{DIGEST}", (200, {}, BODY + b" "))
    with pytest.raises(PlatformError, match=f"when asked for {DIGEST}"):
        speaking(http).manifest(there(odd), DIGEST)
    with pytest.raises(PlatformError, match=f"something else than {DIGEST}"):
        speaking(http).blob(there(odd), DIGEST)


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (404, NotThere, "MANIFEST_UNKNOWN not here"),
        (403, AccessError, "does not let us GET api: MANIFEST_UNKNOWN"),
        (429, PlatformError, "asked too often"),
        (418, PlatformError, "answers HTTP 418"),
        (500, PlatformError, "answers HTTP 500"),
    ],
)
def test_every_refusal_is_named_by_who_must_act(odd, http, status, error, said):
    words = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "not here\x1b[31m" + "x" * 999}]})
    odd.tell(MANIFEST, (status, {}, words.encode()))
    with pytest.raises(error, match=said) as raised:
        speaking(http).manifest(there(odd), "v1")
    assert len(str(raised.value)) < 400 and str(raised.value).isprintable()


def test_one_failure_of_the_server_is_tried_again(odd, http):
    odd.tell(MANIFEST, (503, {}, b""), IMAGE)
    assert speaking(http).digest(there(odd), "v1") == DIGEST
    assert len(odd.seen) == 2


@pytest.mark.parametrize("body", [b"", b"null", b"[" * 100_000, b'{"errors": {}}', b"\xff"])
def test_words_that_can_not_be_read_are_left_out(odd, http, body):
    odd.tell(MANIFEST, (404, {}, body))
    with pytest.raises(NotThere, match=r"has no manifests/v1$"):
        speaking(http).manifest(there(odd), "v1")


def test_a_login_shows_its_password_nowhere():
    assert "sesame" not in repr(LOGIN)
    assert base64.b64decode(LOGIN.basic.removeprefix("Basic ")) == b"ana:open sesame"


@pytest.mark.parametrize(
    ("name", "host", "path", "url"),
    [
        ("nginx", "docker.io", "library/nginx", "https://registry-1.docker.io"),
        ("acme/api", "docker.io", "acme/api", "https://registry-1.docker.io"),
        ("index.docker.io/acme/api", "docker.io", "acme/api", "https://registry-1.docker.io"),
        ("ghcr.io/acme/api", "ghcr.io", "acme/api", "https://ghcr.io"),
        ("localhost/api", "localhost", "api", "http://localhost"),
        ("localhost:5000/team/api", "localhost:5000", "team/api", "http://localhost:5000"),
        ("[::1]:5000/api", "[::1]:5000", "api", "http://[::1]:5000"),
        ("10.0.0.7:5000/api", "10.0.0.7:5000", "api", "https://10.0.0.7:5000"),
        ("localhost.example.com/api", "localhost.example.com", "api", "https://localhost.example.com"),
    ],
)
def test_a_name_says_which_registry_and_it_is_reached_with_tls(name, host, path, url):
    found = repository(name)
    assert (found.host, found.name, Hosts.of("").reach(found).url) == (host, path, url)


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", ("111122223333", "eu-west-1")),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", ("111122223333", "cn-north-1")),
        ("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com", ("111122223333", "us-gov-west-1")),
        ("111122223333.dkr-ecr.eu-west-1.on.aws", ("111122223333", "eu-west-1")),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example", None),
        ("evil.example.111122223333.dkr.ecr.eu-west-1.amazonaws.com", None),
        ("public.ecr.aws", None),
    ],
)
def test_only_aws_hosts_are_ecr(host, place):
    assert repository(f"{host}/api").ecr == place


@pytest.mark.parametrize(
    "given", ["API", "a//b", "ghcr.io/", "", "ghcr.io/a b", "ghcr.io/../x", "user@host/x", "a?b"]
)
def test_what_is_no_name_is_refused(given):
    with pytest.raises(Exception, match="no name of an image"):
        repository(given)
