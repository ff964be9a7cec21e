"""Fold bound unitaries into token tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import ClassVar, Literal

from qsac.ir.attention import ApplyUnitary, LoadTokens
from qsac.ir.attention.unitary import UnitaryForm, has_synthesis
from qsac.ir.cost import two_qubit_gates
from qsac.ir.derivation import turned
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.pipeline import Pass, PassContext

Side = Literal["load", "unload", "keep"]
SIDES: tuple[Side, ...] = ("load", "unload", "keep")
Group = tuple[str, UnitaryForm, tuple[str, ...], bool]
"""What a unitary is: its table, how the table is read, and whether it is gated."""

BATCH = 3
"""Unitaries whose sides are chosen together."""


@dataclass(frozen=True)
class FoldUnitaries(Pass):
    """Take a unitary between a load and an un-load of its register into one of the two tables (algorithm point 7).

    Needs a verified attention program with bound parameters. Guarantees the same meaning, exactly. Each unitary is
    kept, folded into what is loaded (rows U x), or into what is un-loaded (rows U* y), whichever combination gives
    the fewest two-qubit gates on the target; ties go to folding, which saves one-qubit gates. All copies of a
    score unitary that are gated, or not, go the same way. In a template, where the numbers of a synthesised matrix
    would choose its gates, matrices on two and more qubits are always folded.
    """

    name: ClassVar[str] = "fold-unitaries"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 2
    after: ClassVar[tuple[str, ...]] = ("select-indices",)
    templates: ClassVar[bool] = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program of the cheapest combination."""
        groups = sorted({_group(op) for op in program.ops if isinstance(op, ApplyUnitary) and _foldable(program, op)})
        # A model has two unitaries; for programs of many, batches keep the combinations few.
        for batch in (groups[start : start + BATCH] for start in range(0, len(groups), BATCH)):
            candidates = (_all_folded(program, batch, sides) for sides in product(SIDES, repeat=len(batch)))
            program = min(
                candidates,
                key=lambda candidate: (
                    context.template and has_synthesis(candidate),
                    two_qubit_gates(candidate, context.target.family),
                ),
            )
        return program


def _neighbours(program: Program, op: ApplyUnitary) -> tuple[LoadTokens, LoadTokens] | None:
    """The load before and the un-load after a unitary, if nothing else touches its register between them."""
    touching = [other for other in program.ops if op.data in (*other.targets, *other.borrows)]
    place = touching.index(op)
    if not 0 < place < len(touching) - 1:
        return None
    before, after = touching[place - 1], touching[place + 1]
    if not (isinstance(before, LoadTokens) and isinstance(after, LoadTokens)):
        return None
    if before.adjoint_load or not after.adjoint_load or not before.when == op.when == after.when:
        return None
    return before, after


def _group(op: ApplyUnitary) -> Group:
    return op.table, op.form, op.rotations, bool(op.when)


def _foldable(program: Program, op: ApplyUnitary) -> bool:
    same = (other for other in program.ops if isinstance(other, ApplyUnitary) and _group(other) == _group(op))
    return all(_neighbours(program, other) is not None for other in same)


def _all_folded(program: Program, groups: list[Group], sides: tuple[Side, ...]) -> Program:
    for group, side in zip(groups, sides, strict=True):
        program = _folded(program, group, side)
    return program


def _folded(program: Program, group: Group, side: Side) -> Program:
    """The program with all unitaries of a group folded into the given side."""
    if side == "keep":
        return program
    tables = dict(program.tables)
    folded: dict[str, str] = {}
    replaced: dict[int, Op | None] = {}
    for op in program.ops:
        neighbours = _neighbours(program, op) if isinstance(op, ApplyUnitary) and _group(op) == group else None
        if neighbours is None or not isinstance(op, ApplyUnitary):
            continue
        load = neighbours[0 if side == "load" else 1]
        if load.table not in folded:
            name = f"{load.table}.{op.table}" if side == "load" else f"{load.table}.{op.table}-adjoint"
            while name in tables:
                name += "-"
            folded[load.table] = name
            tables[name] = turned(side, load.table, op, program.tables)
        replaced[id(op)] = None
        replaced[id(load)] = replace(load, table=folded[load.table])
    ops = tuple(_kept(program, replaced))
    used = {name for op in ops for name in op.tables}
    return replace(program, ops=ops, tables={name: table for name, table in tables.items() if name in used})


def _kept(program: Program, replaced: dict[int, Op | None]) -> Iterator[Op]:
    for op in program.ops:
        new = replaced.get(id(op), op)
        if new is not None:
            yield new
