"""Rotations that come to nothing are gone for the rotations after them, too."""

import pytest

from qsac.ir.blocks import PauliRotation
from qsac.ir.op import Register
from qsac.ir.program import Program
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import pass_class


def merged(*rotations: tuple[str, tuple[int, ...], float]) -> list[tuple[str, float]]:
    first = tuple(PauliRotation("x", (f"q[{place}]",), 0.5) for place in range(2))
    ops = (
        PauliRotation(paulis, tuple(f"q[{place}]" for place in places), angle) for paulis, places, angle in rotations
    )
    registers = tuple(Register(f"q[{place}]", 1) for place in range(2))
    program = Program("test", "block", registers, {}, (*first, *ops), ())
    result = pass_class("merge-rotations")().apply(program, PassContext(target("h1")))
    return [(op.paulis, pytest.approx(op.angle)) for op in result.ops[2:]]


def test_basis_changes_cancel_from_the_inside_out():
    basis = [("zx", (0, 1), 1.5), ("y", (0,), 0.7), ("z", (0,), 0.3)]
    inverse = [(paulis, places, -angle) for paulis, places, angle in reversed(basis)]
    assert merged(*basis, *inverse) == []


def test_rotations_that_do_not_commute_with_what_is_left_stay():
    rotations = [("y", (0,), 0.7), ("z", (0,), 0.3), ("z", (0,), -0.2), ("y", (0,), -0.7)]
    assert merged(*rotations) == [("y", 0.7), ("z", 0.1), ("y", -0.7)]


def test_a_rotation_that_comes_after_one_moved_past_nothing_keeps_its_place():
    rotations = [("y", (0,), 0.7), ("z", (0,), 0.3), ("z", (0,), -0.3), ("y", (0,), 0.1), ("z", (0,), 0.4)]
    assert merged(*rotations) == [("y", 0.8), ("z", 0.4)]


def test_what_was_merged_has_the_sources_of_all():
    rotations = [PauliRotation("x", ("q[0]",), 0.5, sources=(place,)) for place in (3, 1)]
    between = PauliRotation("z", ("q[1]",), 0.5, sources=(2,))
    registers = tuple(Register(f"q[{place}]", 1) for place in range(2))
    program = Program("test", "block", registers, {}, (rotations[0], between, rotations[1]), ())
    result = pass_class("merge-rotations")().apply(program, PassContext(target("h1")))
    assert [op.sources for op in result.ops] == [(1, 3), (2,)]
