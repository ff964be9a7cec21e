"""A two-qubit block in ZZPhase of any angle and one-qubit gates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.native.circuit import GATES, NativeCircuit
from qsac.numerics.pauli import PAULI
from qsac.numerics.su2 import Spin, phased_x
from qsac.numerics.two_qubit import Canonical, canonical, free_phase, multiplexed, prepared
from qsac.passes.circuit._blocks import Block, Runs
from qsac.passes.circuit._rewriting import Edit, Row, rows_of, spin

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


class Content(NamedTuple):
    """What decides how a block is written: its gates, and before them those that bring its qubits from zero, in order,
    as bytes of their kinds, of which of them are on the second qubit, of their angles, and of which are the block's
    ``own``; on which qubits it is ``diagonal``, and which are in ``zero`` before."""

    kinds: bytes
    second: bytes
    angles: bytes
    own: bytes
    diagonal: tuple[bool, bool]
    zero: tuple[bool, bool]


class _Written(NamedTuple):
    """Gates in place of a block's, on its qubits 0 and 1; ``whole``: also of those before it; ``swapped``: the qubits
    come out in each other's place."""

    rows: tuple[Row, ...]
    whole: bool = False
    swapped: bool = False

    @property
    def pairs(self) -> int:
        """How many two-qubit gates are written."""
        return sum(row[2] >= 0 for row in self.rows)


class _Gate(NamedTuple):
    """A gate of a block: whether it acts on both qubits, its matrix if not, its angle if so, and whether it is on the
    second qubit."""

    pair: bool
    matrix: Complex
    angle: float
    second: bool
    own: bool


def content_of(circuit: NativeCircuit, runs: Runs, block: Block) -> tuple[Content, list[int]]:
    """What decides how a block is written, and the places of its gates and of those before it."""
    own = block.rows
    kind, first, _ = circuit.wires
    diagonal = block.sides[0].diagonal, block.sides[1].diagonal
    fresh = [None if any(diagonal) else runs.fresh(block, side) for side in (0, 1)]
    rows = sorted([*own, *(gate for gates in fresh if gates is not None for gate in gates)])
    content = Content(
        kind[rows].tobytes(),
        (first[rows] == block.sides[1].qubit).tobytes(),
        circuit.angles[rows].astype(np.float64, copy=False).tobytes(),
        bytes(map({*own}.__contains__, rows)),
        diagonal,
        (fresh[0] is not None, fresh[1] is not None),
    )
    return content, rows


def shorter(block: Block, content: Content, rows: list[int], *, swaps: bool) -> Edit | None:
    """A block in fewer gates, if there are any that do; ``content`` and ``rows`` as :func:`content_of` it. With
    ``swaps`` its qubits may come out in each other's place."""
    written = _shorter(content, swaps)
    if written is None:
        return None
    qubits = block.sides[0].qubit, block.sides[1].qubit
    gates = [
        (name, qubits[first], qubits[second] if second >= 0 else -1, angle, phase)
        for name, first, second, angle, phase in written.rows
    ]
    return Edit(rows if written.whole else block.rows, block.place, gates, qubits if written.swapped else None)


@lru_cache(maxsize=2048)
def _shorter(content: Content, swaps: bool) -> _Written | None:
    """The circuits of a plan, and the rounds of one circuit, have many blocks of the same content."""
    gates = _gates(content)
    own = [gate for gate in gates if gate.own]
    if all(content.diagonal):
        writer = _Writer()
        writer.zz(sum(gate.angle for gate in own if gate.pair))
        return _Written(writer.ended())
    if any(content.diagonal):
        return _as_multiplexor(own, control=int(content.diagonal[1]))
    found = [_from_zeros(gates, content.zero), *_alone(own, swaps=swaps)]
    best = min((written for written in found if written is not None), key=lambda written: written.pairs)
    return best if best.pairs < sum(gate.pair for gate in own) else None


