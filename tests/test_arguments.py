"""What public functions accept as arguments: numbers of any package, and nothing that only looks like one."""

import json
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.arguments import file_path, flag, real_number, shown, whole_number

MODEL: dict[str, Any] = {
    "qsac": 1,
    "tokens": {"type": "inline", "values": [[1, 2], [2, 1], [1, -1]]},
    "attention": {
        "type": "overlap",
        "kernel": {"type": "monomial", "degree": 1},
        "value": {"type": "hardware-efficient", "layers": 1, "rotations": ["ry"], "parameters": [[[0.3]]]},
        "score": {"type": "identity"},
    },
}

HUGE = 10**5000
"""A whole number that Python does not write as text."""


class BytesPath:
    def __fspath__(self) -> bytes:
        return b"model.json"


class NumberPath:
    def __fspath__(self) -> int:
        return 3


class Broken:
    """An array of a package that cannot be read here, as a tensor on a device."""

    def __array__(self, *_: object, **__: object) -> None:
        raise RuntimeError("no array on this device")


NOTHING = [b"x", (), {1}, object(), 1j, BytesPath(), NumberPath(), np.array([1, 2]), len, range(3), Ellipsis]
"""Values that are no argument at all, except where a list is wanted."""

NO_WHOLE_NUMBERS = [
    *NOTHING,
    True,
    False,
    100.5,
    3.0,
    "3",
    float("nan"),
    np.float64(3),
    np.True_,
    np.array(True),
    [],
    {},
]
NO_REAL_NUMBERS = [*NOTHING, True, "0.5", float("nan"), float("inf"), -np.inf, HUGE, np.float32("nan"), np.True_, [0.5]]
NO_FLAGS = [*NOTHING, 0, 1, "yes", "", np.int64(1), np.array([True]), [], 0.0]
NO_PATHS = [*NOTHING, 3, True, 1.5, [], ["model.json"], "a\0b", "\ud800", np.array("x")]
NO_MODELS = [*NO_PATHS, None, b"{}", "x" * 300]
NO_CALLABLES = [*(value for value in NOTHING if value is not len), 3, True, "print", {}]
NO_WORDS = [*NOTHING, 3, True, "gates", "Qubits", "", ["qubits"]]


@pytest.fixture(scope="module")
def compiled() -> qsac.Compiled:
    return qsac.compile(MODEL)


@pytest.fixture(scope="module")
def template() -> qsac.Template:
    return qsac.template(MODEL)


def _refused(call: Any, value: object) -> str:
    """The message with which a call refuses a value; it can be printed anywhere."""
    with pytest.raises(qsac.InvalidInputError) as caught:
        call(value)
    text = str(caught.value)
    text.encode("utf-8")
    assert len(text) < 1000
    return text


@pytest.mark.parametrize("value", NO_WHOLE_NUMBERS, ids=shown)
def test_no_whole_numbers(value: object, compiled: qsac.Compiled) -> None:
    for name in ("optimisation", "optimization_level", "seed", "qubits"):
        _refused(lambda given, name=name: qsac.compile(MODEL, **{name: given}), value)
        _refused(lambda given, name=name: qsac.template(MODEL, **{name: given}), value)
    for name in ("optimisation", "optimization_level", "qubits"):
        _refused(lambda given, name=name: qsac.estimate(MODEL, **{name: given}), value)
    for name in ("shots", "seed"):
        _refused(lambda given, name=name: qsac.run(compiled, **{name: given}), value)
        _refused(lambda given, name=name: qsac.run(MODEL, **{name: given}), value)
    assert "whole number" in _refused(lambda given: qsac.Cache("folder", limit=given), value)


@pytest.mark.parametrize("value", NO_REAL_NUMBERS, ids=shown)
def test_no_real_numbers(value: object, compiled: qsac.Compiled) -> None:
    _refused(lambda given: qsac.compile(MODEL, error_budget=given, optimisation=3), value)
    _refused(lambda given: qsac.run(compiled, precision=given), value)
    _refused(lambda given: real_number(given, "number", "a number"), value)


