"""Angles of rotated ladders (:mod:`qsac.numerics.rotated_ladder`) for tables of states, found by least squares.

Everything is determined by the tables: starts come from generators seeded by constants and sizes, and linear algebra
runs in blocks that are not split among threads (:mod:`qsac.numerics.blocked`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.ladder_circuit import Gates, LadderCircuit
from qsac.numerics.ladder_fit import (
    ITERATIONS,
    SOLVED,
    Fit,
    LadderTable,
    LeastSquares,
    Point,
    bits_of_rows,
    levenberg_marquardt,
)
from qsac.numerics.ladder_orders import generic_gates, generic_pair_gates, ladder_places, toggled_by
from qsac.numerics.rotated_ladder import RotatedLadder

__all__ = [
    "Solved",
    "SolvedPair",
    "generic_gates",
    "generic_pair_gates",
    "is_steep",
    "ladder_places",
    "solve_pair",
    "solve_rows",
]

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Homes = tuple[int, ...]
"""The data qubit that each index bit toggles; none: all toggle the last one."""
_Counts = TypeVar("_Counts", int, tuple[int, int])

_SEED = 2109_06770
_MORE_GATES = 3
"""Gates that are added one by one where a number of them fails."""
_MORE_SPREAD = 2
"""The same for ladders with homes: where these fail, ladders without them are left to try."""
_STARTS = ((64, 8), (256, 4))
"""Entries of the tables of a problem, and how many starts the first number of gates has at most; larger problems have
:data:`_FEWEST_STARTS`. The numbers after it have half as many."""
_FEWEST_STARTS = 2
_WORK = 60_000_000
"""Multiplications for each entry of the tables, in the normal equations of all starts, that may be spent; or those of
:data:`_ENOUGH` iterations, if they are more. Most that is solved is so in half of these."""
_ENOUGH = 120
_STEEP, _STEEP_SIZE = 5e-4, 8
_ROUNDING = 1e-12
"""Singular values below this share of the largest one are rounding."""
_NEARLY = 1e-10
"""Starts that all end so close, and no closer, are at tables whose rows are nearly equal, where ranks fall."""
_SAME_RESIDUAL = 1e-3
"""Two starts whose sums of squares agree to this share fail for a reason that no start of that order cures."""


@dataclass(frozen=True)
class Solved:
    """A ladder for the rows x_i of a table: its states are exp(i phases[i]) x_i.

    Where row phases p were requested, phases[i] = p[i] + affine[0] + sum over c of affine[1 + c] (bit c of i), with bit
    0 the most significant one of the m index bits; else ``affine`` is None. ``residual``: the largest distance between
    a state and what it stands for (Euclidean norm). Phases in radians. ``iterations`` and ``starts``: of the solver, in
    all; none of the latter where the given start led to the solution.
    """

    ladder: RotatedLadder
    phases: Real
    affine: Real | None
    residual: float
    iterations: int
    starts: int

    @property
    def gates(self) -> int:
        """Entangling gates."""
        return self.ladder.gates


@dataclass(frozen=True)
class SolvedPair:
    """Two ladders, of states exp(i a_i) G x_i and exp(i b_j) G y_j, for one unitary ``basis`` G, shape (d, d).

    ``loaded.phases`` are a, ``uncomputed.phases`` b, each with its affine part as in :class:`Solved`; so <s_j|r_i> =
    exp(i (a_i - b_j)) <y_j|x_i> for all states r_i and s_j of the two.
    """

    loaded: Solved
    uncomputed: Solved
    basis: Complex

    @property
    def gates(self) -> int:
        """Entangling gates of both."""
        return self.loaded.gates + self.uncomputed.gates


def solve_rows(
    rows: Complex,
    *,
    exact: Real | None = None,
    gates: int | None = None,
    start: RotatedLadder | None = None,
    homes: Homes = (),
) -> Solved | None:
    """A ladder for T unit rows, shape (T, d) with d = 2^n >= 2; None where no start leads to one.

    ``exact``: requested row phases, radians, shape (T,), up to an affine function of the index bits (Rz on the index
    qubits and a global phase); None leaves all row phases free. ``gates``: the only number of entangling gates to try,
    instead of the generic number and what follows it. ``start``: the ladder of a nearby table, tried first.
    ``homes``: the data qubit that each index bit toggles; none: all toggle the last one.
    """
    qubits = (rows.shape[1] - 1).bit_length()
    first = generic_gates(len(rows), qubits, exact=exact is not None) if gates is None else gates
    last = first + (_MORE_SPREAD if homes else _MORE_GATES) if gates is None else gates

    def problem(count: int, data_first: bool) -> LeastSquares:
        places = ladder_places(len(rows), qubits, count, exact=exact is not None, data_first=data_first)
        return LeastSquares([_table(rows, places, exact, toggled_by(places, qubits, homes))], paired=False)

    def warm() -> tuple[LeastSquares, Point] | None:
        if start is None or not _fits(start, rows):
            return None
        table = _table(rows, start.places, exact, start.toggled)
        gates = LadderCircuit.gates(start)
        return LeastSquares([table], paired=False), Point((gates,), (_first_affine(table, gates, rows),), None)

    found = _search(warm, problem, range(first, last + 1), rows.size)
    if found is None:
        return None
    least, fit, iterations, starts = found
    return _solved(least.tables[0].circuit.ladder(fit.point.gates[0]), rows, exact, iterations, starts)


def solve_pair(
    loaded: Complex,
    uncomputed: Complex,
    *,
    phases: tuple[Real | None, Real | None] = (None, None),
    gates: tuple[int, int] | None = None,
    start: SolvedPair | None = None,
    homes: tuple[Homes, Homes] = ((), ()),
) -> SolvedPair | None:
    """Two ladders for tables of unit rows, shapes (T_1, d) and (T_2, d), whose inner products alone count; None where
    no start leads to them.

    ``phases``: requested row phases of the two as in :func:`solve_rows`; ``gates``: the only numbers of entangling
    gates to try; ``start``: the solution for nearby tables, tried first; ``homes``: as there, of the two.
    """
    tables = (loaded, uncomputed)
    qubits = (loaded.shape[1] - 1).bit_length()
    spread = any(homes)
    asked = (phases[0] is not None, phases[1] is not None)
    first = generic_pair_gates(len(loaded), len(uncomputed), qubits, phases=asked) if gates is None else gates
    if spread and qubits > 2 and gates is None:
        first = first[0] + 1, first[1]

    def problem(counts: tuple[int, int], data_first: bool) -> LeastSquares:
        made = []
        for rows, count, asked, homed in zip(tables, counts, phases, homes, strict=True):
            places = ladder_places(len(rows), qubits, count, exact=asked is not None, data_first=data_first)
            made.append(_table(rows, places, asked, toggled_by(places, qubits, homed)))
        return LeastSquares(made, paired=True)

    def warm() -> tuple[LeastSquares, Point] | None:
        if start is None:
            return None
        ladders = (start.loaded.ladder, start.uncomputed.ladder)
        if not all(_fits(ladder, rows) for ladder, rows in zip(ladders, tables, strict=True)):
            return None
        least = LeastSquares(
            [
                _table(rows, ladder.places, asked, ladder.toggled)
                for rows, ladder, asked in zip(tables, ladders, phases, strict=True)
            ],
            paired=True,
        )
        gates = tuple(LadderCircuit.gates(ladder) for ladder in ladders)
        affine = tuple(
            _first_affine(table, one, np.einsum("ab,ib->ia", start.basis, rows))
            for table, one, rows in zip(least.tables, gates, tables, strict=True)
        )
        return least, Point(gates, affine, start.basis)

    counts = [first] if gates is not None else _pair_counts(first, len(loaded) >= len(uncomputed))
    if spread:
        counts = counts[: _MORE_SPREAD + 1]
    found = _search(warm, problem, counts, loaded.size + uncomputed.size)
    if found is None:
        return None
    least, fit, iterations, starts = found
    basis = fit.point.basis
    if basis is None:  # a pair always has one
        return None
    one, other = (
        _solved(table.circuit.ladder(one), np.einsum("ab,ib->ia", basis, rows), asked, iterations, starts)
        for table, one, rows, asked in zip(least.tables, fit.point.gates, tables, phases, strict=True)
    )
    return SolvedPair(one, other, basis)


def is_steep(loaded: Complex, uncomputed: Complex) -> bool:
    """Whether the rows of a pair, of eight entries or more, are nearly but not quite in fewer dimensions: the solver
    does not come to an end there (random tables of singular values that fall below 5e-4 of the largest: none of 12 was
    solved; above it, and of lower rank: nearly all)."""
    if loaded.shape[1] < _STEEP_SIZE:
        return False
    values = np.linalg.svd(np.concatenate([loaded, uncomputed]), compute_uv=False)
    return bool(np.any((values > _ROUNDING * values[0]) & (values < _STEEP * values[0])))


def _pair_counts(first: tuple[int, int], longer: bool) -> list[tuple[int, int]]:
    """The numbers of gates to try: one more for each of the two, one after the other, beginning with the first ladder
    if it is the ``longer`` one."""
    counts = [first]
    for turn in range(_MORE_GATES):
        one, other = counts[-1]
        counts.append((one + 1, other) if (turn % 2 == 0) == longer else (one, other + 1))
    return counts


def _search(
    warm: Callable[[], tuple[LeastSquares, Point] | None],
    problem: Callable[[_Counts, bool], LeastSquares],
    counts: Iterable[_Counts],
    entries: int,
) -> tuple[LeastSquares, Fit, int, int] | None:
    """The first fit that solves its problem, with all iterations and random starts so far; None without one."""
    iterations = starts = 0
    left: int | None = None
    given = warm()
    if given is not None:
        fit = levenberg_marquardt(*given)
        iterations = fit.iterations
        if fit.squares < SOLVED:
            return given[0], fit, iterations, 0
    most = next((count for size, count in _STARTS if entries <= size), _FEWEST_STARTS)
    for number, count in enumerate(counts):
        orders = (problem(count, False), problem(count, True))
        if left is None:
            left = max(_WORK * entries, _ENOUGH * orders[0].work)
        failed: list[list[float]] = [[], []]
        for attempt in range(most if number == 0 else max(_FEWEST_STARTS, most // 2)):
            least: LeastSquares = orders[attempt % 2]
            before = failed[attempt % 2]
            most_iterations = min(ITERATIONS, left // least.work)
            if any(_alike(*pair) for pair in combinations(before, 2)) or not most_iterations:
                continue
            starts += 1
            generator = np.random.Generator(np.random.PCG64([_SEED, attempt, *least.sizes]))
            fit = levenberg_marquardt(least, least.random(generator), most_iterations)
            iterations += fit.iterations
            left -= fit.iterations * least.work
            if fit.squares < SOLVED:
                return least, fit, iterations, starts
            before.append(fit.squares)
    return None


def _alike(one: float, other: float) -> bool:
    """Whether two sums of squares show that further starts of the same order do not help."""
    return max(one, other) < _NEARLY or abs(one - other) < _SAME_RESIDUAL * other


def _table(rows: Complex, places: tuple[int, ...], phases: Real | None, toggled: tuple[int, ...] = ()) -> LadderTable:
    qubits = (rows.shape[1] - 1).bit_length()
    return LadderTable(LadderCircuit(qubits, places, len(rows), toggled), rows, phases)


def _fits(ladder: RotatedLadder, rows: Complex) -> bool:
    """Whether a ladder is one for tables of this shape."""
    return 1 << ladder.qubits == rows.shape[1] and ladder.controls == (len(rows) - 1).bit_length()


def _first_affine(table: LadderTable, gates: Gates, rows: Complex) -> Real:
    """The affine part of requested phases with which a given ladder begins."""
    if table.phases is None:
        return np.zeros(0)
    return _affine(table.circuit.prefixes(gates)[-1, :, 0].conj().T, rows, table.phases)


def _affine(states: Complex, rows: Complex, phases: Real) -> Real:
    """The affine function of the index bits that fits best between the states of a ladder and exp(i p_i) x_i."""
    overlap = np.sum(rows.conj() * states, axis=1) * np.exp(-1j * phases)
    bits = bits_of_rows(len(rows))[:, 1:]
    slopes = np.zeros(bits.shape[1])
    for bit in range(len(slopes)):
        # Overlaps of rows that differ in this bit alone.
        lower = np.flatnonzero(bits[:, bit] == 0)
        upper = lower + (1 << (len(slopes) - 1 - bit))
        lower, upper = lower[upper < len(rows)], upper[upper < len(rows)]
        slopes[bit] = np.angle(np.sum(overlap[upper] * overlap[lower].conj()))
    constant = np.angle(np.sum(overlap * np.exp(-1j * np.sum(bits * slopes, axis=1))))
    return np.concatenate([[constant], slopes])


def _solved(ladder: RotatedLadder, rows: Complex, phases: Real | None, iterations: int, starts: int) -> Solved:
    """The result, its residual and phases computed from the ladder's own states."""
    states = ladder.states(len(rows))
    if phases is None:
        affine = None
        found: Real = np.angle(np.sum(rows.conj() * states, axis=1))
    else:
        affine = _affine(states, rows, phases)
        found = phases + np.sum(bits_of_rows(len(rows)) * affine, axis=1)
    distance = np.abs(states - np.exp(1j * found)[:, None] * rows)
    residual = float(np.sqrt(np.max(np.sum(distance**2, axis=1))))
    return Solved(ladder, found, affine, residual, iterations, starts)
