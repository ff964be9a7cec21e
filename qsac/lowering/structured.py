"""Loads by the structure of their tables (:mod:`qsac.numerics.table_structure`) as blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import pi
from typing import Any

import numpy as np

from qsac.ir.attention import LoadTokens
from qsac.ir.blocks import PauliRotation
from qsac.ir.blocks.rotation import controlled_x, phased_x
from qsac.lowering.cascades import Block, Data, Levels, orders_of, rows_of, uncompute
from qsac.lowering.context import LoweringContext
from qsac.lowering.rotated import gates_of
from qsac.numerics.cascade import Real, Rows, complex_cascade, real_cascade
from qsac.numerics.disentangling import Flip, Ladder, Rotated, Step, Turn
from qsac.numerics.table_structure import Part, TableStructure


def unload(op: LoadTokens, found: TableStructure, place: LoweringContext) -> tuple[list[Block], Real]:
    """The blocks of an inverse load, part by part, and the phases that it leaves on the values of the controls that
    have a row, shape (C,)."""
    left = found.phases.copy()
    # The orders of ladders are those of the gates as they will stand.
    written = {}
    for part in found.parts if op.inverse else reversed(found.parts):
        written[part.places] = _part(op, part, place)
        left += written[part.places][1][part.row_of]
    return [block for part in found.parts for block in written[part.places][0]], left


def _part(op: LoadTokens, part: Part, place: LoweringContext) -> tuple[list[Block], Real]:
    """The blocks of a part, and the phases that they leave on each of its rows."""
    register = place.qubits(*op.targets)
    if part.single is not None:
        steps, qubits = part.single.steps, Data(tuple(register[at] for at in part.places), register)
        if op.inverse:
            return steps_of(steps, op, qubits, place), np.zeros(1)
        # In the order in which their adjoints stand.
        taken = [_step(step, op, qubits, place) for step in reversed(steps)]
        return [block for blocks in reversed(taken) for block in blocks], np.zeros(1)
    given = place.qubits(*op.index, *op.when)
    unused = len(given) - (len(part.row_of) - 1).bit_length()
    controls = tuple(given[unused + bit] for bit in part.kept)
    data = Data(tuple(register[at] for at in part.places), register)
    return _cascade(part.rows, part.columns, controls, data, op, place)


def _cascade(
    rows: Any, columns: int, controls: tuple[str, ...], data: Data, op: LoadTokens, place: LoweringContext
) -> tuple[list[Block], Real]:
    key = "cascade", rows.shape, rows.dtype.str, rows.tobytes()
    levels, left = place.cached(key, lambda: _worked_out(rows, columns, ()))
    orders = orders_of(levels, place, inverse_load=op.inverse)
    if any(orders):
        levels, left = place.cached((key, orders), lambda: _worked_out(rows, columns, rows_of(orders)))
    return uncompute(levels, controls, data, place, orders), left


def _worked_out(rows: Any, columns: int, orders: Sequence[Rows | None]) -> tuple[Levels, Real]:
    """The levels of a cascade, and the phases that they leave on each row."""
    if np.iscomplexobj(rows):
        return complex_cascade(rows, columns, orders)
    return real_cascade(rows, columns, orders), np.zeros(len(rows))


def steps_of(steps: Sequence[Step], op: LoadTokens, data: Data, place: LoweringContext) -> list[Block]:
    """The blocks of what takes a single state to zero."""
    return [block for step in steps for block in _step(step, op, data, place)]


def _step(step: Step, op: LoadTokens, data: Data, place: LoweringContext) -> list[Block]:
    """The blocks of a step, on a part's qubits."""
    names = data.qubits
    if isinstance(step, Turn):
        return list(_turn(names[step.place], step))
    if isinstance(step, Flip):
        return list(controlled_x(names[step.control], names[step.target]))
    if isinstance(step, Ladder):
        return list(_ladder(step, names))
    qubits = tuple(names[at] for at in step.places)
    if isinstance(step, Rotated):
        return [block.adjoint() for block in reversed(list(gates_of(step.ladder, qubits, ())))]
    return _cascade(step.row[None], step.columns, (), Data(qubits, data.register), op, place)[0]


def _turn(qubit: str, step: Turn) -> Iterator[PauliRotation]:
    p, q = step.matrix[:, 0]
    theta, alpha = 2 * np.arctan2(abs(q), abs(p)), -2 * np.angle(p)
    if theta:
        yield from phased_x(qubit, theta, np.angle(1j * q) + np.angle(p))
    if alpha:
        yield PauliRotation("z", (qubit,), float(alpha))


def _ladder(step: Ladder, names: tuple[str, ...]) -> Iterator[PauliRotation]:
    target = names[step.target]
    for number, (theta, phi) in enumerate(zip(step.theta, step.phi, strict=True)):
        if number:
            yield PauliRotation("zz", (names[step.partner(number)], target), pi / 2)
        yield from phased_x(target, theta, phi)
