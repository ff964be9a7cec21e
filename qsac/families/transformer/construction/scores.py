"""Kernels of scores: one copy of a score for each factor s, and a degree register where there are several terms.

A score <Q u_j|K u_i> is read by loading the key's state and undoing the query's (docs/transformer.md, "A score").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import copysign, sqrt
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families.transformer.construction.composing import ALIKE, Composition, Names
from qsac.families.transformer.construction.planned import At, Planned, qubits, unit_rows
from qsac.families.transformer.lengths import Real, lengths_of
from qsac.families.walked_kernel import Side as WalkSide
from qsac.families.walked_kernel import WalkedKernel, by_turns, checked_walk, scale_of_kernel, walked_coefficients
from qsac.files.numbers import Numbers
from qsac.ir.attention import SelectIndex
from qsac.ir.op import Op
from qsac.numerics.kernel_walks import KernelWalk, kernel_walk, together


class Kernel:
    """g(s) = sum_p c_p s^p: of one term, a factor of the rows' weights, or of several, in a degree register."""

    def __init__(self, coefficients: tuple[float, ...], *, walked: bool = False) -> None:
        self.degree = max((power for power, c in enumerate(coefficients) if c), default=0)
        self.coefficients = coefficients[: self.degree + 1]
        self.several = sum(1 for c in self.coefficients if c) > 1
        self.walked = walked and self.several
        """Whether several terms are applied by a walk."""

    def walk(self, largest: float, origin: str) -> KernelWalk | None:
        """The walk for scores that are at most S, in units of it; None by copies."""
        scaled = walked_coefficients(self.coefficients, largest) if self.walked else ()
        if len(scaled) < 2:
            return None
        checked_walk(scaled, origin, real=True)
        return kernel_walk(scaled)

    def lam(self, largest: float) -> float:
        """sum_p |c_p| S^p for scores that are at most S, or the bound of the kernel's walk."""
        return scale_of_kernel(self.coefficients, largest, walked=self.walked)

    def value(self, score: float) -> float:
        """g(s) of a real score."""
        return float(sum(c * np.float64(score) ** power for power, c in enumerate(self.coefficients) if c))

    def gains(self, queries: Real, keys: Real) -> Real:
        """What the amplitude of a row has to be multiplied by for g of its score: from the lengths of the queries and
        the keys, which are broadcast."""
        if self.several:
            shape = np.broadcast_shapes(queries.shape, keys.shape)
            return np.full(shape, self.lam(float(queries.max(initial=0)) * float(keys.max(initial=0))))
        coefficient = self.coefficients[-1] if self.coefficients else 0.0
        return np.asarray(coefficient * (queries * keys) ** self.degree, dtype=np.float64)

    def own_score(self, query: float, key: float) -> tuple[float, float]:
        """A score from 0 to 1 for a row that is not attended to, in units of the largest one, and what the amplitude of
        the kernel is there: 1 for one term; for several the score 1, unless the kernel is small there."""
        largest = query * key
        lam = self.lam(largest)
        if not self.several or not lam:
            return 1.0, 1.0
        found = [(score, self.value(largest * score) / lam) for score in np.linspace(1, 0, 33).tolist()]
        best = max(found, key=lambda pair: abs(pair[1]))
        return best if abs(best[1]) > 1.5 * abs(found[0][1]) else found[0]

    def degrees(self, composition: Composition, largest: float, when: Names, origin: str) -> Degrees | None:
        """The degree register of a kernel of several terms of scores up to ``largest``."""
        if not self.several:
            return None
        lam = self.lam(largest)
        # Scores that are all zero leave the constant, or nothing, of which every share is as good as another.
        whole = lam or float(sum(map(abs, self.coefficients)))
        terms = {p: c * (largest**p if lam else 1.0) / whole for p, c in enumerate(self.coefficients) if c}
        return Degrees(composition, "degree", terms, when, origin)


