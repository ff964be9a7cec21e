"""Two rotated ladders of which only some inner products count, solved for at once.

A mask says for which rows of an inverse load the inner products with which rows of the load before it count. Where it
leaves some out, fewer gates than for the tables themselves are enough: the ladders then have these inner products, and
nothing else of the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics import blocked
from qsac.numerics.ladder_circuit import LadderCircuit
from qsac.numerics.ladder_fit import SOLVED, Point, bits_of_rows, levenberg_marquardt
from qsac.numerics.ladder_orders import generic_pair_gates, ladder_places
from qsac.numerics.rotated_ladder import RotatedLadder

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Counts = tuple[int, int]

_SEED = 2109_06770
_STARTS = 2
_MORE_GATES = 6


@dataclass(frozen=True)
class Wanted:
    """The inner products that count: ``products``, shape (T_2, T_1), of the rows that are un-loaded with those that are
    loaded, where ``mask`` is true; and ``gram``, shape (T_1, T_1), of the latter among themselves, if those count.

    ``phases``: row phases of the loaded and of the un-loaded, radians, up to affine functions of their index bits;
    None: free ones.
    """

    products: Complex
    mask: NDArray[np.bool_]
    gram: Complex | None
    phases: tuple[Real | None, Real | None]

    @property
    def rows(self) -> Counts:
        """How many are loaded, and un-loaded."""
        return self.products.shape[1], self.products.shape[0]

    @property
    def asked(self) -> tuple[bool, bool]:
        """Of which of the two the phases are given."""
        return self.phases[0] is not None, self.phases[1] is not None


class SolvedProducts(NamedTuple):
    """Two ladders of states r_i and s_j, and their phases: <s_j|r_i> = exp(i (a_i - b_j)) times the product wanted."""

    loaded: RotatedLadder
    uncomputed: RotatedLadder
    phases: tuple[Real, Real]


def generic_counts(
    mask: NDArray[np.bool_], qubits: int, *, gram: bool, phases: tuple[bool, bool] = (False, False)
) -> Counts:
    """Entangling gates of the two ladders with which generic products are tried first: by a count of parameters, and
    fewer by what was found to be left over. ``mask`` as in :class:`Wanted`; ``gram`` and ``phases`` say whether there
    are any."""
    rows, d = (mask.shape[1], mask.shape[0]), 1 << qubits
    whole = generic_pair_gates(*rows, qubits, phases=phases)
    seen = np.minimum(mask.sum(axis=1), d)

    def least(side: int, equations: int) -> int:
        affine = 1 + (rows[side] - 1).bit_length() if phases[side] else rows[side]
        return next(gates for gates in count(1) if _parameters(rows[side], qubits, gates) + affine >= equations)

    # A row that is seen from d rows on has its last number from its norm.
    if gram:
        return whole[0], min(least(1, int(np.sum(2 * seen - (seen == d)))) - rows[1] // 4, whole[1])
    equations = 2 * int(mask.sum()) - int(np.sum(seen == d)) + d * d - 1
    half = least(int(rows[1] > rows[0]), -(-equations // 2)) - 3 * max(rows) // 16
    return min(half, whole[0]), min(half, whole[1])


def _parameters(rows: int, qubits: int, gates: int) -> int:
    return LadderCircuit(qubits, ladder_places(rows, qubits, gates), rows).parameters


def solve_products(wanted: Wanted, qubits: int) -> SolvedProducts | None:
    """Two ladders on ``qubits`` data qubits with the inner products that count; None where no start leads to them."""
    first = generic_counts(wanted.mask, qubits, gram=wanted.gram is not None, phases=wanted.asked)
    for number, counts in enumerate(_counts(first)):
        problem = _Products(wanted, qubits, counts)
        for attempt in range(_STARTS):
            seed = [_SEED, number, attempt, qubits, *wanted.rows, *counts]
            fit = levenberg_marquardt(problem, problem.random(np.random.Generator(np.random.PCG64(seed))))
            if fit.squares < SOLVED:
                return _solved(problem, fit.point)
    return None


def _counts(first: Counts) -> Iterator[Counts]:
    """The numbers of gates to try: the two ladders get one more by turns."""
    for more in range(_MORE_GATES + 1):
        yield first[0] + more // 2, first[1] + (more + 1) // 2


class _Side(NamedTuple):
    """A ladder at a point: its states, shape (d, rows), up to an affine phase of the rows, what its derivatives are
    made of, and its rows' phases."""

    states: Complex
    prefixes: Complex
    phases: Real


class _Seen(NamedTuple):
    sides: tuple[_Side, _Side]
    residual: Complex


