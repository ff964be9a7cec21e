"""Gate score copies by selecting the index they are un-loaded with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, NamedTuple

from qsac.counting.formulas import two_qubit_gates
from qsac.errors import of_type
from qsac.ir.attention import ApplyUnitary, LoadTokens, SelectIndex
from qsac.ir.attention.unitary import has_synthesis
from qsac.ir.derivation import Branches, derive, turned
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.passes.attention.fold_unitaries import FoldUnitaries
from qsac.pipeline.contract import Pass, PassContext


class _Copy(NamedTuple):
    """A gated score copy: the places of its load, of the unitary (or -1) and of its un-load."""

    load: int
    unitary: int
    unload: int


@dataclass(frozen=True)
class SelectIndices(Pass):
    """Polynomial kernels at about the monomial's price (algorithm point 5).

    Needs a verified attention program. Guarantees the same meaning, exactly. A score copy that is loaded by ``key``
    and un-loaded by ``query`` from one table, all gated by a power qubit, is loaded and un-loaded without the gate,
    with the index of the load selected for the un-loading where the power qubit is 0. Its score unitary W = B D B*
    stays gated; where that is cheaper, B goes into the table of both loaders, and only the diagonal D is gated, or W
    goes into a second table of the load, for the branch where the power qubit is 1. The cheapest for the target is
    taken, the published gating (with W folded) included. With ``fold`` false W is left out of tables, and stays gated
    as it is.
    """

    name: ClassVar[str] = "select-indices"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 2
    after: ClassVar[tuple[str, ...]] = ("stage-power", "evolve-tokens", "compress-tokens")
    templates: ClassVar[bool] = True

    fold: bool = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program of the cheapest gating."""
        copies = _copies(program)
        if not copies:
            return program
        candidates = []
        if _of_one_table(program, copies):
            candidates.append(_selected(program, copies))
            diagonalised = _diagonalised(program, copies) if self.fold else None
            if diagonalised is not None:
                candidates.append(_selected(diagonalised, copies))
        if self.fold or all(copy.unitary < 0 for copy in copies):
            candidates.append(_selected(*_two_tables(program, copies)))
        if context.template:
            # A gated matrix stays, and would be synthesised.
            candidates = [candidate for candidate in candidates if not has_synthesis(candidate, gated=True)]
        if not candidates:
            return program
        best = min(candidates, key=lambda candidate: two_qubit_gates(candidate, context.target.family))
        published = FoldUnitaries().apply(program, context) if self.fold else program
        family = context.target.family
        return best if two_qubit_gates(best, family) < two_qubit_gates(published, family) else program


def ungated(program: Program) -> Program | None:
    """The program with every gated score copy loaded and un-loaded without the gate; None where that cannot be."""
    copies = _copies(program)
    return _selected(program, copies) if copies and _of_one_table(program, copies) else None


def _copies(program: Program) -> list[_Copy]:
    """The gated score copies that an index can be selected for: all of them, or none."""
    found = []
    for place, op in enumerate(program.ops):
        if not isinstance(op, LoadTokens) or not op.when or op.adjoint_load:
            continue
        touching = [other for other in range(place + 1, len(program.ops)) if op.data in program.ops[other].targets]
        following = [program.ops[other] for other in touching[:2]]
        unitary = touching[0] if following and isinstance(following[0], ApplyUnitary) else -1
        unload_place = touching[1 if unitary >= 0 else 0] if len(touching) > (unitary >= 0) else -1
        unload = program.ops[unload_place]
        if unitary >= 0 and following[0].borrows != op.when:
            return []
        if unload_place < 0 or not isinstance(unload, LoadTokens) or not unload.adjoint_load:
            return []
        if unload.when != op.when or len(op.when) != 1:
            return []
        if len(op.index) != 1 or len(unload.index) != 1 or op.index == unload.index:
            return []
        found.append(_Copy(place, unitary, unload_place))
    return found


def _of_one_table(program: Program, copies: list[_Copy]) -> bool:
    """Whether every copy is un-loaded from the table that it is loaded from."""
    return all(_table(program, copy.load) == _table(program, copy.unload) for copy in copies)


def _table(program: Program, place: int) -> str:
    return of_type(program.ops[place], LoadTokens).table


def _selected(program: Program, copies: list[_Copy]) -> Program:
    """Loads and un-loads without gates, the un-loads between a selection and its adjoint."""
    loads = {copy.load for copy in copies}
    unloads = {copy.unload: copy for copy in copies}
    ops: list[Op] = []
    for place, op in enumerate(program.ops):
        if place in loads and isinstance(op, LoadTokens):
            ops.append(replace(op, when=()))
        elif place in unloads and isinstance(op, LoadTokens):
            load = of_type(program.ops[unloads[place].load], LoadTokens)
            select = SelectIndex(op.index[0], load.index[0], op.when[0], origin="/attention/kernel")
            ops += [select, replace(op, when=()), select.adjoint()]
        else:
            ops.append(op)
    return program.with_ops(ops)


def _two_tables(program: Program, copies: list[_Copy]) -> tuple[Program, list[_Copy]]:
    """The program with copies that load, given the power qubit as a further index, what is un-loaded where it is 0 and
    W x where it is 1, and the places of these copies."""
    tables = dict(program.tables)
    ops = list(program.ops)
    folded = {copy.unitary for copy in copies}
    for copy in copies:
        load, unload = (of_type(program.ops[place], LoadTokens) for place in (copy.load, copy.unload))
        name = f"{unload.table}-or-{load.table}"
        unitary = program.ops[copy.unitary] if copy.unitary >= 0 else None
        if isinstance(unitary, ApplyUnitary):
            name += f".{unitary.table}"
        if name not in tables:
            ones: str | Table = load.table
            if isinstance(unitary, ApplyUnitary):
                ones = turned("load", load.table, unitary, tables)
            tables[name] = derive(Branches(), (unload.table, ones), tables)
        ops[copy.load] = replace(load, index=(*load.index, *load.when), table=name)
    kept = [place for place in range(len(ops)) if place not in folded]
    left = tuple(ops[place] for place in kept)
    moved = [_Copy(kept.index(copy.load), -1, kept.index(copy.unload)) for copy in copies]
    return program.with_ops(left, tables), moved


def _diagonalised(program: Program, copies: list[_Copy]) -> Program | None:
    """The program with W = B D B* of every copy: B* x in the tables, D in place of W."""
    if any(copy.unitary < 0 for copy in copies):
        return None
    tables = dict(program.tables)
    ops = list(program.ops)
    for copy in copies:
        load, unload = (of_type(program.ops[place], LoadTokens) for place in (copy.load, copy.unload))
        unitary = of_type(program.ops[copy.unitary], ApplyUnitary)
        rows, entries = f"{load.table}.{unitary.table}-basis", f"{unitary.table}-diagonal"
        if rows not in tables or entries not in tables:
            tables[rows] = turned("basis", load.table, unitary, program.tables)
            tables[entries] = turned("diagonal", load.table, unitary, program.tables)
        ops[copy.load] = replace(load, table=rows)
        ops[copy.unload] = replace(unload, table=rows)
        ops[copy.unitary] = replace(unitary, form="diagonal", table=entries, rotations=())
    return program.with_ops(ops, tables)
