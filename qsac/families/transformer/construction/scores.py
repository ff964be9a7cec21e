"""Kernels of scores: one copy of a score for each factor s, and a degree register where there are several terms.

A score <Q u_j|K u_i> is read by loading the key's state and undoing the query's (docs/transformer.md, "A score").
"""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, sqrt
from typing import NamedTuple

import numpy as np

from qsac.families.transformer.construction.affine import At, Planned, Real, qubits, unit_rows
from qsac.families.transformer.construction.composing import ALIKE, Composition, Names
from qsac.files.numbers import Numbers
from qsac.ir.attention import PrepareDegree, Project


class Kernel:
    """g(s) = sum_p c_p s^p: of one term, a factor of the rows' weights, or of several, in a degree register."""

    def __init__(self, coefficients: tuple[float, ...]) -> None:
        self.degree = max((power for power, c in enumerate(coefficients) if c), default=0)
        self.coefficients = coefficients[: self.degree + 1]
        self.several = sum(1 for c in self.coefficients if c) > 1

    def lam(self, largest: float) -> float:
        """sum_p |c_p| S^p for scores that are at most S."""
        return float(sum(abs(c) * largest**power for power, c in enumerate(self.coefficients)))

    def value(self, score: float) -> float:
        """g(s) of a real score."""
        return float(sum(c * score**power for power, c in enumerate(self.coefficients)))

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
        terms = [c * largest**power / lam if lam else float(not power) for power, c in enumerate(self.coefficients)]
        return Degrees(composition, "degree", terms, when, origin)


class Degrees:
    """A linear combination sum_p t_p X^p, the sum of |t_p| being 1: the number p in unary, in qubits of which the
    c-th is 1 where p >= c. Gated by ``when`` nothing happens where that is not 1."""

    def __init__(self, composition: Composition, base: str, terms: list[float], when: Names, origin: str) -> None:
        self._composition, self._when, self._origin = composition, when, origin
        self.registers: Names = tuple(composition.register(base, 1)[0] for _ in terms[1:])
        self._amplitudes = tuple(copysign(sqrt(abs(t)), t) for t in terms)

    def prepare(self) -> None:
        """Bring the qubits up."""
        if not self._when:
            self._composition.ops.append(PrepareDegree(self.registers, self._amplitudes, origin=self._origin))
            return
        for place in range(len(self.registers)):
            self._step(place, [abs(amplitude) for amplitude in self._amplitudes], inverse=False)

    def project(self) -> None:
        """Project them on the magnitudes."""
        magnitudes = tuple(abs(amplitude) for amplitude in self._amplitudes)
        if not self._when:
            end = Project(self.registers, "unary", amplitudes=magnitudes, origin=self._origin)
            self._composition.ops.append(end)
            return
        for place in reversed(range(len(self.registers))):
            self._step(place, list(self._amplitudes), inverse=True)

    def _step(self, place: int, amplitudes: list[float], *, inverse: bool) -> None:
        """One qubit by the one before it, with the signs of the terms where they end."""
        last = place == len(self.registers) - 1
        rest = sum(amplitude**2 for amplitude in amplitudes[place + 1 :])
        onward = copysign(sqrt(rest), amplitudes[-1] if last else 1.0)
        row = np.array([amplitudes[place], onward])
        length = np.linalg.norm(row)
        row = row / length if length else np.array([1.0, 0.0])
        before = self.registers[place - 1 : place]
        rows = np.stack([[1.0, 0.0], row]) if before else row[None]
        self._composition.load(
            self.registers[place : place + 1],
            before,
            "terms",
            rows,
            when=self._when,
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
        gate = when if degrees is None else _distinct(when, degrees.registers[copy : copy + 1])
        score = composition.register("score", max(key.size, query.size))
        key.emit(score, gate)
        composition.ops += composition.reversed(composition.captured(lambda: query.emit(score, gate)))  # noqa: B023
        if kernel.several:
            for at, planned in ((key_at, key), (query_at, query)):
                ratios = planned.lengths / max(float(planned.lengths.max()), 5e-324)
                composition.attenuate(at.index, ratios, when=gate, origin=origin)
    if degrees is not None:
        degrees.project()


def _distinct(when: Names, degree: Names) -> Names:
    """The gate of a copy: a degree qubit that is only brought up where ``when`` is 1 says it all."""
    return degree or when


class Side(NamedTuple):
    """The rows of keys or queries as they are, and the registers that they are loaded by."""

    index: Names
    rows: Numbers


def emit_rows(
    composition: Composition,
    kernel: Kernel,
    keys: Side,
    queries: Side,
    own: tuple[int | None, float],
    when: Names,
    origin: str,
) -> None:
    """Multiply by g(s) for rows in tables.

    The row ``own``, if there is one, is not attended to: it has a given score with the last query. Of several terms the
    lengths of all rows have to be as they are: what the longest row has beyond one is in an entry of its own, if the
    register has room for it, and else in a qubit.
    """
    if not kernel.degree:
        return
    sides = [side.rows for side in (keys, queries)]
    lengths = [np.linalg.norm(rows, axis=1) for rows in sides]
    largest = [float(one.max()) for one in lengths]
    degrees = kernel.degrees(composition, largest[0] * largest[1], when, origin)
    ratios = [_ratios(one, most, kernel) for one, most in zip(lengths, largest, strict=True)]
    place, score = own
    if place is not None:
        # The last query is this row's own: of several heads it has no other.
        ratios[0][place] = ratios[1][-1] = 1.0
    varied = [bool(np.any(np.abs(one - 1) > ALIKE)) for one in ratios]
    width = sides[0].shape[1]
    spare = width + sum(varied) <= 1 << qubits(width)
    loaded, undone = (unit_rows(rows)[0] for rows in sides)
    if place is not None:
        loaded = np.array(loaded)
        loaded[place] = score * undone[-1]
        if score < 1:
            loaded[place] += np.sqrt(1 - score**2) * _orthogonal(undone[-1])
    if spare:
        loaded = _extended(loaded, ratios[0], width, varied[0])
        undone = _extended(undone, ratios[1], width + varied[0], varied[1])
    if degrees is not None:
        degrees.prepare()
    for copy in range(kernel.degree):
        gate = when if degrees is None else _distinct(when, degrees.registers[copy : copy + 1])
        data = composition.register("score", qubits(max(loaded.shape[1], undone.shape[1])))
        composition.load(data, keys.index, "keys", loaded, when=gate, origin="/tokens")
        composition.load(data, queries.index, "queries", undone, when=gate, inverse=True, origin="/tokens")
        if not spare:
            composition.attenuate(keys.index, ratios[0], when=gate, origin=origin)
            composition.attenuate(queries.index, ratios[1], when=gate, origin=origin)
    if degrees is not None:
        degrees.project()


def _ratios(lengths: Real, largest: float, kernel: Kernel) -> Real:
    """The lengths over the largest one, where the kernel asks for them."""
    return lengths / largest if kernel.several and largest else np.ones(len(lengths))


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
    return np.asarray(other / np.linalg.norm(other))  # type: ignore[return-value]