@pytest.mark.parametrize("value", NO_FLAGS, ids=shown)
def test_no_flags(value: object, compiled: qsac.Compiled, template: qsac.Template) -> None:
    for name in ("noise", "mitigate", "emulator"):
        _refused(lambda given, name=name: qsac.run(compiled, **{name: given}), value)
    _refused(lambda given: qsac.compile(MODEL, verify=given), value)
    _refused(lambda given: qsac.template(MODEL, fold=given), value)
    _refused(lambda given: template.bind(verify=given), value)


@pytest.mark.parametrize("value", NO_PATHS, ids=shown)
def test_no_paths(
    value: object, compiled: qsac.Compiled, template: qsac.Template, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    for call in (qsac.Compiled.load, qsac.Template.load, compiled.save, template.save, qsac.Cache):
        _refused(call, value)
    _refused(lambda given: qsac.compile(MODEL, cache=given), value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", NO_MODELS, ids=shown)
def test_no_models(value: object) -> None:
    for call in (qsac.load, qsac.compile, qsac.estimate, qsac.template, qsac.run):
        _refused(call, value)


@pytest.mark.parametrize(
    "value", [*NOTHING, 3, True, None, [], {}, "no-such-machine", "\ud800", "\x1b[31m", ""], ids=shown
)
def test_no_targets(value: Any, compiled: qsac.Compiled) -> None:
    for call in (qsac.compile, qsac.estimate, qsac.template):
        _refused(lambda given, call=call: call(MODEL, given), value)
    if value is not None:
        _refused(lambda given: qsac.run(compiled, given), value)


@pytest.mark.parametrize("value", NO_CALLABLES, ids=shown)
def test_no_callables(value: Any, compiled: qsac.Compiled, template: qsac.Template) -> None:
    for name in ("after", "progress"):
        _refused(lambda given, name=name: qsac.compile(MODEL, **{name: given}), value)
        _refused(lambda given, name=name: qsac.template(MODEL, **{name: given}), value)
        _refused(lambda given, name=name: template.bind(**{name: given}), value)
    _refused(lambda given: qsac.run(compiled, progress=given), value)


@pytest.mark.parametrize("value", NO_WORDS, ids=shown)
def test_no_words(value: Any) -> None:
    for call in (qsac.compile, qsac.estimate, qsac.template):
        assert "qubits or depth" in _refused(lambda given, call=call: call(MODEL, prefer=given), value)


@pytest.mark.parametrize(
    "value",
    [3, True, {1: 2}, {"fold-unitaries"}, [3], [None], [""], [["fold-unitaries"]], "no-such-pass", ["no-such-pass"]],
    ids=shown,
)
def test_no_passes(value: Any) -> None:
    _refused(lambda given: qsac.compile(MODEL, passes=given), value)
    _refused(lambda given: qsac.template(MODEL, passes=given), value)


@pytest.mark.parametrize("value", [True, 2.5, "x", [4], HUGE, np.datetime64("2020"), 4 + 0j, np.nan, b"4"], ids=shown)
def test_no_sizes(value: Any) -> None:
    _refused(lambda given: qsac.estimate(MODEL, context=given), value)
    _refused(lambda given: qsac.estimate(MODEL, dimension=given), value)


@pytest.mark.parametrize(
    "value",
    [3, True, "tokens", b"x", object(), {1, 2}, Broken(), [1, 2], [[1], [1, 2]], np.array("x"), [[None]]],
    ids=shown,
)
def test_no_tokens_and_parameters(value: Any, template: qsac.Template) -> None:
    _refused(lambda given: template.bind(tokens=given), value)
    _refused(lambda given: template.angles(tokens=given), value)
    _refused(lambda given: template.bind(parameters=given), value)
    for name in ("value", "score", "phases"):
        _refused(lambda given, name=name: template.bind(parameters={name: given}), value)
    _refused(lambda given: template.bind(parameters={given: 1}), "weights")
    _refused(lambda given: template.bind(parameters={given: 1}), 3)


@pytest.mark.parametrize("number", [np.int64, np.uint8, np.int16, lambda value: np.array(value)], ids=shown)
def test_whole_numbers_of_numpy_give_the_same_bytes(number: Any, tmp_path: Path) -> None:
    given = {"optimisation": 1, "seed": 7, "qubits": 12}
    mine = qsac.compile(MODEL, **given)
    theirs = qsac.compile(MODEL, **{name: number(value) for name, value in given.items()})
    assert theirs.to_json() == mine.to_json()
    assert {name: type(theirs.options[name]) for name in given} == dict.fromkeys(given, int)
    result = qsac.run(mine, shots=number(100), seed=number(3))
    assert json.dumps(result.to_dict()) == json.dumps(qsac.run(mine, shots=100, seed=3).to_dict())
    assert qsac.estimate(MODEL, context=number(8)).to_json() == qsac.estimate(MODEL, context=8).to_json()
    qsac.template(MODEL, seed=number(7)).save(tmp_path / "theirs.json")
    qsac.template(MODEL, seed=7).save(tmp_path / "mine.json")
    assert (tmp_path / "theirs.json").read_bytes() == (tmp_path / "mine.json").read_bytes()


@pytest.mark.parametrize("budget", [np.float64(0.25), np.float32(0.25), np.array(0.25), Fraction(1, 4)], ids=shown)
def test_real_numbers_of_other_types_give_the_same_bytes(budget: Any) -> None:
    mine = qsac.compile(MODEL, optimisation=3, error_budget=0.25)
    theirs = qsac.compile(MODEL, optimisation=3, error_budget=budget)
    assert theirs.to_json() == mine.to_json()
    assert type(theirs.options["error_budget"]) is float
    assert qsac.run(mine, precision=budget, shots=2000) == qsac.run(mine, precision=0.25, shots=2000)


def test_a_budget_of_zero_is_written_alike() -> None:
    written = {qsac.compile(MODEL, error_budget=budget).to_json() for budget in (0, 0.0, -0.0, np.float32(0))}
    assert len(written) == 1


@pytest.mark.parametrize(("value", "least", "most"), [(0, 0, 3), (3, 0, 3), (np.uint64(2**63), 0, None), (-1, -1, 0)])
def test_whole_numbers_within_bounds(value: Any, least: int, most: int | None) -> None:
    assert whole_number(value, "number", least, most) == int(value)


@pytest.mark.parametrize(("value", "least", "most"), [(-1, 0, 3), (4, 0, 3), (HUGE, 0, 3), (0, 1, None)], ids=shown)
def test_whole_numbers_out_of_bounds(value: int, least: int, most: int | None) -> None:
    text = _refused(lambda given: whole_number(given, "number of things", least, most), value)
    assert "the number of things is out of range" in text


def test_limits_are_written_shortly() -> None:
    text = _refused(lambda given: qsac.compile(MODEL, seed=given), 2**63)
    assert "from 0 to 2^63 - 1" in text


def test_flags() -> None:
    assert flag(True, "noise") is True
    assert flag(np.False_, "noise") is False


def test_paths(tmp_path: Path) -> None:
    assert file_path(tmp_path, "file") == file_path(str(tmp_path), "file") == os.fspath(tmp_path)
    # What a file's name that is not UTF-8 is read as.
    assert file_path("caf\udce9.json", "file") == "caf\udce9.json"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        (np.float64(1.5), "1.5"),
        (np.int8(3), "3"),
        (np.True_, "True"),
        ("it's", '"it\'s"'),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("\ud800", r"'\ud800'"),
        (HUGE, "a whole number of 16610 bits"),
        (-(2**80), "a whole number of 81 bits"),
        (np.zeros((2, 3)), "an array of shape (2, 3)"),
        ([1], "a value of the type list"),
        (Fraction(1, 2), "a value of the type fractions.Fraction"),
        (np.datetime64("2020"), "a value of the type numpy.datetime64"),
    ],
    ids=shown,
)
def test_values_are_shown_in_messages(value: object, text: str) -> None:
    assert shown(value) == text


def test_long_texts_are_cut() -> None:
    assert re.fullmatch(r"'x{59}\.\.\.", shown("x" * 1000))
