"""What `run` is told: flags before variables before defaults, and one clear line for each bad value."""

import getpass
import os
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from controller.errors import SpecError
from controller.options import Listen, LogForm, LogLevel, Options, read


@pytest.fixture
def said(monkeypatch):
    """Read options from variables, and give the complaint word for word."""

    def complaint(flags=None, **variables: str) -> str:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SpecError) as refused:
            read(flags)
        return str(refused.value)

    return complaint


def test_nothing_said_is_what_the_readme_promises():
    options = read()

    assert (options.repo, options.branch, options.path) == ("", "main", "specs")
    assert options.store == "sqlite:///trueup.db"
    assert str(options.listen) == "127.0.0.1:9102"
    assert options.poll == timedelta(seconds=15)
    assert options.cache == Path.home() / ".cache" / "trueup"
    assert (options.endpoint_url, options.save_cycles, options.clock) == (None, None, "")
    assert options.once is False
    assert options.log_level is LogLevel.INFO
    assert options.actor == getpass.getuser()


def test_every_field_is_read_from_its_variable(monkeypatch):
    values = {
        "REPO": "https://git.example.com/team/releases.git",
        "BRANCH": "trunk",
        "PATH": "environments",
        "STORE": "memory:",
        "LISTEN": "[::1]:0",
        "POLL": "2m",
        "ENDPOINT_URL": "http://127.0.0.1:4566/",
        "ONCE": "true",
        "CACHE": "/var/cache/trueup",
        "WORKERS": "3",
        "READ_ROLE": "ci/trueup-read",
        "LOG": "JSON",
        "LOG_LEVEL": "Debug",
        "CLOCK": "now*60",
        "SAVE_CYCLES": "/tmp/cycles",
        "TERRAFORM_STATES": "/srv/states",
        "REGISTRIES": "ghcr.io harbor.lan=http://harbor.lan:8080",
        "DOCKER_CONFIG": "/run/secrets/config.json",
        "APPLICATIONS": "https://github.com/acme/",
        "APPLICATIONS_TOKEN_FILE": "/run/secrets/applications",
        "APPLICATIONS_USERNAME": "bot",
        "LEASE": "45s",
        "ACTOR": "ci",
        "PEOPLE": "/etc/trueup/people.yaml",
        "PROMETHEUS_URL": "https://metrics.example.com/prometheus/",
        "PROMETHEUS_TOKEN_FILE": "/run/secrets/prometheus",
        "GIT_TOKEN": "canary-token",
        "GIT_TOKEN_FILE": "/run/secrets/token",
        "GIT_USERNAME": "bot",
        "GIT_SSH_KEY_FILE": "/run/secrets/key",
        "GIT_KNOWN_HOSTS_FILE": "/etc/known_hosts",
        "GIT_CA_FILE": "/etc/ca.pem",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"TRUEUP_{name}", value)

    options = read()

    assert {name.upper() for name in Options.model_fields} == set(values)
    assert options.listen == Listen("::1", 0)
    assert (options.poll, options.lease) == (timedelta(minutes=2), timedelta(seconds=45))
    assert options.endpoint_url == "http://127.0.0.1:4566"
    assert options.terraform_states == Path("/srv/states")
    assert options.prometheus_url == "https://metrics.example.com/prometheus"
    assert options.prometheus_token_file == Path("/run/secrets/prometheus")
    assert options.once is True
    assert (options.workers, options.log, options.log_level) == (3, LogForm.JSON, LogLevel.DEBUG)
    assert options.git_token is not None
    assert options.git_token.get_secret_value() == "canary-token"
    assert {options.git_token_file, options.git_ssh_key_file} == {
        Path("/run/secrets/token"),
        Path("/run/secrets/key"),
    }
    assert (options.repo, options.branch, options.path, options.actor) == (
        values["REPO"],
        "trunk",
        "environments",
        "ci",
    )


def test_a_flag_wins_over_its_variable_and_one_that_was_not_given_does_not(monkeypatch):
    monkeypatch.setenv("TRUEUP_BRANCH", "from-environment")
    monkeypatch.setenv("TRUEUP_PATH", "from-environment")

    options = read({"branch": "from-flag", "path": None})

    assert (options.branch, options.path) == ("from-flag", "from-environment")


def test_an_empty_variable_is_a_variable_that_is_not_set(monkeypatch):
    monkeypatch.setenv("TRUEUP_POLL", "")
    monkeypatch.setenv("TRUEUP_ENDPOINT_URL", "")

    assert (read().poll, read().endpoint_url) == (timedelta(seconds=15), None)


