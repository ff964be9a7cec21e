"""How far a program with approximating loaders is from the exact one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention import LoadEvolution, LoadPruned, LoadRotated, LoadTokens
from qsac.ir.attention.loader import Loader
from qsac.ir.interpreter import Interpretation, final_state, interpret
from qsac.ir.op import ControlledUnitary, Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.numerics.product_formulas import States

INFIDELITY_WIDTH = 20
"""Most qubits of all registers together for which the infidelity is computed."""

Matrices = NDArray[np.complex128]


def infidelity(program: Program, kind: type[Loader] = Loader) -> float | None:
    """The infidelity of the final state with the exact program's, every projection deferred.

    The exact program loads what the ops of the given ``kind`` stand for. Where a loader's meaning leaves its unitaries
    open, the exact ones are those closest to the approximate ones. None where the registers have more than
    :data:`INFIDELITY_WIDTH` qubits in all.
    """
    program = _widened(program)
    if sum(register.size for register in program.registers) > INFIDELITY_WIDTH:
        return None
    approximate = final_state(program, lambda op: op.matrices(program.scope))
    exact = final_state(program, lambda op: _exact(op, program, kind))
    return max(0.0, 1 - float(abs(np.vdot(exact, approximate)) ** 2))


def exactly(program: Program) -> Interpretation:
    """What the exact program comes to, whose loads are what those of ``program`` approximate: see :func:`infidelity`.

    Raises :class:`~qsac.errors.DoesNotFitError` for programs too wide to be interpreted.
    """
    widened = _widened(program)
    return interpret(widened, lambda op: _exact(op, widened, Loader))


def _widened(program: Program) -> Program:
    """The program on registers that have room for what its truncated tables approximate."""
    truncated = [op for op in program.ops if isinstance(op, LoadPruned | LoadTokens | LoadRotated) and op.exact]
    columns = {op.data: program.tables[op.exact].shape[1] for op in truncated}
    tables = dict(program.tables)
    for op in truncated:
        if isinstance(op, LoadRotated):  # its table is of angles, whatever the size of the register
            continue
        rows = program.tables[op.table].values
        tables[op.table] = Table(np.pad(rows, ((0, 0), (0, columns[op.data] - rows.shape[1]))))
    registers = tuple(
        Register(register.name, columns[register.name].bit_length() - 1) if register.name in columns else register
        for register in program.registers
    )
    return replace(program, registers=registers, tables=tables)


def _exact(op: ControlledUnitary, program: Program, kind: type[Loader]) -> Matrices:
    matrices = op.matrices(program.scope)
    if not isinstance(op, kind) or not op.approximates:
        return matrices
    loaded, intended = op.loaded(program.scope), op.intended(program.scope)
    if isinstance(op, LoadEvolution):
        # The phases of the bits make up for what the formulas add: all but one phase of the whole is theirs to match.
        overlap = np.vdot(intended, loaded)
        intended = intended * (overlap / abs(overlap) if overlap else 1.0)
    turns = _rotations(loaded, intended)
    if op.inverse:
        return np.asarray(matrices @ np.conj(turns.transpose(0, 2, 1)))
    return np.asarray(turns @ matrices)


def _rotations(start: States, end: States) -> Matrices:
    """For each pair of unit rows the unitary closest to the identity that takes one to the other: in their plane."""
    along = np.einsum("td,td->t", start.conj(), end)
    across = end - along[:, None] * start
    length = np.linalg.norm(across, axis=1)
    across = np.where(length[:, None] > 1e-12, across / np.maximum(length, 1e-300)[:, None], 0.0)
    moved = (along - 1)[:, None] * start + length[:, None] * across
    other = -length[:, None] * start + (along.conj() - 1)[:, None] * across
    return np.asarray(
        np.eye(start.shape[1])
        + moved[:, :, None] * start.conj()[:, None, :]
        + other[:, :, None] * across.conj()[:, None, :]
    )
