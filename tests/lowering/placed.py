"""Single attention ops, lowered where their registers lie in order."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.counting.formulas import op_cost, two_qubit_gates
from qsac.emit.emit import EMITTERS
from qsac.ir.blocks import Measure, PauliRotation
from qsac.ir.op import ControlledUnitary, Op, Register, Scope
from qsac.ir.program import Program
from qsac.lowering.allocation import Allocation
from qsac.lowering.context import LoweringContext, lowering
from qsac.native.circuit import GateFamily
from tests.lowering.states import Complex, unitary


def blocks_of(op: Op, scope: Scope) -> tuple[list[Op], tuple[str, ...]]:
    """The blocks, and the qubits: those of the op's controls, then those of its targets."""
    names = (*op.controlled_by, *op.targets)
    qubits = {name: tuple(f"{name}.{bit}" for bit in range(scope.sizes[name])) for name in names}
    order = tuple(qubit for name in names for qubit in qubits[name])
    return list(lowering.of(op)(op, LoweringContext(scope, Allocation(qubits, len(order), {})))), order


def lowered(op: Op, scope: Scope) -> NDArray[Any]:
    """What the blocks of an op do, shape (B, D, D) as its matrices; they must leave the controls as they are.

    The global phase is such that the first entry that the op's matrices have, of the largest modulus, agrees.
    """
    assert isinstance(op, ControlledUnitary)
    blocks, order = blocks_of(op, scope)
    values, dimension = scope.dimension(op.controlled_by), scope.dimension(op.targets)
    whole: Complex = unitary(blocks, order).reshape(values, dimension, values, dimension)
    for value in range(values):
        others = np.delete(whole[value], value, axis=1)
        np.testing.assert_allclose(others, np.zeros_like(others), atol=1e-12)
    return whole[np.arange(values), :, np.arange(values)]


def agree(found: NDArray[Any], expected: NDArray[Any]) -> None:
    """Both are equal up to one phase, the same everywhere."""
    place = np.unravel_index(np.argmax(np.abs(expected)), expected.shape)
    turned = found * (expected[place] / found[place] if found[place] else 1.0)
    np.testing.assert_allclose(turned, expected, atol=1e-12)


def gates(op: Op, sizes: Mapping[str, int], family: GateFamily) -> tuple[int, int, int]:
    """The two-qubit gates of an op's blocks by the formulas and as they are emitted, and by the op's own formula."""
    scope = Scope(sizes, {})
    blocks, order = blocks_of(op, scope)
    # Gates that touch every qubit before and after the blocks: what is promised about zeros is not at issue here.
    ends: list[Op] = [Measure(qubit, "bits", place) for place, qubit in enumerate(order)]
    fresh = {name for name in op.requires_zero for name in (f"{name}.{bit}" for bit in range(sizes[name]))}
    begins: list[Op] = [PauliRotation("y", (qubit,), 0.3) for qubit in order if qubit not in fresh]
    registers = tuple(Register(qubit, 1) for qubit in order)
    program = Program("one", "block", registers, {}, (*begins, *blocks, *ends), ())
    emitted = EMITTERS[family](program, None)[0].two_qubit_gates
    return two_qubit_gates(program, family), emitted, op_cost(op, scope, family)
