"""Load tables by the structure that their rows have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, NamedTuple

from qsac.counting.formulas import cost, diagonal_cost
from qsac.ir.attention import LoadTokens
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.numerics.ladder_orders import generic_pair_gates
from qsac.numerics.single_states import state_price
from qsac.numerics.table_structure import TableStructure
from qsac.passes.attention._rotation import MOST
from qsac.passes.attention._tables import SETTLED_BY
from qsac.pipeline.contract import Pass, PassContext

_LIKELY = 0.5
"""What a rotated ladder takes more than generic ones, on the average: some are solved with one gate more (measured)."""

_LEVEL = min(MOST)
"""The lowest -O that solves rotated ladders; those of tables that it solves are taken into account."""

_FULL, _OTHERS = 0.66, 0.5
"""Most gates of a load of several factors on a coupling graph, as a part of the usual ones: with ladders of 2^c rows,
and with others."""


@dataclass(frozen=True)
class LoadByStructure(Pass):
    """Load single states by what entangles their qubits, and rows that are products alike factor by factor.

    Needs a verified attention program with bound parameters. Guarantees the same meaning, exactly (structure is taken
    where every amplitude has it up to 1e-14). A row without an index is a product over some sets of qubits, or has
    parities that are fixed, or Schmidt rank 2 over some cuts (Construction, section 14): uniform and basis states take
    no two-qubit gates. Rows of an index that are products over the same sets of qubits are loaded as tables of fewer
    qubits, each controlled by the bits that it depends on. This is done where it takes fewer two-qubit gates, of tables
    with an index on coupling graphs, where more targets lie further apart, where it takes a third fewer, or half.
    """

    name: ClassVar[str] = "load-by-structure"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 1
    after: ClassVar[tuple[str, ...]] = SETTLED_BY

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with the loads for which that takes fewer gates."""
        return program.with_ops(_better(program, context))


def _better(program: Program, context: PassContext) -> Iterator[Op]:
    for op in program.ops:
        if isinstance(op, LoadTokens) and not op.by_structure and program.tables[op.table].pattern is None:
            candidate = replace(op, by_structure=True)
            structure = candidate.structure(program.scope)
            if structure is not None and _is_better(candidate, op, structure, program, context):
                op = candidate
        yield op


def _is_better(
    candidate: LoadTokens, op: LoadTokens, structure: TableStructure, program: Program, context: PassContext
) -> bool:
    """Whether a load takes fewer gates by structure than otherwise."""
    usual, own = (_cost(one, program, context) for one in (op, candidate))
    by_a_ladder = _by_a_ladder(op, program, context)
    if own.total >= usual.total or (by_a_ladder is not None and own.shared > by_a_ladder + _LIKELY):
        return False
    if context.target.coupling is None or len(structure.parts) == 1:
        return True
    # Ladders of many targets are further apart on a graph, and cannot be reordered for other rows than 2^c (measured).
    full = all(len(part.rows) == 1 << len(part.kept) for part in structure.parts)
    return own.total <= (_FULL if full else _OTHERS) * usual.total


class _Cost(NamedTuple):
    """Two-qubit gates of a load, and of the diagonal that it leaves and shares with others."""

    gates: int
    diagonal: int

    @property
    def total(self) -> int:
        return self.gates + self.diagonal

    @property
    def shared(self) -> float:
        """As part of what two loads by the same registers take, as the least are that there are of one."""
        return self.gates + self.diagonal / 2


def _cost(op: LoadTokens, program: Program, context: PassContext) -> _Cost:
    family = context.target.family
    gates, diagonal = cost.of(op)(op, program.scope, family)
    return _Cost(gates, diagonal_cost(program.scope.dimension(diagonal).bit_length() - 1, family))


def _by_a_ladder(op: LoadTokens, program: Program, context: PassContext) -> float | None:
    """The two-qubit gates of a rotated ladder in place of a complex load, which leaves no diagonal; with an index, of
    one that shares a basis with its inverse load. None where there will be none."""
    table = program.tables[op.table]
    rows, qubits = table.shape[0] * program.scope.dimension(op.when), table.shape[1].bit_length() - 1
    if table.real or context.optimisation < _LEVEL or rows << qubits > MOST[_LEVEL]:
        return None
    return state_price(qubits) if rows == 1 else sum(generic_pair_gates(rows, rows, qubits)) / 2
