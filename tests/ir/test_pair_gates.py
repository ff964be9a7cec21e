"""Whether a two-qubit rotation takes none, one or two gates: one answer for formulas, emission, layout and routing."""

from math import pi

import numpy as np
import pytest

from qsac.counting.formulas import two_qubit_gates
from qsac.emit.emit import emit
from qsac.ir.blocks import Measure, Multiplexor, PauliRotation
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.layout.arrangement import steps
from qsac.machine.registry import target
from qsac.native.circuit import KIND, NativeCircuit
from qsac.native.rebase import as_cz
from qsac.numerics.pauli import NEGLIGIBLE, pair_gates
from qsac.pipeline.contract import PassContext
from qsac.simulation.statevector import simulate

# Whole turns, half turns, quarter turns, others; each as it is, within rounding, and just beyond.
ANGLES = [
    (base + shift, kind if abs(shift) < NEGLIGIBLE else "any")
    for base, kind in [
        *((turns * pi, "none") for turns in range(-3, 4)),
        *((turns * pi + pi / 2, "quarter") for turns in range(-3, 3)),
        *((angle, "any") for angle in (0.3, -1.1, 2.0, 5.5)),
    ]
    for shift in (0.0, 0.3 * NEGLIGIBLE, -0.3 * NEGLIGIBLE, 30 * NEGLIGIBLE, -30 * NEGLIGIBLE)
]
GATES = {"zzphase": {"none": 0, "quarter": 1, "any": 1}, "cz": {"none": 0, "quarter": 1, "any": 2}}


def program(op: Op) -> Program:
    registers = tuple(Register(name, 1) for name in ("a", "b"))
    start = tuple(PauliRotation("y", (name,), 0.7) for name in ("a", "b"))
    end = tuple(Measure(name, name, 0) for name in ("a", "b"))
    return Program("test", "block", registers, {}, (*start, op, *end), (Readout("fidelity", (), ("a[0]", "b[0]")),))


@pytest.mark.parametrize("name", ["h2", "ibm-fez"])
@pytest.mark.parametrize(("angle", "kind"), ANGLES)
def test_all_agree(angle: float, kind: str, name: str) -> None:
    context = PassContext(target(name))
    family = context.target.family
    wanted = GATES[family][kind]
    assert pair_gates(angle, family) == wanted
    rotation = PauliRotation("zx", ("a", "b"), angle)
    multiplexor = Multiplexor("x", ("a",), "b", Table([0.4 + angle, 0.4 - angle]))
    for op in (rotation, multiplexor):
        assert two_qubit_gates(program(op), family) == wanted
        assert emit(program(op), context).two_qubit_gates == wanted
        arranged = sum(sum(step.weights) for step in steps(program(op)))
        assert arranged == GATES["cz"][kind]


@pytest.mark.parametrize(("angle", "kind"), ANGLES[::5])
def test_circuits_of_any_gates_are_rewritten_by_the_same_rule(angle: float, kind: str) -> None:
    circuit = emit(program(PauliRotation("zx", ("a", "b"), 0.3)), PassContext(target("h2")))
    angles = circuit.angles.copy()
    angles[circuit.kind == KIND["ZZPhase"], 0] = angle / pi
    changed = NativeCircuit(**{**vars(circuit), "angles": angles})
    written = as_cz(changed)
    assert written.two_qubit_gates == GATES["cz"][kind]
    np.testing.assert_allclose(simulate(written).metrics["fidelity"], simulate(changed).metrics["fidelity"], atol=1e-12)
