"""Load smooth tables with fewer gates, within the error budget."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2, sqrt
from typing import ClassVar, Literal

from qsac.counting.formulas import op_cost, two_qubit_gates
from qsac.errors import of_type
from qsac.ir.approximation import INFIDELITY_WIDTH, infidelity
from qsac.ir.attention import LoadPruned, LoadTokens
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.passes.attention._pruning import Choice, Pruning, cheapest
from qsac.passes.attention._weights import as_prepared, index_weights
from qsac.pipeline.contract import Pass, PassContext

BEYOND = 8.0
"""How many times the allowed error the sum of the ops' errors may be, where the true one is computed."""

RESOLUTION = 1e-15
"""An infidelity below it is not told from rounding: it counts as this much."""

FORESEEN = 4096
"""Most two-qubit gates of programs whose pruning is estimated in advance: it takes longer than all else."""

TRIALS = 9
"""Sums of errors that are tried, where the true error is computed."""


@dataclass(frozen=True)
class PruneLoaders(Pass):
    """Remove controls from token loaders whose rows hardly depend on them (Construction, section 9).

    Needs a verified attention program whose tables no later pass changes. Guarantees the same meaning within the error
    budget, and fewer two-qubit gates or no change. A control is removed from the last levels of a loader first; rows
    that agree in the other controls share the gate with the smallest error. Each op's error is the root of
    sum_i p_i ||x'_i - x_i||^2, with x'_i the row that is loaded instead of x_i and p_i its largest probability under
    the prepared indices; the errors of the ops are added, the worst case. Of all combinations within the budget the
    pass uses the one with the fewest gates, unless the loaders as they are take no more after the remaining passes. It
    measures the budget by the sum of errors or, if all registers together have at most 20 qubits, by the actual
    infidelity, which is then recorded as spent.
    """

    name: ClassVar[str] = "prune-loaders"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 3
    after: ClassVar[tuple[str, ...]] = (
        "stage-degree",
        "evolve-tokens",
        "compress-tokens",
        "select-indices",
        "fold-unitaries",
        "truncate-tokens",
    )

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program of the fewest gates within what is left of the budget."""
        available = context.ledger.available
        counts = _prunable(program)
        family = context.target.family
        if available <= 0 or not counts:
            return program
        narrow = sum(register.size for register in program.registers) <= INFIDELITY_WIDTH
        most = available * (BEYOND if narrow else 1.0)
        prunings = {
            name: Pruning(
                program.tables[name].values,
                index_weights(program, program.tables[name].shape[0]),
                min(op_cost(op, program.scope, family) for op in _loaders(program, name)),
                min(most, sqrt(2.0)),
            )
            for name in counts
        }
        best = _chosen(prunings, counts, available)
        error = sum(counts[name] * choice.error for name, choice in best.items())
        if narrow:
            best, error = _by_true_error(program, prunings, counts, available)
        pruned = _pruned(program, prunings, best)
        # Loaders as they are may become shorter yet, as rotated ladders; pruned ones do not.
        ends = context.finish(pruned, error), context.finish(program, 0.0)
        if two_qubit_gates(ends[0], family) >= two_qubit_gates(ends[1], family):
            return program
        context.ledger.spend(self.name, error)
        return pruned

    def foreseen(self, program: Program, context: PassContext) -> bool:
        """Up to 4,096 gates."""
        return two_qubit_gates(program, context.target.family) <= FORESEEN


def _prunable(program: Program) -> dict[str, int]:
    """The tables whose loaders can be pruned, and how many loaders each has.

    Their indices are as they were prepared, but for selections: their values' probabilities are known.
    """
    tables = sorted({op.table for op in program.ops if isinstance(op, LoadTokens)})
    return {table: count for table in tables if (count := len(_loaders(program, table)))}


def _loaders(program: Program, table: str) -> list[LoadTokens]:
    """The loaders of a table that can be pruned."""
    return [op for op in program.ops if isinstance(op, LoadTokens) and op.table == table and _is_prunable(program, op)]


def _is_prunable(program: Program, op: LoadTokens) -> bool:
    return not op.barrier and isinstance(op.data, str) and as_prepared(program, op)


def _chosen(prunings: dict[str, Pruning], counts: dict[str, int], allowed: float) -> dict[str, Choice]:
    fronts = [prunings[name].front for name in counts]
    return dict(zip(counts, cheapest(fronts, list(counts.values()), allowed), strict=True))


def _by_true_error(
    program: Program, prunings: dict[str, Pruning], counts: dict[str, int], allowed: float
) -> tuple[dict[str, Choice], float]:
    """The choices of the fewest gates whose true error is at most ``allowed``, by bisection, and that error."""
    low, high = 0.0, log2(BEYOND)
    exponent = high
    best = {name: pruning.front[0] for name, pruning in prunings.items()}
    least = 0.0
    seen: dict[tuple[Choice, ...], float] = {}
    for _ in range(TRIALS):
        choices = _chosen(prunings, counts, allowed * 2**exponent)
        key = tuple(choices.values())
        if key not in seen:
            seen[key] = sqrt(max(RESOLUTION, infidelity(_pruned(program, prunings, choices), LoadPruned) or 0.0))
            if seen[key] <= allowed and _cost(choices, counts) < _cost(best, counts):
                best, least = choices, seen[key]
        if seen[key] <= allowed:
            low = exponent
        else:
            high = exponent
        exponent = (low + high) / 2
    return best, least


def _cost(choices: dict[str, Choice], counts: dict[str, int]) -> int:
    return sum(counts[name] * choice.cost for name, choice in choices.items())


def _pruned(program: Program, prunings: dict[str, Pruning], choices: dict[str, Choice]) -> Program:
    """The program with the loaders of the chosen tables pruned."""
    tables = dict(program.tables)
    names: dict[str, str] = {}
    for table, choice in choices.items():
        if choice != prunings[table].front[0]:
            names[table] = f"{table}.pruned"
            while names[table] in tables:
                names[table] += "-"
            tables[names[table]] = Table(prunings[table].loaded(choice.cutoffs))
    ops: list[Op] = []
    for op in program.ops:
        if isinstance(op, LoadTokens) and op.table in names and _is_prunable(program, op):
            cutoffs = choices[op.table].cutoffs
            name = names[op.table]
            exact = op.exact or op.table
            ops.append(LoadPruned(of_type(op.data, str), op.index, name, exact, cutoffs, op.inverse, origin=op.origin))
        else:
            ops.append(op)
    return program.with_ops(ops, tables)
