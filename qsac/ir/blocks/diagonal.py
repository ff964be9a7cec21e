"""Diagonal unitaries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope, sources_of
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table


@dataclass(frozen=True)
class Diagonal(Op):
    """Multiply |x> of ``qubits`` (the first most significant) by exp(i phases[x]); phases in radians.

    Its qubits are controls: it commutes with every op that only controls on them. ``through`` names a clean ancilla
    that may be used to compute it: its phases are then applied to parities collected there. Whether that helps is
    decided once the placement on a device is known.
    """

    name: ClassVar[str] = "diagonal"
    level: ClassVar[Level] = "block"

    qubits: tuple[str, ...]
    phases: Table
    through: str = ""

    @property
    def ancillas(self) -> tuple[str, ...]:
        return (self.through,) if self.through else ()

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.qubits

    def check(self, scope: Scope) -> str | None:
        if self.phases.shape != (1 << len(self.qubits),) or not self.phases.real:
            return f"{len(self.qubits)} qubits take {1 << len(self.qubits)} real phases"
        if self.through and len(self.qubits) < 2:
            return "the phases of one qubit go through no other"
        return None

    def adjoint(self) -> Self:
        return replace(self, phases=self.phases.negated())

    def joined(self, other: Diagonal) -> Diagonal:
        """Both as one, where the qubits of one of them are among the other's; phases from -pi to below pi."""
        wide = self if len(self.qubits) >= len(other.qubits) else other
        slots, sources = (*self.slots, *other.slots), sources_of(self, other)
        if not (self.phases.known and other.phases.known):
            outline = ShapedTable((1 << len(wide.qubits),), real=True)
            return replace(self, qubits=wide.qubits, phases=outline, slots=slots, sources=sources)
        phases = self.phases.values[self.places(wide.qubits)] + other.phases.values[other.places(wide.qubits)]
        return replace(
            self,
            qubits=wide.qubits,
            phases=Table(np.remainder(phases + np.pi, 2 * np.pi) - np.pi),
            slots=slots,
            sources=sources,
        )

    def places(self, qubits: tuple[str, ...]) -> NDArray[np.intp]:
        """Which of its values each value of ``qubits`` has, which contain its own."""
        own = [qubits.index(qubit) for qubit in self.qubits]
        values = np.arange(1 << len(qubits), dtype=np.intp)
        places = np.zeros_like(values)
        for place in own:
            places = 2 * places + (values >> (len(qubits) - 1 - place) & 1)
        return places

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        return np.exp(1j * self.phases.values).reshape(-1, 1, 1)
