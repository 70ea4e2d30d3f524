"""The layers and prohibitions of pyproject.toml hold, so that pytest alone is enough."""

import subprocess
import sys

import pytest

from tests.architecture import tree


def test_imports_keep_to_the_layers():
    # A process of its own: grimp reads the whole package, and leaves caches and loggers behind.
    linted = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=tree.ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert "0 broken" in linted.stdout


@pytest.mark.parametrize("layer", ["model", "plan", "gates"])
def test_the_core_is_there_to_be_checked(layer):
    assert list((tree.ROOT / "controller" / layer).glob("*.py"))
