"""Fold bound unitaries into token tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import ClassVar, Literal, NamedTuple

from qsac.counting.formulas import two_qubit_gates
from qsac.errors import of_type
from qsac.ir.attention import ApplyUnitary, LoadTokens
from qsac.ir.attention.unitary import UnitaryForm, has_synthesis
from qsac.ir.derivation import Branches, derive, turned
from qsac.ir.matching import is_uncompute
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.passes.attention._tables import added
from qsac.pipeline.contract import Pass, PassContext

Side = Literal["load", "inverse_load", "diagonal", "keep"]
Group = tuple[str, UnitaryForm, tuple[str, ...], bool]
"""What a unitary is: its table, how the table is read, and whether it is gated."""

BATCH = 3
"""Unitaries whose sides are chosen together."""


@dataclass(frozen=True)
class FoldUnitaries(Pass):
    """Fold a unitary that follows a load of its register into a table (Construction, section 7).

    Needs a verified attention program with bound parameters. Guarantees the same meaning, exactly. Each unitary is
    kept, folded into the load before it (rows U x), or into an inverse load that comes next (rows U* y): whichever
    combination gives the fewest two-qubit gates on the target; ties are resolved by folding, which saves one-qubit
    gates. All gated copies of a score unitary are treated the same, and so are all ungated ones. A gated unitary after
    an ungated load goes into a table of both branches' rows; or, if nothing follows on its register, the load takes the
    rows in its eigenbasis and its diagonal stays gated. In a template, whose gates must not depend on the numbers of a
    synthesised matrix, matrices on two or more qubits are always folded.
    """

    name: ClassVar[str] = "fold-unitaries"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 2
    after: ClassVar[tuple[str, ...]] = ("select-indices",)
    templates: ClassVar[bool] = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program of the cheapest combination."""
        seen: set[Group] = set()
        while groups := sorted(_members(program).keys() - seen):
            # A model has two unitaries; for programs of many, batches keep the combinations few.
            for batch in (groups[start : start + BATCH] for start in range(0, len(groups), BATCH)):
                members = _members(program)
                sides = product(*(_sides(program, members[group]) for group in batch))
                candidates = (_all_folded(program, batch, chosen) for chosen in sides)
                program = min(
                    candidates,
                    key=lambda candidate: (
                        context.template and has_synthesis(candidate),
                        two_qubit_gates(candidate, context.target.family),
                    ),
                )
            # Where one was folded, the unitary after it has become the next one to be.
            seen.update(groups)
        return program


class _Member(NamedTuple):
    """A unitary of a group, the load before it, and the next op on its register, as positions; -1 for none."""

    unitary: int
    load: int
    following: int


def _group(op: ApplyUnitary) -> Group:
    return op.table, op.form, op.rotations, bool(op.when)


def _members(program: Program) -> dict[Group, list[_Member]]:
    """The unitaries that can be folded: of each group all, or none."""
    found: dict[Group, list[_Member | None]] = {}
    for place, op in enumerate(program.ops):
        if isinstance(op, ApplyUnitary):
            found.setdefault(_group(op), []).append(_member(program, place))
    return {group: [one for one in members if one] for group, members in found.items() if all(members)}


def _member(program: Program, place: int) -> _Member | None:
    op = of_type(program.ops[place], ApplyUnitary)
    uses = sorted({use for register in op.targets for use in program.uses(register)})
    at = uses.index(place)
    load = uses[at - 1] if at else -1
    following = uses[at + 1] if at + 1 < len(uses) else -1
    before, after = program.ops[load], program.ops[following]
    if load < 0 or not isinstance(before, LoadTokens) or before.inverse or before.data != op.data:
        return None
    if op.barrier or before.barrier:
        return None
    if any(gate in one.targets for one in program.ops[load:place] for gate in op.when):
        return None
    if before.when == op.when:
        return _Member(place, load, following)
    both = not before.when and len(op.when) == 1 and (following < 0 or not isinstance(after, LoadTokens))
    return _Member(place, load, following) if both else None


def _sides(program: Program, members: list[_Member]) -> list[Side]:
    """What all members of a group allow."""
    sides: list[Side] = ["load", "inverse_load", "diagonal", "keep"]
    for member in members:
        op = of_type(program.ops[member.unitary], ApplyUnitary)
        before, after = of_type(program.ops[member.load], LoadTokens), program.ops[member.following]
        uncomputed = is_uncompute(after) and not after.barrier
        if member.following < 0 or not uncomputed or not before.when == op.when == getattr(after, "when", ()):
            sides = [side for side in sides if side != "inverse_load"]
        if member.following >= 0 or before.when == op.when or op.form == "diagonal":
            sides = [side for side in sides if side != "diagonal"]
    return sides


def _all_folded(program: Program, groups: list[Group], sides: tuple[Side, ...]) -> Program:
    for group, side in zip(groups, sides, strict=True):
        program = _folded(program, group, side)
    return program


def _folded(program: Program, group: Group, side: Side) -> Program:
    """The program with all unitaries of a group folded into the given side."""
    if side == "keep":
        return program
    tables = dict(program.tables)
    folded: dict[tuple[str, str], str] = {}
    replaced: dict[int, Op | None] = {}
    for member in _members(program)[group]:
        place = member.following if side == "inverse_load" else member.load
        op, load = of_type(program.ops[member.unitary], ApplyUnitary), of_type(program.ops[place], LoadTokens)
        both = side == "load" and load.when != op.when
        suffix = "-both" if both else {"load": "", "inverse_load": "-adjoint", "diagonal": "-basis"}[side]
        key = load.table, suffix
        if key not in folded:
            rows = turned("basis" if side == "diagonal" else side, load.table, op, program.tables)
            if both:
                rows = derive(Branches(), (load.table, rows), program.tables)
            folded[key] = added(tables, f"{load.table}.{op.table}{suffix}", rows)
        gate: Op | None = None
        if side == "diagonal":
            entries = turned("diagonal", load.table, op, program.tables)
            gate = replace(op, form="diagonal", table=added(tables, f"{op.table}-diagonal", entries), rotations=())
        new = replace(load, index=(*load.index, *op.when)) if both else load
        replaced[member.unitary] = gate
        replaced[place] = replace(new, table=folded[key])
    ops = (kept for place, old in enumerate(program.ops) if (kept := replaced.get(place, old)) is not None)
    return program.with_ops(ops, tables)
