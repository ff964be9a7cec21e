"""The shape of one circuit: programs of generic numbers, to be filled with those of a model."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from qsac.compiler.counted import Counted
from qsac.compiler.filling import with_numbers_of
from qsac.emit.recording import RecordedEmission
from qsac.errors import InvalidInputError
from qsac.ir.attention import PhaseRow, PhaseSignal, PhaseState, PhaseTable
from qsac.ir.derivation import Derivation
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.lowering.allocation import Allocation, allocate
from qsac.lowering.context import LoweringContext, lowering
from qsac.lowering.tokens import work_out
from qsac.pipeline.contract import PassContext

if TYPE_CHECKING:
    from qsac.native.statistics import PassCount

OTHER_CIRCUITS = "template.other-circuits"
"""The code of the error of a binding whose numbers do not fit the template's circuits."""


@dataclass(eq=False)
class Shape:
    """One compiled circuit of a template. ``program`` is the final attention program, by whose subnormalisation that of
    a model's is multiplied, and ``blocks`` the final block
    program, both of generic numbers; ``counts`` is what each pass did."""

    program: Program
    blocks: Program
    counts: tuple[PassCount, ...]
    counted: Counted = field(default_factory=Counted, init=False, repr=False)
    emission: RecordedEmission = field(default_factory=RecordedEmission, init=False, repr=False)
    _numbered: tuple[int, ...] = field(default=(), init=False, repr=False)
    _patterns: dict[Hashable, object] = field(default_factory=dict, init=False, repr=False)
    _allocation: Allocation | None = field(default=None, init=False, repr=False)

    def filled(self, built: Program, context: PassContext) -> tuple[Program, Program]:
        """The attention program and the blocks with the numbers of ``built``, the program of a model of this shape."""
        program = self.with_tables(built)
        return program, self.with_numbers(program, context)

    def with_tables(self, built: Program) -> Program:
        """The attention program on tables made of those that a model's program was built with."""
        tables = {}
        _check_tables(self.program, built)
        for name, kept in self.program.tables.items():
            values = built.tables[name].values if kept.derivation is None else kept.derivation.derived(built.tables)
            if values.shape != kept.shape:
                raise _other_circuits()
            tables[name] = Table(values, derivation=kept.derivation, complex=not kept.real, pattern=kept)
        phases = {op.index: op.phases.values for op in built.ops if isinstance(op, PhaseTable)}
        # A program is built without phases that are all zero.
        ops = [
            replace(op, phases=Table(phases.get(op.index, np.zeros(op.phases.shape))))
            if isinstance(op, PhaseTable)
            else op
            for op in _with_angles(self.program.ops, built.ops)
        ]
        subnormalisation = self.program.subnormalisation * built.subnormalisation
        return replace(self.program, tables=tables, ops=tuple(ops), subnormalisation=subnormalisation)

    def with_numbers(
        self, program: Program, context: PassContext, derived: dict[Hashable, object] | None = None
    ) -> Program:
        """The blocks with the numbers of an attention program of this shape.

        After the first time only the ops are lowered that have numbers: which ones is the same for all programs of a
        shape, and so are the slots. ``derived`` keeps what is computed of tables, for programs in which the same names
        stand for the same tables.
        """
        kept, allocation = {} if derived is None else derived, self.allocation(context)
        place = LoweringContext(
            program.scope, allocation, kept, numbers=count(), patterns=self._patterns, slots_only=True
        )
        numbered = [program.ops[op] for op in self._numbered or range(len(program.ops))]
        work_out(numbered, place)
        lowered: list[dict[int, Op]] = []
        for op in numbered:
            lowered.append({block.slots[0]: block for block in lowering.of(op)(op, place) if block.slots})
        self._numbered = self._numbered or tuple(op for op, found in enumerate(lowered) if found)
        by_slot = {slot: block for found in lowered for slot, block in found.items()}
        ops = list(self.blocks.ops)
        for at in self.numbered_blocks:
            ops[at] = with_numbers_of(ops[at], by_slot)
        return replace(self.blocks, ops=tuple(ops))

    def allocation(self, context: PassContext) -> Allocation:
        """Where the registers of every program of this shape lie; ``context`` is the template's."""
        if self._allocation is None:
            self._allocation = allocate(self.program, context)
        return self._allocation

    @cached_property
    def numbered_blocks(self) -> tuple[int, ...]:
        """The places of the blocks whose numbers are a model's."""
        return tuple(at for at, op in enumerate(self.blocks.ops) if op.slots)


def _with_angles(ops: Sequence[Op], built: Sequence[Op]) -> Iterator[Op]:
    """The ops with the angles of a walk's phases from those that a model's program was built with: phases of one kind
    on one register stand in the same order."""
    waiting: dict[Hashable, list[Op]] = {}
    for op in reversed(built):
        waiting.setdefault(_phase_on(op), []).append(op)
    for op in ops:
        key = _phase_on(op)
        if key is None:
            yield op
            continue
        if not waiting.get(key):
            raise _other_circuits()
        own = waiting[key].pop()
        yield replace(op, **{name: getattr(own, name) for name in ("angle", "angles") if hasattr(own, name)})


def _phase_on(op: Op) -> Hashable:
    """Which phases of a walk an op is one of; None if it is none."""
    match op:
        case PhaseSignal():
            return op.name, op.sign
        case PhaseRow():
            return op.name, op.data
        case PhaseState(state="zero"):
            return op.name, op.registers
    return None


def check_derivations(program: Program, built: Program) -> None:
    """RuntimeError where a pass made a table that does not say how."""
    for name, table in program.tables.items():
        if table.derivation is None and name not in built.tables:
            raise RuntimeError(f"a pass made the table {name!r}, which does not say how")


def _check_tables(program: Program, built: Program) -> None:
    """Whether a model's program was built with the tables that those of a template's are made of."""
    for name, table in program.tables.items():
        if not (_sources(table.derivation) if table.derivation else {name}) <= built.tables.keys():
            raise _other_circuits()


def _sources(derivation: Derivation) -> set[str]:
    """The tables that a table is made of in the end."""
    found = [{source} if isinstance(source, str) else _sources(source) for source in derivation.sources]
    return set().union(*found)


def _other_circuits() -> InvalidInputError:
    return InvalidInputError(
        "these numbers make other circuits than those that the template has",
        code="template.other-circuits",
        found="heads that have the same V or W where those of the template's model differ, or the other way",
        wanted="heads whose V and W are the same where those of the template's model are",
        help="compile a template of a model with these numbers",
    )
