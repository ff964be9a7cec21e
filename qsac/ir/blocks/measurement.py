"""Measurement and reset of a qubit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope


@dataclass(frozen=True)
class Measure(Op):
    """Measure ``qubit`` into the bit ``register``[``index``] and release it. In the program's semantics it projects on
    0, because every readout requires 0; or, where the outcome is ``ignored``, the qubit is traced out."""

    name: ClassVar[str] = "measure"
    level: ClassVar[Level] = "block"

    qubit: str
    register: str
    index: int
    ignored: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.qubit,)

    @property
    def releases(self) -> tuple[str, ...]:
        return (self.qubit,)

    @property
    def outcomes(self) -> tuple[str, ...]:
        return () if self.ignored else (f"{self.register}[{self.index}]",)

    def check(self, scope: Scope) -> str | None:
        return f"there is no bit {self.index}" if self.index < 0 else None

    def projected(self, scope: Scope) -> NDArray[Any]:
        return np.array([1.0, 0.0])


@dataclass(frozen=True)
class Reset(Op):
    """Reallocate a measured ``qubit``, in state zero."""

    name: ClassVar[str] = "reset"
    level: ClassVar[Level] = "block"

    qubit: str

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.qubit,)

    @property
    def reallocates(self) -> tuple[str, ...]:
        return (self.qubit,)
