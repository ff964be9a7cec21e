"""The circuits of linearised training: none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsac.families.program.readouts import not_compiled

if TYPE_CHECKING:
    from qsac.families.contract import Plan
    from qsac.families.program.linearised.dynamics import Linearised
    from qsac.families.program.model import Model


def plan(model: Model, system: Linearised) -> Plan:
    """Raises :class:`~qsac.errors.InvalidInputError`."""
    raise not_compiled("/program/type", "linearised training", "a program of type search or feed-forward")
