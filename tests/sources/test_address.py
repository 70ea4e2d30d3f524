"""What an operator may write as repository, branch and path: rows 13 to 17 and 19 of the checklist of bad input."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import SpecError
from controller.sources.address import AddressError, Scheme, read_address, read_branch, read_path
from controller.sources.git import GitMirror
from tests.sources.repository import ENVIRONMENT


@pytest.mark.parametrize(
    ("text", "url", "scheme"),
    [
        ("https://git.example.com/team/specs.git", "https://git.example.com/team/specs.git", Scheme.HTTPS),
        ("https://git.example.com:8443/specs", "https://git.example.com:8443/specs", Scheme.HTTPS),
        ("https://[2001:db8::1]/specs", "https://[2001:db8::1]/specs", Scheme.HTTPS),
        ("https://dev.example.com/team/_git/specs%20and%20more", None, Scheme.HTTPS),
        ("http://127.0.0.1:8080/specs.git", "http://127.0.0.1:8080/specs.git", Scheme.HTTP),
        ("http://localhost/specs.git", "http://localhost/specs.git", Scheme.HTTP),
        ("http://[::1]:80/specs.git", "http://[::1]:80/specs.git", Scheme.HTTP),
        ("ssh://git@git.example.com/team/specs.git", "ssh://git@git.example.com/team/specs.git", Scheme.SSH),
        ("ssh://git.example.com:2222/~/specs", "ssh://git.example.com:2222/~/specs", Scheme.SSH),
        ("git@git.example.com:team/specs.git", "git@git.example.com:team/specs.git", Scheme.SSH),
        ("git.example.com:team/specs.git", "git.example.com:team/specs.git", Scheme.SSH),
        ("file:///srv/specs.git", "file:///srv/specs.git", Scheme.FILE),
        ("/srv/my specs.git", "file:///srv/my%20specs.git", Scheme.FILE),
        ("/srv/../srv/specs", "file:///srv/specs", Scheme.FILE),
        ("/srv/a:b", "file:///srv/a%3Ab", Scheme.FILE),
    ],
)
def test_these_addresses_are_taken(text, url, scheme):
    address = read_address(text)
    assert (address.url, address.scheme) == (url or text, scheme)


def test_a_relative_path_is_a_path_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_address("./specs").url == f"file://{tmp_path}/specs"
    assert read_address("specs").url == f"file://{tmp_path}/specs"


def test_the_origin_is_where_a_token_may_go():
    assert read_address("https://Git.Example.com:8443/a/b").origin == "https://git.example.com:8443/"
    assert read_address("git@git.example.com:a").origin == ""


REFUSED = {
    "row 13: an option": "--upload-pack=touch /tmp/pwned",
    "row 13: an option with a path": "-oProxyCommand=touch /tmp/pwned",
    "row 14: a program": "ext::sh -c touch% /tmp/pwned",
    "row 14: a program behind a transport": "fd::17",
    "row 14: a protocol without a lock": "git://git.example.com/specs.git",
    "row 14: a protocol that nobody speaks": "ftp://git.example.com/specs.git",
    "row 14: a file on another machine": "file://server/share/specs.git",
    "row 14: http to somewhere": "http://git.example.com/specs.git",
    "row 14: http to a private network": "http://10.0.0.1/specs.git",
    "row 14: http to what only looks like here": "http://localhost.example.com/specs.git",
    "row 15: a password": "https://ada:s3cr3t@git.example.com/specs.git",
    "row 15: a token as user": "https://s3cr3t@git.example.com/specs.git",
    "row 15: a password for ssh": "ssh://git:s3cr3t@git.example.com/specs.git",
    "row 15: a token in the query": "https://git.example.com/specs.git?private_token=s3cr3t",
    "row 16: a carriage return": "https://git.example.com/\rspecs.git",
    "row 16: a line feed": "https://git.example.com/specs\n.git",
    "row 16: NUL": "https://git.example.com/specs\0.git",
    "row 16: an encoded line feed": "https://git.example.com/specs%0a.git",
    "row 16: NUL in a path": "/srv/specs\0.git",
    "row 16: an encoded NUL in a path": "file:///srv/specs%00.git",
    "row 17: an option for ssh as host": "ssh://-oProxyCommand=touch%20x/specs",
    "row 17: an option for ssh as user": "ssh://-oProxyCommand=x@git.example.com/specs",
    "row 17: an option for ssh without //": "x@-oProxyCommand=y:specs",
    "row 17: an option as path": "git@git.example.com:-specs",
    "no host": "https:///specs.git",
    "no path": "https://git.example.com/",
    "no path for ssh": "git@git.example.com:",
    "no port": "https://git.example.com:port/specs",
    "a quote": "ssh://git.example.com/specs'$(id)'",
    "a space": "https://git.example.com/sp ecs",
    "nothing": "",
    "too much": "https://git.example.com/" + "a" * 4096,
    "a broken address": "https://[::1/specs",
    "a host that is no ASCII": "https://gít.example.com/specs",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_these_addresses_are_refused_before_git_sees_them_and_not_echoed(tmp_path, text):
    with pytest.raises(AddressError) as refused:
        GitMirror(text, "main", "specs", cache=tmp_path / "cache")
    message = str(refused.value)
    assert "s3cr3t" not in message
    assert "pwned" not in message
    assert message.isprintable()
    assert not (tmp_path / "cache").exists()
    assert isinstance(refused.value, SpecError)


def test_row_15_credentials_are_named_with_where_they_belong():
    with pytest.raises(AddressError, match="TRUEUP_GIT_TOKEN_FILE"):
        read_address("https://ada:s3cr3t@git.example.com/specs.git")


@pytest.mark.parametrize("name", ["main", "release/2.x", "v1", "feature_a#12", "a.b", "user@work", "x" * 200])
def test_these_branches_are_taken(name):
    assert read_branch(name) == name


ROW_19 = ["-x", "a..b", "@{u}", "main@{1}", "refs/../../x", "refs/heads/main", "x" * 4096, "", "/a", "a/", "a//b"]
ROW_19 += [
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "a.",
    "a b",
    "a~1",
    "a^",
    "a:b",
    "a*",
    "a?",
    "a[",
    "a\\b",
    "a\nb",
    "é",
]


@pytest.mark.parametrize("name", ROW_19)
def test_row_19_these_branches_are_refused(name):
    with pytest.raises(AddressError):
        read_branch(name)


@given(st.text(alphabet="ab./@{}-_~^:?*[\\ \n\x7f", min_size=1, max_size=12))
def test_every_branch_that_is_taken_is_one_for_git(name):
    try:
        read_branch(name)
    except AddressError:
        return
    words = ["git", "check-ref-format", "--branch", name]
    assert subprocess.run(words, env=ENVIRONMENT, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("specs", "specs"),
        ("deploy/specs/", "deploy/specs"),
        ("./specs", "specs"),
        ("", ""),
        (".", ""),
        ("a//b", "a/b"),
    ],
)
def test_these_paths_are_taken(text, path):
    assert read_path(text) == path


@pytest.mark.parametrize(
    "text", ["/etc", "..", "a/../b", ".git", "a/.GIT/b", "-x", "a b", ":(top)a", "a\nb", "*", "a\\b", "é"]
)
def test_these_paths_are_refused(text):
    with pytest.raises(AddressError):
        read_path(text)
