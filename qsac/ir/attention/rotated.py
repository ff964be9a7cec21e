"""Token loaders whose controls are rotated between their entangling gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention.loader import Loader
from qsac.ir.attention.tokens import check_exact
from qsac.ir.op import Data, Level, Scope, check_data, spoken
from qsac.ir.table import Table
from qsac.numerics.rotated_ladder import RotatedLadder

NONE = Table([])
"""No phases."""


@dataclass(frozen=True)
class LoadRotated(Loader):
    """For ``index`` = i, prepare on ``data`` the state that a rotated ladder makes of |0...0> (Construction, section
    13), times a phase.

    The ladder acts on the last of ``data``'s qubits, as many as ``last`` has numbers. ``places`` names the partner of
    each of its entangling gates, in time order: a data qubit 0 .. n-2 by its place in the ladder, or the qubit c of the
    index as n-1+c. ``toggled`` names the data qubit that each acts on, one behind its partner; none: all act on the
    last. ``table``, shape (gates, 2), holds theta and phi of its one-qubit gates, in radians and in time order: one on
    each data qubit, then after each entangling gate one on the qubit it acts on and, where the partner is a data qubit,
    one on that. ``last`` are the angles of an Rz on each data qubit at the end. See
    :class:`~qsac.numerics.rotated_ladder.RotatedLadder`.

    The phase is the sum of ``turns``, one number for each qubit of the index, over those that are 1, and of
    ``phases``, one number for each i below their number; either may be empty. As with
    :class:`~qsac.ir.attention.LoadTokens`, only the first column of each unitary is part of the meaning.

    If the states approximate others, ``exact`` names the table of these, without the phase: one row for each of the
    first values of the index, in the basis of the ladder's states; additional columns of that table are left out.
    """

    name: ClassVar[str] = "load-rotated"
    level: ClassVar[Level] = "attention"

    data: Data
    index: tuple[str, ...]
    table: str
    places: tuple[int, ...]
    last: tuple[float, ...]
    turns: tuple[float, ...] = ()
    phases: Table = NONE
    inverse: bool = False
    toggled: tuple[int, ...] = ()
    exact: str = ""

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table, self.exact) if self.exact else (self.table,)

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.index

    @property
    def approximates(self) -> bool:
        return bool(self.exact)

    def check(self, scope: Scope) -> str | None:
        problem = check_data(self.data)
        if problem is not None:
            return problem
        bits, size = (scope.dimension(names).bit_length() - 1 for names in (self.index, self.targets))
        qubits = len(self.last)
        if not 1 <= qubits <= size:
            return f"{qubits} last angles are not one for each of some qubits of {spoken(self.data)}"
        if not all(0 <= place < qubits - 1 + bits for place in self.places):
            return f"a place is not from 0 to {qubits + bits - 2}: {qubits - 1} data qubits and {bits} of the index"
        if self.toggled and not self._are_targets(qubits):
            return "what is toggled is not a data qubit behind its partner, one for each place"
        gates = qubits + len(self.places) + sum(place < qubits - 1 for place in self.places)
        table = scope.tables[self.table]
        if table.shape != (gates, 2) or not table.real:
            return f"table {self.table!r} of shape {table.shape} does not have the angles of {gates} one-qubit gates"
        if len(self.turns) not in (0, bits):
            return f"{bits} index qubits take {bits} turns, or none"
        if not np.isfinite([*self.turns, *self.last]).all():
            return "an angle is not finite"
        return self._check_phases(bits) or self._check_exact(scope)

    def _are_targets(self, qubits: int) -> bool:
        """Whether each entangling gate has a data qubit to act on, behind its partner if that is one."""
        if len(self.toggled) != len(self.places):
            return False
        pairs = zip(self.places, self.toggled, strict=True)
        return all(0 <= target < qubits and (place < target or place >= qubits - 1) for place, target in pairs)

    def _check_phases(self, bits: int) -> str | None:
        if len(self.phases.shape) != 1 or not self.phases.real:
            return "phases are not a list of real numbers"
        if self.phases.shape[0] > 1 << bits:
            return f"{self.phases.shape[0]} phases do not fit {bits} index qubits"
        return None

    def _check_exact(self, scope: Scope) -> str | None:
        if not self.exact:
            return None
        if not isinstance(self.data, str):
            return "rows that approximate others are loaded on one register"
        rows = len(scope.tables[self.exact].values)
        if not 1 <= rows <= scope.dimension(self.index):
            return f"table {self.exact!r} has {rows} rows, the index has {scope.dimension(self.index)} values"
        return check_exact(self.table, self.exact, scope, shape=(rows, scope.dimension(self.targets)))

    def ladder(self, scope: Scope) -> RotatedLadder:
        """The ladder, on as many controls as the index has qubits."""
        theta, phi = scope.tables[self.table].values.T
        controls = scope.dimension(self.index).bit_length() - 1
        return RotatedLadder(len(self.last), controls, self.places, theta, phi, np.array(self.last), self.toggled)

    def loaded(self, scope: Scope) -> NDArray[np.complex128]:
        values = scope.dimension(self.index)
        rows = np.zeros((values, scope.dimension(self.targets)), dtype=np.complex128)
        states = self.ladder(scope).states(values)
        rows[:, : states.shape[1]] = states * np.exp(1j * self.angles(values))[:, None]
        return rows

    def intended(self, scope: Scope) -> NDArray[np.complex128]:
        loaded = self.loaded(scope)
        if not self.exact:
            return loaded
        exact = scope.tables[self.exact].values
        intended = np.pad(loaded, ((0, 0), (0, exact.shape[1] - loaded.shape[1])))
        intended[: len(exact)] = exact * np.exp(1j * self.angles(len(loaded)))[: len(exact), None]
        return intended

    def angles(self, values: int) -> NDArray[np.float64]:
        """The phase, in radians, for each value of an index of so many values; shape (values,)."""
        index = np.arange(values)
        angles = np.zeros(values)
        angles[: self.phases.shape[0]] = self.phases.values
        for bit, turn in enumerate(reversed(self.turns)):
            angles += turn * (index >> bit & 1)
        return angles
