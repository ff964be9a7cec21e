"""States and tables for qubits in a row: all two-qubit gates between neighbours, so that no router has to move one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.ir.blocks import PauliRotation, Unitary
from qsac.ir.op import Op
from qsac.ir.table import Table
from qsac.numerics.path_tables import PathCircuit, path_circuit
from qsac.synthesis.block import Block
from qsac.synthesis.writing import block_program, context_of, qubit_names, written

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


def path_block(table: NDArray[np.complex128], *, target: AnyTarget) -> Block | None:
    """The load of rows of unit norm, shape (T, 2^n), of one row the preparation of a state, with their phases: the data
    qubits are in a row, index bits beside them, and all two-qubit gates between neighbours. None for one data qubit,
    for more than 128 numbers, 64 with an index, for more than four bits of it, and where none was found."""
    found = _solved(table.shape, table.astype(np.complex128).tobytes())
    if found is None:
        return None
    index = len(found.phases) - 1
    names = qubit_names(index + found.qubits)
    data, bits = names[index:], names[:index]
    gates = iter(found.gates)
    ops: list[Op] = [Unitary(name, Table(next(gates))) for name in data]
    for first, second in found.pairs:
        ops.append(PauliRotation("zz", (data[first], data[second] if second >= 0 else bits[-1 - second]), np.pi / 2))
        ops.extend(Unitary(data[place], Table(next(gates))) for place in (first, second) if place >= 0)
    ops.extend(PauliRotation("z", (bit,), float(-2 * phase)) for bit, phase in zip(bits, found.phases[1:], strict=True))
    columns = np.array(table, dtype=np.complex128)[:, :, None]
    program = block_program(ops, index + found.qubits)
    return written("rows" if index else "state", [program], columns, index, context_of(target, 2))


@lru_cache(16)
def _solved(shape: tuple[int, ...], table: bytes) -> PathCircuit | None:
    """Solved once for all families of gates."""
    return path_circuit(np.frombuffer(table, np.complex128).reshape(shape))
