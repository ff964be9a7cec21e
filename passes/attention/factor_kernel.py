"""Write a polynomial kernel as a product of factors."""

from __future__ import annotations

from cmath import phase
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import copysign, log, log1p, sqrt
from typing import ClassVar, Literal

import numpy as np

from qsac.ir.attention import ApplyUnitary, LoadTokens, PhaseTable, PrepareDegree, Project
from qsac.ir.op import Op, registers_of
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.passes.attention._degrees import copies_of_powers
from qsac.passes.attention._factors import Factors, Polynomial, factorised
from qsac.passes.attention._gates import finished_gates
from qsac.pipeline.contract import Pass, PassContext

LEAST_PRICE = 1e-9
"""What a gate costs where the target has no error rates: it decides between forms that take as many shots."""


@dataclass(frozen=True)
class FactorKernel(Pass):
    """Write a polynomial kernel as a product of factors, each of one root or more (Construction, section 6).

    Needs a verified attention program with one unary degree state before stage-degree, whose registers gate identical
    copies. Guarantees the same metrics, exactly (the product equals the polynomial to 1e-12). A factor of degree j has
    its own unary state on j degree registers; a root at zero needs none, because its score copy is not gated. All
    acceptance probabilities shrink by the square of the growth of lambda, which is recorded as the program's
    `subnormalisation`. Of all groupings of the roots the pass uses the one with the fewest shots for each accepted shot
    without a two-qubit error, lambda^2 / (1 - e)^gates, with e the target's mean error rate of a two-qubit gate and the
    gates after the remaining passes; no change if that is the unary form. `linear` uses one factor for each root
    instead, including complex ones, whatever the cost.
    """

    name: ClassVar[str] = "factor-kernel"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 2

    linear: bool = False

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program of the cheapest grouping."""
        found = copies_of_powers(program)
        if found is None:
            return program
        preparation, projection, groups = found
        if not _alike(groups[:-1], preparation.degree):
            return program
        weights = [a * b for a, b in zip(preparation.amplitudes, projection.amplitudes, strict=True)]
        rates = context.target.errors
        price = max(LEAST_PRICE, -log1p(-rates.two_qubit) if rates else 0.0)
        factors = factorised(weights, price, linear=self.linear) if any(weights) else None
        if factors is None:
            return program
        if not self.linear and not factors.zeros and len(factors.factors) == 1:
            # One factor is the unary form that is there.
            return program
        candidate = _factored(program, preparation, projection, groups, factors)
        # Of equal ones the product: merge-degrees may come to the same, but not where this pass runs alone.
        if self.linear or _cost(candidate, context, price) <= _cost(program, context, price):
            return candidate
        return program


def _cost(program: Program, context: PassContext, price: float) -> float:
    """The logarithm of the shots for one that succeeds without a two-qubit error, but for a constant."""
    gates = finished_gates(program, context)
    return 2 * log(program.subnormalisation) + price * gates


def _alike(groups: Sequence[Sequence[Op]], power: Sequence[str]) -> bool:
    """Whether each degree register gates a copy that multiplies by the same function of the indices."""
    forms = set()
    for group, register in zip(groups, power, strict=True):
        data = {op.data for op in group if isinstance(op, LoadTokens | ApplyUnitary)}
        if len(data) != 1:
            return False
        *inner, last = group
        if last != Project(registers_of(data.pop()), origin=last.origin):
            return False
        form = []
        for op in inner:
            if not isinstance(op, LoadTokens | ApplyUnitary) or op.when != (register,):
                return False
            form.append(replace(op, data="", when=(), origin=""))
        forms.add(tuple(form))
    return len(forms) == 1


def _factored(
    program: Program,
    preparation: PrepareDegree,
    projection: Project,
    groups: Sequence[Sequence[Op]],
    factors: Factors,
) -> Program:
    """The program with a unary state for each factor; copies of a root at zero come first, without a degree
    register."""
    ops: list[Op] = [_ungated(op) for group in groups[: factors.zeros] for op in group]
    used: list[str] = []
    place = factors.zeros
    for factor in factors.factors:
        degree = len(factor) - 1
        power = preparation.degree[place : place + degree]
        ops += _prepared(power, factor, preparation.origin)
        ops += [op for group in groups[place : place + degree] for op in group]
        lam = sum(map(abs, factor))
        magnitudes = tuple(sqrt(abs(coefficient) / lam) for coefficient in factor)
        ops.append(Project(power, "unary", amplitudes=magnitudes, origin=projection.origin))
        used += power
        place += degree
    unused = set(preparation.degree) - set(used)
    start, stop = program.ops.index(preparation), program.ops.index(projection)
    # Rounding must not make a program look as if it took more shots.
    growth = factors.lam if abs(factors.lam - 1) > 1e-12 else 1.0
    return replace(
        program,
        registers=tuple(register for register in program.registers if register.name not in unused),
        ops=(*program.ops[:start], *ops, *groups[-1], *program.ops[stop + 1 :]),
        readouts=tuple(
            replace(readout, given=_without(readout.given, unused), success=_without(readout.success, unused))
            for readout in program.readouts
        ),
        subnormalisation=program.subnormalisation * growth,
    )


def _prepared(power: tuple[str, ...], factor: Polynomial, origin: str) -> list[Op]:
    lam = sum(map(abs, factor))
    if np.iscomplexobj(np.asarray(factor)):
        # One register: what its zero is multiplied by.
        amplitudes = tuple(sqrt(abs(coefficient) / lam) for coefficient in factor)
        turn = phase(factor[0]) - phase(factor[1])
        return [
            PrepareDegree(power, amplitudes, origin=origin),
            PhaseTable(power[0], Table([turn]), origin=origin),
        ]
    amplitudes = tuple(copysign(sqrt(abs(value) / lam), value) for value in map(_real, factor))
    return [PrepareDegree(power, amplitudes, origin=origin)]


def _real(coefficient: complex) -> float:
    return complex(coefficient).real


def _ungated(op: Op) -> Op:
    return replace(op, when=()) if isinstance(op, LoadTokens | ApplyUnitary) else op


def _without(names: tuple[str, ...], unused: set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in unused)
