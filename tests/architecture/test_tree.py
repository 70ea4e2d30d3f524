"""What is committed is true on every machine: no paths of one, no package index, locks that agree."""

import re

import pytest

from tests.architecture import tree

# Written so that this file does not contain what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.}-])/(?:home|Users|root|work|opt/(?:wheels|pypi))[/]\w", re.ASCII)
INDEX = re.compile(
    r"--(?:extra-)?index[-]url|(?:PIP|UV)_\w*IND[E]X|find[-]links|trusted[-]host|/simple[/]|https?://[\w.-]*pypi[.]"
)
LOCKS = sorted(path.name for path in tree.ROOT.glob("requirements*.lock"))
PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(\S+)", re.MULTILINE)


def texts():
    for path in tree.files():
        try:
            yield tree.short(path), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@pytest.mark.parametrize("pattern", [MACHINE_PATH, INDEX], ids=["paths of a machine", "addresses of an index"])
def test_no_file_names(pattern):
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("line", ["cd /home" + "/somebody", "pip --index" + "-url=x", "see /work" + "/main"])
def test_such_a_line_is_seen(line):
    assert MACHINE_PATH.search(line) or INDEX.search(line)


@pytest.mark.parametrize("line", ["ENV HOME=/var/lib/trueup", "https://example.com/home/page", "./work/x"])
def test_an_innocent_line_is_left_alone(line):
    assert MACHINE_PATH.search(line) is None
    assert INDEX.search(line) is None


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((tree.ROOT / lock).read_text(encoding="utf-8")))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_its_hashes(lock):
    blocks = re.split(r"\n(?=\S)", (tree.ROOT / lock).read_text(encoding="utf-8").strip())
    assert [block.partition(" ")[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert pins(lock)


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_a_lock_is_installed_as_it_stands_and_nothing_is_resolved_again(name):
    # pip before 23.3 takes `coverage[toml]` for another name than the pinned `coverage`, and asks for the newest.
    text = (tree.ROOT / name).read_text(encoding="utf-8")
    assert text.count("--no-deps --require-hashes -r") == text.count("--require-hashes") > 0


@pytest.mark.parametrize("lock", ["requirements-run.lock", "requirements-build.lock"])
def test_the_image_is_made_of_the_versions_that_were_tested(lock):
    tested = pins("requirements.lock")
    assert {name: version for name, version in pins(lock).items() if tested.get(name) != version} == {}


def test_the_image_carries_no_sandbox_and_no_tools():
    assert not {"moto", "pytest", "hypothesis", "mypy", "ruff"} & set(pins("requirements-run.lock"))