def _gates(content: Content) -> list[_Gate]:
    """The gates of a block and before it."""
    kinds, angles = np.frombuffer(content.kinds, np.int8).tolist(), np.frombuffer(content.angles).reshape(-1, 2)
    return [
        _Gate(True, _ONE, angle, False, bool(own))
        if GATES[kind].qubits == 2
        else _Gate(False, _matrix(spin(kind, angle, phase)), 0.0, bool(second), bool(own))
        for kind, second, own, (angle, phase) in zip(kinds, content.second, content.own, angles.tolist(), strict=True)
    ]


def _from_zeros(gates: list[_Gate], zero: tuple[bool, bool]) -> _Written | None:
    """A block that begins with a qubit in zero, or with both, written for that."""
    writer = _Writer()
    if all(zero):
        first, angle, second = prepared(_unitary(gates)[:, 0])
        writer.turn(_TURNED["x"], _TURNED["x"])
        writer.zz(angle)
        writer.turn(first, second)
    elif any(zero) and sum(gate.pair for gate in gates) > _ENOUGH:
        unitary = _unitary(gates)
        angle = free_phase(unitary)
        half = np.exp(-0.5j * pi * angle)
        other = _rz(-angle)
        writer.turn(*((other, _ONE) if zero[1] else (_ONE, other)))
        writer.canonical(canonical(unitary * np.array([half, half.conjugate(), half.conjugate(), half])))
    else:
        return None
    return _Written(writer.ended(), whole=True)


def _alone(gates: list[_Gate], *, swaps: bool) -> Iterator[_Written]:
    """A block, whatever its qubits hold before it; with ``swaps`` also with a swap at its end, which is no gate."""
    unitary = _unitary(gates)
    form = canonical(unitary)
    writer = _Writer()
    writer.canonical(form)
    yield _Written(writer.ended())
    # A swap adds a half to each angle.
    halves = sum(0.5 - abs(angle) < _NONE for angle in form.angles)
    if swaps and halves > sum(abs(angle) < _NONE for angle in form.angles):
        writer = _Writer()
        writer.canonical(canonical(_SWAP @ unitary))
        yield _Written(writer.ended(), swapped=True)


def _unitary(gates: list[_Gate]) -> Complex:
    """What some gates do, the block's first qubit most significant."""
    unitary = np.eye(4, dtype=np.complex128)
    for gate in gates:
        if gate.pair:
            half = np.exp(-0.5j * pi * gate.angle)
            unitary = np.array([half, half.conjugate(), half.conjugate(), half])[:, None] * unitary
        else:
            unitary = (np.kron(_ONE, gate.matrix) if gate.second else np.kron(gate.matrix, _ONE)) @ unitary
    return unitary


def _as_multiplexor(gates: list[_Gate], *, control: int) -> _Written:
    """A block that is diagonal on one of its qubits as one gate: there it is a rotation of the other qubit."""
    cases = [_ONE, _ONE]
    for gate in gates:
        if gate.pair:
            half = np.exp(-0.5j * pi * gate.angle)
            cases = [
                np.array([turn, turn.conjugate()])[:, None] * case
                for turn, case in zip((half, half.conjugate()), cases, strict=True)
            ]
        else:
            cases = [gate.matrix @ case for case in cases]
    last, angle, phase, first = multiplexed(*cases)
    writer = _Writer(control, 1 - control)
    writer.turn(_ONE, first)
    writer.zz(angle)
    writer.turn(_rz(phase), last)
    return _Written(writer.ended())


def _rz(angle: float) -> Complex:
    return np.diag(np.exp(0.5j * pi * angle * np.array([-1, 1])))


class _Writer:
    """Writes gates on two qubits; what turns a qubit waits for the next pair."""

    def __init__(self, first: int = 0, second: int = 1) -> None:
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

    def ended(self) -> tuple[Row, ...]:
        """The gates, what waits among them."""
        self._settle()
        return tuple(self._rows)
