"""Where two documents differ: the place itself, the first one of several that would do."""

from typing import Any

import pytest

from qsac.files.differences import ABSENT, close, differences, shown


@pytest.mark.parametrize(
    ("found", "wanted", "places"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 1.0}, [("/a", 1, 1.0)]),
        ({"a": True}, {"a": 1}, [("/a", True, 1)]),
        ({"a": 1}, {}, [("/a", 1, ABSENT)]),
        ({}, {"a/b~": 1}, [("/a~1b~0", ABSENT, 1)]),
        ([1, 2, 3], [1, 3], [("/1", 2, ABSENT)]),
        ([1, 3], [1, 2, 3], [("/1", ABSENT, 2)]),
        ([1, 2, 2, 3], [1, 2, 3], [("/1", 2, ABSENT)]),
        ([7, 2, 9], [1, 2, 3], [("/0", 7, 1), ("/2", 9, 3)]),
        ([{"a": [1]}], [{"a": [2]}], [("/0/a/0", 1, 2)]),
        ({"a": []}, {"a": {}}, [("/a", [], {})]),
        ("x", "y", [("", "x", "y")]),
    ],
)
def test_differences(found: Any, wanted: Any, places: list[Any]) -> None:
    assert list(differences(found, wanted)) == places


def test_numbers_may_be_close() -> None:
    assert list(differences([1.0, 2.0], [1.0 + 1e-13, 2.1], "", close)) == [("/1", 2.0, 2.1)]
    assert not close(10**400, 1.0)
    assert not close(True, 1)


def test_what_is_shown_is_short() -> None:
    assert shown(ABSENT) == "nothing"
    assert len(shown("x" * 10_000)) <= 80