class Degrees:
    """A linear combination sum_p t_p X^p, the sum of |t_p| being 1: which of the m powers of ``terms`` it is, in unary
    on m - 1 qubits, of which the k-th is 1 beyond the k-th of them. Copies of X that never part share a qubit. A term
    may be zero: its copies are made, and never counted.

    The numbers are rows of tables, each qubit's by the one before it. Where ``when`` is not 1 nothing happens.
    """

    def __init__(
        self, composition: Composition, base: str, terms: Mapping[int, float], when: Names, origin: str
    ) -> None:
        self._composition, self._when, self._origin = composition, when, origin
        self._powers = sorted(terms)
        self._terms = [terms[power] for power in self._powers]
        self.registers: Names = tuple(composition.register(base, 1)[0] for _ in self._terms[1:])

    def gate(self, copy: int) -> Names:
        """What the ``copy``-th factor X, from 1, depends on: it is in the powers from that on."""
        fewer = sum(1 for power in self._powers if power < copy)
        return self.registers[fewer - 1 : fewer] if fewer else self._when

    def prepare(self) -> None:
        """Bring the qubits up."""
        for place in range(len(self.registers)):
            self._step(place, [sqrt(abs(term)) for term in self._terms], inverse=False)

    def project(self) -> None:
        """Project them, with the signs of the terms."""
        for place in reversed(range(len(self.registers))):
            self._step(place, [copysign(sqrt(abs(term)), term) for term in self._terms], inverse=True)

    def _step(self, place: int, amplitudes: list[float], *, inverse: bool) -> None:
        """One qubit by the one before it: 0 for the power at ``place``, with its sign, 1 for those beyond."""
        rest = amplitudes[place + 1 :]
        onward = rest[0] if len(rest) == 1 else sqrt(sum(amplitude**2 for amplitude in rest))
        row = np.array([amplitudes[place], onward])
        row = row / np.linalg.norm(row) if row.any() else np.array([1.0, 0.0])  # after zeros: never reached
        before = self.registers[place - 1 : place] if place else ()
        self._composition.load(
            self.registers[place : place + 1],
            before,
            "terms",
            np.stack([[1.0, 0.0], row]) if before else row[None],
            when=self._when if not before else (),
            inverse=inverse,
            origin=self._origin,
        )


def emit_scores(
    composition: Composition,
    kernel: Kernel,
    states: Callable[[], tuple[tuple[At, Planned], tuple[At, Planned]]],
    when: Names,
    origin: str,
) -> None:
    """Multiply by g(s): the scores of the states of keys and queries that ``states`` plans, anew for each copy."""
    degrees: Degrees | None = None
    for copy in range(kernel.degree):
        (key_at, key), (query_at, query) = states()
        if not copy:
            largest = float(key.lengths.max()) * float(query.lengths.max())
            degrees = kernel.degrees(composition, largest, when, origin)
            if degrees is not None:
                degrees.prepare()
        gate = when if degrees is None else degrees.gate(copy + 1)
        score = composition.register("score", max(key.size, query.size))
        key.emit(score, gate)
        composition.undo(query.emit, score, gate)
        if kernel.several:
            for at, planned in ((key_at, key), (query_at, query)):
                ratios = planned.lengths / max(float(planned.lengths.max()), 5e-324)
                composition.attenuate(at.index, ratios, when=gate, origin=origin)
    if degrees is not None:
        degrees.project()


@dataclass(frozen=True, eq=False)
class Side:
    """The rows of keys or queries as they are, and the registers that they are loaded by."""

    index: Names
    rows: Numbers


class Fixed(NamedTuple):
    """Rows that are not attended to: ``own``, which has the score ``score`` with the last query, and ``parked``, whose
    score with it is 1, where the kernel has to be 1 as well. The first ``queries`` queries are those of heads."""

    own: int | None
    score: float
    parked: int | None
    queries: int