class _Products:
    """The least-squares problem: found inner products less those that are wanted, with the phases of their rows."""

    def __init__(self, wanted: Wanted, qubits: int, counts: Counts) -> None:
        self.wanted = wanted
        self.rows = sum(wanted.rows)
        self.circuits = tuple(
            LadderCircuit(qubits, ladder_places(rows, qubits, gates), rows)
            for rows, gates in zip(wanted.rows, counts, strict=True)
        )
        sides = list(zip(wanted.rows, wanted.phases, strict=True))
        self._turns = [np.eye(rows) if asked is None else bits_of_rows(rows) for rows, asked in sides]
        self._given = [np.zeros(rows) if asked is None else asked for rows, asked in sides]
        self._sizes = [
            circuit.parameters + turns.shape[1] for circuit, turns in zip(self.circuits, self._turns, strict=True)
        ]
        self._block = blocked.block_size(sum(self._sizes))
        self._unloaded, self._loaded = np.nonzero(wanted.mask)
        self._first, self._second = np.triu_indices(wanted.rows[0] if wanted.gram is not None else 0, 1)

    def random(self, generator: np.random.Generator) -> Point:
        """A random point."""
        gates = tuple(circuit.random(generator) for circuit in self.circuits)
        return Point(gates, tuple(np.zeros(turns.shape[1]) for turns in self._turns), None)

    def sides(self, point: Point) -> tuple[_Side, _Side]:
        """Both ladders at a point."""
        sides = []
        for number, circuit in enumerate(self.circuits):
            prefixes = circuit.prefixes(point.gates[number])
            phases = self._given[number] + np.sum(self._turns[number] * point.affine[number], axis=1)
            sides.append(_Side(prefixes[-1, :, 0].conj(), prefixes, phases))
        one, other = sides
        return one, other

    def seen(self, point: Point) -> tuple[_Seen, float]:
        """Both ladders at a point with the residual, and the sum of squares."""
        one, other = self.sides(point)
        found = np.einsum("xe,xe->e", other.states[:, self._unloaded].conj(), one.states[:, self._loaded])
        own = np.einsum("xe,xe->e", one.states[:, self._first].conj(), one.states[:, self._second])
        residual = np.concatenate([found - self._products(one, other), own - self._gram(one)])
        return _Seen((one, other), residual), float(np.sum(residual.real**2 + residual.imag**2))

    def _products(self, one: _Side, other: _Side) -> Complex:
        phase = np.exp(1j * (one.phases[self._loaded] - other.phases[self._unloaded]))
        return np.asarray(phase * self.wanted.products[self._unloaded, self._loaded])

    def _gram(self, one: _Side) -> Complex:
        if self.wanted.gram is None:
            return np.zeros(0, dtype=np.complex128)
        phase = np.exp(1j * (one.phases[self._second] - one.phases[self._first]))
        return np.asarray(phase * self.wanted.gram[self._first, self._second])

    def moved(self, point: Point, steps: Sequence[Real]) -> Point:
        """The point after a step."""
        gates, affine = [], []
        for circuit, was, part, step in zip(self.circuits, point.gates, point.affine, steps, strict=True):
            gates.append(circuit.moved(was, step))
            affine.append(part + step[circuit.parameters :])
        return Point(tuple(gates), tuple(affine), None)

    def normal(self, seen: _Seen) -> _Normal:
        """The normal equations at a point."""
        one, other = seen.sides
        moves = [
            np.einsum("xai,kai->kxi", side.prefixes[-1].conj(), circuit.derivatives(side.prefixes))
            for circuit, side in zip(self.circuits, seen.sides, strict=True)
        ]
        by_loaded = np.einsum("xj,kxi->kji", other.states.conj(), moves[0])[:, self._unloaded, self._loaded]
        by_unloaded = np.einsum("kxj,xi->kji", moves[1].conj(), one.states)[:, self._unloaded, self._loaded]
        own = np.einsum("xi,kxj->kij", one.states.conj(), moves[0])
        own = own[:, self._first, self._second] + own[:, self._second, self._first].conj()
        turned, gram = -1j * self._products(one, other), -1j * self._gram(one)
        turns, others = self._turns[0].T, self._turns[1].T
        jacobian = np.block(
            [
                [by_loaded, own],
                [turns[:, self._loaded] * turned, (turns[:, self._second] - turns[:, self._first]) * gram],
                [by_unloaded, np.zeros((len(by_unloaded), len(self._first)))],
                [-others[:, self._unloaded] * turned, np.zeros((len(others), len(self._first)))],
            ]
        )
        blocks = blocked.in_blocks(np.ascontiguousarray(jacobian).view(np.float64), self._block)
        slope = blocked.times_vector(blocks, np.ascontiguousarray(seen.residual).view(np.float64))
        return _Normal(blocked.gram(blocks), slope, self._sizes)


class _Normal:
    """Normal equations of both ladders together."""

    def __init__(self, gram: Real, slope: Real, sizes: Sequence[int]) -> None:
        self._gram, self._slope, self._sizes = gram, slope, sizes
        self.largest = float(np.max(np.einsum("kkaa->ka", gram)))

    def step(self, damping: float) -> tuple[list[Real], float]:
        damped = self._gram.copy()
        block, diagonal = np.arange(len(damped))[:, None], np.arange(damped.shape[-1])
        damped[block, block, diagonal, diagonal] += damping
        factor = blocked.PartialCholesky(damped, len(damped))
        step = factor.solution(factor.reduced(-self._slope))
        first, second = self._sizes
        return [step[:first], step[first : first + second]], float(np.sum(step * (damping * step - self._slope)))


def _solved(problem: _Products, point: Point) -> SolvedProducts:
    """The ladders of a point, and the phases that their own states have."""
    ladders, phases = [], []
    for circuit, gates, side in zip(problem.circuits, point.gates, problem.sides(point), strict=True):
        ladder = circuit.ladder(gates)
        turned = np.einsum("xi,ix->i", side.states.conj(), ladder.states(circuit.rows))
        ladders.append(ladder)
        phases.append(side.phases + np.angle(turned))
    return SolvedProducts(ladders[0], ladders[1], (phases[0], phases[1]))
