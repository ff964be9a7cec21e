"""Exact resynthesis of two-qubit blocks.

A block is a run of gates on two qubits with nothing else on either of them. It needs at most three CZ, and fewer in
special cases that its matrix shows (Shende, Bullock, Markov, quant-ph/0308045). Blocks with more CZ than they need are
resynthesised by TKET (KAK); all others stay unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.native.circuit import GATES, KIND, MATRICES, NativeCircuit
from qsac.native.provenance import Provenance
from qsac.native.rebase import as_cz

Complex = NDArray[np.complex128]

_EXACT = 1e-10
"""Most by which entries of a block's matrix may differ in the end, up to a phase: libraries round what is nearly a
Clifford gate to one. Blocks that come out worse stay as they are."""

_SPECIAL = 1e-9
"""How close an invariant of a block must be to that of a block that needs fewer gates."""

_MAGIC: Complex = np.array([[1, 0, 0, 1j], [0, 1j, 1, 0], [0, 1j, -1, 0], [1, 0, 0, -1j]]) / np.sqrt(2)
_CZ = KIND["CZ"]
_ONE_QUBIT = {KIND[name]: MATRICES[name] for name in ("SX", "X")}


class Block(NamedTuple):
    """Two qubits, the gates from their first CZ to their last one (by position), and how many of these are CZ."""

    pair: tuple[int, int]
    gates: list[int]
    gates_of_two: int


def resynthesised(circuit: NativeCircuit) -> NativeCircuit:
    """The circuit, of SX, X, Rz, CZ, measurements and resets, with its blocks in as few CZ as they need, and no two
    one-qubit gates side by side that could be one."""
    while True:
        found, needed = _needed(circuit)
        wasteful = [block for block, least in zip(found, needed, strict=True) if least < block.gates_of_two]
        written = _rewritten(circuit, wasteful) if wasteful else None
        if written is None:
            return as_cz(circuit)
        # What takes no gates any more may have stood between two blocks of one pair.
        circuit = written


def least(circuit: NativeCircuit) -> int:
    """About how many two-qubit gates :func:`resynthesised` comes to."""
    found, needed = _needed(circuit)
    saved = sum(block.gates_of_two - fewer for block, fewer in zip(found, needed, strict=True))
    return circuit.two_qubit_gates - saved


def _needed(circuit: NativeCircuit) -> tuple[list[Block], list[int]]:
    """The blocks of more than one CZ, and how many they need, if fewer than they hold."""
    found = [block for block in blocks(circuit) if block.gates_of_two > 1]
    if not found:
        return [], []
    least = needed_gates(np.array([_matrix(circuit, block) for block in found]))
    return found, [min(block.gates_of_two, number) for block, number in zip(found, least.tolist(), strict=True)]


def blocks(circuit: NativeCircuit) -> list[Block]:
    """All blocks of a circuit, those of one CZ included."""
    found: list[Block] = []
    counts: list[int] = []
    here: list[int] = [-1] * len(circuit.qubits)
    waiting: list[list[int]] = [[] for _ in circuit.qubits]
    columns = (circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist())
    for place, (kind, first, second) in enumerate(zip(*columns, strict=True)):
        if GATES[kind].qubits == 2:
            block = here[first]
            if block >= 0 and block == here[second]:
                found[block].gates.extend(sorted(waiting[first] + waiting[second]))
                found[block].gates.append(place)
                counts[block] += 1
            else:
                here[first] = here[second] = len(found)
                found.append(Block((first, second), [place], 0))
                counts.append(1)
            waiting[first], waiting[second] = [], []
        elif GATES[kind].name in ("Measure", "Reset"):
            here[first] = -1
        elif here[first] >= 0:
            waiting[first].append(place)
    return [block._replace(gates_of_two=count) for block, count in zip(found, counts, strict=True)]


def _matrix(circuit: NativeCircuit, block: Block) -> Complex:
    """What a block does, the first of its pair most significant."""
    matrix = np.eye(4, dtype=np.complex128).reshape(2, 2, 4)
    for place in block.gates:
        kind = int(circuit.kind[place])
        if kind == _CZ:
            matrix[1, 1] *= -1
            continue
        gate = _ONE_QUBIT.get(kind)
        if gate is None:
            phase = np.exp(0.5j * np.pi * circuit.angles[place, 0])
            gate = np.array([[phase.conjugate(), 0], [0, phase]])
        if circuit.first[place] == block.pair[0]:
            matrix = (gate @ matrix.reshape(2, 8)).reshape(2, 2, 4)
        else:
            matrix = gate @ matrix
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


def _rewritten(circuit: NativeCircuit, wasteful: Sequence[Block]) -> NativeCircuit | None:
    """The circuit with blocks in fewer gates; None where none of them could be."""
    matrices = [_matrix(circuit, block) for block in wasteful]
    replaced: dict[int, NativeCircuit] = {}
    dropped: set[int] = set()
    for block, expected, part in zip(wasteful, matrices, _through_kak(matrices), strict=True):
        if part.two_qubit_gates >= block.gates_of_two:
            continue
        found = _matrix(part, Block((0, 1), list(range(len(part))), 0))
        overlap = np.vdot(found, expected)
        if np.max(np.abs(expected - found * (overlap / abs(overlap)))) < _EXACT:
            replaced[block.gates[-1]] = replace(part, provenance=_united(circuit, block, len(part)))
            dropped.update(block.gates)
    if not replaced:
        return None
    pairs = {block.gates[-1]: np.array(block.pair) for block in wasteful}
    kept = np.array([place not in dropped for place in range(len(circuit))])
    parts: list[NativeCircuit] = []
    start = 0
    for place in sorted(replaced):
        part = replaced[place]
        pair = pairs[place]
        parts.append(circuit.rows(start + np.flatnonzero(kept[start : place + 1])))
        second = np.where(part.second >= 0, pair[part.second], -1)
        parts.append(replace(part, first=pair[part.first].astype(np.int32), second=second.astype(np.int32)))
        start = place + 1
    parts.append(circuit.rows(start + np.flatnonzero(kept[start:])))
    return circuit.joined(parts)


def _united(circuit: NativeCircuit, block: Block, gates: int) -> Provenance:
    """That of a block in so many gates: each of them is of whatever the block's gates are of."""
    found = circuit.provenance.rows(np.array(block.gates, dtype=np.intp))
    mask = 0
    for ops in set(found.masks(len(block.gates))):
        mask |= ops
    return Provenance.of_runs([0], [mask], gates)


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
