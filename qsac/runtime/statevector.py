"""Exact simulation of native circuits: dense, with projections where the program has them.

Qubits are allocated at first use. A given bit is projected on 0 where it is measured, and its qubit dropped; success
bits stay until the end, as readouts ask for different ones. The cost is that of the widest moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qsac.errors import DoesNotFitError
from qsac.ir.native import GATES, BitReadout, NativeCircuit

WIDTH_LIMIT = 26
"""Most qubits alive at once: 2^26 amplitudes of 16 bytes are 1 GiB, and a gate needs a second copy."""

SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
X = np.array([[0, 1], [1, 0]], dtype=np.complex128)
CX = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], dtype=np.complex128)
ECR = np.array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]) / np.sqrt(2)
"""In pytket's convention: the first qubit is the more significant one."""


@dataclass(frozen=True)
class Probabilities:
    """The exact probabilities of a compiled circuit.

    ``given`` is the probability that every given bit reads 0; ``metrics[name]`` a readout's P(success | given).
    ``weights`` and ``overlaps`` are, for each value of the observed register, P(value | given) and
    P(value and success | given): empty where the circuit observes none.
    """

    given: float
    metrics: dict[str, float]
    weights: NDArray[np.float64]
    overlaps: NDArray[np.float64]


def width(circuit: NativeCircuit) -> int:
    """The most qubits alive at once in :func:`simulate`."""
    widest = alive = 0
    live: set[int] = set()
    given = {bit for readout in circuit.readouts for bit in readout.given}
    for kind, first, second in zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), strict=True):
        gate = GATES[kind]
        qubits = (first, second) if gate.qubits == 2 else (first,)
        live.update(qubits)
        alive = len(live)
        widest = max(widest, alive)
        if gate.name == "Measure" and second in given:
            live.discard(first)
    return widest


class _Dense:
    """An unnormalised state of the live qubits; the first allocated one is most significant."""

    def __init__(self) -> None:
        self.live: list[int] = []
        self.state = np.ones(1, dtype=np.complex128)

    def axis(self, qubit: int) -> int:
        if qubit not in self.live:
            self.live.append(qubit)
            grown = np.zeros((len(self.state), 2), dtype=np.complex128)
            grown[:, 0] = self.state
            self.state = grown.reshape(-1)
        return self.live.index(qubit)

    def split(self, qubit: int) -> NDArray[np.complex128]:
        """The state as (before, qubit, after)."""
        axis = self.axis(qubit)
        return self.state.reshape(1 << axis, 2, -1)

    def turn(self, qubit: int, matrix: NDArray[np.complex128]) -> None:
        self.state = np.matmul(matrix, self.split(qubit)).reshape(-1)

    def phases(self, first: int, second: int, equal: complex, unequal: complex, both: complex) -> None:
        """Multiply 00 by ``equal``, 01 and 10 by ``unequal``, 11 by ``both``."""
        one, two = sorted((self.axis(first), self.axis(second)))
        shaped = self.state.reshape(1 << one, 2, 1 << (two - one - 1), 2, -1)
        table = np.array([[equal, unequal], [unequal, both]]).reshape(1, 2, 1, 2, 1)
        self.state = (shaped * table).reshape(-1)

    def pair(self, first: int, second: int, matrix: NDArray[np.complex128]) -> None:
        """Apply a (4, 4) matrix; ``first`` is its more significant qubit."""
        one, two = self.axis(first), self.axis(second)
        tensor = np.moveaxis(self.state.reshape((2,) * len(self.live)), (one, two), (0, 1))
        turned = (matrix @ tensor.reshape(4, -1)).reshape(tensor.shape)
        self.state = np.moveaxis(turned, (0, 1), (one, two)).reshape(-1)

    def drop(self, qubit: int) -> None:
        """Project on 0 and forget the qubit."""
        axis = self.axis(qubit)
        self.state = self.split(qubit)[:, 0].reshape(-1)
        del self.live[axis]

    def distribution(self, qubits: tuple[int, ...]) -> NDArray[np.float64]:
        """Probabilities of the joint values of ``qubits``, shape (2, ..., 2), the others summed over."""
        axes = [self.axis(qubit) for qubit in qubits]
        weights = (self.state.real**2 + self.state.imag**2).reshape((2,) * len(self.live))
        rest = tuple(axis for axis in range(len(self.live)) if axis not in axes)
        kept = sorted(axes)
        summed = weights.sum(axis=rest)
        return np.asarray(summed.transpose([kept.index(axis) for axis in axes]), dtype=np.float64)


