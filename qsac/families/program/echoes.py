"""Echoes: walks of a given order whose outcomes say the overlap of two states (docs/programs/feed-forward.md).

An echo of order k is k uses of the walk with reflections about zero between: it gives zero with cos^2(k theta), cos
theta the overlap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qsac.families.outcomes import Outcomes
from qsac.families.program.walk import REFLECTION, Walk
from qsac.files.numbers import Numbers
from qsac.ir.attention import PhaseState, Project
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.numerics.echo_estimation import most_likely

NAME = "echo"
"""The readout of every echo."""


def echo_program(name: str, walk: Walk, key: Numbers, query: Numbers, order: int, origin: str) -> Program:
    """The echo of two states of one length, a power of two; ``origin`` is the field that asks for it."""
    ops: list[Op] = []
    for use in range(order):
        if use:
            ops.append(PhaseState((walk.data,), REFLECTION, origin=origin))
        ops += walk.use(adjoint=use % 2 == 1)
    ops.append(Project((walk.data,), origin=origin))
    return Program(
        name=name,
        level="attention",
        registers=(Register(walk.data, len(key).bit_length() - 1),),
        tables={walk.keys: Table(key[None]), walk.query: Table(query[None])},
        ops=tuple(ops),
        readouts=(Readout(NAME, (), (walk.data,)),),
    )


def overlap_of(outcomes: Sequence[tuple[int, Outcomes]]) -> tuple[float, float]:
    """The overlap of the largest likelihood for the outcomes of each order, and half of its 99% interval. Exact ones
    give it by the echo of order 1; verification has compared all orders."""
    if all(found.exact for _, found in outcomes):
        return float(np.sqrt(min(1.0, dict(outcomes)[1].share(NAME)))), 0.0
    orders = [order for order, _ in outcomes]
    hits = [found.success[NAME] for _, found in outcomes]
    return most_likely(orders, hits, [found.total for _, found in outcomes])


def exact_echo(probability: float) -> Outcomes:
    """The exact outcomes of an echo."""
    return Outcomes(1.0, 1.0, {NAME: probability}, None, exact=True)
