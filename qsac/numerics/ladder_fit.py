"""Least squares for rotated ladders: residuals, their Jacobian in blocks, and Levenberg-Marquardt steps.

The residual of row i is what of the state psi_i is orthogonal to the wanted x_i, where the row's phase is free, and
psi_i - exp(i (p_i + affine function of the bits of i)) x_i, where it is requested. Two tables of which only the inner
products count share a unitary G, which turns both; the normal equations are block arrows then, and G comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from qsac.numerics import blocked
from qsac.numerics.ladder_circuit import Gates, LadderCircuit

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

SOLVED = 1e-22
"""Sums of squares below this are solutions; they are polished until they fall no more."""
POLISHED = 1e-29
ITERATIONS = 300
STALL = 25
"""Iterations after which the sum of squares must have fallen by :data:`STALL_FACTOR`."""
STALL_FACTOR = 0.6
_FIRST_DAMPING = 1e-2
_LARGEST_DAMPING = 1e12
_FASTEST_FALL = 1 / 3


class Point(NamedTuple):
    """What is solved for: the gates of each ladder, the affine parts of requested phases, and the basis of a pair."""

    gates: tuple[Gates, ...]
    affine: tuple[Real, ...]
    basis: Complex | None


class _Seen(NamedTuple):
    """A ladder at a point: ``pulled`` is U_i* of the wanted state, shape (d, rows)."""

    prefixes: Complex
    wanted: Complex
    pulled: Complex
    residual: Complex


@dataclass(frozen=True)
class Fit:
    """A point, its sum of squares, and the iterations that led there."""

    point: Point
    squares: float
    iterations: int


def bits_of_rows(rows: int) -> Real:
    """1 and the index bits of each row, the most significant first, shape (rows, 1 + m)."""
    controls = (rows - 1).bit_length()
    bits = np.arange(rows)[:, None] >> np.arange(controls - 1, -1, -1) & 1
    return np.hstack([np.ones((rows, 1)), bits])


class LadderTable:
    """The ladder for a table of unit rows, shape (rows, d), with ``phases`` requested of the rows, or free ones."""

    def __init__(self, circuit: LadderCircuit, rows: Complex, phases: Real | None) -> None:
        self.circuit, self.phases = circuit, phases
        self.columns = np.ascontiguousarray(rows.T, dtype=np.complex128)
        self.bits = bits_of_rows(len(rows))
        self.affine = 0 if phases is None else self.bits.shape[1]

    @property
    def parameters(self) -> int:
        return self.circuit.parameters + self.affine

    def seen(self, gates: Gates, affine: Real, basis: Complex | None) -> _Seen:
        """The residual, shape (d - 1, rows) where phases are free, else (d, rows)."""
        prefixes = self.circuit.prefixes(gates)
        wanted = self.columns if basis is None else np.einsum("ab,bi->ai", basis, self.columns)
        if self.phases is not None:
            wanted = wanted * np.exp(1j * (self.phases + np.sum(self.bits * affine, axis=1)))
        pulled = np.einsum("xai,xi->ai", prefixes[-1], wanted)
        if self.phases is None:
            residual = -pulled[1:] * _phase(pulled[0]).conj()
        else:
            residual = -pulled
            residual[0] += 1
        return _Seen(prefixes, wanted, pulled, residual)

    @property
    def equations(self) -> int:
        """Real equations: two for each entry of the residual."""
        return 2 * self.circuit.rows * (self.circuit.size - (self.phases is None))

    def jacobian(self, seen: _Seen, found: Real) -> None:
        """Put derivatives of the residual by gates and affine parts into ``found``, shape (parameters, equations)."""
        self._equations(self.circuit.derivatives(seen.prefixes), seen, found[: self.circuit.parameters])
        if self.phases is not None:
            self._equations(-1j * self.bits.T[:, None] * seen.pulled, seen, found[self.circuit.parameters :])

    def basis_jacobian(self, seen: _Seen, found: Real) -> None:
        """Put derivatives of the residual by the Hermitian K of G <- exp(i K) G (:func:`hermitian`) into ``found``,
        shape (d^2, equations)."""
        turned = seen.prefixes[-1, :, 0].conj() if self.phases is None else seen.wanted
        moves = -1j * seen.prefixes[-1][:, None] * turned[None, :, None]
        size = self.circuit.size
        first, second = _above_diagonal(size)
        upper, lower, diagonal = moves[first, second], moves[second, first], np.arange(size)
        moves = np.concatenate([upper + lower, 1j * (upper - lower), moves[diagonal, diagonal]])
        self._equations(moves, seen, found)

    def _equations(self, moves: Complex, seen: _Seen, found: Real) -> None:
        """Put moves of the states, shape (parameters, d, rows), into ``found`` as moves of the residual, real and
        imaginary parts apart.

        Where phases are free, a reflection turns each row's wanted state to the first place, which is left out.
        """
        if self.phases is None:
            first, rest = seen.pulled[0], seen.pulled[1:]
            along = np.einsum("kai,ai->ki", moves, seen.pulled.conj()) + moves[:, 0] * _phase(first).conj()
            along /= 1 + np.abs(first)
            taken = along[:, None] * rest
            moves = np.subtract(moves[:, 1:], taken, out=taken)
        found[...] = np.ascontiguousarray(moves).reshape(len(moves), -1).view(np.float64)


@lru_cache(maxsize=16)
def _above_diagonal(size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the entries above the diagonal, in order."""
    return np.triu_indices(size, 1)


