"""Parts of circuits that are counted by a formula: nothing builds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from qsac.families.contract import Model, Sizes
from qsac.ir.program import Program
from qsac.native.circuit import GateFamily


class PartlyCounted(NamedTuple):
    """One circuit: the ``program`` of all that is built, how often the part is used, and the two-qubit gates of a use
    by the family of gates."""

    program: Program
    uses: int
    gates: Mapping[GateFamily, int]


@dataclass(frozen=True)
class Formula:
    """``part``: what is counted, and in how many ``bits``; ``circuits``: those of the plan; ``ancillas``: the qubits
    that the part takes besides. ``reason``: a sentence. ``beside``: a model like this one with another part in its
    place; ``other`` what that is, ``once`` the program of one of its uses, and ``rest`` the same without it."""

    part: str
    bits: int
    circuits: tuple[PartlyCounted, ...]
    ancillas: int
    reason: str
    beside: Model
    other: str
    once: Program
    rest: Program


@runtime_checkable
class CountedByFormula(Protocol):
    """What a family offers some of whose models have parts without circuits, and a formula for them. No family has
    to."""

    def formula(self, model: Any, sizes: Sizes) -> Formula | None:
        """That of a model like this one of these sizes; None where all of it has circuits. Raises
        :class:`~qsac.errors.InvalidInputError` where the formula does not hold."""
