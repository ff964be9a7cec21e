"""States and tables on a path of data qubits: ZZ(pi/2) between neighbours alone, in about as few as a star takes.

Layers of ZZ(pi/2) on pairs of neighbours, alternately those that begin at even and at odd places, with any one-qubit
gates between; bits of an index hang on some of the qubits, and ZZ with them come in turn as in rotated ladders
(Construction, section 13), whose partners all meet one qubit. A gate with a data qubit brings four real parameters, one
with an index bit two. A state on n qubits has 2^(n+1) - 2 and takes 2^(n-1) - 1 gates. The one-qubit gates are found by
the method of Levenberg and Marquardt, in exponential coordinates at each step.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.ladder_orders import generic_gates, ladder_places
from qsac.numerics.pauli import PAULI

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

MOST_NUMBERS = 128
"""Larger states are not solved: an iteration takes 8 times as long for twice as many numbers. Tables with an index,
which are tried with more gates, have at most half as many."""

_TRIES = 3
"""Starting points for each number of gates; those without structure are reached from the first or the second."""

_MORE = 2
"""Most gates that a table is given beyond those that it is expected to take."""

_ITERATIONS = 150
_PATIENCE = 30
"""Iterations after which the squared distance has to be half of what it was."""

_SOLVED = 1e-27
"""Squared distance of a solution, for each row: rounding of some hundred gates."""

_LARGEST_DAMPING = 1e6
_GENERATORS: Complex = np.array([PAULI[axis] for axis in ("x", "y", "z")])


@dataclass(frozen=True)
class PathCircuit:
    """Gates on ``qubits`` data qubits in zero, for each of ``rows`` values of an index; first the most significant.

    ``pairs``: each ZZ(pi/2) = exp(-i pi/4 Z Z) in time order, between two data qubits, p and p + 1, or between a data
    qubit and the parity of some bits of the index, which are written as minus the number that has these bits alone.
    ``gates``, shape (number, 2, 2): one on each data qubit, then one on each data qubit of each pair. ``phases``, shape
    (1 + bits,), radians: the phase of row i is the first, and of each of the others plus or minus that, for bits of i
    that are 0 or 1. ``turned``: each parity is also turned by -pi/2 about z, which makes the ZZ of the index CZ.
    """

    qubits: int
    rows: int
    pairs: tuple[tuple[int, int], ...]
    gates: Complex
    phases: Real
    turned: bool = False

    @property
    def places(self) -> list[int]:
        """The data qubit of each of the gates."""
        return [*range(self.qubits), *(place for pair in self.pairs for place in pair if place >= 0)]


def path_circuit(table: Complex) -> PathCircuit | None:
    """The circuit that loads rows of unit norm, shape (T, 2^n), with their phases, of one row up to the phase; None for
    one qubit, for too many numbers or bits of an index, and where none was found."""
    rows, qubits = len(table), table.shape[1].bit_length() - 1
    bits = (rows - 1).bit_length()
    beside = _beside(qubits, bits)
    if qubits < 2 or beside is None or table.size > MOST_NUMBERS // (1 if rows == 1 else 2):
        return None
    fewest = generic_gates(rows, qubits, exact=True)
    for gates in range(fewest, fewest + 1 + (_MORE if bits else 0)):
        for seed in range(_TRIES):
            pairs = ordered_pairs(rows, qubits, gates, beside, seed % 2)
            count = qubits + sum(place >= 0 for pair in pairs for place in pair)
            start = random_gates(np.random.default_rng([qubits, rows, gates, seed]), count)
            found = solution(PathCircuit(qubits, rows, pairs, start, np.zeros(1 + bits)), table)
            if found is not None:
                return found
    return None


def _beside(qubits: int, bits: int) -> tuple[int, ...] | None:
    """The data qubits that index bits are beside: the ends, and one more on a qubit has three neighbours at most."""
    last = qubits - 1
    if bits < 3:
        return (0, last)[:bits]
    if bits == 3:
        return (0, last, qubits // 2)
    # Qubits with three neighbours are two apart on hexagonal lattices with qubits on their edges.
    return (0, 0, 2, 2) if bits == 4 and qubits in (3, 4) else None


def ordered_pairs(
    rows: int, qubits: int, gates: int, beside: tuple[int, ...], first: int = 0
) -> tuple[tuple[int, int], ...]:
    """So many pairs, those of data qubits layer by layer; ``first``: 1 begins with the odd places."""
    places = ladder_places(rows, qubits, gates, exact=True)
    first %= qubits - 1
    layers = [place for start in (first, 1 - first) for place in range(start, qubits - 1, 2)]
    data = cycle(layers)
    pairs = []
    for place in places:
        if place < qubits - 1:
            left = next(data)
            pairs.append((left, left + 1))
        else:
            bit = place - (qubits - 1)
            pairs.append((beside[bit], -(1 << len(beside) - 1 - bit)))
    return tuple(islice(pairs, gates))


def random_gates(rng: np.random.Generator, count: int) -> Complex:
    """Elements of SU(2), evenly distributed."""
    quaternions = rng.normal(size=(count, 4))
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    p, q = quaternions[:, 0] + 1j * quaternions[:, 1], quaternions[:, 2] + 1j * quaternions[:, 3]
    return np.array([[p, -q.conj()], [q, p.conj()]]).transpose(2, 0, 1)


def solution(circuit: PathCircuit, table: Complex) -> PathCircuit | None:
    """The circuit with gates that load the table, from those that it has; None where the search ends elsewhere."""
    damping = 1.0
    residual, slopes = _residual(circuit, table)
    distance = float(residual @ residual)
    before = [distance]
    for _ in range(_ITERATIONS):
        normal = slopes.T @ slopes
        while True:
            step = -slopes @ np.linalg.solve(normal + damping * np.eye(len(normal)), residual)
            moved = _moved(circuit, step)
            residual_there, slopes_there = _residual(moved, table)
            there = float(residual_there @ residual_there)
            if there < distance:
                break
            damping *= 4
            if damping > _LARGEST_DAMPING:
                return None
        damping = max(damping / 5, 1e-14)
        circuit, residual, slopes, distance = moved, residual_there, slopes_there, there
        if distance < _SOLVED * len(table):
            return circuit
        before.append(distance)
        if len(before) > _PATIENCE and distance > before[-_PATIENCE] / 2:
            return None
    return None


def _directions(circuit: PathCircuit) -> list[tuple[int, int]]:
    """Which gates move along which generators. Rotations about z commute with ZZ: all but the last ones on a qubit are
    those of the next gate."""
    places = circuit.places
    last = {place: number for number, place in enumerate(places)}
    return [(number, axis) for number, place in enumerate(places) for axis in range(2 + (last[place] == number))]


def _moved(circuit: PathCircuit, step: Real) -> PathCircuit:
    """The gates, each multiplied with the exponential of its part of a step, and the phases, whose part is the last."""
    angles = np.zeros((len(circuit.gates), 3))
    numbers, axes = np.array(_directions(circuit)).T
    angles[numbers, axes] = step[: len(numbers)]
    half = np.linalg.norm(angles, axis=1) / 2
    weights = np.sinc(half / np.pi) / 2
    turns = np.cos(half)[:, None, None] * np.eye(2) - 1j * np.einsum(
        "ga,aij->gij", angles * weights[:, None], _GENERATORS
    )
    phases = circuit.phases + step[len(numbers) :]
    return PathCircuit(circuit.qubits, circuit.rows, circuit.pairs, turns @ circuit.gates, phases)


def _residual(circuit: PathCircuit, table: Complex) -> tuple[Real, Real]:
    """What the circuit loads less the table, as real numbers, and how that changes along each direction, the phases
    the last of them, shape (directions, numbers)."""
    qubits, rows = circuit.qubits, circuit.rows
    directions = _directions(circuit)
    axes = np.bincount([of for of, _ in directions])
    signs = row_signs(rows, len(circuit.phases) - 1)
    # First what is loaded, then its derivative along each direction, of those so far.
    states: Complex = np.zeros((1 + len(directions), rows, 1 << qubits), dtype=np.complex128)
    states[0, :, 0] = 1
    used = 1
    diagonals = {pair: zz_phases(qubits, pair, rows) for pair in set(circuit.pairs)}
    steps: list[tuple[int, Complex | None]] = [(place, None) for place in range(qubits)]
    for pair in circuit.pairs:
        first, *others = (place for place in pair if place >= 0)
        steps += [(first, diagonals[pair]), *((place, None) for place in others)]
    for number, (place, diagonal) in enumerate(steps):
        if diagonal is not None:
            states[:used] *= diagonal
        states[:used] = _applied(circuit.gates[number], states[:used], place)
        for generator in _GENERATORS[: axes[number]]:
            states[used] = -0.5j * _applied(generator, states[:1], place)[0]
            used += 1
    states *= np.exp(1j * (signs.T @ circuit.phases))[:, None]
    moves = np.concatenate([states[1:], 1j * signs[:, :, None] * states[0]])
    wanted, loaded, slopes = table.reshape(-1), states[0].reshape(-1), moves.reshape(len(moves), -1)
    residual = np.concatenate([(loaded - wanted).real, (loaded - wanted).imag])
    return residual, np.concatenate([slopes.real, slopes.imag], axis=1)


def row_signs(rows: int, bits: int) -> Real:
    """Shape (1 + bits, rows): one for each row, then 1 or -1 where its bit, the most significant first, is 0 or 1."""
    values = np.arange(rows)
    return np.array([np.ones(rows), *(1.0 - 2 * (values >> (bits - 1 - bit) & 1) for bit in range(bits))])


def zz_phases(qubits: int, pair: tuple[int, int], rows: int) -> Complex:
    """The diagonal of exp(-i pi/4 Z Z) on a pair, shape (rows, 2^n) or (1, 2^n)."""
    values = np.arange(1 << qubits)
    first, second = (
        (1.0 - 2 * (values >> (qubits - 1 - place) & 1))[None]
        if place >= 0
        else (1.0 - 2 * (np.bitwise_count(np.arange(rows) & -place) & 1))[:, None]
        for place in pair
    )
    product = first * second
    return np.asarray(np.sqrt(0.5) * (1 - 1j * product))


def _applied(gate: Complex, states: Complex, place: int) -> Complex:
    turned: Complex = np.matmul(gate, states.reshape(states.shape[0] * states.shape[1] << place, 2, -1))
    return turned.reshape(states.shape)
