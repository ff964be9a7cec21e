"""Load tokens in fewer dimensions than they span, within the error budget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.counting.formulas import loader_cost, two_qubit_gates
from qsac.errors import of_type
from qsac.ir.attention import LoadTokens
from qsac.ir.matching import ends_in_zero, is_load, is_uncompute, matched
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.passes.attention._pruning import Choice, cheapest
from qsac.passes.attention._tables import added
from qsac.passes.attention._weights import as_prepared, index_weights
from qsac.pipeline.contract import Pass, PassContext

SHARES = (1.0, 0.5, 0.25, 0.0625, 0.004)
"""The parts of what is left of the budget (as errors) that truncation may take."""

MOST_RANKS = 64
"""Ranks that are tried for a register."""

Rows = NDArray[Any]


class _Pair(NamedTuple):
    """The tables of a register's load and inverse load."""

    load: str
    inverse_load: str


@dataclass(frozen=True)
class TruncateTokens(Pass):
    """Drop the dimensions that tokens hardly occupy.

    Needs a verified attention program whose tables no later pass changes, except by pruning. Guarantees the same
    meaning within the error budget, and fewer two-qubit gates or no change. The rows whose inner products a register
    computes, each weighted by its probability under the prepared indices, are written in their principal axes and
    loaded along the first of these. An op's error is the root of sum_i p_i ||x'_i - x_i||^2, with x'_i the row that is
    loaded instead of x_i; the errors of the ops are added, the worst case, and the square of the sum is recorded as
    spent. Of all combinations of ranks within the budget or a part of it, the pass uses the one with the fewest gates
    after the remaining passes have spent the rest.
    """

    name: ClassVar[str] = "truncate-tokens"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 3
    after: ClassVar[tuple[str, ...]] = (
        "stage-degree",
        "evolve-tokens",
        "compress-tokens",
        "select-indices",
        "fold-unitaries",
    )

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program of the fewest gates within what is left of the budget."""
        available = context.ledger.available
        pairs = _pairs(program) if available > 0 else {}
        if not pairs:
            return program
        axes = {pair: _Axes(program, pair) for pair in pairs}
        fronts = [axes[pair].front(available) for pair in pairs]
        counts = [2 * len(registers) for registers in pairs.values()]
        family = context.target.family
        best, least, spent = program, two_qubit_gates(context.finish(program, 0.0), family), 0.0
        tried: set[tuple[Choice, ...]] = {tuple(front[0] for front in fronts)}
        for share in SHARES:
            choices = cheapest(fronts, counts, share * available)
            if choices in tried:
                continue
            tried.add(choices)
            error = sum(count * choice.error for count, choice in zip(counts, choices, strict=True))
            candidate = program
            for pair, choice in zip(pairs, choices, strict=True):
                if choice.cutoffs:
                    candidate = _truncated(candidate, pair, pairs[pair], axes[pair], choice.cutoffs[0])
            cost = two_qubit_gates(context.finish(candidate, error), family)
            if cost < least:
                best, least, spent = candidate, cost, error
        if spent:
            context.ledger.spend(self.name, spent)
        return best


def _pairs(program: Program) -> dict[_Pair, list[str]]:
    """The registers of which only inner products of rows count, whose probabilities are known."""
    found: dict[_Pair, list[str]] = {}
    for register in program.registers:
        places = matched(program, program.uses(register.name), is_load, is_uncompute, ends_in_zero)
        if places is not None:
            load, inverse_load = (of_type(program.ops[place], LoadTokens) for place in places[:2])
            plain = not load.exact and not inverse_load.exact
            if plain and as_prepared(program, load) and as_prepared(program, inverse_load):
                found.setdefault(_Pair(load.table, inverse_load.table), []).append(register.name)
    return found


class _Axes:
    """The principal axes of a pair of tables: ``tables`` are the rows along them, shape (rows, rank) each."""

    def __init__(self, program: Program, pair: _Pair) -> None:
        rows = [program.tables[name].values for name in pair]
        self.weights = [index_weights(program, len(part)) for part in rows]
        weighted = [np.sqrt(weights)[:, None] * part for weights, part in zip(self.weights, rows, strict=True)]
        _, values, axes = np.linalg.svd(np.concatenate(weighted), full_matrices=False)
        self.rank = int(np.sum(values > values[0] * max(map(len, rows)) * np.finfo(float).eps))
        # Rows of no weight may lie outside: nothing is asked of them.
        self.tables = [part @ axes[: self.rank].conj().T for part in rows]
        self.exact_cost = sum(
            loader_cost(len(part), part.shape[1], part.shape[1].bit_length() - 1, real=not np.iscomplexobj(part))
            for part in rows
        )

    def front(self, most: float) -> list[Choice]:
        """What is exact, and every rank whose errors are at most ``most``: its gates and error, half for each op."""
        choices = [Choice((), self.exact_cost, 0.0)]
        for rank in range(self.rank - 1, max(0, self.rank - 1 - MOST_RANKS), -1):
            errors = [
                sqrt(float(weights @ np.sum(np.abs(_unit(rows, rank) - rows) ** 2, axis=1)))
                for weights, rows in zip(self.weights, self.tables, strict=True)
            ]
            if sum(errors) > most:
                break
            cost = sum(
                loader_cost(len(rows), rank, _size(rank), real=not np.iscomplexobj(rows)) for rows in self.tables
            )
            choices.append(Choice((rank,), cost, sum(errors) / 2))
        return choices


def _unit(rows: Rows, rank: int) -> Rows:
    """Rows of unit norm along the first axes, shape (rows, all axes)."""
    cut = np.zeros_like(rows)
    cut[:, :rank] = rows[:, :rank]
    norms = np.linalg.norm(cut, axis=1)
    cut[norms == 0, 0] = 1.0
    return np.asarray(cut / np.where(norms > 0, norms, 1.0)[:, None])


def _size(rank: int) -> int:
    return max(1, (rank - 1).bit_length())


def _truncated(program: Program, pair: _Pair, registers: list[str], axes: _Axes, rank: int) -> Program:
    tables = dict(program.tables)
    names: list[tuple[str, str]] = []
    for name, rows in zip(pair, axes.tables, strict=True):
        exact = np.zeros((len(rows), 1 << _size(rows.shape[1])), dtype=rows.dtype)
        exact[:, : rows.shape[1]] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        cut = np.zeros((len(rows), 1 << _size(rank)), dtype=rows.dtype)
        cut[:, :rank] = _unit(rows, rank)[:, :rank]
        names.append((added(tables, f"{name}.truncated", Table(cut)), added(tables, f"{name}.axes", Table(exact))))
    ops: list[Op] = []
    for op in program.ops:
        if isinstance(op, LoadTokens) and op.data in registers:
            table, exact_table = names[op.inverse]
            ops.append(replace(op, table=table, exact=exact_table, order=()))
        else:
            ops.append(op)
    sizes = dict.fromkeys(registers, _size(rank))
    narrowed = tuple(Register(register.name, sizes.get(register.name, register.size)) for register in program.registers)
    return replace(program.with_ops(ops, tables), registers=narrowed)
