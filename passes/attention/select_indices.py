"""Gate score copies by selecting the index of their inverse load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from qsac.counting.formulas import two_qubit_gates
from qsac.errors import of_type
from qsac.ir.attention import ApplyUnitary
from qsac.ir.attention.unitary import has_synthesis
from qsac.ir.derivation import Branches, derive, turned
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.passes.attention._choice import Choosing
from qsac.passes.attention._selection import Copy, gated_copies, loads_of, of_one_table, selected, spread
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class SelectIndices(Pass):
    """Gate score copies by selecting an index: polynomial kernels at about a monomial's cost (Construction, section 5).

    Needs a verified attention program. Guarantees the same meaning, exactly. A score copy with a load by ``key`` and an
    inverse load by ``query`` from one table, all gated by a degree qubit, is loaded and uncomputed without the gate: if
    the degree qubit is 0, the inverse load uses the index of the load. Its score unitary W = B D B* stays gated; or, if
    that is cheaper, B goes into the table of both loaders and only the diagonal D is gated, or W goes into a second
    table of the load, for the branch in which the degree qubit is 1. Copies of several heads may be loaded by a choice,
    which stands for the head and the degree qubit together (Construction, section 11). The pass uses the cheapest for
    the target after the remaining passes, the published gating included. With ``fold`` false, W is kept out of tables
    and stays gated. With ``basis`` false, no table is in W's eigenbasis, which does not depend smoothly on W where
    eigenvalues meet.
    """

    name: ClassVar[str] = "select-indices"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 2
    after: ClassVar[tuple[str, ...]] = ("stage-degree", "evolve-tokens", "compress-tokens")
    templates: ClassVar[bool] = True

    fold: bool = True
    basis: bool = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program of the cheapest gating."""
        copies = gated_copies(program)
        if not copies:
            return program
        candidates = []
        if of_one_table(program, copies):
            candidates.append(selected(program, copies))
            diagonalised = _diagonalised(program, copies) if self.fold and self.basis else None
            if diagonalised is not None:
                candidates.append(selected(diagonalised, copies))
        if self.fold or all(copy.unitary < 0 for copy in copies):
            candidates += [
                selected(*found) for found in (_two_tables(program, copies), _chosen(program, copies)) if found
            ]
        if context.template:
            # A gated matrix stays, and would be synthesised.
            candidates = [candidate for candidate in candidates if not has_synthesis(candidate, gated=True)]
        if not candidates:
            return program
        family = context.target.family
        best = min(candidates, key=lambda candidate: two_qubit_gates(candidate, family))
        return min((program, best), key=lambda candidate: two_qubit_gates(context.finish(candidate), family))


def _two_tables(program: Program, copies: list[Copy]) -> tuple[Program, list[Copy]] | None:
    """The program with copies that load, given the degree qubit as a further index, what is uncomputed where it is 0
    and W x where it is 1, and the places of these copies; None where the rows of both cannot be told."""
    tables = dict(program.tables)
    ops = list(program.ops)
    folded = {copy.unitary for copy in copies}
    for copy in copies:
        load, inverse_load = loads_of(program, copy)
        found = spread(program, load, inverse_load, copy.query, copy.key)
        if found is None:
            return None
        name = f"{inverse_load.table}-or-{load.table}"
        unitary = program.ops[copy.unitary] if copy.unitary >= 0 else None
        if isinstance(unitary, ApplyUnitary):
            name += f".{unitary.table}"
        if name not in tables:
            ones: str | Table = load.table
            if isinstance(unitary, ApplyUnitary):
                ones = turned("load", load.table, unitary, tables)
            tables[name] = derive(Branches(), (found, ones), tables)
        ops[copy.load] = replace(load, index=(*load.index, *load.when), table=name)
    kept = [place for place in range(len(ops)) if place not in folded]
    left = tuple(ops[place] for place in kept)
    moved = [
        copy._replace(load=kept.index(copy.load), unitary=-1, inverse_load=kept.index(copy.inverse_load))
        for copy in copies
    ]
    return program.with_ops(left, tables), moved


def _chosen(program: Program, copies: list[Copy]) -> tuple[Program, list[Copy]] | None:
    """The program with copies of several heads that load by a choice, and the places of these copies; None where the
    copies are not of heads."""
    choosing = Choosing(program)
    before: dict[int, list[Op]] = {}
    after: dict[int, list[Op]] = {}
    instead: dict[int, Op] = {}
    for copy in copies:
        load, inverse_load = loads_of(program, copy)
        found = choosing.chosen(load, inverse_load, copy.key, copy.query) if copy.unitary < 0 else None
        if found is None:
            return None
        before[copy.load], after[copy.inverse_load] = found.before, found.after
        # What is selected is still gated by the degree qubit.
        instead[copy.load] = replace(found.load, when=load.when)
        instead[copy.inverse_load] = replace(found.inverse_load, when=load.when)
    ops: list[Op] = []
    places: dict[int, int] = {}
    for place, op in enumerate(program.ops):
        ops += before.get(place, [])
        places[place] = len(ops)
        ops.append(instead.get(place, op))
        if place in after:
            # The selection ends before the choice does.
            ops += after[place]
    moved = [copy._replace(load=places[copy.load], inverse_load=places[copy.inverse_load]) for copy in copies]
    return choosing.finished(ops), moved


def _diagonalised(program: Program, copies: list[Copy]) -> Program | None:
    """The program with W = B D B* of every copy: B* x in the tables, D instead of W."""
    if any(copy.unitary < 0 for copy in copies):
        return None
    tables = dict(program.tables)
    ops = list(program.ops)
    for copy in copies:
        load, inverse_load = loads_of(program, copy)
        unitary = of_type(program.ops[copy.unitary], ApplyUnitary)
        rows, entries = f"{load.table}.{unitary.table}-basis", f"{unitary.table}-diagonal"
        if rows not in tables or entries not in tables:
            tables[rows] = turned("basis", load.table, unitary, program.tables)
            tables[entries] = turned("diagonal", load.table, unitary, program.tables)
        ops[copy.load] = replace(load, table=rows)
        ops[copy.inverse_load] = replace(inverse_load, table=rows)
        ops[copy.unitary] = replace(unitary, form="diagonal", table=entries, rotations=())
    return program.with_ops(ops, tables)
