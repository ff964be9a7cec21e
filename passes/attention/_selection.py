"""Gated score copies, and the selection of an index instead of their gates."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from qsac.errors import of_type
from qsac.ir.attention import LoadTokens, SelectIndex
from qsac.ir.matching import Maybe, is_load, is_uncompute, is_unitary, matched
from qsac.ir.op import Op
from qsac.ir.program import Program


class Copy(NamedTuple):
    """A gated score copy: the positions of its load, of the unitary (or -1) and of its inverse load."""

    load: int
    unitary: int
    inverse_load: int


def ungated(program: Program) -> Program | None:
    """The program with every gated score copy loaded and uncomputed without the gate; None where that cannot be."""
    copies = gated_copies(program)
    return selected(program, copies) if copies and of_one_table(program, copies) else None


def gated_copies(program: Program) -> list[Copy]:
    """The gated score copies that an index can be selected for: all of them, or none."""
    found = []
    for place, op in enumerate(program.ops):
        if not isinstance(op, LoadTokens) or not op.when or op.inverse:
            continue
        if not isinstance(op.data, str):
            return []
        uses = program.uses(op.data)
        places = matched(program, uses[uses.index(place) :], is_load, Maybe(is_unitary), is_uncompute, whole=False)
        if places is None:
            return []
        copy = Copy(*places)
        inverse_load = of_type(program.ops[copy.inverse_load], LoadTokens)
        if copy.unitary >= 0 and program.ops[copy.unitary].controlled_by != op.when:
            return []
        if inverse_load.when != op.when or len(op.when) != 1:
            return []
        if len(op.index) != 1 or len(inverse_load.index) != 1 or op.index == inverse_load.index:
            return []
        found.append(copy)
    return found


def of_one_table(program: Program, copies: list[Copy]) -> bool:
    """Whether every copy is uncomputed from the table that it is loaded from."""
    return all(_table(program, copy.load) == _table(program, copy.inverse_load) for copy in copies)


def _table(program: Program, place: int) -> str:
    return of_type(program.ops[place], LoadTokens).table


def selected(program: Program, copies: list[Copy]) -> Program:
    """Loads and inverse loads without gates, the inverse loads between a selection and its adjoint."""
    loads = {copy.load for copy in copies}
    inverse_loads = {copy.inverse_load: copy for copy in copies}
    ops: list[Op] = []
    for place, op in enumerate(program.ops):
        if place in loads and isinstance(op, LoadTokens):
            ops.append(replace(op, when=()))
        elif place in inverse_loads and isinstance(op, LoadTokens):
            load = of_type(program.ops[inverse_loads[place].load], LoadTokens)
            select = SelectIndex(op.index[0], load.index[0], op.when[0], origin="/attention/kernel")
            ops += [select, replace(op, when=()), select.adjoint()]
        else:
            ops.append(op)
    return program.with_ops(ops)