def _phase(values: Complex) -> Complex:
    size = np.abs(values)
    phase: Complex = np.where(size > 0, values / np.where(size > 0, size, 1.0), 1.0)
    return phase


def hermitian(parameters: Real, size: int) -> Complex:
    """The Hermitian matrix of d^2 numbers: real parts above the diagonal, imaginary parts, diagonal."""
    first, second = _above_diagonal(size)
    matrix: Complex = np.zeros((size, size), dtype=np.complex128)
    real, imaginary, diagonal = np.split(parameters, [len(first), 2 * len(first)])
    matrix[first, second] = real + 1j * imaginary
    matrix += matrix.conj().T
    matrix[np.arange(size), np.arange(size)] = diagonal
    return matrix


def cayley(matrix: Complex) -> Complex:
    """(1 - i K / 2)^-1 (1 + i K / 2): unitary for a Hermitian K, and exp(i K) to second order."""
    one, half = np.eye(len(matrix)), 0.5j * matrix
    return np.asarray(np.linalg.solve(one - half, one + half), dtype=np.complex128)


class LeastSquares:
    """One table, or two that share a basis (``paired``)."""

    def __init__(self, tables: Sequence[LadderTable], *, paired: bool) -> None:
        self.tables = tuple(tables)
        self.size = self.tables[0].circuit.size
        self.shared = self.size**2 if paired else 0
        self.sizes = [table.parameters for table in tables] + ([self.shared] if paired else [])
        self.block = blocked.block_size(*self.sizes)

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(table.circuit.rows for table in self.tables)

    @property
    def work(self) -> int:
        """About how many multiplications the normal equations take."""
        equations = (2 * table.circuit.rows * self.size for table in self.tables)
        return sum((table.parameters + self.shared) ** 2 * n for table, n in zip(self.tables, equations, strict=True))

    def random(self, generator: np.random.Generator) -> Point:
        """A random point."""
        gates = tuple(table.circuit.random(generator) for table in self.tables)
        affine = tuple(np.zeros(table.affine) for table in self.tables)
        basis = cayley(hermitian(2 * generator.normal(size=self.shared), self.size)) if self.shared else None
        return Point(gates, affine, basis)

    def seen(self, point: Point) -> tuple[list[_Seen], float]:
        """Each ladder at a point, and the sum of squares."""
        seen = [
            table.seen(gates, affine, point.basis)
            for table, gates, affine in zip(self.tables, point.gates, point.affine, strict=True)
        ]
        return seen, float(sum(np.sum(one.residual.real**2 + one.residual.imag**2) for one in seen))

    def moved(self, point: Point, steps: Sequence[Real]) -> Point:
        """The point after a step: one for each table, then one for the basis of a pair."""
        gates, affine = [], []
        for table, was, part, step in zip(self.tables, point.gates, point.affine, steps, strict=False):
            gates.append(table.circuit.moved(was, step))
            affine.append(part + step[table.circuit.parameters :])
        basis = point.basis
        if basis is not None:
            basis = np.einsum("ab,bc->ac", cayley(hermitian(steps[-1], self.size)), basis)
        return Point(tuple(gates), tuple(affine), basis)

    def normal(self, seen: Sequence[_Seen]) -> _Normal:
        """The normal equations at a point."""
        grams, slopes = [], []
        for table, one in zip(self.tables, seen, strict=True):
            own = blocked.padded_size(table.parameters, self.block)
            jacobian = blocked.Padded(own + self.shared, table.equations, self.block)
            table.jacobian(one, jacobian.rows[: table.parameters])
            if self.shared:
                table.basis_jacobian(one, jacobian.rows[own : own + self.shared])
            blocks = jacobian.in_blocks()
            grams.append(blocked.gram(blocks))
            residual = np.ascontiguousarray(one.residual).reshape(-1).view(np.float64)
            slopes.append(blocked.times_vector(blocks, residual))
        return _Normal(self, grams, slopes)


