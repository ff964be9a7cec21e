"""Weigh the values of an index where it is un-loaded only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log, log1p, sqrt
from typing import ClassVar, Literal

import numpy as np

from qsac.ir.attention import LoadTokens, PrepareIndex
from qsac.ir.matching import ends_in_zero
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.passes.attention._gates import finished_gates
from qsac.passes.attention._tables import added
from qsac.pipeline.contract import Pass, PassContext

PRICE = 1e-3
"""The error probability of a two-qubit gate of a target without published rates."""


@dataclass(frozen=True)
class WeighIndices(Pass):
    """Prepare an index uniformly, and un-load it from its weights, where that takes fewer shots.

    Needs a verified attention program. Guarantees the same metrics, exactly. An index that is loaded from a row w,
    controls other ops, and is un-loaded from w and projected on zero, weighs value i by w_i^2. This split is the one
    that succeeds most often, but takes the gates of w twice. The pass prepares the sum over r values of |i> / sqrt(r)
    instead, which takes few gates or none, and un-loads w_i^2 / |w^2|, which succeeds less often: acceptance
    probabilities shrink by the square of sqrt(r) |w^2|, which is recorded as the program's `subnormalisation`. It does
    so where fewer shots are expected for each accepted shot without a two-qubit error, lambda^2 / (1 - e)^gates, with e
    the target's mean error rate of a two-qubit gate and the gates after the remaining passes.
    """

    name: ClassVar[str] = "weigh-indices"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 2
    after: ClassVar[tuple[str, ...]] = ("stage-degree", "park-keys", "select-indices", "gate-load-only")

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program of the fewest expected shots."""
        for register in program.registers:
            candidate = _weighed(program, register.name)
            if candidate is not None and _shots(candidate, context) < _shots(program, context):
                program = candidate
        return program


def _shots(program: Program, context: PassContext) -> float:
    """The logarithm of the shots for one that succeeds without a two-qubit error, but for a constant."""
    rates = context.target.errors
    gates = finished_gates(program, context)
    return 2 * log(program.subnormalisation) - gates * log1p(-rates.two_qubit if rates else -PRICE)


def _weighed(program: Program, register: str) -> Program | None:
    """The program with an index prepared uniformly; None where it is not of the form."""
    targeting = program.targeting(register)
    if len(targeting) != 3 or not _is_asked_for(program, register, targeting[2]):
        return None
    load, inverse_load, end = (program.ops[place] for place in targeting)
    if not isinstance(load, LoadTokens) or not isinstance(inverse_load, LoadTokens) or not ends_in_zero(end):
        return None
    if load.index or load.when or load.barrier or load.exact or load.data != register:
        return None
    if replace(load.adjoint(), origin=inverse_load.origin, order=inverse_load.order) != inverse_load:
        return None
    table = program.tables[load.table]
    if not table.known or not table.real:
        return None
    squares = table.values[0] ** 2
    count = int(np.flatnonzero(squares)[-1]) + 1
    size = program.scope.sizes[register]
    if not 1 << (size - 1) < count <= 1 << size:
        return None
    length = float(np.linalg.norm(squares))
    tables = dict(program.tables)
    name = added(tables, f"{load.table}-squared", Table((squares / length)[None]))
    ops: list[Op] = list(program.ops)
    ops[targeting[0]] = PrepareIndex(register, count, origin=load.origin)
    ops[targeting[1]] = replace(inverse_load, table=name)
    growth = program.subnormalisation * sqrt(count) * length
    return replace(program.with_ops(ops, tables), subnormalisation=growth)


def _is_asked_for(program: Program, register: str, end: int) -> bool:
    """Whether all that is read of a program depends on the register's projection: it all shrinks alike."""
    observed = [place for place, op in enumerate(program.ops) if isinstance(op, SaveProbabilities)]
    return all(register in readout.given for readout in program.readouts) and all(place > end for place in observed)
