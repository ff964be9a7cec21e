"""Load tokens in a basis of the space that they span."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.counting.formulas import two_qubit_gates
from qsac.errors import of_type
from qsac.ir.attention import ApplyUnitary, LoadTokens
from qsac.ir.derivation import How, turned
from qsac.ir.matching import Maybe, ends_in_zero, is_load, is_uncompute, is_unitary, matched
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable, rank
from qsac.ir.table import Table
from qsac.passes.attention._tables import added
from qsac.pipeline.contract import Pass, PassContext

Rows = NDArray[Any]


class _Span(NamedTuple):
    """What several registers have in common: the tables of load and inverse load, and the unitary between them."""

    load: str
    unitary: ApplyUnitary | None
    inverse_load: str


@dataclass(frozen=True)
class CompressTokens(Pass):
    """Load tokens of low rank in a basis of their span, on as many qubits as it needs.

    Needs a verified attention program with bound parameters. Guarantees the same meaning, exactly (the rank is that of
    double precision). Between a load and an inverse load only the inner products of their rows matter; a unitary in
    between can be absorbed by either. If the rows span fewer dimensions than the register has, as T rows each do for
    d > 2T, both tables are written in an orthonormal basis of the span. This is done only if it gives fewer two-qubit
    gates on the target after the remaining passes, or equally many on fewer qubits.
    """

    name: ClassVar[str] = "compress-tokens"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 2
    after: ClassVar[tuple[str, ...]] = ("stage-degree", "evolve-tokens")

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with smaller registers."""
        for span, registers in _spans(program).items():
            candidates = [program, *_compressed(program, span, registers)]
            if len(candidates) > 1:
                program = min(candidates, key=lambda candidate: _cost(candidate, context))
        return program


def _cost(program: Program, context: PassContext) -> tuple[int, int]:
    final = context.finish(program)
    return two_qubit_gates(final, context.target.family), sum(register.size for register in final.registers)


def _spans(program: Program) -> dict[_Span, list[str]]:
    """The registers that are loaded, perhaps transformed, uncomputed and projected on zero, by what they do."""
    found: dict[_Span, list[str]] = {}
    for register in program.registers:
        places = matched(program, program.uses(register.name), is_load, Maybe(is_unitary), is_uncompute, ends_in_zero)
        if places is None:
            continue
        load, inverse_load = (of_type(program.ops[place], LoadTokens) for place in (places[0], places[2]))
        unitary = of_type(program.ops[places[1]], ApplyUnitary) if places[1] >= 0 else None
        if load.when == inverse_load.when and (unitary is None or unitary.when == load.when):
            alike = unitary and replace(unitary, data="", when=(), origin="")
            found.setdefault(_Span(load.table, alike, inverse_load.table), []).append(register.name)
    return found


def _compressed(program: Program, span: _Span, registers: list[str]) -> Iterator[Program]:
    """The program with these registers' tables in a basis of their span, the unitary folded into either of them."""
    tables = program.tables[span.load], program.tables[span.inverse_load]
    shaped_tables = [table for table in tables if isinstance(table, ShapedTable)]
    if shaped_tables:
        yield from _outlined(program, span, registers, *shaped_tables)
        return
    loaded, uncomputed = (table.values for table in tables)
    if span.unitary is None:
        pairs = [(loaded, uncomputed)]
    elif _basis(loaded).shape[1] + _basis(uncomputed).shape[1] < loaded.shape[1]:
        name = registers[0]
        unitary = replace(span.unitary, data=name).unitary(program.scope)
        pairs = [(loaded @ unitary.T, uncomputed), (loaded, uncomputed @ unitary.conj())]
    else:
        return
    for pair in pairs:
        basis = _basis(np.concatenate(pair))
        if basis.shape[1] < loaded.shape[1]:
            size = _size(basis.shape[1])
            yield _rewritten(program, span, registers, size, [_coordinates(rows, basis, size) for rows in pair])


def _outlined(
    program: Program, span: _Span, registers: list[str], loaded: ShapedTable, uncomputed: ShapedTable
) -> Iterator[Program]:
    """As :func:`_compressed`, for tables without numbers."""
    pairs: list[tuple[Table, Table]] = [(loaded, uncomputed)]
    if span.unitary is not None:
        if rank(loaded) + rank(uncomputed) >= loaded.shape[1]:
            return
        ways: tuple[How, ...] = ("load", "inverse_load")
        there, back = (
            turned(how, name, span.unitary, program.tables)
            for how, name in zip(ways, (span.load, span.inverse_load), strict=True)
        )
        pairs = [(there, uncomputed), (loaded, back)]
    for pair in pairs:
        shaped_tables = [table for table in pair if isinstance(table, ShapedTable)]
        columns = rank(*shaped_tables)
        if columns < loaded.shape[1]:
            size = _size(columns)
            yield _rewritten(
                program,
                span,
                registers,
                size,
                [
                    ShapedTable(
                        (table.shape[0], 1 << size),
                        real=all(one.real for one in shaped_tables),
                        columns=columns,
                        spans=table.spans,
                    )
                    for table in shaped_tables
                ],
            )


def _size(rank: int) -> int:
    """The qubits that a basis of so many vectors takes."""
    return max(1, (rank - 1).bit_length())


def _coordinates(rows: Rows, basis: Rows, size: int) -> Table:
    """Unit rows, shape (R, d), in an orthonormal basis, shape (d, rank), of their span."""
    coordinates = np.zeros((len(rows), 1 << size), dtype=np.result_type(rows, basis))
    coordinates[:, : basis.shape[1]] = rows @ basis
    return Table(coordinates / np.linalg.norm(coordinates, axis=1, keepdims=True))


def _basis(rows: Rows) -> Rows:
    """An orthonormal basis, shape (d, rank), of the span of rows of shape (R, d)."""
    _, values, basis = np.linalg.svd(rows, full_matrices=False)
    rank = int(np.sum(values > values[0] * max(rows.shape) * np.finfo(float).eps))
    return np.asarray(basis[:rank].conj().T)


def _rewritten(program: Program, span: _Span, registers: list[str], size: int, pair: Sequence[Table]) -> Program:
    """The program with these tables of 2^size columns loaded and uncomputed, and the unitary taken into one of them."""
    tables = dict(program.tables)
    names = []
    for name, table in zip((span.load, span.inverse_load), pair, strict=True):
        unitary = f".{span.unitary.table}" if span.unitary else ""
        names.append(added(tables, f"{name}{unitary}-span", table))
    ops: list[Op] = []
    for op in program.ops:
        if isinstance(op, LoadTokens) and op.data in registers:
            op = replace(op, table=names[op.inverse], order=())
        if not (isinstance(op, ApplyUnitary) and op.data in registers):
            ops.append(op)
    sizes = tuple(
        Register(register.name, size) if register.name in registers else register for register in program.registers
    )
    return replace(program.with_ops(ops, tables), registers=sizes)
