"""Circuits with symbols: how the angles of a template's gates depend on parameters that no table holds.

Blocks are linear in those parameters: a rotation's angle is one of them, a multiplexor's or diagonal's numbers are sums
of them. The gates that they come to are written one by one, with angles that are linear too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qsac.emit.emit import emit_symbolic
from qsac.errors import InvalidInputError, of_type
from qsac.ir.attention import ApplyUnitary, PhaseTable
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.lowering.allocation import allocate
from qsac.lowering.lower import lowered_ops

if TYPE_CHECKING:
    from pytket import Circuit

    from qsac.templates.template import Template


def symbol_names(program: Program) -> tuple[str, ...]:
    """The symbols of an attention program: of its unitaries' tables in order, then of its phases."""
    names: dict[str, None] = {}
    for op in program.ops:
        if isinstance(op, ApplyUnitary) and op.form == "hardware-efficient":
            shape = program.tables[op.table].shape
            names |= dict.fromkeys("_".join(map(str, (op.table, *index))) for index in np.ndindex(*shape))
    for op in program.ops:
        if isinstance(op, PhaseTable):
            names |= dict.fromkeys(f"phase_{place}" for place in range(op.phases.shape[0]))
    return tuple(names)


def symbolic_circuit(template: Template, tokens: ArrayLike | None) -> Circuit:
    """See :meth:`qsac.templates.template.Template.to_tket`."""
    if template.target.coupling is not None:
        raise InvalidInputError(
            f"circuits for {template.target.name} have no symbols: routing looks at the angles",
            code="template.no-symbols",
            wanted="a target whose qubits are all connected",
            help="bind the parameters: every binding is routed",
        )
    names = template.symbols
    program, _ = template.filled(template.bound_model(tokens))
    fixed = template.shapes[0].with_numbers(_at_zero(program), template.context)
    circuit, terms = emit_symbolic(fixed, _linear(template, program, names), template.target.family)
    from qsac.export.tket import to_tket_with_symbols

    return to_tket_with_symbols(circuit, terms, names)


def _at_zero(program: Program) -> Program:
    """The program with all of its symbols' parameters zero."""
    tables = dict(program.tables)
    ops: list[Op] = []
    for op in program.ops:
        if isinstance(op, ApplyUnitary) and op.form == "hardware-efficient":
            tables[op.table] = Table(np.zeros(program.tables[op.table].shape))
        ops.append(replace(op, phases=Table(np.zeros(op.phases.shape))) if isinstance(op, PhaseTable) else op)
    return replace(program, tables=tables, ops=tuple(ops))


def _linear(template: Template, program: Program, names: tuple[str, ...]) -> dict[int, NDArray[np.float64]]:
    """How the numbers of the template's blocks, by their place, depend on the symbols: shape (numbers, symbols)."""
    column = {name: place for place, name in enumerate(names)}
    slots: dict[int, tuple[Op, NDArray[np.float64]]] = {}
    for op, blocks in lowered_ops(program, allocate(program, template.context), slots=True):
        for block, entries in _entries(op, [block for block in blocks if block.slots], program):
            numbers = 1 if isinstance(block, PauliRotation) else _rows(block)
            linear = np.zeros((numbers, len(names)))
            for row, name in entries.items():
                linear[row, column[name]] = 1.0
            slots[block.slots[0]] = block, linear
    found = {}
    for place, op in enumerate(template.blocks.ops):
        parts = [slots[slot] for slot in op.slots if slot in slots]
        if isinstance(op, Diagonal):
            placed = [linear[block.places(op.qubits)] for block, linear in parts if isinstance(block, Diagonal)]
        else:
            placed = [linear for _, linear in parts]
        if placed:
            found[place] = np.sum(placed, axis=0)
    return found


def _entries(op: Op, blocks: list[Op], program: Program) -> Iterator[tuple[Op, dict[int, str]]]:
    """The blocks of an op whose numbers are its parameters, and which symbol stands at which of their numbers."""
    if isinstance(op, PhaseTable):
        yield blocks[0], {place: f"phase_{place}" for place in range(op.phases.shape[0])}
    elif isinstance(op, ApplyUnitary) and op.form == "hardware-efficient":
        # Rotations come in the order of their angles; with a gate before them they are multiplexors, whose last angle
        # is of the value at which the unitary is applied. Diagonals are entanglers.
        turns = [block for block in blocks if not isinstance(block, Diagonal)]
        for block, index in zip(turns, np.ndindex(*program.tables[op.table].shape), strict=True):
            last = 0 if isinstance(block, PauliRotation) else _rows(block) - 1
            yield block, {last: "_".join(map(str, (op.table, *index)))}


def _rows(block: Op) -> int:
    return block.angles.shape[0] if isinstance(block, Multiplexor) else of_type(block, Diagonal).phases.shape[0]
