"""Gated score copies, and the selection of an index in place of their gates."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from qsac.errors import of_type
from qsac.ir.attention import LoadTokens, SelectIndex
from qsac.ir.matching import Maybe, is_load, is_unitary, is_unload, matched
from qsac.ir.op import Op
from qsac.ir.program import Program


class Copy(NamedTuple):
    """A gated score copy: the places of its load, of the unitary (or -1) and of its un-load."""

    load: int
    unitary: int
    unload: int


def ungated(program: Program) -> Program | None:
    """The program with every gated score copy loaded and un-loaded without the gate; None where that cannot be."""
    copies = gated_copies(program)
    return selected(program, copies) if copies and of_one_table(program, copies) else None


def gated_copies(program: Program) -> list[Copy]:
    """The gated score copies that an index can be selected for: all of them, or none."""
    found = []
    for place, op in enumerate(program.ops):
        if not isinstance(op, LoadTokens) or not op.when or op.adjoint_load:
            continue
        uses = program.uses(op.data)
        places = matched(program, uses[uses.index(place) :], is_load, Maybe(is_unitary), is_unload, whole=False)
        if places is None:
            return []
        copy = Copy(*places)
        unload = of_type(program.ops[copy.unload], LoadTokens)
        if copy.unitary >= 0 and program.ops[copy.unitary].borrows != op.when:
            return []
        if unload.when != op.when or len(op.when) != 1:
            return []
        if len(op.index) != 1 or len(unload.index) != 1 or op.index == unload.index:
            return []
        found.append(copy)
    return found


def of_one_table(program: Program, copies: list[Copy]) -> bool:
    """Whether every copy is un-loaded from the table that it is loaded from."""
    return all(_table(program, copy.load) == _table(program, copy.unload) for copy in copies)


def _table(program: Program, place: int) -> str:
    return of_type(program.ops[place], LoadTokens).table


def selected(program: Program, copies: list[Copy]) -> Program:
    """Loads and un-loads without gates, the un-loads between a selection and its adjoint."""
    loads = {copy.load for copy in copies}
    unloads = {copy.unload: copy for copy in copies}
    ops: list[Op] = []
    for place, op in enumerate(program.ops):
        if place in loads and isinstance(op, LoadTokens):
            ops.append(replace(op, when=()))
        elif place in unloads and isinstance(op, LoadTokens):
            load = of_type(program.ops[unloads[place].load], LoadTokens)
            select = SelectIndex(op.index[0], load.index[0], op.when[0], origin="/attention/kernel")
            ops += [select, replace(op, when=()), select.adjoint()]
        else:
            ops.append(op)
    return program.with_ops(ops)
