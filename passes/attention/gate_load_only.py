"""Gate the load of a score copy alone, not its inverse load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from qsac.errors import of_type
from qsac.ir.attention import LoadTokens, PrepareIndex
from qsac.ir.derivation import Branches
from qsac.ir.matching import ends_in_zero, is_load, is_uncompute, matched
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table
from qsac.numerics.plan import occupied_columns
from qsac.passes.attention._choice import Choosing
from qsac.passes.attention._gates import improved
from qsac.passes.attention._tables import added
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class GateLoadOnly(Pass):
    """Gate the load of a score copy alone: where the gate is 0, load what is un-loaded.

    Needs a verified attention program. Guarantees the same meaning, exactly. A copy that is loaded by an index, and
    un-loaded from one row, at a position that is known, both gated by the same register, is loaded from a table of both
    branches' rows: the row that is un-loaded where the gate is 0. The inverse load, which then takes no gate, gives
    exactly 1 there. Copies of several heads may be loaded by a choice instead, which stands for the head and the gate
    together (Construction, section 11). Done for the copies for which it takes fewer two-qubit gates on the target
    after the remaining passes.
    """

    name: ClassVar[str] = "gate-load-only"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 2
    after: ClassVar[tuple[str, ...]] = ("stage-degree", "park-keys", "compress-tokens", "select-indices", "fold-scores")

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with the inverse loads without gates for which that pays."""
        program = improved(program, context, _load_chosen)
        return improved(program, context, _load_gated)


def _load_chosen(program: Program, register: str) -> Program | None:
    """The program with a register of several heads' scores that is loaded by a choice, and un-loaded without its gate;
    None where it is not of the form."""
    places = _gated(program, register)
    if places is None:
        return None
    load, inverse_load = (of_type(program.ops[place], LoadTokens) for place in places)
    key = next((op.index for op in program.ops if isinstance(op, PrepareIndex) and op.index in load.index), None)
    if key is None or key in inverse_load.index:
        return None
    choosing = Choosing(program)
    found = choosing.chosen(load, inverse_load, key, None)
    if found is None:
        return None
    ops: list[Op] = []
    for place, op in enumerate(program.ops):
        if place == places[0]:
            ops += [*found.before, found.load]
        elif place == places[1]:
            ops += [found.inverse_load, *found.after]
        else:
            ops.append(op)
    return choosing.finished(ops)


def _gated(program: Program, register: str) -> tuple[int, int] | None:
    """The places of a load and an inverse load with the same gate, between which nothing changes what they depend
    on."""
    places = matched(program, program.uses(register), is_load, is_uncompute, ends_in_zero, barriers=True)
    if places is None:
        return None
    load, inverse_load = (of_type(program.ops[place], LoadTokens) for place in places[:2])
    if len(load.when) != 1 or load.when != inverse_load.when or not load.index:
        return None
    used = {*load.when, *load.index, *inverse_load.index}
    if load.exact or inverse_load.exact:
        return None
    if any(used & set(op.targets) for op in program.ops[places[0] : places[1]]):
        return None
    return places[0], places[1]


def _load_gated(program: Program, register: str) -> Program | None:
    """The program with a register that is un-loaded without its gate; None where it is not of the form."""
    places = matched(program, program.uses(register), is_load, is_uncompute, ends_in_zero, barriers=True)
    if places is None:
        return None
    load, inverse_load = (of_type(program.ops[place], LoadTokens) for place in places[:2])
    if len(load.when) != 1 or load.when != inverse_load.when or not load.index or inverse_load.index:
        return None
    between = program.ops[places[0] : places[1]]
    if load.exact or inverse_load.exact or any(load.when[0] in op.targets for op in between):
        return None
    tables = dict(program.tables)
    rows = _repeated(tables[inverse_load.table], tables[load.table].shape[0])
    both = _both(rows, tables[load.table])
    name = added(tables, f"{inverse_load.table}-or-{load.table}", both)
    ops: list[Op] = list(program.ops)
    ops[places[0]] = replace(load, index=(*load.index, *load.when), when=(), table=name)
    ops[places[1]] = replace(inverse_load, when=())
    return program.with_ops(ops, tables)


def _repeated(row: Table, rows: int) -> Table:
    """The table of one row, that row as often as wanted."""
    if isinstance(row, ShapedTable):
        return ShapedTable((rows, row.shape[1]), real=row.real, columns=row.columns, spans=row.spans)
    return Table(np.repeat(row.values, rows, axis=0))


def _both(zeros: Table, ones: Table) -> Table:
    """For each value of the index the row for the value 0 of the gate, and the row for 1."""
    if isinstance(zeros, ShapedTable) or isinstance(ones, ShapedTable):
        return Branches().outline(_outlined(zeros, "zeros"), _outlined(ones, "ones"))
    return Table(Branches()(zeros.values, ones.values))


def _outlined(table: Table, name: str) -> ShapedTable:
    """A table without its numbers. One that has them beside one that has none is a row that repeats, or a small one."""
    if isinstance(table, ShapedTable):
        return table
    spans = [Span(name, 0, len(np.unique(table.values, axis=0)))]
    return ShapedTable(table.shape, real=table.real, columns=occupied_columns(table.values), spans=spans)
