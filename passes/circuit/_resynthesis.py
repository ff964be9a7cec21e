"""Exact resynthesis of two-qubit blocks, of CZ.

A block (:mod:`qsac.passes.circuit._blocks`) needs at most three CZ, and fewer in special cases that its matrix shows
(Shende, Bullock, Markov, quant-ph/0308045). Blocks with more CZ than they need are resynthesised by TKET (KAK); all
others stay unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qsac.native.circuit import GATES, KIND, MATRICES, NativeCircuit
from qsac.native.rebase import as_cz
from qsac.passes.circuit._blocks import Block, Runs, Taken
from qsac.passes.circuit._rewriting import Edit, edited

Complex = NDArray[np.complex128]

_EXACT = 1e-10
"""Most by which entries of a block's matrix may differ in the end, up to a phase: libraries round what is nearly a
Clifford gate to one. Blocks that come out worse stay as they are."""

_SPECIAL = 1e-9
"""How close an invariant of a block must be to that of a block that needs fewer gates."""

_MAGIC: Complex = np.array([[1, 0, 0, 1j], [0, 1j, 1, 0], [0, 1j, -1, 0], [1, 0, 0, -1j]]) / np.sqrt(2)
_CZ = KIND["CZ"]
_ONE_QUBIT = {KIND[name]: MATRICES[name] for name in ("SX", "X")}


def resynthesised(circuit: NativeCircuit) -> NativeCircuit:
    """The circuit, of SX, X, Rz, CZ, measurements and resets, with its blocks in as few CZ as they need, and no two
    one-qubit gates side by side that could be one."""
    circuit = as_cz(circuit)
    while True:
        edits = _edits(circuit, [block for block, _ in _wasteful(circuit)])
        if not edits:
            return circuit
        # What takes no gates any more may have stood between two blocks of one pair.
        circuit = as_cz(edited(circuit, edits))


def least(circuit: NativeCircuit) -> int:
    """About how many two-qubit gates :func:`resynthesised` comes to."""
    saved = sum(len(block.gates) - needed for block, needed in _wasteful(circuit))
    return circuit.two_qubit_gates - saved


def _wasteful(circuit: NativeCircuit) -> list[tuple[Block, int]]:
    """Blocks that do not depend on each other and need fewer CZ than they hold, with the number that they need."""
    runs = Runs.of(circuit, len(circuit), np.zeros(len(circuit), np.int64))
    chains = [runs.blocks(chain) for chain in range(len(runs.chains))]
    every = [block for chain in chains for _, block in chain]
    if not every:
        return []
    least = needed_gates(np.array([_matrix(circuit, block.rows, block.sides[0].qubit) for block in every]))
    needed = dict(zip(map(id, every), least.tolist(), strict=True))
    taken, found = Taken(), []
    for chain in chains:
        free = 0
        for start, block in chain:
            if start < free or needed[id(block)] >= len(block.gates) or not taken.leaves(block):
                continue
            taken.add(block)
            found.append((block, needed[id(block)]))
            free = start + len(block.gates)
    return found


def _matrix(circuit: NativeCircuit, rows: Sequence[int], first: int) -> Complex:
    """What some gates on two qubits do, the qubit ``first`` most significant."""
    matrix = np.eye(4, dtype=np.complex128).reshape(2, 2, 4)
    for place in rows:
        kind = int(circuit.kind[place])
        if kind == _CZ:
            matrix[1, 1] *= -1
            continue
        gate = _ONE_QUBIT.get(kind)
        if gate is None:
            phase = np.exp(0.5j * np.pi * circuit.angles[place, 0])
            gate = np.array([[phase.conjugate(), 0], [0, phase]])
        on_first = circuit.first[place] == first
        matrix = (gate @ matrix.reshape(2, 8)).reshape(2, 2, 4) if on_first else gate @ matrix
    return np.asarray(matrix.reshape(4, 4))


def needed_gates(matrices: Complex) -> NDArray[np.int_]:
    """How many CZ each two-qubit unitary, shape (matrices, 4, 4), needs at the least, with one-qubit gates."""
    roots = np.linalg.det(matrices) ** 0.25
    special = _MAGIC.conj().T @ (matrices / roots[:, None, None]) @ _MAGIC
    # Up to one-qubit gates a unitary is what the eigenvalues of this say, up to a sign.
    invariant = special.transpose(0, 2, 1) @ special
    trace = np.trace(invariant, axis1=1, axis2=2)
    square = np.trace(invariant @ invariant, axis1=1, axis2=2)
    none = np.abs(np.abs(trace.real) - 4) + np.abs(trace.imag) < _SPECIAL
    one = np.abs(trace) + np.abs(square + 4) < _SPECIAL
    two = np.abs(trace.imag) < _SPECIAL
    return np.select([none, one, two], [0, 1, 2], 3)


def _edits(circuit: NativeCircuit, wasteful: Sequence[Block]) -> list[Edit]:
    """Blocks in fewer gates, those that can be."""
    if not wasteful:
        return []
    matrices = [_matrix(circuit, block.rows, block.sides[0].qubit) for block in wasteful]
    edits = []
    for block, expected, part in zip(wasteful, matrices, _through_kak(matrices), strict=True):
        if part.two_qubit_gates >= len(block.gates):
            continue
        found = _matrix(part, range(len(part)), 0)
        overlap = np.vdot(found, expected)
        if np.max(np.abs(expected - found * (overlap / abs(overlap)))) < _EXACT:
            qubits = [side.qubit for side in block.sides]
            columns = (part.kind.tolist(), part.first.tolist(), part.second.tolist(), part.angles[:, 0].tolist())
            rows = [
                (GATES[kind].name, qubits[first], qubits[second] if second >= 0 else -1, angle, 0.0)
                for kind, first, second, angle in zip(*columns, strict=True)
            ]
            edits.append(Edit(block.rows, block.place, rows))
    return edits


def _through_kak(matrices: Sequence[Complex]) -> list[NativeCircuit]:
    """Unitaries as TKET writes them, each on qubits 0 and 1."""
    from pytket.circuit import Circuit, OpType, Unitary2qBox
    from pytket.passes import AutoRebase, DecomposeBoxes, DecomposeTK2

    from qsac.export.tket import from_tket

    written = Circuit(2 * len(matrices))
    for index, matrix in enumerate(matrices):
        written.add_unitary2qbox(Unitary2qBox(matrix), 2 * index, 2 * index + 1)
    for step in (
        DecomposeBoxes(),
        DecomposeTK2(allow_swaps=False),
        AutoRebase({OpType.CZ, OpType.SX, OpType.X, OpType.Rz}),
    ):
        step.apply(written)
    read = from_tket(written)
    found = []
    for index in range(len(matrices)):
        own = read.first // 2 == index
        second = np.where(read.second[own] >= 0, read.second[own] % 2, -1)
        columns = read.kind[own], read.first[own] % 2, second, read.angles[own]
        found.append(NativeCircuit("block", (("q", 0), ("q", 1)), (), *columns))
    return found
