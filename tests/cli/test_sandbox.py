"""sandbox: what cannot be served is one clear message."""

import importlib.util

import pytest

from controller.app.sandbox import earlier
from controller.codes import UNREACHABLE, WRONG


@pytest.mark.parametrize("command", ["sandbox", "demo"])
def test_without_its_extra_it_says_how_to_install_it(trueup, monkeypatch, command):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "moto" else found(name, *rest)
    )
    said = trueup(command)
    assert said.code == WRONG and "pip install 'trueup[sandbox]'" in said.err


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("--start", "noon"), WRONG, "--start 'noon' is not a time"),
        (("--start", "2026-01-01T00:00:00"), WRONG, "has no offset"),
        (("--faults", "{"), WRONG, "--faults is not JSON"),
        (("--faults", "[]"), WRONG, "--faults is a JSON object"),
        (("--faults", '{"nonsense": 1}'), WRONG, "nonsense"),
        (("--listen", "203.0.113.1:1"), UNREACHABLE, "203.0.113.1:1 cannot be served"),
    ],
)
def test_what_is_typed_wrong_gets_one_clear_message(trueup, args, code, message):
    said = trueup("sandbox", *args)
    assert said.code == code and message in said.err and len(said.err.strip().splitlines()) == 1


def test_seeds_from_a_wrong_spec_print_its_problems(trueup, tmp_path):
    (tmp_path / "prod.yaml").write_text("apiVersion: trueup/v1\nkind: Environment\n")
    said = trueup("sandbox", "--seed", str(tmp_path))
    assert said.code == WRONG and "prod.yaml" in said.err


@pytest.mark.parametrize(
    ("version", "before"),
    [
        ("v1.2.3", "v1.2.2"),
        ("v1.2.0", "v1.1.9"),
        ("v2.0.0", "v1.9.9"),
        ("v1.2.3-stage", "v1.2.2-stage"),
        ("latest", "earlier"),
        ("v0.0.0", "earlier"),
    ],
)
def test_one_version_back(version, before):
    assert earlier(version) == before
