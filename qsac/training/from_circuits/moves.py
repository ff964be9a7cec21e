"""Where a circuit has numbers, and by which shifts of them its outcomes are differentiated, occurrence by occurrence.

A table that is loaded k times is shifted in one load after the other: the derivative is the sum over its occurrences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.files.numbers import Numbers
from qsac.ir.attention import ApplyUnitary, LoadTokens, PhaseTable
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.numerics.plan import occupied_columns
from qsac.training.from_circuits.rows import Real, fields_of, string, turned
from qsac.training.from_circuits.rules import FOUR, TWO, Rule

REPEATED = 1e-9
"""Rows of a template's tables that differ by less are the same in all bindings."""


@dataclass(frozen=True, eq=False)
class Move:
    """One direction in which the numbers of one op move: ``at`` gives them at an angle, in radians. ``weights`` (P,)
    are the derivatives of the angle by the parameters, ``rule`` that of the outcomes by the angle."""

    place: int
    at: Callable[[float], NDArray[Any]]
    weights: Real
    rule: Rule


def numbers_of(program: Program) -> dict[str, NDArray[Any]]:
    """The numbers that a binding has: the program's tables by name, and the phases of ops by their places."""
    found = {name: table.values for name, table in program.tables.items()}
    return found | {
        key(place, op): op.phases.values for place, op in enumerate(program.ops) if isinstance(op, PhaseTable)
    }


def key(place: int, op: Op) -> str:
    """Under which name :func:`numbers_of` has the numbers of an op; empty where it has none."""
    if isinstance(op, PhaseTable):
        return f"phases at {place}"
    return op.table if isinstance(op, LoadTokens | ApplyUnitary) else ""


def shifted(program: Program, place: int, values: NDArray[Any], name: str = "shifted") -> Program:
    """The program with other numbers in one of its ops; a table of them is called ``name``."""
    op = program.ops[place]
    if isinstance(op, PhaseTable):
        return _with_op(program, place, replace(op, phases=Table(values)))
    if not isinstance(op, LoadTokens | ApplyUnitary):
        raise TypeError(f"an op {op.name} has no numbers")
    kept = program.tables[op.table]
    table = Table(values, complex=not kept.real, pattern=kept.pattern)
    made = _with_op(program, place, replace(op, table=name))
    return replace(made, tables={**program.tables, name: table})


def moves_of(program: Program, slopes: Mapping[str, NDArray[Any]], *, nothing: float, shots: bool) -> list[Move]:
    """The moves that the derivatives of a program's outcomes are made of. ``slopes`` are those of :func:`numbers_of` by
    P parameters, with the parameters first; what is not there is held. Slopes up to ``nothing`` are rounding."""
    found: list[Move] = []
    for place, op in enumerate(program.ops):
        slope = slopes.get(key(place, op))
        if slope is None or np.abs(slope).max(initial=0.0) <= nothing:
            continue
        if isinstance(op, LoadTokens):
            found += _of_rows(place, op, program.tables[op.table], slope, nothing, shots=shots)
        elif isinstance(op, PhaseTable):
            found += _of_phases(place, op.phases.values, slope, nothing, shots=shots)
        elif isinstance(op, ApplyUnitary):
            found += _of_unitary(place, op, program.tables[op.table].values, slope, nothing, shots=shots)
    return found


def _with_op(program: Program, place: int, op: Op) -> Program:
    return replace(program, ops=(*program.ops[:place], op, *program.ops[place + 1 :]))


