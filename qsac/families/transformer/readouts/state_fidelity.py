"""The readout of all positions at once: how far the model's states are from those that are wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from qsac.files.numbers import Numbers


@dataclass(frozen=True, eq=False)
class StateFidelity:
    """F = |sum_j <y_j|o_j>|^2 / (N sum_j |o_j|^2) for ``targets`` (N, d), rows y_j of length 1."""

    type: ClassVar[str] = "state-fidelity"

    targets: Numbers = field(repr=False)
