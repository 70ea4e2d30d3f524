"""What holds for every test: no network beyond loopback, no credentials, UTC, and hypothesis by profile."""

import ipaddress
import os
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

# What a shell may carry and a test must never use: accounts, proxies, the repository that a git hook runs in.
FOREIGN_PREFIXES = ("AWS_", "GIT_", "TRUEUP_", "BOTO", "MOTO_")
KEPT = {"TRUEUP_LIVES"}  # how many lives the properties try
FOREIGN_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
OURS = {
    "AWS_EC2_METADATA_DISABLED": "true",  # else botocore asks 169.254.169.254 for a role
    "AWS_CONFIG_FILE": os.devnull,  # HOME stays as it is, so its profiles have to be named away
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,  # a fresh machine has no name, no e-mail, no default branch: neither have we
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "TZ": "UTC",
}


def clean_environment() -> None:
    for name in list(os.environ):
        foreign = name.startswith(FOREIGN_PREFIXES) or name.upper() in FOREIGN_NAMES
        if foreign and name not in KEPT:
            del os.environ[name]
    os.environ.update(OURS)
    time.tzset()


def register_profiles() -> None:
    # quick and ci are derandomised: one commit, one verdict. deep looks for what is new, and what it finds becomes
    # an @example. too_slow measures the machine, not the code.
    slow = [HealthCheck.too_slow]
    settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True, suppress_health_check=slow)
    settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True, suppress_health_check=slow)
    settings.register_profile("deep", max_examples=5000, deadline=None, print_blob=True, suppress_health_check=slow)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


# When this file is read, not in a fixture: test modules may make clients while they are being imported.
clean_environment()
register_profiles()


def is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def refuse(host: object) -> None:
    """Fail the test with what no `except Exception` swallows: a refused call would look like any outage."""
    pytest.fail(f"a test reached for {host!r}; only loopback is open")


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Refuse to connect or to resolve beyond this machine, in this process; what tests start is theirs to point."""
    patch = pytest.MonkeyPatch()
    resolve = socket.getaddrinfo

    def guarded(real):
        def connect(self, address):
            if self.family in {socket.AF_INET, socket.AF_INET6} and not is_here(str(address[0])):
                refuse(address)
            return real(self, address)

        return connect

    def getaddrinfo(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name and not is_here(name):
            refuse(name)
        return resolve(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    patch.undo()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests counted, summed over all of them and all processes; of words, how many different ones."""
    sums: dict[str, int] = {}
    words: dict[str, set[str]] = {}
    reports = (report for reports in terminalreporter.stats.values() for report in reports)
    for report in reports:
        if getattr(report, "when", "") != "teardown":
            continue
        for what, counted in report.user_properties:
            if isinstance(counted, int):
                sums[what] = sums.get(what, 0) + counted
            else:
                words.setdefault(what, set()).update(counted.split())
    sums.update({what: len(found) for what, found in words.items()})
    for what, number in sorted(sums.items()):
        terminalreporter.write_line(f"{number:>10,} {what}")


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Callable[[str, int], None]:
    """Count something that is printed at the end of the run, summed over all tests."""
    return lambda what, number: request.node.user_properties.append((what, number))
