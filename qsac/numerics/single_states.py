"""Single states by their structure: what takes a state to zero in few two-qubit gates.

A state is a product over sets of qubits, each of which is taken to zero by itself (:mod:`.product_structure`); or
fixed parities are cleared by CX first (:mod:`.parities`); or it has Schmidt rank 2 over cuts: then the qubits on one
side hold the span of two states, which is taken to one of them (:mod:`.isometry`), and what is left is a state of fewer
qubits. Such sets of qubits lie within each other, so spans are taken apart from the inside, as a tree tensor network of
bond dimension 2. What has no such structure goes by a rotated ladder, or by a cascade.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics import isometry, parities
from qsac.numerics.disentangling import (
    Complex,
    Flip,
    Gate,
    Rotated,
    Step,
    Turn,
    Unload,
    after,
    to_zero,
)
from qsac.numerics.ladder_orders import generic_gates
from qsac.numerics.ladder_solving import solve_rows
from qsac.numerics.plan import occupied_columns, planned_gates
from qsac.numerics.product_structure import EXACT, factors_of, made_real
from qsac.numerics.rotated_ladder import RotatedLadder

LADDER_QUBITS = 6
"""Most qubits of a state for which a rotated ladder is solved here; it takes seconds from there on."""

_ALL_CUTS = 8
"""Most qubits of a state of which all sets are looked at; of more, those that follow each other."""

_MOST_SETS = 64
"""Most sets of rank 2 that are looked at: where there are more, as in states that no exchange of qubits changes, those
of qubits that follow each other do as well."""

_MOST = 14
"""Most qubits of a state whose Schmidt ranks are looked at."""


class Disentangled(NamedTuple):
    """What takes a state to zero, up to its phase, and how many two-qubit gates that is."""

    gates: int
    steps: list[Step]


def disentangled(row: NDArray[Any]) -> Disentangled:
    """The steps for a state of unit norm, shape (2^n,), real or complex, in as few gates as its structure lets them be.

    Places are 0 .. n-1, the first one most significant. What is done is exact up to rounding.
    """
    return _taken_apart(np.asarray(row), tuple(range(len(row).bit_length() - 1)))


def _taken_apart(row: NDArray[Any], places: Sequence[int]) -> Disentangled:
    """As :func:`disentangled`, of qubits at other places."""
    if len(places) == 1:
        return Disentangled(0, [Turn(places[0], to_zero(row.astype(np.complex128)))])
    factors = factors_of(row[None])
    if factors is None:
        return _entangled(row, places)
    parts = [
        _taken_apart(rows[0], [places[place] for place in part])
        for part, rows in zip(factors.parts, factors.rows, strict=True)
    ]
    return Disentangled(sum(part.gates for part in parts), [step for part in parts for step in part.steps])


def _entangled(row: NDArray[Any], places: Sequence[int]) -> Disentangled:
    """Of a state that is no product: the best of what there is; one gate less than qubits is the fewest possible."""
    best: Disentangled | None = None
    for way in (_by_spans, _by_parity):
        found = way(row, places)
        if found is not None and (best is None or found.gates < best.gates):
            best = found
        if best is not None and best.gates == len(places) - 1:
            return best
    whole = _as_a_whole(row, places)
    return whole if best is None or whole.gates < best.gates else best


def _by_parity(row: NDArray[Any], places: Sequence[int]) -> Disentangled | None:
    """One qubit cleared by a fixed parity, and the others."""
    state: Complex = row.reshape((2,) * len(places)).astype(np.complex128)
    parity = parities.fewest(state)
    if parity is None:
        return None
    last, *others = reversed(parity.places)
    flips = [Flip(last, other) if parity.flips else Flip(other, last) for other in others]
    for flip in flips:
        state = after(state, flip)
    rest = _taken_apart(state.reshape(-1), places)
    return Disentangled(len(flips) + rest.gates, [*(flip.at(places) for flip in flips), *rest.steps])


def _as_a_whole(row: NDArray[Any], places: Sequence[int]) -> Disentangled:
    """By a rotated ladder or a cascade, whichever takes fewer gates."""
    rows = made_real(row[None])
    gates = cascade_gates(rows)
    ladder = _rotated(row) if state_price(len(places)) < gates else None
    if ladder is not None and ladder.gates < gates:
        return Disentangled(ladder.gates, [Rotated(tuple(places), ladder)])
    return Disentangled(gates, [Unload(tuple(places), rows[0], occupied_columns(rows), gates)])


def _rotated(row: NDArray[Any]) -> RotatedLadder | None:
    """A rotated ladder for a state, where it has no more qubits than are solved for here."""
    if not 3 <= len(row).bit_length() - 1 <= LADDER_QUBITS:
        return None
    solved = solve_rows(row[None].astype(np.complex128))
    return None if solved is None else solved.ladder


def cascade_gates(rows: NDArray[Any]) -> int:
    """Two-qubit gates of a cascade for some rows."""
    size, real = rows.shape[1].bit_length() - 1, not np.iscomplexobj(rows)
    return planned_gates(len(rows), occupied_columns(rows), size, real=real)


def state_price(qubits: int) -> int:
    """Two-qubit gates of a generic state of so many qubits by a rotated ladder."""
    return generic_gates(1, qubits, exact=False)


def _by_spans(row: NDArray[Any], places: Sequence[int]) -> Disentangled | None:
    """From the inside: each set of rank 2 that pays is brought to one qubit."""
    if not 3 <= len(places) <= _MOST:
        return None
    state = row.reshape((2,) * len(places)).astype(np.complex128)
    tree = _Tree(state)
    pieces = tree.best()
    if pieces is None:
        return None
    steps: list[Gate] = []
    kept = []
    for piece in pieces:
        state, place = tree.brought(piece, state, steps)
        kept.append(place)
    core = state[tuple(slice(None) if place in kept else 0 for place in range(state.ndim))]
    rest = _taken_apart(core.reshape(-1), [places[place] for place in sorted(kept)])
    gates = sum(step.gates for step in steps) + rest.gates
    return Disentangled(gates, [*(step.at(places) for step in steps), *rest.steps])


class _Best(NamedTuple):
    """The fewest gates for a set of qubits in some number of pieces, and the first of the pieces."""

    gates: int
    first: int


class _Tree:
    """The sets of qubits over which a state has Schmidt rank 2, as bit masks (bit n - 1 - place), and the fewest gates
    that bring each to one qubit: in pieces, which are such sets or single qubits, and the span of the pieces' qubits
    then."""

    def __init__(self, state: Complex) -> None:
        self._qubits = state.ndim
        self._state = state
        self._in_rows = self._qubits > _ALL_CUTS
        self._spans = self._of_rank_two()
        if len(self._spans) > _MOST_SETS and not self._in_rows:
            self._in_rows = True
            self._spans = {mask: self._spans[mask] for mask in self._sets() if mask in self._spans}
        self._sums: dict[int, dict[int, _Best]] = {0: {0: _Best(0, 0)}}
        self._gates: dict[int, int] = {}
        self._pieces: dict[int, tuple[int, ...]] = {}
        for mask in sorted(self._domain(), key=lambda mask: (mask.bit_count(), mask)):
            self._settle(mask)

    def best(self) -> tuple[int, ...] | None:
        """The pieces of the whole state in which it takes the fewest gates, not more than without; None where there are
        none."""
        whole = self._sums[(1 << self._qubits) - 1]
        totals = {count: sums.gates + state_price(count) for count, sums in whole.items() if 1 < count < self._qubits}
        count = min(totals, key=lambda count: (totals[count], count), default=0)
        if not count or totals[count] > state_price(self._qubits):
            return None
        return self._listed((1 << self._qubits) - 1, count)

    def brought(self, mask: int, state: Complex, steps: list[Gate]) -> tuple[Complex, int]:
        """The state after a piece is brought to one qubit, and its place; the steps are added."""
        if mask.bit_count() == 1:
            return state, self._places(mask)[0]
        kept = []
        for piece in self._pieces[mask]:
            state, place = self.brought(piece, state, steps)
            kept.append(place)
        others = [place for place in range(self._qubits) if place not in self._places(mask)]
        cleared = [place for place in self._places(mask) if place not in kept]
        axes = (*kept, *others, *cleared)
        matrix = state.transpose(axes).reshape(1 << len(kept), 1 << len(others), -1)[..., 0]
        found = isometry.cleared(_span_of(matrix)[0], kept)
        for step in found.steps:
            state = after(state, step)
        steps += found.steps
        return state, found.kept

    def _of_rank_two(self) -> dict[int, Complex]:
        return {mask: span for mask in self._sets() if (span := self._span(mask)) is not None}

    def _sets(self) -> Iterator[int]:
        """The sets that may be pieces: of two qubits and more, and not all."""
        return (mask for mask in self._domain() if 2 <= mask.bit_count() < self._qubits)

    def _domain(self) -> Iterator[int]:
        if not self._in_rows:
            yield from range(1, 1 << self._qubits)
            return
        for first in range(self._qubits):
            for last in range(first + 1, self._qubits + 1):
                yield (1 << last) - (1 << first)

    def _places(self, mask: int) -> tuple[int, ...]:
        return tuple(place for place in range(self._qubits) if mask >> (self._qubits - 1 - place) & 1)

    def _span(self, mask: int) -> Complex | None:
        places = self._places(mask)
        others = [place for place in range(self._qubits) if place not in places]
        span, rest = _span_of(self._state.transpose(*places, *others).reshape(1 << len(places), -1))
        return span if rest <= EXACT else None

    def _settle(self, mask: int) -> None:
        """The fewest gates of a set, in any number of pieces and in one."""
        sums: dict[int, _Best] = {}
        highest = 1 << (mask.bit_length() - 1)
        for first in self._within(mask, highest):
            own = self._gates.get(first)
            if own is None:
                continue
            for count, rest in self._sums.get(mask ^ first, {}).items():
                if count + 1 not in sums or own + rest.gates < sums[count + 1].gates:
                    sums[count + 1] = _Best(own + rest.gates, first)
        self._sums[mask] = sums
        if mask == highest:
            self._gates[mask] = 0
            sums[1] = _Best(0, mask)
        elif mask in self._spans:
            gates, pieces = min(self._ways(mask, highest), key=lambda way: (way[0], len(way[1])))
            self._gates[mask], self._pieces[mask] = gates, pieces
            sums[1] = _Best(gates, mask)

    def _within(self, mask: int, highest: int) -> Iterator[int]:
        """The parts of a set, but not all of it, that have its highest bit."""
        if self._in_rows:
            for first in range(highest.bit_length()):
                part = mask >> first << first
                if part and part != mask and part == mask & ~((1 << first) - 1):
                    yield part
            return
        rest = part = mask ^ highest
        while part:
            part = (part - 1) & rest
            yield part | highest

    def _ways(self, mask: int, highest: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        for count, sums in self._sums[mask].items():
            if count > 2:
                yield sums.gates + isometry.price(count), self._listed(mask, count)
        for first in self._within(mask, highest):
            second = mask ^ first
            if first in self._gates and second in self._gates:
                gates = self._gates[first] + self._gates[second]
                one = isometry.price(2) - self._takes_one(mask, first, second)
                yield gates + one, (first, second)

    def _takes_one(self, mask: int, first: int, second: int) -> bool:
        """Whether the span of a set in two pieces takes one gate, whatever the bases of the pieces."""
        places = self._places(mask)
        axes = [places.index(place) for piece in (first, second) for place in self._places(piece)]
        span = self._spans[mask].reshape((2,) * len(places) + (2,)).transpose(*axes, len(places))
        one, other = (self._spans.get(piece, np.eye(2)).conj() for piece in (first, second))
        half = np.einsum("ai,abc->ibc", one, span.reshape(len(one), len(other), 2))
        pair = np.einsum("bj,ibc->ijc", other, half).reshape(4, 2)
        return any(isometry.controlled(pair, control) is not None for control in (0, 1))

    def _listed(self, mask: int, count: int) -> tuple[int, ...]:
        """The pieces of a set in so many."""
        found = []
        while count > 1:
            first = self._sums[mask][count].first
            found.append(first)
            mask, count = mask ^ first, count - 1
        return (*found, mask)


def _span_of(matrix: Complex) -> tuple[Complex, float]:
    """Orthonormal columns, shape (rows, 2), of the span of a matrix that is not zero, as far as two columns reach (by
    complete pivoting), and the largest entry that is left."""
    rest = matrix
    columns: list[Complex] = []
    for _ in range(2):
        row, column = np.unravel_index(np.argmax(np.abs(rest)), rest.shape)
        if columns and abs(rest[row, column]) <= EXACT:
            break
        columns.append(rest[:, column])
        rest = rest - rest[:, column : column + 1] * (rest[row] / rest[row, column])
    return _orthonormal(columns, len(matrix)), float(np.abs(rest).max())


def _orthonormal(columns: Sequence[Complex], size: int) -> Complex:
    """Two orthonormal columns whose span has the given one or two."""
    basis = np.zeros((size, 2), dtype=np.complex128)
    basis[:, 0] = columns[0] / np.sqrt(np.sum(np.abs(columns[0]) ** 2))
    second = columns[1] if len(columns) > 1 else np.eye(size)[int(np.argmin(np.abs(columns[0])))]
    for _ in range(2):
        second = second / np.sqrt(np.sum(np.abs(second) ** 2))
        second = second - basis[:, 0] * np.sum(basis[:, 0].conj() * second)
    basis[:, 1] = second / np.sqrt(np.sum(np.abs(second) ** 2))
    return basis
