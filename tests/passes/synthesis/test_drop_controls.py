"""Controls that nothing depends on are taken away, others are not."""

from typing import Any

import numpy as np
import pytest

from qsac.ir.blocks import Diagonal, Measure, Multiplexor, PauliRotation
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import pass_class

DropControls: Any = pass_class("drop-controls")
NAMES = ("a", "b", "c")
ANGLES = np.arange(8).reshape(2, 2, 2)


def _reduced(op: Op) -> Any:
    prepared = [PauliRotation("y", (name,), 0.3) for name in (*NAMES, "t")]
    measured = [Measure(name, "bits", place) for place, name in enumerate((*NAMES, "t"))]
    registers = tuple(Register(name, 1) for name in (*NAMES, "t"))
    program = Program("one", "block", registers, {}, (*prepared, op, *measured), ())
    (found,) = (one for one in DropControls().apply(program, PassContext(target("h1"))).ops[4:-4])
    return found


@pytest.mark.parametrize("dropped", [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_the_controls_that_angles_do_not_depend_on_go(dropped: tuple[int, ...]) -> None:
    angles = ANGLES.astype(float)
    for axis in dropped:
        angles = np.repeat(np.take(angles, [1], axis), 2, axis)
    kept = tuple(name for place, name in enumerate(NAMES) if place not in dropped)
    left = ANGLES[tuple(1 if place in dropped else slice(None) for place in range(3))].reshape(-1)
    multiplexor = _reduced(Multiplexor("y", NAMES, "t", Table(angles.reshape(-1))))
    assert (multiplexor.controls, multiplexor.angles) == (kept, Table(left))
    diagonal = _reduced(Diagonal(NAMES, Table(angles.reshape(-1))))
    assert (diagonal.qubits, diagonal.phases) == (kept, Table(left))


def test_rounding_does_not_keep_a_control() -> None:
    assert _reduced(Multiplexor("y", ("a",), "t", Table([0.3, 0.3 + 1e-15]))).controls == ()
    assert _reduced(Multiplexor("y", ("a",), "t", Table([0.3, 0.3 + 1e-11]))).controls == ("a",)
