"""Blocks and their adjoints, unitaries, and what their lowering costs."""

import numpy as np
import pytest
from hypothesis import given, settings

from qsac.ir.attention import ApplyUnitary
from qsac.ir.op import Adjointable, ControlledUnitary, Register, Scope
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.lowering import unitary as lowered
from qsac.lowering.allocation import Allocation
from qsac.lowering.place import Place
from tests.lowering.states import unitary
from tests.shares import Share
from tests.strategies import attention_programs, block_programs, random_unitary


def test_an_adjoint_undoes_its_op() -> None:
    with Share(0.5) as share:

        @settings(max_examples=50)
        @given(block_programs() | attention_programs())
        def holds(program: Program) -> None:
            both = [op for op in program.ops if isinstance(op, Adjointable) and isinstance(op, ControlledUnitary)]
            share.saw(bool(both))
            for op in both:
                matrices, adjoint = op.matrices(program.scope), op.adjoint()
                product = adjoint.matrices(program.scope) @ matrices  # type: ignore[attr-defined]
                identity = np.broadcast_to(np.eye(matrices.shape[1]), matrices.shape)
                np.testing.assert_allclose(product, identity, atol=1e-12, err_msg=op.name)
                assert (adjoint.borrows, adjoint.targets) == (op.borrows, op.targets)  # type: ignore[attr-defined]
                assert adjoint.adjoint() == op

        holds()


def _applied(op: ApplyUnitary, tables: dict[str, Table], size: int) -> tuple[np.ndarray, np.ndarray]:
    """What the lowering does, and what the op means, as matrices on (when, data)."""
    registers = [*(Register(name, 1) for name in op.when), Register("data", size)]
    qubits = {register.name: tuple(f"{register.name}.{bit}" for bit in range(register.size)) for register in registers}
    order = tuple(qubit for names in qubits.values() for qubit in names)
    scope = Scope({register.name: register.size for register in registers}, tables)
    blocks = lowered.lower(op, Place(scope, Allocation(qubits, len(order), {})))
    wanted = np.zeros((1 << len(order), 1 << len(order)), dtype=complex)
    for place, matrix in enumerate(op.matrices(scope)):
        start = place << size
        wanted[start : start + (1 << size), start : start + (1 << size)] = matrix
    return unitary(blocks, order), wanted


@pytest.mark.parametrize("when", [(), ("power[0]",), ("power[0]", "power[1]")])
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("form", ["matrix", "hardware-efficient", "diagonal"])
def test_unitaries_are_what_they_mean_up_to_a_phase(form: str, size: int, when: tuple[str, ...]) -> None:
    rng = np.random.default_rng(size)
    tables = {
        "matrix": Table(random_unitary(rng, 1 << size)),
        "hardware-efficient": Table(rng.uniform(-3, 3, (2, size, 3))),
        "diagonal": Table(np.exp(1j * rng.uniform(-3, 3, 1 << size))),
    }
    rotations = ("rx", "ry", "rz") if form == "hardware-efficient" else ()
    found, wanted = _applied(ApplyUnitary("data", form, form, rotations, when), tables, size)  # type: ignore[arg-type]
    overlap = np.trace(wanted.conj().T @ found) / len(wanted)
    assert abs(overlap) == pytest.approx(1, abs=1e-11)
    np.testing.assert_allclose(found, overlap * wanted, atol=1e-10)
