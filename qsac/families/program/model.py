"""The validated, materialised model of a program."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from qsac.families import contract

if TYPE_CHECKING:
    from qsac.families.contract import Plan
    from qsac.families.program.feed_forward.network import FeedForward
    from qsac.families.program.layers.stack import Layers
    from qsac.families.program.linearised.dynamics import Linearised
    from qsac.families.program.search.rows import Search
    from qsac.families.program.search.top import TopSearch

    System: TypeAlias = Search | TopSearch | FeedForward | Layers | Linearised


@dataclass(frozen=True, eq=False)
class Model(contract.Model):
    """A program (docs/programs.md). ``system``: the numbers of its type; ``fields``: the canonical model."""

    section: ClassVar[str] = "program"

    system: System
    fields: dict[str, Any] = field(repr=False)

    @property
    def canonical(self) -> dict[str, Any]:
        return self.fields

    @property
    def entries(self) -> int:
        return self.system.entries

    @cached_property
    def plan(self) -> Plan:
        """Its circuits and classical steps. Raises :class:`~qsac.errors.InvalidInputError` for what is not compiled."""
        return self.system.plan(self)
