"""Work scores out classically."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.errors import of_type
from qsac.ir.attention import LoadTokens
from qsac.ir.matching import ends_in_zero, is_load, is_uncompute, matched
from qsac.ir.op import Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.passes.attention._gates import finished_gates, improved
from qsac.passes.attention._rotation import improved as rotated
from qsac.passes.attention._scores import OfScores
from qsac.passes.attention._tables import added
from qsac.pipeline.contract import BY_NAME, Pass, PassContext


@dataclass(frozen=True)
class FoldScores(Pass):
    """Work scores out classically: a table of scores in place of a load and an inverse load.

    Needs a verified attention program. Guarantees the same meaning, exactly. A copy that is loaded from rows x_i and
    un-loaded from rows y_j multiplies by the scores <y_j|x_i>. The pass computes them. It loads one qubit from the
    rows (s, sqrt(1 - |s|^2)) instead, for the copies for which that takes fewer two-qubit gates on the target after the
    remaining passes; or, of a causal mask, it solves for two ladders that have the scores of the pairs in the mask, and
    nothing else of the tables (Construction, section 13). This mixes tokens: the compiler then does a part of what the
    circuit is for, which it never does unless this pass is named. The artifact's statistics say so (`classical_work`).
    """

    name: ClassVar[str] = "fold-scores"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = BY_NAME
    after: ClassVar[tuple[str, ...]] = ("compress-tokens", "select-indices", "fold-unitaries")
    classical_work: ClassVar[str] = "scores, each of two tokens"

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with tables or ladders of scores where they pay."""
        tables = improved(program, context, _folded)
        scores = OfScores(program)
        ladders = rotated(program, context, scores) if scores.any else program
        return min((program, tables, ladders), key=lambda found: finished_gates(found, context))


def _folded(program: Program, register: str) -> Program | None:
    """The program with the scores of a copy in a table; None where it is not of the form."""
    places = matched(program, program.uses(register), is_load, is_uncompute, ends_in_zero, barriers=True)
    if places is None:
        return None
    load, inverse_load = (of_type(program.ops[place], LoadTokens) for place in places[:2])
    used = {*load.index, *load.when, *inverse_load.index}
    between = program.ops[places[0] : places[2]]
    tables = [program.tables[op.table] for op in (load, inverse_load)]
    if load.when != inverse_load.when or load.exact or inverse_load.exact or not all(table.known for table in tables):
        return None
    if any(used.intersection(op.targets) for op in between):
        return None
    index = tuple(dict.fromkeys((*load.index, *inverse_load.index)))
    sizes = [program.scope.sizes[name] for name in index]
    rows, columns = (
        _rows_of(op, index, sizes, len(table.values)) for op, table in zip((load, inverse_load), tables, strict=True)
    )
    known = (rows >= 0) & (columns >= 0)
    scores = np.einsum("rd,rd->r", tables[1].values[columns].conj(), tables[0].values[rows])
    scores = np.where(known, scores / np.maximum(np.abs(scores), 1), 1)
    table = np.stack([scores, np.sqrt(np.clip(1 - np.abs(scores) ** 2, 0, None))], axis=1)
    kept = dict(program.tables)
    name = added(kept, f"{load.table}-scores", Table(table[: int(np.flatnonzero(known)[-1]) + 1]))
    ops = list(program.ops)
    ops[places[0]] = replace(load, index=index, table=name, order=(), barrier=False)
    del ops[places[1]]
    one = tuple(Register(register, 1) if other.name == register else other for other in program.registers)
    return replace(program, registers=one).with_ops(ops, kept)


def _rows_of(op: LoadTokens, index: tuple[str, ...], sizes: list[int], count: int) -> NDArray[np.intp]:
    """The row that an op has for each value of the joint index, -1 where it has none."""
    values = np.arange(1 << sum(sizes))
    row = np.zeros_like(values)
    for name in op.index:
        place = index.index(name)
        row = (row << sizes[place]) | (values >> sum(sizes[place + 1 :]) & ((1 << sizes[place]) - 1))
    return np.where(row < count, row, -1)
