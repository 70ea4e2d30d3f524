"""The front door: help, suggestions, exit codes."""

import os
import subprocess
import sys

import pytest

from controller.cli.main import COMMANDS
from controller.cli.main import trueup as group
from controller.codes import BLOCKED, DONE, NEGATIVE, TIMED_OUT, UNREACHABLE, WRONG, worst


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_there_and_explains_itself(trueup, name):
    said = trueup(name, "--help")
    assert said.code == DONE and "Usage:" in said.out and said.err == ""


def test_help_lists_every_command_and_every_exit_code(trueup):
    said = trueup("--help")
    assert all(name in said.out for name in COMMANDS)
    assert "Exit codes: 0 done" in said.out and "130 interrupted" in said.out


def test_a_mistyped_command_is_answered_with_what_was_probably_meant(trueup):
    said = trueup("staus")
    assert said.code == WRONG and "did you mean 'status'?" in said.err


def test_an_unknown_command_is_sent_to_the_help(trueup):
    said = trueup("xyzzy")
    assert said.code == WRONG and "see `trueup --help`" in said.err


def test_help_imports_neither_aws_nor_yaml_nor_pydantic():
    code = "import sys; from controller.cli.main import run; run(['--help']); print(sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("boto3", "botocore", "yaml", "pydantic", "structlog", "starlette", "moto"):
        assert f"'{heavy}'" not in out


def test_the_version_is_told(trueup):
    said = trueup("--version")
    assert said.code == DONE and said.out.startswith("trueup ")


def test_of_several_codes_the_worst_counts():
    assert worst([DONE, NEGATIVE, BLOCKED]) == BLOCKED
    assert worst([BLOCKED, TIMED_OUT]) == TIMED_OUT
    assert worst([TIMED_OUT, UNREACHABLE]) == UNREACHABLE
    assert worst([UNREACHABLE, WRONG]) == WRONG
    assert worst([]) == DONE


def test_every_flag_of_run_has_its_variable():
    command = group.get_command(None, "run")
    for option in command.params:
        flag = option.opts[0].removeprefix("--").replace("-", "_").upper()
        assert f"[TRUEUP_{flag}]" in option.help, flag


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("trueup wa", ["wait", "ways-back"]),
        ("trueup re", ["resume", "reject", "retry", "restart", "recover", "replay"]),
        ("trueup attest prod api --c", ["--check"]),
        ("trueup history --e", ["--evidence"]),
    ],
)
def test_a_shell_completes_commands_and_flags(typed, completed):
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")), "_TRUEUP_COMPLETE": "bash_complete"}
    code = "import sys; sys.argv[0] = 'trueup'; from controller.cli.main import main; main()"
    line = [sys.executable, "-c", code]
    out = subprocess.run(line, env={**os.environ, **words}, capture_output=True, text=True, check=True).stdout
    assert [each.partition(",")[2] for each in out.splitlines()] == completed


def test_run_does_not_begin_with_keys_that_cannot_be_used(trueup, tmp_path):
    words = ("run", "--once", "--repo", str(tmp_path), "--store", f"sqlite:///{tmp_path}/t.db")
    said = trueup(*words, "--signers", str(tmp_path / "gone"))
    assert said.code == WRONG and "gone cannot be read: No such file or directory" in said.err
    (tmp_path / "signers").mkdir()
    (tmp_path / "signers" / "allowed_signers").write_text("anna\n")
    said = trueup(*words, "--signers", str(tmp_path / "signers"))
    assert said.code == WRONG and "allowed_signers:1: it is not: names" in said.err
    assert not (tmp_path / "t.db").exists()