class _Normal:
    """Normal equations: Gram matrices in blocks, and slopes, of each ladder together with the basis."""

    def __init__(self, problem: LeastSquares, grams: list[Real], slopes: list[Real]) -> None:
        self.grams, self.slopes = grams, slopes
        self.sizes = [table.parameters for table in problem.tables]
        self.shared, self.block = problem.shared, problem.block
        self.pivots = [blocked.padded_size(size, self.block) // self.block for size in self.sizes]
        ends = [pivots * self.block for pivots in self.pivots]
        shared = [slope[end:] for slope, end in zip(slopes, ends, strict=True)]
        self.slope = [slope[:end] for slope, end in zip(slopes, ends, strict=True)]
        self._shared_slope: Real = np.sum(shared, axis=0)

    @property
    def largest(self) -> float:
        """The largest number on the diagonal of J J^T."""
        return max(float(np.max(np.einsum("kkaa->ka", one))) for one in self.grams)

    def step(self, damping: float) -> tuple[list[Real], float]:
        """The step h of (J J^T + damping) h = -slope, and the fall of the sum of squares that the linear model predicts
        for it."""
        factors, reduced = [], []
        for gram, slope, pivots in zip(self.grams, self.slopes, self.pivots, strict=True):
            damped = gram.copy()
            _damp(damped, damping, pivots)
            factor = blocked.PartialCholesky(damped, pivots)
            factors.append(factor)
            reduced.append(factor.reduced(-slope))
        end: Real = np.zeros(0)
        if self.shared:
            left = factors[0].rest.copy()
            taken = reduced[0][self.pivots[0] * self.block :].copy()
            for factor, vector, pivots in zip(factors[1:], reduced[1:], self.pivots[1:], strict=True):
                left += factor.rest
                taken += vector[pivots * self.block :]
            _damp(left, damping, len(left))
            last = blocked.PartialCholesky(left, len(left))
            end = last.solution(last.reduced(taken))
        steps, fall = [], 0.0
        for factor, vector, pivots, slope, size in zip(
            factors, reduced, self.pivots, self.slope, self.sizes, strict=True
        ):
            step = factor.solution(np.concatenate([vector[: pivots * self.block], end]))[: pivots * self.block]
            fall += float(np.sum(step * (damping * step - slope)))
            steps.append(step[:size])
        if self.shared:
            fall += float(np.sum(end * (damping * end - self._shared_slope)))
            steps.append(end[: self.shared])
        return steps, fall


def _damp(gram: Real, damping: float, count: int) -> None:
    block, diagonal = np.arange(count)[:, None], np.arange(gram.shape[-1])
    gram[block, block, diagonal, diagonal] += damping


class Normal(Protocol):
    """Normal equations at a point."""

    @property
    def largest(self) -> float:
        """The largest number on the diagonal of J J^T."""
        ...

    def step(self, damping: float) -> tuple[list[Real], float]:
        """The step with so much damping, and the fall of the sum of squares that the linear model predicts for it."""
        ...


class Problem(Protocol):
    """A sum of squares of ladders for ``rows`` rows in all."""

    @property
    def rows(self) -> int: ...

    def seen(self, point: Point) -> tuple[Any, float]:
        """What the normal equations are made of, and the sum of squares."""
        ...

    def normal(self, seen: Any) -> Normal:
        """The normal equations there."""
        ...

    def moved(self, point: Point, steps: Sequence[Real]) -> Point:
        """The point after a step."""
        ...


def levenberg_marquardt(problem: Problem, start: Point, iterations: int = ITERATIONS) -> Fit:
    """The sum of squares made small from a start, damped as by Nielsen (IMM-REP-1999-05, Technical University of
    Denmark): a gain ratio rho multiplies the damping by max(1/3, 1 - (2 rho - 1)^3), a step that gains nothing by 2,
    then 4, 8, ..

    Ends once the sum of squares falls no more below :data:`SOLVED`, stalls, or after ``iterations``.
    """
    point = start
    seen, squares = problem.seen(point)
    scale = squares / problem.rows
    damping, growth = 0.0, 2.0
    normal: Normal | None = None
    history = [squares]
    while len(history) <= iterations and squares > POLISHED:
        if normal is None:
            normal = problem.normal(seen)
            damping = damping or _FIRST_DAMPING * scale * normal.largest
        try:
            steps, fall = normal.step(damping)
        except blocked.NotPositiveDefiniteError:
            fall = 0.0
        moved, moved_seen, moved_squares = point, seen, squares
        if fall > 0:
            moved = problem.moved(point, steps)
            moved_seen, moved_squares = problem.seen(moved)
        gain = (squares - moved_squares) / fall if fall > 0 else 0.0
        if gain > 0:
            point, seen, squares, normal = moved, moved_seen, moved_squares, None
            damping *= max(_FASTEST_FALL, 1 - (2 * gain - 1) ** 3)
            growth = 2.0
        else:
            damping *= growth
            growth *= 2
            if squares < SOLVED or damping > _LARGEST_DAMPING:
                break
        history.append(squares)
        if len(history) > STALL and squares > max(SOLVED, STALL_FACTOR * history[-STALL - 1]):
            break
    return Fit(point, squares, len(history) - 1)
