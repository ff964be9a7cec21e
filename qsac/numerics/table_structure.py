"""How the rows of a table are loaded by their structure: a single row as :mod:`.single_states` says, several as
products over sets of qubits that all of them share, each set with the rows, and by the control bits, that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.plan import REPEATED, in_order, occupied_columns, picked_rows, reduced_values, repetition
from qsac.numerics.product_structure import factors_of, made_real
from qsac.numerics.single_states import Disentangled, cascade_gates, disentangled

Real = NDArray[np.float64]


class Part(NamedTuple):
    """A set of qubits: their places, in the order in which they are loaded; the control bits that their state depends
    on, by position, and the rows for those, shape (rows, 2^k). A single row has steps, others go by a cascade.

    ``row_of`` says for each control value which of the rows it has.
    """

    places: tuple[int, ...]
    kept: tuple[int, ...]
    rows: NDArray[Any]
    row_of: NDArray[np.intp]
    single: Disentangled | None

    @property
    def gates(self) -> int:
        return self.single.gates if self.single else cascade_gates(self.rows)

    @property
    def columns(self) -> int:
        """How many of the first entries may differ from zero."""
        return occupied_columns(self.rows)


class TableStructure(NamedTuple):
    """Parts of all qubits; row c is the product of theirs, times exp(i ``phases[c]``)."""

    parts: tuple[Part, ...]
    phases: Real

    @property
    def gates(self) -> int:
        """Two-qubit gates, without a diagonal on the controls."""
        return sum(part.gates for part in self.parts)

    @property
    def diagonal(self) -> bool:
        """Whether a diagonal on the controls is left: by cascades of complex rows, or by the phases."""
        by_cascade = any(part.single is None and np.iscomplexobj(part.rows) for part in self.parts)
        return by_cascade or bool(np.ptp(np.exp(1j * self.phases)) > REPEATED)


def structure_of(rows: NDArray[Any], order: Sequence[int] = ()) -> TableStructure | None:
    """The structure of unit rows for all control values up to the last one that has one, shape (C, 2^n); None where
    there is none, several rows being no product.

    ``order`` lists the qubits in the order in which they are loaded, if it is not the usual one.
    """
    qubits = rows.shape[1].bit_length() - 1
    if len(rows) == 1:
        part = Part(tuple(range(qubits)), (), rows, np.zeros(1, dtype=np.intp), disentangled(rows[0]))
        return TableStructure((part,), np.zeros(1))
    factors = factors_of(rows)
    if factors is None:
        return None
    by_part = [made_real(some) for some in factors.rows]
    phases = factors.phases
    if not np.iscomplexobj(rows):
        # A cascade loads real rows with their signs: these go into one of the parts.
        signs = np.where(np.abs(phases) > np.pi / 2, -1.0, 1.0)
        if np.ptp(signs):
            largest = max(range(len(by_part)), key=lambda at: (len(repetition(by_part[at])[0]), len(factors.parts[at])))
            by_part[largest] = by_part[largest] * signs[:, None]
        phases = np.zeros(len(rows))
    placed = [_in_order(part, some, order) for part, some in zip(factors.parts, by_part, strict=True)]
    return TableStructure(tuple(_part(places, some) for places, some in placed), phases)


def _in_order(part: Sequence[int], rows: NDArray[Any], order: Sequence[int]) -> tuple[tuple[int, ...], NDArray[Any]]:
    """A part's places in the order of loading, and its rows so."""
    places = sorted(part, key=order.index) if order else list(part)
    return tuple(places), in_order(rows, [part.index(place) for place in places])


def _part(places: tuple[int, ...], rows: NDArray[Any]) -> Part:
    kept, picked = repetition(rows)
    few = picked_rows(rows, picked)
    return Part(places, kept, few, reduced_values(len(rows), kept), None if kept else disentangled(few[0]))
