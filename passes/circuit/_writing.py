"""A two-qubit block in ZZPhase of any angle and one-qubit gates."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi

import numpy as np
from numpy.typing import NDArray

from qsac.native.circuit import NativeCircuit
from qsac.numerics.pauli import PAULI
from qsac.numerics.su2 import Spin, phased_x
from qsac.numerics.two_qubit import Canonical, canonical, free_phase, multiplexed, prepared
from qsac.passes.circuit._blocks import Block, Runs
from qsac.passes.circuit._rewriting import Edit, Row, rows_of, spin_of

Complex = NDArray[np.complex128]

_NONE = 6e-11
"""ZZPhase of a smaller angle (half-turns) is no gate: no entry of a block's matrix differs by 1e-10 without it. Angles
that are solved for numerically are about as far from special ones."""

_ENOUGH = 2
"""Gates that do for any block of which one qubit begins in zero."""

_ONE: Complex = np.eye(2, dtype=np.complex128)
_SWAP: Complex = np.eye(4, dtype=np.complex128)[[0, 2, 1, 3]]


def _matrix(spin: Spin) -> Complex:
    p, q = spin
    return np.array([[p, -q.conjugate()], [q, p.conjugate()]])


_TURNED = {"x": _matrix(phased_x(0.5, 0.5)), "y": _matrix(phased_x(-0.5, 0.0)), "z": _ONE}
"""What turns Z to each axis."""


def shorter(runs: Runs, block: Block, *, swaps: bool) -> Edit | None:
    """A block in fewer gates, if there are any that do; with ``swaps`` its qubits may come out in each other's
    place."""
    circuit = runs.circuit
    one, other = block.sides
    if one.diagonal and other.diagonal:
        angle = sum(circuit.angles[list(block.gates), 0].tolist())
        writer = _Writer(one.qubit, other.qubit)
        writer.zz(angle)
        return Edit(block.gates, block.place, writer.ended())
    if one.diagonal or other.diagonal:
        return _as_multiplexor(circuit, block, control=int(other.diagonal))
    found = [_from_zeros(runs, block), *_alone(circuit, block, swaps=swaps)]
    best = min((edit for edit in found if edit is not None), key=lambda edit: edit.pairs)
    return best if best.pairs < len(block.gates) else None


def _from_zeros(runs: Runs, block: Block) -> Edit | None:
    """A block that begins with a qubit in zero, or with both, written for that."""
    fresh = [runs.fresh(block, side) for side in (0, 1)]
    before = [gate for gates in fresh if gates is not None for gate in gates]
    rows = sorted([*block.rows, *before])
    writer = _Writer(block.sides[0].qubit, block.sides[1].qubit)
    if fresh[0] is not None and fresh[1] is not None:
        first, angle, second = prepared(_unitary(runs.circuit, block, rows)[:, 0])
        writer.turn(_TURNED["x"], _TURNED["x"])
        writer.zz(angle)
        writer.turn(first, second)
    elif len(block.gates) > _ENOUGH and fresh != [None, None]:
        unitary = _unitary(runs.circuit, block, rows)
        angle = free_phase(unitary)
        half = np.exp(-0.5j * pi * angle)
        other = _rz(-angle)
        writer.turn(*((_ONE, other) if fresh[1] is None else (other, _ONE)))
        writer.canonical(canonical(unitary * np.array([half, half.conjugate(), half.conjugate(), half])))
    else:
        return None
    return Edit(rows, block.place, writer.ended())


def _alone(circuit: NativeCircuit, block: Block, *, swaps: bool) -> Iterator[Edit]:
    """A block, whatever its qubits hold before it; with ``swaps`` also with a swap at its end, which is no gate."""
    rows = block.rows
    unitary = _unitary(circuit, block, rows)
    qubits = block.sides[0].qubit, block.sides[1].qubit
    form = canonical(unitary)
    writer = _Writer(*qubits)
    writer.canonical(form)
    yield Edit(rows, block.place, writer.ended())
    # A swap adds a half to each angle.
    halves = sum(0.5 - abs(angle) < _NONE for angle in form.angles)
    if swaps and halves > sum(abs(angle) < _NONE for angle in form.angles):
        writer = _Writer(*qubits)
        writer.canonical(canonical(_SWAP @ unitary))
        yield Edit(rows, block.place, writer.ended(), qubits)


def _unitary(circuit: NativeCircuit, block: Block, rows: list[int]) -> Complex:
    """What some gates do, the block's first qubit most significant."""
    first = block.sides[0].qubit
    unitary = np.eye(4, dtype=np.complex128)
    for gate in rows:
        if circuit.second[gate] >= 0:
            half = np.exp(-0.5j * pi * circuit.angles[gate, 0])
            unitary = np.array([half, half.conjugate(), half.conjugate(), half])[:, None] * unitary
        else:
            matrix = _matrix(spin_of(circuit, gate))
            unitary = (np.kron(matrix, _ONE) if circuit.first[gate] == first else np.kron(_ONE, matrix)) @ unitary
    return unitary