def emit_rows(
    composition: Composition, kernel: Kernel, keys: Side, queries: Side, fixed: Fixed, when: Names, origin: str
) -> None:
    """Multiply by g(s) for rows in tables.

    With a parked row only the degree register depends on ``when``. Of several terms the lengths of all rows have to be
    as they are: what the longest row has beyond one is in an entry of its own, if the register has room for it, and
    else in a qubit.
    """
    if not kernel.degree:
        return
    sides = [side.rows for side in (keys, queries)]
    lengths = [lengths_of(rows) for rows in sides]
    largest = [float(one.max()) for one in lengths]
    ratios = [_ratios(one, most, kernel) for one, most in zip(lengths, largest, strict=True)]
    loaded, undone = (unit_rows(rows)[0] for rows in sides)
    walk = kernel.walk(largest[0] * largest[1], origin)
    scores = {place: score for place, score in ((fixed.own, fixed.score), (fixed.parked, 1.0)) if place is not None}
    width = sides[0].shape[1]
    if scores:
        loaded = _with_scores(loaded, undone[-1], scores)
        # A row of one entry has its score from its length.
        ratios[0][list(scores)] = 1.0 if width > 1 else list(scores.values())
        ratios[1][fixed.queries :] = 1.0
    varied = [bool(np.any(np.abs(one - 1) > ALIKE)) for one in ratios]
    # A walk has to undo what it loads: nothing is projected on the way.
    spare = walk is not None or width + sum(varied) <= 1 << qubits(width)
    if spare:
        loaded, undone = _both_extended(loaded, undone, ratios, width, varied)
    if walk is not None:
        _emit_parked(composition, walk, Side(keys.index, loaded), Side(queries.index, undone), when, origin)
        return
    degrees = kernel.degrees(composition, largest[0] * largest[1], when, origin)
    if degrees is not None:
        degrees.prepare()
    for copy in range(kernel.degree):
        gate = when if degrees is None else degrees.gate(copy + 1)
        if fixed.parked is not None and gate == when:
            gate = ()
        data = composition.register("score", qubits(max(loaded.shape[1], undone.shape[1])))
        composition.load(data, keys.index, "keys", loaded, when=gate, origin="/tokens")
        composition.load(data, queries.index, "queries", undone, when=gate, inverse=True, origin="/tokens")
        if not spare:
            composition.attenuate(keys.index, ratios[0], when=gate, origin=origin)
            composition.attenuate(queries.index, ratios[1], when=gate, origin=origin)
    if degrees is not None:
        degrees.project()


def emit_walk(
    composition: Composition,
    walk: KernelWalk,
    keys: Side,
    queries: Side,
    registers: tuple[Names, Names],
    when: Names,
    origin: str,
) -> None:
    """Multiply by g(s) for rows in tables by the walk for their longest ones, where all of ``when`` are 1.

    ``registers``: the position and the key, of one size. Keys and queries have a row for each head and each of these,
    in this order. Where some of ``when`` are 0 the walk is that of the constant 1, which no row has to be parked for.
    """
    (loaded, lengths), (undone, others) = (unit_rows(side.rows) for side in (keys, queries))
    ratios = [one / one.max() for one in (lengths, others)]
    width = loaded.shape[1]
    varied = [bool(np.any(np.abs(one - 1) > ALIKE)) for one in ratios]
    loaded, undone = _both_extended(loaded, undone, ratios, width, varied)
    still = ((1 << composition.width(when)) - 1) * [None]
    gate = composition.parts(when)
    walked = _Walked(composition, WalkedKernel(together([*still, walk]), "", origin, head=gate), loaded, undone)
    key, query = walked.sides(keys.index, queries.index)
    if walked.last is None:
        (position,), (other,) = (composition.parts(names) for names in registers)
        select = SelectIndex(position, other, walked.kernel.parity, origin="/tokens")
        ends = WalkSide((*query.index, walked.kernel.parity), walked.ends(np.arange(len(loaded))))
        walked.emit(key, query, [select, walked.kernel.undone(ends), select.adjoint()])
    else:
        walked.emit(key, query, [])


def _emit_parked(
    composition: Composition, walk: KernelWalk, keys: Side, queries: Side, when: Names, origin: str
) -> None:
    """The walk of unit rows on one register. The queries' index is that of the keys, or its first registers. Where not
    all of ``when`` are 1 the index is parked at a row whose score is 1."""
    kernel = WalkedKernel((walk,), "", origin, when=when)
    walked = _Walked(composition, kernel, keys.rows, queries.rows)
    key, query = walked.sides(keys.index, queries.index)
    if walked.last is None:
        below = composition.width(keys.index) - composition.width(queries.index)
        places = np.minimum(np.arange(len(keys.rows)) >> below, len(queries.rows) - 1)
        ends = WalkSide((*key.index, walked.kernel.parity), walked.ends(places))
        walked.emit(key, query, [walked.kernel.undone(ends)])
    else:
        walked.emit(key, query, [])


