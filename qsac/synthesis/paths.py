"""States for qubits in a row: two-qubit gates between neighbours alone, so that no router has to move a qubit."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.ir.blocks import PauliRotation, Unitary
from qsac.ir.op import Op
from qsac.ir.table import Table
from qsac.numerics.path_states import PathCircuit, path_circuit
from qsac.synthesis.block import Block
from qsac.synthesis.writing import block_program, context_of, qubit_names, written

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


def path_state(row: NDArray[np.complex128], *, target: AnyTarget) -> Block | None:
    """The preparation of a state of unit norm, shape (2^n,), with its phase, by 2^(n-1) - 1 two-qubit gates between
    neighbours; None for more than seven qubits, and where none was found."""
    found = _solved(row.astype(np.complex128).tobytes())
    if found is None:
        return None
    names = qubit_names(found.qubits)
    gates = [Unitary(names[place], Table(gate)) for place, gate in zip(found.places, found.gates, strict=True)]
    ops: list[Op] = [*gates[: found.qubits]]
    for number, place in enumerate(found.pairs):
        first = found.qubits + 2 * number
        ops.append(PauliRotation("zz", names[place : place + 2], np.pi / 2))
        ops.extend(gates[first : first + 2])
    program = block_program(ops, found.qubits)
    return written("state", [program], row[None, :, None].copy(), 0, context_of(target, 2))


@lru_cache(16)
def _solved(row: bytes) -> PathCircuit | None:
    """Solved once for all families of gates."""
    return path_circuit(np.frombuffer(row, np.complex128))