def test_variables_of_other_commands_are_not_ours_to_refuse(monkeypatch):
    monkeypatch.setenv("TRUEUP_SERVER", "https://trueup.example.com")

    assert read().branch == "main"


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("POLL", "15", "'15' is not a duration; write 15s, 2m or 1h"),
        ("POLL", "-1s", "'-1s' is not a duration; write 15s, 2m or 1h"),
        ("POLL", "1e9h", "'1e9h' is not a duration; write 15s, 2m or 1h"),
        ("POLL", "nan", "'nan' is not a duration; write 15s, 2m or 1h"),
        ("POLL", "0s", "'0s' is not between 100ms and 1h"),
        ("POLL", "2h", "'2h' is not between 100ms and 1h"),
        ("LEASE", "1s", "'1s' is not between 2s and 10m"),
        ("LISTEN", "9102", "'9102' is not HOST:PORT; write 127.0.0.1:9102 or [::1]:9102"),
        ("LISTEN", ":9102", "':9102' is not HOST:PORT; write 127.0.0.1:9102 or [::1]:9102"),
        ("LISTEN", "::1:9102", "'::1:9102' is not HOST:PORT; write 127.0.0.1:9102 or [::1]:9102"),
        ("LISTEN", "here:http", "'http' is not a port; write a number from 0 to 65535, such as 127.0.0.1:9102"),
        ("LISTEN", "h:65536", "'65536' is not a port; write a number from 0 to 65535, such as 127.0.0.1:9102"),
        ("ONCE", "maybe", "'maybe' is neither true nor false"),
        ("WORKERS", "0", "'0' is not a number of threads from 1 to 64"),
        ("WORKERS", "many", "'many' is not a number of threads from 1 to 64"),
        ("LOG", "xml", "'xml' is not one of json, console"),
        ("LOG_LEVEL", "loud", "'loud' is not one of debug, info, warning, error"),
        ("STORE", "trueup.db", "it does not say what kind of store; write sqlite:///trueup.db"),
        ("BRANCH", "main\nforged", "it holds a control character or another that cannot be seen"),
        ("ACTOR", "\x1b[31mroot", "it holds a control character or another that cannot be seen"),
        ("CACHE", "/tmp/a\x07b", "it holds a control character or another that cannot be seen"),
    ],
)
def test_a_bad_value_is_one_line_that_names_its_variable(said, variable, value, complaint):
    assert said(**{f"TRUEUP_{variable}": value}) == f"TRUEUP_{variable}: {complaint}"


@pytest.mark.parametrize(
    "url",
    [
        "h:4566",
        "ftp://h",
        "http://",
        "http://h:port",
        "http://h:0",
        "http://h/?a",
        "http://h/#a",
        "http://[",
        "http://h h",
    ],
)
def test_an_endpoint_that_is_no_server_is_refused_with_an_example(said, url):
    wanted = "it is not the URL of a server, and nothing more; write http://127.0.0.1:4566"

    assert said(TRUEUP_ENDPOINT_URL=url) == f"TRUEUP_ENDPOINT_URL: {wanted}"


def test_credentials_in_the_endpoint_are_refused_and_not_repeated(said):
    complaint = said(TRUEUP_ENDPOINT_URL="http://someone:canary@127.0.0.1:4566")

    assert complaint.startswith("TRUEUP_ENDPOINT_URL: it is not the URL of a server, and nothing more")
    assert "canary" not in complaint


def test_all_bad_values_are_told_at_once_and_a_flag_is_called_a_flag(said):
    lines = said({"poll": "x", "log_level": "y"}, TRUEUP_WORKERS="0", TRUEUP_POLL="15s").splitlines()

    assert sorted(line.split(":")[0] for line in lines) == ["--log-level", "--poll", "TRUEUP_WORKERS"]


def test_time_is_scaled_only_where_nothing_is_real(said):
    wanted = "time is scaled only for rehearsals: TRUEUP_CLOCK needs --endpoint-url beside it"

    assert said(TRUEUP_CLOCK="now*60") == wanted
    assert read({"clock": "now*60", "endpoint_url": "http://127.0.0.1:4566"}).clock == "now*60"


def test_a_token_for_prometheus_needs_to_know_where_it_goes(said):
    wanted = "TRUEUP_PROMETHEUS_TOKEN_FILE needs --prometheus-url beside it: it is sent nowhere else"

    assert said(TRUEUP_PROMETHEUS_TOKEN_FILE="/run/secrets/prometheus") == wanted  # noqa: S106 - a file
    flags = {"prometheus_url": "http://user:canary@prometheus:9090"}
    assert said(flags) == (
        "--prometheus-url: it is not the URL of a server, and nothing more; write http://127.0.0.1:4566"
    )


def test_what_a_command_cannot_do_without_is_asked_for_by_flag_and_variable():
    with pytest.raises(SpecError, match=r"^--repo \(or TRUEUP_REPO\) is missing$"):
        read(needs=("repo",))

    assert read({"repo": "."}, needs=("repo",)).repo == "."


def test_a_home_folder_is_filled_in_and_its_absence_is_said(said):
    assert read({"save_cycles": "~/cycles"}).save_cycles == Path.home() / "cycles"
    assert read({"terraform_states": "~/states"}).terraform_states == Path.home() / "states"

    assert "there is no home folder to begin with" in said(TRUEUP_CACHE="~nobody-of-that-name/cache")


def test_a_secret_is_not_in_the_text_of_the_options_but_is_named_to_the_log(monkeypatch):
    monkeypatch.setenv("TRUEUP_GIT_TOKEN", "canary-token")
    options = read()

    assert "canary" not in f"{options!r} {options} {options.model_dump_json(exclude={'listen'})}"
    assert options.secrets == ("canary-token",)
    monkeypatch.delenv("TRUEUP_GIT_TOKEN")
    assert read().secrets == ()


def test_the_log_is_for_people_on_a_terminal_and_for_machines_elsewhere_unless_said():
    assert read().log_form(tty=True) is LogForm.CONSOLE
    assert read().log_form(tty=False) is LogForm.JSON
    assert read({"log": "json"}).log_form(tty=True) is LogForm.JSON


def test_options_do_not_change_once_they_are_read():
    options = read()

    with pytest.raises(ValidationError):
        options.branch = "other"


def test_a_flag_that_nobody_knows_is_a_mistake_of_ours():
    with pytest.raises(SpecError, match="--colour"):
        read({"colour": "red"})


def test_a_process_whose_user_has_no_name_is_called_by_its_number(monkeypatch):
    def nobody():
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)

    assert read().actor == f"uid {os.getuid()}"
