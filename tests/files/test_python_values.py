"""Dictionaries given to `qsac.load`: arrays and numbers of NumPy and of other packages."""

from typing import Any

import numpy as np
import pytest

from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.families.reading import load
from tests.families.models import minimal, with_values

VALUES = [[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]]
COMPLEX = np.array(VALUES) + 1j


class Tensor:
    """What torch's tensors offer to NumPy."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if isinstance(self.values, Exception):
            raise self.values
        return np.asarray(self.values, dtype=dtype)


class Interface:
    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    @property
    def __array_interface__(self) -> Any:
        return self.values.__array_interface__


@pytest.mark.parametrize(
    "given",
    [
        Tensor(VALUES),
        Interface(VALUES),
        [Tensor(row) for row in VALUES],
        tuple(Interface(row) for row in VALUES),
        [[Tensor(value) for value in row] for row in VALUES],
        [[np.float32(value) for value in row] for row in VALUES],
        np.array(VALUES, dtype=np.float16),
        np.array(VALUES, dtype=np.longdouble),
        [[np.longdouble(value) for value in row] for row in VALUES],
        np.array(VALUES, dtype=object),
        np.array(VALUES, order="F"),
        np.array(VALUES).view(np.ma.MaskedArray),
    ],
)
def test_real_values(given: Any) -> None:
    assert load(with_values([]) | {"tokens": {"type": "inline", "values": given}}) == load(with_values(VALUES))


@pytest.mark.parametrize("dtype", ["c8", "c16", np.clongdouble])
def test_complex_values(dtype: Any) -> None:
    array = COMPLEX.astype(dtype)
    for given in (array, Tensor(array), [list(row) for row in array]):
        assert load(minimal() | {"tokens": {"type": "inline", "values": given}}) == load(with_values(COMPLEX))


def test_entries_of_matrices_parameters_and_phases() -> None:
    swap = [[[0, 0], [1, 0]], [[1, 0], [0, 0]]]
    plain = minimal(value={"type": "matrix", "entries": swap}, phases=[0.5, 1.0, 0.25])
    plain |= {"tokens": {"type": "inline", "values": [[1, 0], [0, 1], [1, 1], [1, 2]]}}
    attention = plain["attention"] | {
        "value": {"type": "matrix", "entries": Tensor(np.array([[0, 1], [1, 0]], dtype=complex))},
        "phases": Tensor([0.5, 1.0, 0.25]),
    }
    assert load(plain | {"attention": attention}) == load(plain)


def test_data_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(VALUES)
    for given in (frame, [frame.loc[row] for row in range(3)]):
        assert load(minimal() | {"tokens": {"type": "inline", "values": given}}) == load(with_values(VALUES))
    mixed = pandas.DataFrame({"word": ["a", "b"], "x": [1.0, 2.0]})
    with pytest.raises(InvalidInputError, match="number is wanted") as caught:
        load(minimal() | {"tokens": {"type": "inline", "values": mixed}})
    assert caught.value.pointer == "/tokens/values/0/0"


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (Tensor(TypeError("Got unsupported ScalarType BFloat16")), "cannot be read as an array"),
        (Tensor(RuntimeError("Can't call numpy() on Tensor that requires grad")), "cannot be read as an array"),
        (np.array([["2026-01-01", "2026-01-02"]] * 2, dtype="M8[ns]"), "does not hold numbers"),
        (np.ones((2, 2), dtype="m8[s]"), "does not hold numbers"),
        (np.ones(2, dtype=[("a", "f8"), ("b", "f8")]), "does not hold numbers"),
        (np.full((2, 2), np.longdouble("1e4000")), "not finite"),
        (np.ma.MaskedArray(np.ones((2, 2)), mask=[[0, 1], [0, 0]]), "number is wanted"),
        (np.ones((2, 2), dtype=bool), "number is wanted"),
        (np.array([["1", "2"]] * 2), "number is wanted"),
        (np.array([[b"1", b"2"]] * 2), "number is wanted"),
        ([[np.datetime64("2026-01-01", "ns"), 1], [1, 1]], "number is wanted"),
        (object(), "not a list of rows"),
        ({1, 2}, "not a list of rows"),
    ],
)
def test_what_is_no_number(given: Any, match: str) -> None:
    with pytest.raises(InvalidInputError, match=match) as caught:
        load(minimal() | {"tokens": {"type": "inline", "values": given}})
    assert caught.value.pointer is not None
    assert caught.value.pointer.startswith("/tokens/values")
    assert caught.value.source == "<dict>"


def test_values_without_an_end() -> None:
    loop: list[Any] = []
    loop.append(loop)
    endless = np.empty((), dtype=object)
    endless[()] = endless
    inside = np.empty(1, dtype=object)
    inside[0] = inside
    for given in (loop, endless, inside):
        with pytest.raises(QsacError):
            load(minimal() | {"tokens": {"type": "inline", "values": given}})
    with pytest.raises(DoesNotFitError, match="too many entries"):
        load(minimal() | {"tokens": {"type": "inline", "values": np.broadcast_to(1.0, (10**6, 10**6))}})


def test_nothing_is_shared_with_what_was_given() -> None:
    values = np.array(VALUES)
    model = load(minimal() | {"tokens": {"type": "inline", "values": values}})
    values[:] = 7
    assert model == load(with_values(VALUES))
