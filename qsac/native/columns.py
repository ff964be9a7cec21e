"""A growing list of native gates, as columns."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qsac.native.circuit import GATES, KIND
from qsac.native.provenance import Mask, Provenance

_SINGLE = 4096
"""So many single gates are kept as they came, before they are put into arrays, which take less memory."""


class Sink(Protocol):
    """What takes gates in program order, as :class:`Columns` does."""

    def __len__(self) -> int: ...

    def of(self, ops: Mask) -> None:
        """The gates that are taken from here on are of these ops."""
        ...

    def append(
        self, name: str, first: int, second: int = -1, angle: float = 0.0, phase: float = 0.0, open: int = 0
    ) -> None:
        """Take one gate."""
        ...

    def extend(
        self,
        kind: NDArray[Any],
        first: NDArray[Any],
        second: NDArray[Any],
        angles: NDArray[np.float64],
        open: NDArray[np.int8] | None = None,
    ) -> None:
        """Take a run of gates; one by one, unless a sink knows better."""
        for gate, one, other, (angle, phase) in zip(
            *(column.tolist() for column in (kind, first, second, angles)), strict=True
        ):
            self.append(GATES[gate].name, one, other, angle, phase)


class Columns:
    """Gates in program order: single ones are appended, runs of many are added as arrays.

    ``open`` says of each angle of a gate whether it differs between the bindings of a template: 1 for the first angle,
    2 for the second, 3 for both. Nothing may be concluded from such an angle.

    Gates are of the ops that :meth:`of` named last.
    """

    def __init__(self) -> None:
        self._open: list[tuple[int, NDArray[np.int8] | int]] = []
        self._parts: list[tuple[slice | NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]] = []
        self._single: list[tuple[int, int, int, int, float, float]] = []
        self._length = 0
        self._starts, self._ops = [0], [0]

    def __len__(self) -> int:
        return self._length

    def of(self, ops: Mask) -> None:
        """The gates that are added from here on are of these ops."""
        if ops != self._ops[-1]:
            self._starts.append(len(self))
            self._ops.append(ops)

    def append(
        self, name: str, first: int, second: int = -1, angle: float = 0.0, phase: float = 0.0, open: int = 0
    ) -> None:
        """Add one gate; angles in half-turns."""
        if open:
            self._open.append((self._length, open))
        self._single.append((self._length, KIND[name], first, second, angle, phase))
        self._length += 1
        if len(self._single) == _SINGLE:
            self._seal()

    def extend(
        self,
        kind: NDArray[Any],
        first: NDArray[Any],
        second: NDArray[Any],
        angles: NDArray[np.float64],
        open: NDArray[np.int8] | None = None,
    ) -> None:
        """Add a run of gates; ``angles`` of shape (gates, 2)."""
        if open is not None:
            self._open.append((self._length, open))
        self._parts.append((slice(self._length, self._length + len(kind)), kind, first, second, angles))
        self._length += len(kind)

    def open(self) -> NDArray[np.int8]:
        """Which angles of each gate are open, shape (gates,)."""
        marks = np.zeros(len(self), np.int8)
        for start, part in self._open:
            marks[start : start + np.size(part)] = part
        return marks

    def provenance(self) -> Provenance:
        """Which ops the gates so far are of."""
        return Provenance.of_runs(self._starts, self._ops, len(self))

    def _seal(self) -> None:
        """Keep the single gates as arrays: their places, and their columns."""
        if self._single:
            place, kind, first, second, angle, phase = map(np.array, zip(*self._single, strict=True))
            self._parts.append((place, kind, first, second, np.stack((angle, phase), axis=1)))
            self._single = []

    def arrays(self) -> tuple[NDArray[np.int8], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """The columns kind, first, second and angles of all gates so far."""
        self._seal()
        kind, angles = np.zeros(len(self), np.int8), np.zeros((len(self), 2))
        first, second = np.zeros(len(self), np.int32), np.zeros(len(self), np.int32)
        for place, *part in self._parts:
            kind[place], first[place], second[place], angles[place] = part
        return kind, first, second, angles