def _of_rows(
    place: int, op: LoadTokens, table: Table, slope: Numbers, nothing: float, *, shots: bool
) -> Iterator[Move]:
    """Those of a load: rows that are the same in all bindings move together; basis states stay."""
    alike = (table.pattern or table).values
    _, first, group = np.unique(np.round(alike / REPEATED), axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    fixed = (np.count_nonzero(alike[first], axis=1) == 1) & (np.abs(slope[:, first]).max(axis=(0, 2)) <= nothing)
    found = fields_of(
        table.values[first],
        slope[:, first],
        occupied_columns(alike),
        nothing=nothing,
        gated=bool(op.when),
        fixed=bool(fixed.any()),
        shots=shots,
    )
    if found is not None:
        for field, weights in zip(found.fields, found.weights, strict=True):
            yield Move(place, _along(table.values, field[group]), weights, found.rule)


def _along(rows: Numbers, field: Numbers) -> Callable[[float], Numbers]:
    return lambda angle: turned(rows, field, angle)


def _of_phases(place: int, phases: Real, slope: Real, nothing: float, *, shots: bool) -> Iterator[Move]:
    """Those of phases, which are rows of one entry: a field is a sign for each of them, or zero."""
    rows = np.exp(1j * phases)[:, None]
    found = fields_of(rows, 1j * rows * slope[:, :, None], nothing=nothing, gated=False, shots=shots)
    if found is not None:
        for field, weights in zip(found.fields, found.weights, strict=True):
            sign = np.rint((field * (1j * rows).conj()).real[:, 0])
            yield Move(place, _sloping(phases, sign / 2), weights, found.rule)


def _sloping(values: Real, direction: Real) -> Callable[[float], Real]:
    return lambda angle: values + angle * direction


def _of_unitary(
    place: int, op: ApplyUnitary, values: Numbers, slope: Numbers, nothing: float, *, shots: bool
) -> Iterator[Move]:
    """Those of a unitary that is gates: of each angle of an ansatz, of the entries of a diagonal, or of the Pauli
    strings that turn a matrix."""
    rule = FOUR if op.when else TWO
    if op.form == "hardware-efficient":
        yield from _of_angles(place, values.astype(np.float64), slope.astype(np.float64), nothing, rule)
    elif op.form == "diagonal":
        entries = values.astype(np.complex128)[:, None]
        found = fields_of(
            entries, slope.astype(np.complex128)[:, :, None], nothing=nothing, gated=bool(op.when), shots=shots
        )
        if found is not None:
            for field, weights in zip(found.fields, found.weights, strict=True):
                yield Move(place, _first(_along(entries, field)), weights, found.rule)
    else:
        yield from _of_matrix(place, values, slope, nothing, rule)


def _first(at: Callable[[float], Numbers]) -> Callable[[float], Numbers]:
    """The first column."""

    def first(angle: float) -> Numbers:
        found: Numbers = at(angle)[:, 0]
        return found

    return first


def _of_angles(place: int, angles: Real, slope: Real, nothing: float, rule: Rule) -> Iterator[Move]:
    """Each angle by itself."""
    for index in np.ndindex(angles.shape):
        weights = slope[(slice(None), *index)]
        if np.abs(weights).max() > nothing:
            unit = np.zeros(angles.shape)
            unit[index] = 1.0
            yield Move(place, _sloping(angles, unit), weights, rule)


def _of_matrix(place: int, values: Numbers, slope: Numbers, nothing: float, rule: Rule) -> Iterator[Move]:
    """With dU = -i H U and H = sum_P h_P P / 2 the turn about P has the weight h_P. The identity is a global phase,
    but where the matrix is gated."""
    generator = 1j * slope @ values.conj().T
    dimension = len(values)
    for paulis in product("ixyz", repeat=dimension.bit_length() - 1):
        if rule is TWO and set(paulis) == {"i"}:
            continue
        matrix = string(paulis)
        weights = 2 / dimension * np.einsum("ab,pba->p", matrix, generator).real
        if np.abs(weights).max() > nothing:
            yield Move(place, _about(values, matrix), weights, rule)


def _about(values: Numbers, matrix: NDArray[np.complex128]) -> Callable[[float], Numbers]:
    def at(angle: float) -> Numbers:
        made: Numbers = np.cos(angle / 2) * values - 1j * np.sin(angle / 2) * matrix @ values
        return made if np.iscomplexobj(values) else np.ascontiguousarray(made.real)

    return at
