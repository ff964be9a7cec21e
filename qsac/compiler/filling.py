"""Blocks with the numbers of others: those of a program that is filled in place of being compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate, Unitary
from qsac.ir.op import Op
from qsac.ir.table import Table

NUMBERS: dict[type[Op], tuple[str, ...]] = {
    Diagonal: ("phases",),
    Multiplexor: ("angles",),
    PauliRotation: ("angle",),
    UniformlyControlledGate: ("theta", "phi"),
    Unitary: ("matrix",),
}
"""The fields of each block that hold its numbers."""


def with_numbers_of(op: Op, lowered: Mapping[int, Op]) -> Op:
    """A block of a template with the numbers of the lowered blocks that it stands for."""
    if not op.slots:
        return op
    sources = [lowered.get(slot) for slot in op.slots]
    first = sources[0]
    if len(sources) > 1 and isinstance(first, Diagonal):
        for source in sources[1:]:
            if not isinstance(source, Diagonal):
                raise InvalidInputError(
                    "the template is damaged",
                    code="template.damaged",
                    found=f"a block {op.name} of numbers {op.slots}",
                )
            first = first.joined(source)
    placed = not isinstance(op, Diagonal) or (isinstance(first, Diagonal) and first.qubits == op.qubits)
    if first is None or type(first) is not type(op) or not placed:
        raise InvalidInputError(
            "the template is damaged",
            code="template.damaged",
            found=f"a block {op.name} of numbers {op.slots}",
        )
    numbers = {}
    for name in NUMBERS[type(op)]:
        given, own = getattr(first, name), getattr(op, name)
        if given is own:
            continue
        if not fits(given, own):
            raise InvalidInputError(
                "the template is damaged",
                code="template.damaged",
                found=f"a block {op.name} of another size",
            )
        numbers[name] = given
    return op.altered(numbers) if numbers else op


def fits(given: Table | float, own: Table | float) -> bool:
    """Whether the numbers of one block can take the place of another's: as many, in the same shape."""
    return given is own or array_of(given).shape == array_of(own).shape


def array_of(value: Table | float) -> NDArray[Any]:
    """The numbers of a field of a block."""
    return value.values if isinstance(value, Table) else np.asarray(value)
