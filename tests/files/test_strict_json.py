"""The JSON reader: places of what it refuses, and that no input makes it fail otherwise."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsac.errors import QsacError, printable
from qsac.families.qsa.model import Model
from qsac.families.reading import load, load_text
from qsac.files.pointer import describe, join, nearest
from qsac.files.strict_json import parse
from tests.families.models import minimal, tfim, with_values

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ANSATZ = {"type": "hardware-efficient", "rotations": ["ry"], "layers": 1, "parameters": [[[0.1]]]}
MATRIX = {"type": "matrix", "entries": [[[1, 0], [0, 0]], [[0, 0], [1, 0]]]}
TAYLOR = {"type": "softmax-taylor", "degree": 1, "temperature": 1}
STARTS: list[dict[str, Any]] = [
    minimal(phases=[0, 0]),
    minimal(value=ANSATZ, score=MATRIX, kernel=TAYLOR),
    minimal(value={**ANSATZ, "parameters": {"init": "normal", "scale": 1, "seed": 0}}),
    with_values([[[1, 0], [0, 1]], [[1, 1], [1, 0]]], kernel={"type": "polynomial", "coefficients": [1, 2]}),
    {**tfim(context=2), "readout": {"type": "loss"}},
]


def _places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(place for name, item in items for place in _places(item, (*path, name)))]


def _replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = _replaced(document[path[0]], path[1:], value)
    return copy


def _refusal(attempt: Callable[[], Model]) -> QsacError | None:
    try:
        attempt()
    except QsacError as error:
        return error
    return None


@given(st.data())
def test_any_value_at_any_place_is_loaded_or_refused_with_a_place(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from(STARTS))
    path = data.draw(st.sampled_from(_places(start)))
    broken = _replaced(start, path, data.draw(JSON))
    refusals = [_refusal(lambda: load(broken))] if isinstance(broken, dict) else []
    refusals.append(_refusal(lambda: load_text(json.dumps(broken), "<dict>")))
    for error in filter(None, refusals):
        assert error.source is not None
        assert error.source.startswith("<dict>")
        assert not error.pointer or error.pointer.startswith("/")
        assert all(line.isprintable() for line in str(error).split("\n"))


@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:0e-. \\nulltrue', max_size=30).map(str.encode))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    error = _refusal(lambda: load_text(data, "model.json"))
    assert error is not None
    assert error.source is not None
    assert error.source.startswith("model.json")


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"a": 1, "a": 2}', "/a"),
        ('{"a": [0, {"b/c": 1, "x~": 2, "x~": 3}]}', "/a/1/x~0"),
        ('{"a": {"b": NaN}}', "/a/b"),
        ("[1, -Infinity]", "/1"),
        ("NaN", ""),
    ],
)
def test_places(text: str, pointer: str) -> None:
    with pytest.raises(QsacError) as caught:
        parse(text.encode(), "x")
    assert caught.value.pointer == pointer


def test_pointers_and_words() -> None:
    assert join("/a", "b/c~d", 3) == "/a/b~1c~0d/3"
    assert printable("a\x1b\ud800\n") == "a\\x1b\\ud800\\n"
    assert describe("x" * 100) == '"' + "x" * 48 + '..."'
    assert describe({str(i): i for i in range(20)}) == "an object with 0, 1, 2, 3, 4, 5, 6, 7, 12 more"
    assert nearest("Degree", ["degree", "type"]) == "degree"
    assert nearest("zzz", ["degree", "type"]) is None
