"""The walls around the tests hold: what tests/conftest.py promises is true here."""

import contextlib
import os
import socket
import time
import urllib.request

import pytest
from hypothesis import settings

# The outcome of pytest.fail; it is not an Exception, so that code under test cannot swallow it.
FAILED = pytest.fail.Exception


def test_a_connection_beyond_loopback_fails_the_test_even_if_errors_are_caught():
    def reach() -> None:
        with socket.socket() as far, contextlib.suppress(Exception):
            far.connect(("192.0.2.1", 9))

    with pytest.raises(FAILED, match=r"192\.0\.2\.1"):
        reach()


def test_a_name_beyond_this_machine_is_not_resolved():
    with pytest.raises(FAILED, match=r"ecs\.eu-west-1\.amazonaws\.com"):
        urllib.request.urlopen("http://ecs.eu-west-1.amazonaws.com/", timeout=1)


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port), timeout=5) as near:
            assert near.getpeername()[1] == port


def test_no_credentials_profiles_or_proxies_reach_the_tests():
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"} & set(os.environ)
    assert not {name for name in os.environ if name.upper().endswith("_PROXY")}
    assert os.environ["AWS_CONFIG_FILE"] == os.environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_local_time_is_utc():
    assert time.timezone == 0


def test_no_property_has_a_deadline_and_all_three_profiles_exist():
    assert settings().deadline is None
    assert [settings.get_profile(name).max_examples for name in ("quick", "ci", "deep")] == [50, 200, 5000]
