"""Projections: post-selection as part of the language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention.degree import check_unary, unary_state
from qsac.ir.op import Level, Op, Scope

ProjectedState = Literal["zero", "uniform", "unary"]


@dataclass(frozen=True)
class Project(Op):
    """Release ``registers`` by projecting them on a state; readouts say which projections must succeed.

    ``zero``: |0...0>. ``uniform``: sum over i < ``length`` of |i> / sqrt(length), on one register. ``unary``:
    sum_p ``amplitudes``[p] |1^p 0^(k-p)> on k one-qubit registers.
    """

    name: ClassVar[str] = "project"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "projection of"

    registers: tuple[str, ...]
    state: ProjectedState = "zero"
    length: int = 0
    amplitudes: tuple[float, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        return self.registers

    @property
    def releases(self) -> tuple[str, ...]:
        return self.registers

    @property
    def outcomes(self) -> tuple[str, ...]:
        return self.registers

    def check(self, scope: Scope) -> str | None:
        if not self.registers:
            return "it projects no register"
        if self.state == "zero":
            return None
        if self.state == "unary":
            return check_unary(self.registers, self.amplitudes, scope)
        if self.state != "uniform":
            return f"state {self.state!r} is none of 'zero', 'uniform', 'unary'"
        size = scope.sizes[self.registers[0]]
        if len(self.registers) != 1 or not 1 << (size - 1) < self.length <= 1 << size:
            return f"a uniform state of length {self.length} does not need exactly one register of {size} qubits"
        return None

    def projected(self, scope: Scope) -> NDArray[Any]:
        if self.state == "unary":
            return unary_state(self.amplitudes)
        vector = np.zeros(scope.dimension(self.registers))
        if self.state == "zero":
            vector[0] = 1.0
        else:
            vector[: self.length] = 1 / np.sqrt(self.length)
        return vector
