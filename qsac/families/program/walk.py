"""The walk that all of these programs take: load one state, undo the load of another one.

U = B^dag L with L|i>|0> = |i>|x_i> and B|0> = |q>: a block encoding of the scores <q|x_i>, with both projectors on |0>
of the data. Loads are barriers: the key's loader depends on keys alone and the query's on the query alone
(docs/programs.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi
from typing import Literal

from qsac.ir.attention import LoadWhole, PhaseRow, PhaseState
from qsac.ir.op import Op

REFLECTION = pi / 2
"""The angle with which exp(i angle (2 Pi - 1)) is a reflection, 2 Pi - 1, up to a global phase."""


@dataclass(frozen=True)
class Walk:
    """On ``data``, the table ``keys`` loaded by the registers ``index``, and a row of the table ``query`` uncomputed;
    ``key_origin`` and ``query_origin`` are the fields that they are from. ``rows``: the registers that choose among
    several rows of ``query``. ``completion``: that of the keys' loads."""

    data: str
    index: tuple[str, ...]
    keys: str
    query: str
    key_origin: str
    query_origin: str
    rows: tuple[str, ...] = ()
    completion: Literal["any", "ladder"] = "any"

    def turned(self, angle: float, *, bell: bool) -> tuple[Op, ...]:
        """U, exp(i angle (2 |0><0| - 1)) and the adjoint of U, which is L, that phase on |q>, and L^dag.

        With ``bell``, for keys of real entries on two qubits, L ends in the Bell basis that its ladder is in: there the
        phase on |q> is three gates, in place of three and two more for the way out of the basis and back.
        """
        if bell:
            middle = PhaseRow(self.data, self.query, angle, origin=self.query_origin, barrier=True)
            return (
                replace(self._load(inverse=False, key=True), bell=True),
                middle,
                replace(self._load(inverse=True, key=True), bell=True),
            )
        phase = PhaseState((self.data,), angle, origin="/program/oracle")
        return (*self.use(), phase, *self.use(adjoint=True))

    def use(self, *, adjoint: bool = False) -> tuple[Op, ...]:
        """U, or its adjoint."""
        loads = (self._load(inverse=False, key=True), self._load(inverse=True, key=False))
        if not adjoint:
            return loads
        return (self._load(inverse=False, key=False), self._load(inverse=True, key=True))

    def _load(self, *, inverse: bool, key: bool) -> LoadWhole:
        table = self.keys if key else self.query
        return LoadWhole(
            self.data,
            self.index if key else self.rows,
            table,
            inverse=inverse,
            origin=self.key_origin if key else self.query_origin,
            barrier=True,
            completion=self.completion if key else "any",
        )
