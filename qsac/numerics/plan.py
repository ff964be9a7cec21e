"""How a token loader is laid out level by level: which gates, on which controls, for how many rows.

Lowering builds what is planned here, and the cost formulas count it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

REPEATED = 1e-13
"""Rows that differ by less in every entry are one."""

LevelKind = Literal["gate", "bell", "rotation"]


@dataclass(frozen=True)
class Level:
    """One uncomputed data qubit ``place``, of all that hold something other than zero.

    ``gate``: a uniformly controlled gate on it; ``rotation``: a multiplexed RY on it; ``bell``: a uniformly controlled
    gate on the qubit before it, in the Bell basis of both. The gates depend on the control value and on the last
    ``prefix_bits`` data qubits before the pair or qubit that is acted on, of whose values the first ``prefixes`` occur;
    the others are zero. Ladders take any number of first rows, so the controls come first (``prefix_first`` false) or
    last, whichever leaves fewer ``rows``.
    """

    kind: LevelKind
    place: int
    prefixes: int
    prefix_first: bool
    rows: int

    @property
    def prefix_bits(self) -> int:
        return (self.prefixes - 1).bit_length()

    @property
    def acted_on(self) -> int:
        """The data qubit that the gate is on."""
        return self.place - 1 if self.kind == "bell" else self.place

    @property
    def left(self) -> int:
        """How many amplitudes are left of a row."""
        return 2 * self.prefixes if self.kind == "bell" else self.prefixes

    @property
    def gates(self) -> int:
        """Two-qubit gates: one between each two rows, two for the Bell basis."""
        return self.rows - 1 + 2 * (self.kind == "bell")


def plan(rows: int, columns: int, size: int, *, real: bool) -> Iterator[Level]:
    """Levels, last data qubit first, that uncompute ``rows`` rows of ``size`` qubits whose first ``columns`` entries
    are all that may differ from zero. A real row has a sign, which the first level takes away."""
    for place in reversed(range(size)):
        if columns == 1 and not (real and place == size - 1):
            return
        kinds: list[LevelKind] = ["rotation", "bell"] if real else ["gate"]
        levels = [_level(kind, place, rows, columns) for kind in kinds if kind != "bell" or place]
        best = min(levels, key=lambda level: level.gates)
        yield best
        columns = best.left


def _level(kind: LevelKind, place: int, rows: int, columns: int) -> Level:
    prefixes = -(-columns // (4 if kind == "bell" else 2))
    controls, bits = (rows - 1).bit_length(), (prefixes - 1).bit_length()
    last = ((rows - 1) << bits) + prefixes
    first = ((prefixes - 1) << controls) + rows
    return Level(kind, place, prefixes, first < last or (first == last and kind != "gate"), min(first, last))


def planned_gates(rows: int, columns: int, size: int, *, real: bool) -> int:
    """Two-qubit gates of all levels of :func:`plan`."""
    return sum(level.gates for level in plan(rows, columns, size, real=real))


def occupied_columns(rows: NDArray[Any]) -> int:
    """One more than the last column in which any of the rows, shape (rows, columns), differs from zero; at least 1."""
    used = np.flatnonzero(np.any(rows, axis=0))
    return int(used[-1]) + 1 if len(used) else 1


def in_order(rows: NDArray[Any], order: Sequence[int]) -> NDArray[Any]:
    """Rows, shape (rows, 2^n), of the same states with the qubits in another order, given by their places (empty: in
    the usual one)."""
    if not order:
        return rows
    split = rows.reshape(len(rows), *(2,) * len(order))
    return np.ascontiguousarray(split.transpose(0, *(1 + place for place in order)).reshape(len(rows), -1))


def columns_in_order(columns: int, order: Sequence[int]) -> int:
    """How many of the first entries may differ from zero after :func:`in_order`, where before it ``columns`` may."""
    if not order:
        return columns
    places = in_order(np.arange(1 << len(order))[None], order)[0]
    return int(np.flatnonzero(places < columns)[-1]) + 1


def controlled_rows(rows: NDArray[Any], branches: int) -> NDArray[Any]:
    """The row to load for every value of (index, gates) up to the last one that has a row, shape (controls, d).

    ``rows`` are those of the index; of the ``branches`` values of the gates the last one loads, on the others the
    loader is to do nothing: |0...0>. The gates come after the index, so that a ladder for the first rows leaves out
    the tokens that a table does not have.
    """
    full = np.zeros((len(rows), branches, rows.shape[1]), dtype=rows.dtype)
    full[:, :, 0] = 1.0
    full[:, -1] = rows
    return full.reshape(-1, rows.shape[1])


def repetition(rows: NDArray[Any]) -> tuple[tuple[int, ...], NDArray[np.intp]]:
    """The places of the control bits (the first most significant) that the rows depend on, and for each value of those
    up to the last one that occurs, which row it has, -1 where it does not occur.

    Rows that repeat with a power of two as their period do not depend on the bits above it. The rows for control values
    after the last one are open, so they never speak against it.
    """
    bits = (len(rows) - 1).bit_length()
    picked = np.full(1 << bits, -1)
    picked[: len(rows)] = np.arange(len(rows))
    values = np.zeros((1 << bits, rows.shape[1]), dtype=rows.dtype)
    values[: len(rows)] = rows
    kept: list[int] = []
    for bit in range(bits):
        shape = (1 << len(kept), 2, -1)
        places = picked.reshape(shape)
        both = (places >= 0).all(axis=1)
        compared = values.reshape(*shape, rows.shape[1])
        if np.any(np.abs(compared[:, 0] - compared[:, 1])[both] > REPEATED):
            kept.append(bit)
        else:
            first = places[:, 0] >= 0
            values = np.where(first[..., None], compared[:, 0], compared[:, 1]).reshape(-1, rows.shape[1])
            picked = np.where(first, places[:, 0], places[:, 1]).reshape(-1)
    last = int(np.flatnonzero(picked >= 0)[-1]) + 1
    return tuple(kept), picked[:last]


def reduced_values(count: int, kept: Sequence[int]) -> NDArray[np.intp]:
    """For each of the first ``count`` control values the value of the bits ``kept`` of :func:`repetition`, shape
    (count,): which of the rows for those it has."""
    bits = (count - 1).bit_length()
    values, reduced = np.arange(count), np.zeros(count, dtype=np.intp)
    for bit in kept:
        reduced = 2 * reduced + (values >> (bits - 1 - bit) & 1)
    return reduced


def picked_rows(rows: NDArray[Any], picked: NDArray[np.intp]) -> NDArray[Any]:
    """The rows of :func:`repetition`'s places, |0...0> where none occurs."""
    taken = rows[picked]
    taken[picked < 0] = 0
    taken[picked < 0, 0] = 1.0
    return taken