def simulate(circuit: NativeCircuit, progress: Callable[[int, int, str], None] | None = None) -> Probabilities:
    """The probabilities of a circuit's readouts and of its observed register.

    Raises :class:`~qsac.errors.DoesNotFitError` where more than :data:`WIDTH_LIMIT` qubits are alive at once.
    """
    alive = width(circuit)
    if alive > WIDTH_LIMIT:
        raise DoesNotFitError(
            "the circuit is too wide for exact simulation",
            found=f"{alive} qubits alive at once ({(16 << alive) / 2**30:,.0f} GiB for a state)",
            wanted=f"at most {WIDTH_LIMIT} qubits",
            help="simulate a model of the same shape with fewer tokens or a smaller dimension",
        )
    given = {bit for readout in circuit.readouts for bit in readout.given}
    dense = _Dense()
    holder: dict[int, int] = {}
    weights, overlaps = np.zeros(0), np.zeros(0)
    gates = zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), circuit.angles.tolist(), strict=True)
    for index, (kind, first, second, (angle, phase)) in enumerate(gates):
        if circuit.profile is not None and index == circuit.profile.stop:
            weights, overlaps = _profile(circuit, dense, holder)
        _gate(dense, GATES[kind].name, first, second, angle, phase)
        if GATES[kind].name == "Measure":
            if second in given:
                dense.drop(first)
            else:
                holder[second] = first
        elif GATES[kind].name == "Reset" and first in dense.live:
            raise ValueError("a qubit is reset before a given bit of it was measured")
        if progress is not None and index % 256 == 0:
            progress(index, len(circuit), "simulating the compiled circuit")
    norm = float(np.vdot(dense.state, dense.state).real)
    metrics = {readout.metric: _success(dense, holder, readout) / norm for readout in circuit.readouts}
    return Probabilities(norm, metrics, weights, overlaps)


def _gate(dense: _Dense, name: str, first: int, second: int, angle: float, phase: float) -> None:
    if name == "ZZPhase":
        turned = np.exp(-0.5j * np.pi * angle)
        dense.phases(first, second, turned, turned.conjugate(), turned)
    elif name == "CZ":
        dense.phases(first, second, 1, 1, -1)
    elif name == "PhasedX":
        cos, sin = np.cos(np.pi * angle / 2), -1j * np.sin(np.pi * angle / 2)
        turned = np.exp(1j * np.pi * phase)
        dense.turn(first, np.array([[cos, sin * turned.conjugate()], [sin * turned, cos]]))
    elif name == "Rz":
        turned = np.exp(-0.5j * np.pi * angle)
        dense.turn(first, np.diag([turned, turned.conjugate()]))
    elif name in ("SX", "X"):
        dense.turn(first, SX if name == "SX" else X)
    elif name in ("CX", "ECR"):
        dense.pair(first, second, CX if name == "CX" else ECR)


def _profile(
    circuit: NativeCircuit, dense: _Dense, holder: dict[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    assert circuit.profile is not None
    register, success = circuit.profile.register, tuple(holder[bit] for bit in circuit.profile.success)
    joint = dense.distribution((*register, *success)).reshape(1 << len(register), -1)
    total = joint.sum()
    return joint.sum(axis=1) / total, joint[:, 0] / total


def _success(dense: _Dense, holder: dict[int, int], readout: BitReadout) -> float:
    qubits = tuple(holder[bit] for bit in readout.success)
    return float(dense.distribution(qubits).reshape(-1)[0])
