"""States and tables for qubits in a row, or around one: all two-qubit gates between neighbours.

No router has to move a qubit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.ir.blocks import PauliRotation, Unitary
from qsac.ir.op import Op
from qsac.ir.table import Table
from qsac.numerics.path_tables import PathCircuit, path_circuit
from qsac.numerics.spoke_tables import spoke_circuit
from qsac.synthesis.block import Block
from qsac.synthesis.writing import block_program, context_of, qubit_names, written

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


def path_block(table: NDArray[np.complex128], *, target: AnyTarget) -> Block | None:
    """The load of rows of unit norm, shape (T, 2^n), of one row the preparation of a state, with their phases: the data
    qubits are in a row, index bits beside them, and all two-qubit gates between neighbours. One data qubit has three
    neighbours, and bits behind these. None for more than 128 numbers, 64 with an index that are not all real, for more
    than four bits of it, six for one data qubit, and where none was found."""
    found = _solved(table.shape, table.astype(np.complex128).tobytes())
    if found is None:
        return None
    index = len(found.phases) - 1
    names = qubit_names(index + found.qubits)
    data, bits = names[index:], names[:index]
    gates = iter(found.gates)
    ops: list[Op] = [Unitary(name, Table(next(gates))) for name in data]
    index_bits = _Index(bits)
    for first, second in found.pairs:
        if second < 0:
            ops.extend(index_bits.hold(-second))
        other = data[second] if second >= 0 else index_bits.holder(-second)
        ops.append(PauliRotation("zz", (data[first], other), np.pi / 2))
        if second < 0 and found.turned:
            ops.append(PauliRotation("z", (other,), -np.pi / 2))
        ops.extend(Unitary(data[place], Table(next(gates))) for place in (first, second) if place >= 0)
    ops.extend(index_bits.let_go())
    ops.extend(PauliRotation("z", (bit,), float(-2 * phase)) for bit, phase in zip(bits, found.phases[1:], strict=True))
    columns = np.array(table, dtype=np.complex128)[:, :, None]
    program = block_program(ops, index + found.qubits)
    return written("rows" if index else "state", [program], columns, index, context_of(target, 2))


class _Index:
    """The qubits of an index: which parity of its bits each holds."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._held = [self._own(bit) for bit in range(len(names))]

    def _own(self, bit: int) -> int:
        """The number that has this bit alone."""
        return 1 << len(self._names) - 1 - bit

    def holder(self, parity: int) -> str:
        """The qubit that holds a parity."""
        return self._names[self._held.index(parity)]

    def hold(self, parity: int) -> list[Op]:
        """Have the first of the bits of a parity hold it."""
        bit = len(self._names) - parity.bit_length()
        return self._add(bit, self._held[bit] ^ parity)

    def let_go(self) -> list[Op]:
        """Have each qubit hold its own bit again."""
        return [op for bit, held in enumerate(self._held) for op in self._add(bit, held ^ self._own(bit))]

    def _add(self, bit: int, more: int) -> list[Op]:
        """A CX, up to the phase, onto the qubit of a bit, from that of the one bit of a number; none for 0."""
        if not more:
            return []
        self._held[bit] ^= more
        control, target = self._names[len(self._names) - more.bit_length()], self._names[bit]
        return [
            PauliRotation("z", (control,), np.pi / 2),
            PauliRotation("x", (target,), np.pi / 2),
            PauliRotation("zx", (control, target), -np.pi / 2),
        ]


@lru_cache(16)
def _solved(shape: tuple[int, ...], table: bytes) -> PathCircuit | None:
    """Solved once for all families of gates."""
    numbers = np.frombuffer(table, np.complex128).reshape(shape)
    return spoke_circuit(numbers) if shape[1] == 2 and shape[0] > 1 else path_circuit(numbers)
