"""The shape of one circuit: programs of generic numbers, to be filled with those of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.ir.attention import PhaseTable
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate, Unitary
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.lowering.allocation import allocate
from qsac.lowering.context import LoweringContext, lowering
from qsac.pipeline.contract import PassContext
from qsac.templates.counted import Counted

NUMBERS: dict[type[Op], tuple[str, ...]] = {
    Diagonal: ("phases",),
    Multiplexor: ("angles",),
    PauliRotation: ("angle",),
    UniformlyControlledGate: ("theta", "phi"),
    Unitary: ("matrix",),
}
"""The fields of each block that hold its numbers."""


@dataclass(eq=False)
class Shape:
    """One compiled circuit of a template. ``program`` is the final attention program, by whose subnormalisation that of
    a model's is multiplied, and ``blocks`` the final block
    program, both of generic numbers; ``counts`` is what each pass did."""

    program: Program
    blocks: Program
    counts: tuple[dict[str, Any], ...]
    counted: Counted = field(default_factory=Counted, init=False, repr=False)
    _numbered: tuple[int, ...] = field(default=(), init=False, repr=False)

    def filled(self, built: Program, context: PassContext) -> tuple[Program, Program]:
        """The attention program and the blocks with the numbers of ``built``, the program of a model of this shape."""
        program = self.with_tables(built)
        return program, self.with_numbers(program, context)

    def with_tables(self, built: Program) -> Program:
        """The attention program on tables made of those that a model's program was built with."""
        tables = {}
        for name, kept in self.program.tables.items():
            if kept.derivation is None and name not in built.tables:
                raise RuntimeError(f"a pass made the table {name!r}, which does not say how")
            values = built.tables[name].values if kept.derivation is None else kept.derivation.derived(built.tables)
            tables[name] = Table(values, derivation=kept.derivation, complex=not kept.real, pattern=kept)
        phases = {op.index: op.phases.values for op in built.ops if isinstance(op, PhaseTable)}
        # A program is built without phases that are all zero.
        ops = (
            replace(op, phases=Table(phases.get(op.index, np.zeros(op.phases.shape))))
            if isinstance(op, PhaseTable)
            else op
            for op in self.program.ops
        )
        subnormalisation = self.program.subnormalisation * built.subnormalisation
        return replace(self.program, tables=tables, ops=tuple(ops), subnormalisation=subnormalisation)

    def with_numbers(self, program: Program, context: PassContext) -> Program:
        """The blocks with the numbers of an attention program of this shape.

        After the first time only the ops are lowered that have numbers: which ones is the same for all programs of a
        shape, and so are the slots.
        """
        place = LoweringContext(program.scope, allocate(program, context), numbers=count())
        lowered: dict[int, Op] = {}
        numbered = []
        for op in self._numbered or range(len(program.ops)):
            blocks = lowering.of(program.ops[op])(program.ops[op], place)
            found = {block.slots[0]: block for block in blocks if block.slots}
            lowered |= found
            if found:
                numbered.append(op)
        self._numbered = self._numbered or tuple(numbered)
        return replace(self.blocks, ops=tuple(_with_numbers(op, lowered) for op in self.blocks.ops))


def _with_numbers(op: Op, lowered: Mapping[int, Op]) -> Op:
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
    numbers = {name: getattr(first, name) for name in NUMBERS[type(op)]}
    if any(array_of(value).shape != array_of(getattr(op, name)).shape for name, value in numbers.items()):
        raise InvalidInputError(
            "the template is damaged",
            code="template.damaged",
            found=f"a block {op.name} of another size",
        )
    return replace(op, **numbers)


def array_of(value: Table | float) -> NDArray[Any]:
    """The numbers of a field of a block."""
    return value.values if isinstance(value, Table) else np.asarray(value)