class _Walked:
    """A walk of unit rows in a composition, with registers and tables of its own: whole loads of a table have one
    index. ``last``: the side that is undone last, None where the parity says which."""

    def __init__(self, composition: Composition, kernel: WalkedKernel, loaded: Numbers, undone: Numbers) -> None:
        self._composition = composition
        size = qubits(max(loaded.shape[1], undone.shape[1]))
        self._loaded, self._undone = (
            np.pad(rows, ((0, 0), (0, (1 << size) - rows.shape[1]))) for rows in (loaded, undone)
        )
        (data,), (real,) = composition.register("score", size), composition.register("real", 1)
        self._own = real.partition("[")[2].rstrip("]")
        kernel = replace(kernel, data=data, real=real)
        self.last: Literal["key", "query"] | None = None
        if not kernel.mixed:
            self.last = "query" if kernel.last_side == "query" else "key"
        elif len(kernel.head) == 1 and kernel.walks[-1].even is None:
            # What is not walked is the even part, and what is the odd one.
            kernel = replace(kernel, parity=kernel.head[0])
        else:
            shares = composition.table("shares", np.array(kernel.rows))
            kernel = replace(kernel, parity=composition.register("parity", 1)[0], shares=shares)
        self.kernel = kernel

    def sides(self, keys: Names, queries: Names) -> tuple[WalkSide, WalkSide]:
        """The loads of keys and of queries, by their indices."""
        composition = self._composition
        return (
            WalkSide(composition.parts(keys), composition.table(f"keys-{self._own}", self._loaded)),
            WalkSide(composition.parts(queries), composition.table(f"queries-{self._own}", self._undone)),
        )

    def ends(self, places: NDArray[np.intp]) -> str:
        """The table of the row of each key and of the query at its place, by the parity."""
        return self._composition.table("ends", by_turns(self._loaded, self._undone[places]))

    def emit(self, key: WalkSide, query: WalkSide, last: Sequence[Op]) -> None:
        """Add the ops: ``last`` if there is no side that is undone last."""
        if self.last is not None:
            last = [self.kernel.undone(key if self.last == "key" else query)]
        self._composition.ops += self.kernel.scores(key, query, last)
        self._composition.ops += self.kernel.projected()


def _with_scores(loaded: Numbers, query: Numbers, scores: Mapping[int, float]) -> Numbers:
    """Rows of keys, of which some have given scores with a query; the score 1 for rows of one entry."""
    result: Numbers = np.array(loaded)
    for place, score in scores.items():
        result[place] = query
        if score < 1 and len(query) > 1:
            result[place] = score * query + np.sqrt(1 - score**2) * _orthogonal(query)
    return result


def _ratios(lengths: Real, largest: float, kernel: Kernel) -> Real:
    """The lengths over the largest one, where the kernel asks for them."""
    return lengths / largest if kernel.several and largest else np.ones(len(lengths))


def _both_extended(
    loaded: Numbers, undone: Numbers, ratios: Sequence[Real], width: int, varied: Sequence[bool]
) -> tuple[Numbers, Numbers]:
    """Rows of ``width`` entries that are loaded and undone, each side extended, where its lengths are ``varied``, by an
    entry of its own: what is missing from one side meets a zero of the other."""
    return (
        _extended(loaded, ratios[0], width, varied[0]),
        _extended(undone, ratios[1], width + varied[0], varied[1]),
    )


def _extended(rows: Numbers, ratios: Real, place: int, varied: bool) -> Numbers:
    """Unit rows times their ratios, with what is then missing from a length of one in the entry at ``place``."""
    if not varied:
        return rows
    result: Numbers = np.zeros((len(rows), place + 1), dtype=rows.dtype)
    result[:, : rows.shape[1]] = rows * ratios[:, None]
    result[:, place] = np.sqrt(np.clip(1 - ratios**2, 0, None))
    return result


def _orthogonal(row: Numbers) -> Numbers:
    """A unit vector orthogonal to a unit row of at least two entries, of which it is no number's multiple."""
    other: Numbers = np.zeros_like(row)
    other[int(np.argmin(np.abs(row)))] = 1.0
    other = other - row * np.vdot(row, other)
    result: Numbers = other / np.linalg.norm(other)
    return result
