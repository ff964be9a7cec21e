"""Tables are values."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from qsac.ir.table import Table

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SHAPES = arrays.array_shapes(max_dims=3, max_side=3)
REAL = arrays.arrays(np.float64, SHAPES, elements=FLOATS)
COMPLEX = arrays.arrays(np.complex128, SHAPES, elements=st.builds(complex, FLOATS, FLOATS))


@given(REAL | COMPLEX)
def test_a_table_comes_back_from_json(values: np.ndarray) -> None:
    table = Table(values)
    again = Table.from_json(json.loads(json.dumps(table.to_json())))
    assert again == table
    assert hash(again) == hash(table)
    assert again.shape == values.shape
    np.testing.assert_array_equal(again.values, values)


@given(COMPLEX)
def test_real_is_a_fact_about_the_values(values: np.ndarray) -> None:
    assert Table(values).real == (not np.any(values.imag))


def test_equal_values_are_equal_whatever_they_are_made_of() -> None:
    assert Table([1, 2]) == Table([1.0, 2.0]) == Table(np.array([1 + 0j, 2])) == Table(np.array([1, 2], dtype=np.int8))
    assert Table([-0.0]) == Table([0.0])
    assert Table(np.array([complex(-0.0, 1)])) == Table([1j])
    assert len({Table([1.0]), Table([1.0]), Table([2.0])}) == 2


def test_other_values_or_shapes_are_not() -> None:
    assert Table([1.0, 2.0]) != Table([[1.0, 2.0]])
    assert Table([1.0, 2.0]) != Table([2.0, 1.0])
    assert Table([1.0, 0.0]) != Table([1j])
    assert Table([1.0]) != [1.0]


def test_a_table_is_a_copy_that_cannot_be_written() -> None:
    values = np.array([1.0, 2.0])
    table = Table(values)
    values[0] = 5.0
    assert table.values[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        table.values[0] = 3.0


def test_slices_and_transposes_are_taken_in() -> None:
    values = np.arange(12.0).reshape(3, 4)
    assert Table(values.T[::2]) == Table(np.ascontiguousarray(values.T[::2]))


@pytest.mark.parametrize(
    "data",
    [
        None,
        "1",
        True,
        [True],
        ["1"],
        [None],
        [[1], [1, 2]],
        [[1], 2],
        {"re": [1]},
        {"re": [1], "im": [1, 2]},
        {},
        [{}],
        10**400,
    ],
)
def test_what_is_no_table_is_refused(data: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        Table.from_json(data)


def test_it_says_what_it_is() -> None:
    assert repr(Table([[1.0]])) == "Table(real, shape=(1, 1))"
    assert repr(Table([1j])) == "Table(complex, shape=(1,))"
