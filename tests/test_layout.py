"""The layout is a rule, not a habit: what may lie where, how large a module may grow, what it is called."""

import importlib
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

TOP_LEVEL = {
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "docs",
    "passes",
    "pyproject.toml",
    "qsac",
    "requirements-frameworks.lock",
    "requirements-runtime.lock",
    "requirements.lock",
    "setup.py",
    "targets",
    "tests",
}

MAX_LINES = 400
LONG_MODULES: dict[str, str] = {"qsac/error_codes.py": "a list, which is read as one"}
"""Path of a module above MAX_LINES -> why it stays in one piece."""

WHOLE = {"bench", "diagnostics", "docs", "extensions", "fuzz", "packaging", "release", "replay", "soak"}
"""Folders of tests that are of no room."""

EMPTY_NAMES = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}


def tracked_files() -> list[str]:
    """The committed paths, relative to the root; links are named, not followed."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    # The checkout may belong to another user than the one that tests it.
    command = [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [path for path in listing.split("\0") if path and (ROOT / path).exists()]


def python_modules() -> list[str]:
    return [path for path in tracked_files() if path.endswith(".py")]


def test_top_level_holds_only_what_the_design_names():
    top = {path.split("/")[0] for path in tracked_files()}
    assert {name for name in top if not name.startswith(".")} - TOP_LEVEL == set()


def test_tests_lie_in_the_room_of_what_they_test():
    """A folder of tests is called after a room of the package, or is one of those that test the whole."""
    rooms = {path.split("/")[1] for path in python_modules() if path.startswith("qsac/") and path.count("/") > 1}
    rooms |= {"passes", "targets"}
    folders = {path.split("/")[1] for path in python_modules() if path.startswith("tests/") and path.count("/") > 1}
    assert folders - rooms == WHOLE
    assert len(folders & rooms) > len(rooms) / 2


def test_modules_stay_short():
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in python_modules()}
    too_long = {path: length for path, length in lengths.items() if length > MAX_LINES}
    assert {path: length for path, length in too_long.items() if path not in LONG_MODULES} == {}
    assert set(LONG_MODULES) - set(too_long) == set(), "listed as long, but no longer so"


def test_modules_are_named_for_their_subject():
    parts = {(path, part) for path in python_modules() for part in Path(path).with_suffix("").parts}
    assert {path for path, part in parts if set(part.split("_")) & EMPTY_NAMES} == set()


@pytest.mark.parametrize("name", ["passes", "targets"])
def test_links_make_folders_part_of_the_package(name):
    link = ROOT / "qsac" / name
    assert link.is_symlink()
    assert link.readlink() == Path("..") / name
    package = importlib.import_module(f"qsac.{name}")
    assert package.__file__ is not None
    assert Path(package.__file__).resolve() == ROOT / name / "__init__.py"
