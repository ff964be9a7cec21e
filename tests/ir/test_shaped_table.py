"""Outlines: ranks, what they are compared by, and what passes make of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsac.ir.attention import ApplyUnitary
from qsac.ir.derivation import Branches, How, derive, turned
from qsac.ir.shaped_table import ShapedTable, Span, rank
from qsac.ir.table import Table


def _rows(sequence: str, start: int, stop: int, columns: int = 64) -> ShapedTable:
    return ShapedTable((stop - start, 64), real=True, columns=columns, spans=[Span(sequence, start, stop)])


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=4),
    st.integers(1, 16),
)
def test_the_rank_is_that_of_generic_rows(drawn: list[tuple[str, int, int]], columns: int) -> None:
    rng = np.random.default_rng(0)
    sequences = {name: rng.normal(size=(18, columns)) for name in "ab"}
    shaped_tables = [_rows(name, start, start + count, columns) for name, start, count in drawn]
    rows = np.concatenate([sequences[name][start : start + count] for name, start, count in drawn])
    assert rank(*shaped_tables) == np.linalg.matrix_rank(rows)


@pytest.mark.parametrize("how", ["load", "inverse_load", "basis"])
@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("real", [True, False])
def test_what_a_unitary_makes_is_as_large_and_as_real_as_the_outline_says(how: How, size: int, real: bool) -> None:
    rng = np.random.default_rng(1)
    entries = np.eye(4, dtype=float if real else complex)
    drawn = rng.normal(size=(size, size)) + (0 if real else 1j * rng.normal(size=(size, size)))
    entries[:size, :size] = np.linalg.qr(drawn)[0]
    if real:  # a rotation: a reflection of the plane has real eigenvalues
        entries[:, 0] *= np.sign(np.linalg.det(entries))
    rows = np.zeros((5, 4))
    rows[:, :size] = rng.normal(size=(5, size))
    unitary = ApplyUnitary("data", "matrix", "unitary")
    tables = {"rows": Table(rows), "unitary": Table(entries)}
    values = turned(how, "rows", unitary, tables)
    outline = turned(how, "rows", unitary, tables | {"rows": ShapedTable((5, 4), real=True, columns=size)})
    assert isinstance(outline, ShapedTable)
    assert (outline.shape, outline.real) == (values.shape, values.real)
    assert np.all(np.abs(values.values[:, outline.columns :]) < 1e-12)
    assert np.all(np.abs(values.values[:, outline.columns - 1]) > 1e-6)


def test_branches_hold_the_rows_of_both() -> None:
    zeros, ones = _rows("a", 0, 3), _rows("b", 0, 5)
    both = derive(Branches(), ("zeros", "ones"), {"zeros": zeros, "ones": ones})
    assert isinstance(both, ShapedTable)
    assert both.shape == (10, 64)
    assert rank(both) == 8


def test_outlines_are_compared_by_what_is_known() -> None:
    assert _rows("a", 0, 3) == _rows("a", 0, 3)
    assert hash(_rows("a", 0, 3)) == hash(_rows("a", 0, 3))
    assert _rows("a", 0, 3) != _rows("a", 1, 4)
    assert _rows("a", 0, 3) != Table(np.ones((3, 64)))
    assert Table(np.ones((3, 64))) != _rows("a", 0, 3)
    assert _rows("a", 0, 3).negated() != _rows("a", 0, 3)
    assert _rows("a", 0, 3).negated().negated() == _rows("a", 0, 3)


def test_ends_follow_negation_and_reversal() -> None:
    outline = _rows("a", 0, 3)
    first, last = outline.ends
    assert outline.negated().ends == (-first, -last)
    assert outline.reversed().ends == (last, first)
    assert first != last
    assert 0.1 <= first <= 0.4
    assert len(set(_rows("a", 0, 1).ends)) == 1
