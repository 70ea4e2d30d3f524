"""Small files and short functions: a piece that fits on a screen is a piece that gets read."""

from tests.architecture import tree

LINES_A_FILE = {"controller": 300, "tests": 600, "benchmarks": 600}
LINES_A_FUNCTION = 40


def test_no_file_is_longer_than_its_folder_allows():
    long = [
        f"{tree.short(path)}: {lines} lines, {limit} allowed"
        for folder, limit in LINES_A_FILE.items()
        for path in tree.python(folder)
        if (lines := path.read_text(encoding="utf-8").count("\n")) > limit
    ]
    assert long == []


def test_no_function_of_the_controller_is_longer_than_forty_lines():
    long = [
        f"{tree.short(path)}:{function.lineno}: {function.name} has {lines} lines"
        for path in tree.python("controller")
        for function in tree.functions(tree.parsed(path))
        if (lines := function.end_lineno - function.lineno + 1) > LINES_A_FUNCTION
    ]
    assert long == []


def test_there_is_something_to_measure():
    assert len(tree.python("controller")) > 10
    assert any(list(tree.functions(tree.parsed(path))) for path in tree.python("controller"))
