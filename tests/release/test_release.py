"""A release writes its version down everywhere or nowhere, and does nothing with a tree that is not clean."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.release import __main__ as command
from tests.release.preparation import ReleaseError, prepare

ROOT = Path(__file__).parents[2]
FILES = ("pyproject.toml", "CITATION.cff", "CHANGELOG.md")
DAY = date(2027, 2, 3)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The files that a release changes, with a changelog that has a section for 9.8.7."""
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    log = (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(f"## 9.8.7 - unreleased\n\n{log}", encoding="utf-8")
    return tmp_path


def texts(tree: Path) -> list[str]:
    return [(tree / name).read_text(encoding="utf-8") for name in FILES]


def test_version_and_day_are_written_down_and_nothing_else(tree: Path) -> None:
    before = [text.splitlines() for text in texts(tree)]
    prepare(tree, "9.8.7", DAY)
    added = [sorted(set(text.splitlines()) - set(old)) for text, old in zip(texts(tree), before, strict=True)]
    assert added == [
        ['version = "9.8.7"'],
        ["date-released: 2027-02-03", "version: 9.8.7"],
        ["## 9.8.7 - 2027-02-03"],
    ]
    lengths = [len(text.splitlines()) - len(old) for text, old in zip(texts(tree), before, strict=True)]
    assert lengths[0] == lengths[2] == 0


def test_the_day_of_the_last_release_is_replaced(tree: Path) -> None:
    prepare(tree, "9.8.7", DAY)
    (tree / "CHANGELOG.md").write_text("## 9.9.0 - unreleased\n", encoding="utf-8")
    prepare(tree, "9.9.0", date(2027, 3, 4))
    assert [line for line in texts(tree)[1].splitlines() if line.startswith("date-released")] == [
        "date-released: 2027-03-04"
    ]


@pytest.mark.parametrize("version", ["", "9.8", "9.8.7-1", "v9.8.7", "9.8.6", "9.8.7\n"])
def test_nothing_is_written_where_something_is_wrong(version: str, tree: Path) -> None:
    before = texts(tree)
    with pytest.raises(ReleaseError):
        prepare(tree, version, DAY)
    assert texts(tree) == before


def test_a_tree_that_is_not_clean_is_left_alone(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[tuple[str, ...]] = []

    def fake(*arguments: str) -> str:
        ran.append(arguments)
        return " M README.md\n"

    monkeypatch.setattr(command, "ROOT", tree)
    monkeypatch.setattr(command, "_run", fake)
    before = texts(tree)
    assert command.main(["9.8.7"]) == 1
    assert "not clean" in capsys.readouterr().err
    assert [arguments[:2] for arguments in ran] == [("git", "status")]
    assert texts(tree) == before
