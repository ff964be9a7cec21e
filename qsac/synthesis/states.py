"""States, and tables of them: what brings qubits from zero into given amplitudes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qsac.arguments import flag, whole_number
from qsac.ir.attention import LoadTokens, PhaseTable
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.numerics.plan import repetition
from qsac.pipeline.contract import PassContext
from qsac.synthesis.asked import check_width, numbers, qubits_for, unit_rows, wrong_shape
from qsac.synthesis.block import DEFAULT, Block
from qsac.synthesis.writing import context_of, loads, written

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

_ROUNDING = 1e-14
"""Largest imaginary part that is none."""

_ALSO_COMPLEX = 64
"""Most numbers of a real table that rotated ladders, which are for complex ones, are solved for: where there are few
rows, ladders take up to three gates fewer than loads of real rows (measured), where there are many, they do not."""

_LARGE = 0.61
"""The part of its row's largest entry that an entry has whose phase is taken to be that of the row."""


def state(v: ArrayLike, *, target: AnyTarget = DEFAULT, normalise: bool = False, optimisation: int = 2) -> Block:
    """The preparation of a state: |0..0> comes to sum_x v[x] |x>, with the phase that ``v`` has.

    ``v``, shape (2^n,), real or complex, n from 1 to 14, has unit norm up to 1e-9; ``normalise`` divides it by its
    norm. The first qubit is the most significant one. At ``optimisation`` 0 it is prepared by multiplexors
    (Moettoenen et al., quant-ph/0407010; Bergholm et al., quant-ph/0410066: 2^n - n - 1 two-qubit gates); from 1 on by
    its structure, where that takes fewer: none for products, n - 1 for GHZ states, 2^(n-1) - 1 for any state of up to
    six qubits (Construction, section 14); at 2 of up to seven or eight, 3 of nine by rotated ladders (section 13),
    which takes seconds to minutes.

    Raises :class:`~qsac.errors.InvalidInputError` for what is not such an array and for unknown targets,
    :class:`~qsac.errors.DoesNotFitError` for more than 14 qubits.
    """
    amplitudes = numbers(v, "the amplitudes of a state", 1)
    qubits = qubits_for(len(amplitudes), "the amplitudes of a state", amplitudes.shape)
    if not qubits:
        raise wrong_shape("the amplitudes of a state", amplitudes.shape, "at least 2 amplitudes: those of a qubit")
    check_width(qubits, "the amplitudes of a state")
    row = unit_rows(amplitudes[None], "a state", normalise=flag(normalise, "normalise"))
    context = context_of(target, whole_number(optimisation, "optimisation level", 0, 3))
    return written("state", _programs(row, context), row[:, :, None], 0, context)


def rows(table: ArrayLike, *, target: AnyTarget = DEFAULT, normalise: bool = False, optimisation: int = 2) -> Block:
    """The load of a table: |i>|0..0> comes to |i> sum_x table[i, x] |x>, with the phases that the rows have.

    ``table``, shape (T, 2^n), real or complex, has rows of unit norm up to 1e-9; ``normalise`` divides them by their
    norms. The index has the fewest qubits for T values, m; m + n is at most 14. What becomes of index values from T on
    is not said. ``optimisation`` as in :func:`state`: from 1 on rows that are products alike are loaded factor by
    factor (Construction, section 14), from 2 on complex tables of up to 256 numbers (of 512 at 3) by one rotated
    ladder each, of about T 2^n / 2 + T / 4 two-qubit gates, with no diagonal (section 13), which takes seconds.

    Raises :class:`~qsac.errors.InvalidInputError` for what is not such an array and for unknown targets,
    :class:`~qsac.errors.DoesNotFitError` for more than 14 qubits.
    """
    values = numbers(table, "the rows of a table", 2)
    data = qubits_for(values.shape[1], "the rows of a table", values.shape)
    if not data:
        raise wrong_shape("the rows of a table", values.shape, "at least 2 columns: the amplitudes of a qubit")
    index = (len(values) - 1).bit_length()
    check_width(index + data, "the rows of a table")
    unit = unit_rows(values, "each row of a table", normalise=flag(normalise, "normalise"))
    context = context_of(target, whole_number(optimisation, "optimisation level", 0, 3))
    return written("rows", _programs(unit, context), unit[:, :, None], index, context)


def _programs(rows: NDArray[np.complex128], context: PassContext) -> Iterator[Program]:
    """The programs that load rows: as they are, as complex ones, and without the phases that are left to the index."""
    index, data = (len(rows) - 1).bit_length(), rows.shape[1].bit_length() - 1
    load = LoadTokens("data", ("index",) if index else (), "rows")
    yield from loads([load], {"rows": Table(rows)}, index, data, context)
    if index and rows.size <= _ALSO_COMPLEX and not rows.imag.any() and context.optimisation > 1:
        yield from loads([load], {"rows": Table(rows, complex=True)}, index, data, context)
    for some, phases in _without_phases(rows):
        ops: list[Op] = [load]
        if index:
            ops.append(PhaseTable("index", Table(phases)))
        yield from loads(ops, {"rows": Table(some)}, index, data, context)


def _without_phases(rows: NDArray[np.complex128]) -> Iterator[tuple[NDArray[Any], NDArray[np.float64]]]:
    """Rows and the phases that these lack: where all are then real, or repeat as they did not before."""
    sizes = np.abs(rows)
    # The same entry of rows that are the same but for their phases, however these are rounded.
    first = np.argmax(sizes > _LARGE * sizes.max(axis=1, keepdims=True), axis=1)
    phases = np.angle(rows[np.arange(len(rows)), first])
    turned = rows * np.exp(-1j * phases)[:, None]
    real = np.abs(turned.imag).max() <= _ROUNDING
    if real and rows.imag.any():
        # Of phases beyond a quarter turn the sign is the row's.
        signs = np.where(np.abs(phases) > np.pi / 2, -1.0, 1.0)
        yield turned.real * signs[:, None], phases - np.pi * np.sign(phases) * (signs < 0)
    if len(repetition(turned)[0]) < len(repetition(rows)[0]):
        yield turned.real if real else turned, phases
