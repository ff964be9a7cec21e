"""Products of amplitudes, entry by entry: a register un-loaded by the basis state that another one is in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope


@dataclass(frozen=True)
class Multiply(Op):
    """Where every ``when`` qubit is 1, take the basis state that ``by`` is in out of ``data``: y becomes y xor x.

    ``data`` is projected on zero next. What is left of sum_x a_x |x> on ``by`` and sum_y b_y |y> on ``data`` is then
    sum_x a_x b_x |x>: amplitudes are multiplied entry by entry (Construction, section 10). It is the inverse load of
    ``data`` from the identity table, by ``by``; only what the projection keeps is part of the meaning. With
    ``adjoint_copy`` it is the load: fresh ``data`` is brought into the basis state that ``by`` is in.
    """

    name: ClassVar[str] = "multiply"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "multiplication of"

    data: str
    by: str
    when: tuple[str, ...] = ()
    adjoint_copy: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.data,)

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return (*self.when, self.by)

    @property
    def requires_zero(self) -> tuple[str, ...]:
        return (self.data,) if self.adjoint_copy else ()

    @property
    def leaves_zero_on(self) -> tuple[str, ...]:
        return () if self.adjoint_copy else (self.data,)

    @property
    def inverse(self) -> bool:
        return self.adjoint_copy

    def check(self, scope: Scope) -> str | None:
        if any(scope.sizes[name] != 1 for name in self.when):
            return "a 'when' register has one qubit"
        if scope.sizes[self.data] != scope.sizes[self.by]:
            return f"registers {self.data!r} and {self.by!r} differ in size"
        return None

    def adjoint(self) -> Self:
        return replace(self, adjoint_copy=not self.adjoint_copy)

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        dimension = 1 << scope.sizes[self.by]
        matrices = np.tile(np.eye(dimension, dtype=np.complex128), (scope.dimension(self.controlled_by), 1, 1))
        taken, entry = np.indices((dimension, dimension))
        matrices[-dimension:] = 0.0
        matrices[taken - dimension, entry ^ taken, entry] = 1.0
        return matrices