def _as_multiplexor(circuit: NativeCircuit, block: Block, *, control: int) -> Edit:
    """A block that is diagonal on one of its qubits as one gate: there it is a rotation of the other qubit."""
    target = block.sides[1 - control].qubit
    cases = [_ONE, _ONE]
    rows = block.rows
    for gate in rows:
        if circuit.second[gate] >= 0:
            half = np.exp(-0.5j * pi * circuit.angles[gate, 0])
            cases = [
                np.array([turn, turn.conjugate()])[:, None] * case
                for turn, case in zip((half, half.conjugate()), cases, strict=True)
            ]
        else:
            cases = [_matrix(spin_of(circuit, gate)) @ case for case in cases]
    last, angle, phase, first = multiplexed(*cases)
    writer = _Writer(block.sides[control].qubit, target)
    writer.turn(_ONE, first)
    writer.zz(angle)
    writer.turn(_rz(phase), last)
    return Edit(rows, block.place, writer.ended())


def _rz(angle: float) -> Complex:
    return np.diag(np.exp(0.5j * pi * angle * np.array([-1, 1])))


class _Writer:
    """Writes gates on two qubits; what turns a qubit waits for the next pair."""

    def __init__(self, first: int, second: int) -> None:
        self._qubits = first, second
        self._waiting: list[Complex] = [_ONE, _ONE]
        self._rows: list[Row] = []

    def turn(self, first: Complex, second: Complex) -> None:
        """A gate on either qubit."""
        self._waiting = [first @ self._waiting[0], second @ self._waiting[1]]

    def zz(self, angle: float) -> None:
        """exp(-i pi angle ZZ / 2), in at most half of its largest angle, or none."""
        whole = round(angle)
        if whole % 2:
            self.turn(PAULI["z"], PAULI["z"])
        angle -= whole
        if abs(angle) > _NONE:
            self._settle()
            self._rows.append(("ZZPhase", *self._qubits, angle, 0.0))

    def canonical(self, form: Canonical) -> None:
        """Any unitary: a gate for each angle of its canonical form that is not zero."""
        self.turn(*form.right)
        for axis, angle in sorted(zip("xyz", form.angles, strict=True), key=lambda one: one[0] != "z"):
            turned = _TURNED[axis]
            self.turn(turned.conj().T, turned.conj().T)
            self.zz(angle)
            self.turn(turned, turned)
        self.turn(*form.left)

    def _settle(self) -> None:
        for qubit, matrix in zip(self._qubits, self._waiting, strict=True):
            special = matrix / np.linalg.det(matrix) ** 0.5
            self._rows += rows_of((complex(special[0, 0]), complex(special[1, 0])), qubit)
        self._waiting = [_ONE, _ONE]

    def ended(self) -> list[Row]:
        """The gates, what waits among them."""
        self._settle()
        return self._rows
