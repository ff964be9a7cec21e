"""Diagonals before measurements go; those before anything that turns one of their qubits stay."""

from typing import Any

import pytest

from qsac.ir.blocks import Diagonal, Measure, Multiplexor, PauliRotation, Reset
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import pass_class

DropDiagonals: Any = pass_class("drop-diagonals")
NAMES = ("a", "b", "t")
DIAGONAL = Diagonal(("a", "b"), Table([0.1, -0.4, 0.9, 2.0]))


def _kept(*following: Op) -> bool:
    """Whether a diagonal on a and b stays where these ops come between it and the measurements."""
    prepared = [PauliRotation("y", (name,), 0.3) for name in NAMES]
    measured = [Measure(name, "bits", place) for place, name in enumerate(NAMES)]
    ended = {name for op in following for name in op.releases}
    ops = (*prepared, DIAGONAL, *following, *(op for op in measured if op.qubit not in ended))
    program = Program("one", "block", tuple(Register(name, 1) for name in NAMES), {}, ops, ())
    verify(program)
    return DIAGONAL in DropDiagonals().apply(program, PassContext(target("h1"))).ops


CONTROLLED = Multiplexor("y", ("a",), "t", Table([0.2, 0.7]))


@pytest.mark.parametrize("following", [(), (CONTROLLED,), (Measure("b", "bits", 7), CONTROLLED), (DIAGONAL,)])
def test_what_only_measurements_follow_goes(following: tuple[Op, ...]) -> None:
    assert not _kept(*following)


@pytest.mark.parametrize(
    "following",
    [
        (PauliRotation("y", ("b",), 0.4),),
        (Multiplexor("y", ("t",), "a", Table([0.2, 0.7])),),
        (Measure("t", "bits", 7), Reset("t"), PauliRotation("zx", ("t", "b"), 0.4)),
    ],
)
def test_what_is_turned_before_its_measurement_stays(following: tuple[Op, ...]) -> None:
    assert _kept(*following)
