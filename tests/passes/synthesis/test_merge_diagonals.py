"""Diagonals become one where nothing stands between them."""

from typing import Any

import numpy as np

from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import pass_class

MergeDiagonals: Any = pass_class("merge-diagonals")
A, AB, BA = (Table(values) for values in ([0.1, 0.2], [0.1, 0.2, 0.3, 0.5], [1.0, 0.0, 0.0, 0.7]))
LIVE = [PauliRotation("y", (name,), 0.3) for name in "abc"]


def _merged(*ops: Op) -> list[Op]:
    registers = tuple(Register(name, 1) for name in "abc")
    program = Program("some", "block", registers, {}, (*LIVE, *ops), ())
    return [op for op in MergeDiagonals().apply(program, PassContext(target("h1"))).ops if op not in LIVE]


def _phases(op: Op) -> Any:
    assert isinstance(op, Diagonal)
    return op.phases.values - op.phases.values[0]


def test_equal_and_contained_ones_are_added_up() -> None:
    (found,) = _merged(
        Diagonal(("a", "b"), AB), Diagonal(("b", "a"), BA), Diagonal(("b",), A), Diagonal(("a",), Table([0.0, 0.0]))
    )
    assert found.borrows == ("a", "b")
    total = AB.values + BA.values[[0, 2, 1, 3]] + A.values[[0, 1, 0, 1]]
    np.testing.assert_allclose(np.exp(1j * _phases(found)), np.exp(1j * (total - total[0])), atol=1e-14)


def test_a_borrow_does_not_stand_between_and_a_target_does() -> None:
    borrow = Multiplexor("y", ("a",), "c", Table([0.1, 0.4]))
    assert len(_merged(Diagonal(("a",), A), borrow, Diagonal(("a",), A))) == 2
    turned = PauliRotation("x", ("a",), 0.4)
    assert len(_merged(Diagonal(("a",), A), turned, Diagonal(("a",), A))) == 3
    elsewhere = PauliRotation("x", ("b",), 0.4)
    assert len(_merged(Diagonal(("a",), A), elsewhere, Diagonal(("a",), A))) == 2


def test_a_wider_one_does_not_move_before_what_turns_its_other_qubit() -> None:
    turned = PauliRotation("x", ("b",), 0.4)
    assert len(_merged(Diagonal(("a",), A), turned, Diagonal(("a", "b"), AB))) == 3


def test_what_comes_to_a_constant_goes() -> None:
    there = Diagonal(("a", "b"), AB)
    assert _merged(there, there.adjoint()) == []
    assert _merged(Diagonal(("a",), Table([0.4, 0.4]))) == []


def test_ones_that_overlap_only_stay() -> None:
    assert len(_merged(Diagonal(("a", "b"), AB), Diagonal(("b", "c"), AB))) == 2


def test_what_was_merged_has_the_sources_of_all() -> None:
    first, second = Diagonal(("a", "b"), AB, sources=(4,)), Diagonal(("b", "a"), BA, sources=(1,))
    (found,) = _merged(first, second, Diagonal(("b",), A, sources=(1, 9)))
    assert found.sources == (1, 4, 9)
    apart = _merged(first, PauliRotation("x", ("a",), 0.5, sources=(2,)), second)
    assert [op.sources for op in apart] == [(4,), (2,), (1,)]
