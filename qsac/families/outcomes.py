"""The outcomes of a circuit's measurements, as exact probabilities or counted shots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from qsac.native.circuit import NativeCircuit

Real = NDArray[np.float64]

SAVED = ("weights at j = ", "overlaps at j = ")
"""The names of the entries of an index that is saved as the circuit has it, whatever it is of."""

CONFIDENCE = 0.95

RESOLUTION = 1e-24
"""A probability below this is zero: its amplitude, 1e-12, is what rounding in double precision can leave of a sum
that vanishes."""


@dataclass(frozen=True, eq=False)
class Index:
    """For each value of an index that a circuit saves: the weight with every given bit zero (``marginal``), and with
    every success bit zero as well (``joint``). Both have one entry for each value of the index's qubits. ``labels`` are
    the names of their entries, before the value."""

    marginal: Real
    joint: Real
    labels: tuple[str, str] = ("P(index) at ", "P(index, success) at ")

    def __add__(self, other: Index) -> Index:
        return Index(self.marginal + other.marginal, self.joint + other.joint, self.labels)


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Weights of the bit strings of one circuit, as far as its readouts distinguish them.

    ``total`` is the weight of all: 1 for exact probabilities, otherwise the number of shots. ``given`` is the weight of
    every given (post-selected) bit zero, ``success`` for each readout that of its success bits zero as well. ``index``
    is present if an index is saved: always in exact outcomes, in counted ones if it is measured. ``exact``: they are
    probabilities. Counts corrected for readout errors are not whole numbers. ``subnormalisation`` is the
    program's lambda over the model's, above or below 1: the model's probabilities are the program's times its square.
    """

    total: float
    given: float
    success: Mapping[str, float]
    index: Index | None = None
    exact: bool = False
    subnormalisation: float = 1.0

    def __add__(self, other: Outcomes) -> Outcomes:
        """The outcomes of two runs of one circuit."""
        index = None if self.index is None or other.index is None else self.index + other.index
        success = {name: weight + other.success[name] for name, weight in self.success.items()}
        return replace(
            self, total=self.total + other.total, given=self.given + other.given, success=success, index=index
        )

    def scaled(self, factor: float) -> Outcomes:
        """The same with the weights of all that is given multiplied."""
        index = self.index
        return replace(
            self,
            given=factor * self.given,
            success={name: factor * weight for name, weight in self.success.items()},
            index=None if index is None else Index(factor * index.marginal, factor * index.joint, index.labels),
        )

    def share(self, name: str) -> float:
        """P(success | given) of a readout; 0 where nothing is given."""
        return self.success[name] / self.given if self.given else 0.0

    @property
    def success_probability(self) -> float:
        """P(every given bit 0)."""
        return self.given / self.total

    def kinds(self, measured: bool) -> Real:
        """The weights of the kinds of bit strings that exclude each other, their sum the total.

        Where an index is ``measured``: by its value all that succeeded, then all that did not. Else the readouts'
        success bits have to be nested: those of the narrowest readout, what each wider one has beyond, and what is
        given beyond all of them. Last what is not given.
        """
        if measured and self.index is not None:
            inner = np.concatenate((self.index.joint, self.index.marginal - self.index.joint))
        else:
            inner = np.diff([0.0, *sorted(self.success.values()), self.given])
        return np.append(np.clip(inner, 0, None), max(0.0, self.total - self.given))


def measures_index(circuit: NativeCircuit) -> bool:
    """Whether a circuit measures the values of an index."""
    return bool(circuit.readouts) and bool(circuit.readouts[0].index_bits)


def is_drawable(circuit: NativeCircuit) -> bool:
    """Whether shots can be drawn from the exact outcomes of a circuit alone: it measures an index, or the success bits
    of its readouts are nested."""
    sets = sorted((set(readout.success) for readout in circuit.readouts), key=len)
    return measures_index(circuit) or all(one <= other for one, other in pairwise(sets))


def counted(circuit: NativeCircuit, outcomes: Iterable[tuple[str, float]], subnormalisation: float = 1.0) -> Outcomes:
    """Count outcomes: texts of 0 and 1, one character for each bit of the circuit, in its order.

    Every readout of a circuit has the same given bits.
    """
    total: float = 0
    given: float = 0
    success: dict[str, float] = {readout.metric: 0 for readout in circuit.readouts}
    place = circuit.readouts[0].index_bits
    marginal, joint = np.zeros((2, 1 << len(place)))
    lost = _mask(circuit, circuit.readouts[0].given)
    missed = [(readout.metric, _mask(circuit, readout.success)) for readout in circuit.readouts]
    for outcome, count in outcomes:
        total += count
        ones = int(outcome, 2)
        if ones & lost:
            continue
        given += count
        value = int("".join([outcome[bit] for bit in place]) or "0", 2)
        marginal[value] += count
        for metric, mask in missed:
            if not ones & mask:
                success[metric] += count
        if not ones & missed[0][1]:
            joint[value] += count
    index = Index(marginal, joint) if place else None
    return Outcomes(total, given, success, index, subnormalisation=subnormalisation)


def drawn(circuit: NativeCircuit, exact: Outcomes, shots: int, seed: int) -> Outcomes:
    """Shots drawn from the exact probabilities of a circuit whose readouts are nested, or that measures an index."""
    measured = measures_index(circuit)
    weights = exact.kinds(measured)
    numbers = np.random.default_rng(seed).multinomial(shots, weights / weights.sum())
    inner = numbers[:-1]
    if measured:
        passed, missed = np.split(inner.astype(np.float64), 2)
        success = {circuit.readouts[0].metric: float(passed.sum())}
        index = Index(passed + missed, passed)
        return replace(exact, total=shots, given=float(inner.sum()), success=success, index=index, exact=False)
    reached = np.cumsum(inner)
    narrowest_first = sorted(exact.success, key=lambda name: exact.success[name])
    success = {name: float(number) for name, number in zip(narrowest_first, reached[:-1].tolist(), strict=True)}
    success = {name: success[name] for name in exact.success}
    return replace(exact, total=shots, given=float(reached[-1]), success=success, index=None, exact=False)


def _mask(circuit: NativeCircuit, bits: Iterable[int]) -> int:
    """Ones at some of the circuit's bits, the first of which is the most significant."""
    return sum(1 << (len(circuit.bits) - 1 - bit) for bit in set(bits))


def standard_error(part: float, whole: float) -> float:
    """The binomial standard error of part / whole; at half a count from the edge where the fraction is 0 or 1."""
    p = part / whole
    if part in (0, whole):
        p = (part + 0.5) / (whole + 1)
    return sqrt(p * (1 - p) / whole)


def fraction(part: float, whole: float) -> tuple[float, float]:
    """``part`` of ``whole`` shots as a fraction, and its standard error."""
    return part / whole, standard_error(part, whole)


def upper_bound(trials: float) -> float:
    """The largest probability that leaves 5% for no success in ``trials``."""
    return float(1 - (1 - CONFIDENCE) ** (1 / trials))