def without_repetition(rows: NDArray[Any]) -> tuple[tuple[int, ...], NDArray[Any]]:
    """The places of the control bits that the rows depend on, as :func:`repetition` says, and the rows for those."""
    kept, picked = repetition(rows)
    return kept, picked_rows(rows, picked)


def pruned_controls(
    level: int, bits: int, cutoffs: Sequence[int], rows: int, *, real: bool
) -> tuple[bool, tuple[int, ...]]:
    """Whether a pruned loader's level is a gate in a Bell basis, and which controls it looks at.

    The controls are places among the ``bits`` index qubits and then the data qubits; ``cutoffs`` says for each how many
    levels look at it (see :mod:`qsac.lowering.pruned`).
    """
    before = max(level - 1, 0) if real else level
    controls = tuple(place for place in range(bits + before) if cutoffs[place] > level)
    if not real:
        return False, controls
    count = pruned_row_count(rows, bits, controls)
    if level and count + 1 < 2 * count - 1:
        return True, controls
    return False, (*controls, bits + level - 1) if level else controls


def pruned_row_count(rows: int, bits: int, controls: tuple[int, ...]) -> int:
    """How many values the controls have for the first ``rows`` values of the index: the first ones."""
    kept = [place for place in controls if place < bits]
    last = rows - 1
    # The largest value: that of the last index, or of one before it, which has a zero where the last has a one that
    # nobody looks at, and ones from there on.
    candidates = [last] + [
        (last >> place << place) - 1 for place in range(bits) if last >> place & 1 and bits - 1 - place not in kept
    ]
    seen = [
        sum((value >> (bits - 1 - place) & 1) << at for at, place in enumerate(reversed(kept))) for value in candidates
    ]
    return (max(seen) + 1) << (len(controls) - len(kept))
