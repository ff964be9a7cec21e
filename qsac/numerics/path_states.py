"""Any state on a path of qubits: ZZ(pi/2) between neighbours alone, in as few as a star of partners takes.

Layers of ZZ(pi/2) on pairs of neighbours, alternately those that begin at even and at odd places, with any one-qubit
gates between. A gate brings four real parameters, and the 2^(n+1) - 2 of a state on n qubits are reached with
2^(n-1) - 1 gates, as by rotated ladders (Construction, section 13), whose partners all meet one qubit. The one-qubit
gates are found by the method of Levenberg and Marquardt, in exponential coordinates at each step.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.pauli import PAULI

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

MOST_QUBITS = 7
"""States of more qubits are not solved: an iteration takes 8 times as long for each."""

_TRIES = 4
"""Starting points; states without structure are reached from the first or the second (measured, n = 3 to 7)."""

_ITERATIONS = 150
_SOLVED = 1e-27
"""Squared distance of a solution: rounding of some hundred gates."""

_LARGEST_DAMPING = 1e6
_GENERATORS: Complex = np.array([PAULI[axis] for axis in ("x", "y", "z")])


@dataclass(frozen=True)
class PathCircuit:
    """Gates on ``qubits`` qubits in zero, the first the most significant.

    ``pairs``: the first qubit of each ZZ(pi/2) = exp(-i pi/4 Z Z) between neighbours, in time order. ``gates``, shape
    (qubits + 2 len(pairs), 2, 2): one on each qubit, then after each ZZ one on its first and one on its second qubit.
    """

    qubits: int
    pairs: tuple[int, ...]
    gates: Complex

    @property
    def places(self) -> list[int]:
        """The qubit of each of the gates."""
        return [*range(self.qubits), *(place for pair in self.pairs for place in (pair, pair + 1))]


def path_circuit(state: Complex) -> PathCircuit | None:
    """The circuit of 2^(n-1) - 1 gates that prepares a state of unit norm, shape (2^n,), up to its global phase; None
    for more than :data:`MOST_QUBITS` qubits, and where none was found."""
    qubits = len(state).bit_length() - 1
    if not 2 <= qubits <= MOST_QUBITS:
        return None
    gates = (1 << (qubits - 1)) - 1
    for seed in range(_TRIES):
        pairs = brickwork(qubits, gates, seed % 2 if qubits > 2 else 0)
        start = _random_gates(np.random.default_rng([qubits, seed]), qubits + 2 * gates)
        found = _solved(PathCircuit(qubits, pairs, start), state)
        if found is not None:
            return found
    return None


def brickwork(qubits: int, gates: int, first: int = 0) -> tuple[int, ...]:
    """The first qubits of so many pairs of neighbours, layer by layer; ``first``: 1 begins with the odd places."""
    layers = cycle((range(first, qubits - 1, 2), range(1 - first, qubits - 1, 2)))
    pairs: list[int] = []
    while len(pairs) < gates:
        pairs.extend(next(layers))
    return tuple(pairs[:gates])


def _random_gates(rng: np.random.Generator, count: int) -> Complex:
    """Elements of SU(2), evenly distributed."""
    quaternions = rng.normal(size=(count, 4))
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    p, q = quaternions[:, 0] + 1j * quaternions[:, 1], quaternions[:, 2] + 1j * quaternions[:, 3]
    return np.array([[p, -q.conj()], [q, p.conj()]]).transpose(2, 0, 1)


def _solved(circuit: PathCircuit, state: Complex) -> PathCircuit | None:
    """The circuit with gates that prepare the state; None where the search ends elsewhere."""
    ignored = np.concatenate([-state.imag, state.real])  # the direction of the global phase
    damping, distance = 1.0, np.inf
    residual, tangents = _residual(circuit, state)
    distance = float(residual @ residual)
    for _ in range(_ITERATIONS):
        slopes = tangents - np.outer(tangents @ ignored, ignored)
        normal = slopes.T @ slopes
        wanted = residual - ignored * (ignored @ residual)
        while True:
            step = -slopes @ np.linalg.solve(normal + damping * np.eye(len(normal)), wanted)
            moved = PathCircuit(circuit.qubits, circuit.pairs, _moved(circuit, step))
            residual_there, tangents_there = _residual(moved, state)
            there = float(residual_there @ residual_there)
            if there < distance:
                break
            damping *= 4
            if damping > _LARGEST_DAMPING:
                return None
        damping = max(damping / 5, 1e-14)
        circuit, residual, tangents, distance = moved, residual_there, tangents_there, there
        if distance < _SOLVED:
            return circuit
    return None


def _directions(circuit: PathCircuit) -> list[tuple[int, int]]:
    """Which gates move along which generators. Rotations about z commute with ZZ: all but the last ones on a qubit are
    those of the next gate."""
    places = circuit.places
    last = {place: number for number, place in enumerate(places)}
    return [(number, axis) for number, place in enumerate(places) for axis in range(2 + (last[place] == number))]


def _moved(circuit: PathCircuit, step: Real) -> Complex:
    """The gates, each multiplied with the exponential of its part of a step."""
    angles = np.zeros((len(circuit.gates), 3))
    numbers, axes = np.array(_directions(circuit)).T
    angles[numbers, axes] = step
    size = np.linalg.norm(angles, axis=1)
    half = size / 2
    weights = np.sinc(half / np.pi) / 2
    turns = np.cos(half)[:, None, None] * np.eye(2) - 1j * np.einsum(
        "ga,aij->gij", angles * weights[:, None], _GENERATORS
    )
    return np.asarray(turns @ circuit.gates)


def _residual(circuit: PathCircuit, state: Complex) -> tuple[Real, Real]:
    """What the circuit prepares less the state, in the best phase, shape (2^(n+1),), and how that changes along each
    direction, shape (directions, 2^(n+1))."""
    qubits = circuit.qubits
    directions = _directions(circuit)
    # First the prepared state, then its derivative along each direction, of those so far.
    rows: Complex = np.zeros((1 + len(directions), 1 << qubits), dtype=np.complex128)
    rows[0, 0] = 1
    used, number = 1, 0
    axes = np.bincount([of for of, _ in directions])
    signs = [zz_phases(qubits, place) for place in range(qubits - 1)]

    def turn(place: int) -> None:
        nonlocal used, number
        rows[:used] = _applied(circuit.gates[number], rows[:used], place)
        for generator in _GENERATORS[: axes[number]]:
            rows[used] = -0.5j * _applied(generator, rows[:1], place)[0]
            used += 1
        number += 1

    for place in range(qubits):
        turn(place)
    for pair in circuit.pairs:
        rows[:used] *= signs[pair]
        turn(pair)
        turn(pair + 1)
    overlap = np.vdot(rows[0], state)
    rows *= overlap / abs(overlap) if overlap else 1.0
    parts = np.concatenate([rows.real, rows.imag], axis=1)
    return parts[0] - np.concatenate([state.real, state.imag]), parts[1:]


def zz_phases(qubits: int, place: int) -> Complex:
    """The diagonal of exp(-i pi/4 Z Z) between a qubit and the next one, shape (2^n,)."""
    values = np.arange(1 << qubits)
    bits = values >> (qubits - 1 - place) ^ values >> (qubits - 2 - place)
    return np.asarray(np.sqrt(0.5) * (1 - 1j * (1 - 2 * (bits & 1))))


def _applied(gate: Complex, rows: Complex, place: int) -> Complex:
    turned: Complex = np.matmul(gate, rows.reshape(len(rows) << place, 2, -1))
    return turned.reshape(rows.shape)
