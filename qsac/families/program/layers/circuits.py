"""The circuits of layers with tomography: none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsac.families.program.readouts import not_compiled

if TYPE_CHECKING:
    from qsac.families.contract import Plan
    from qsac.families.program.layers.stack import Layers
    from qsac.families.program.model import Model


def plan(model: Model, system: Layers) -> Plan:
    """Raises :class:`~qsac.errors.InvalidInputError`."""
    raise not_compiled("/program/type", "layers with tomography", "a program of type search or feed-forward")
