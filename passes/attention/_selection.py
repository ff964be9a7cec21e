"""Gated score copies, and the selection of an index instead of their gates."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

from qsac.errors import of_type
from qsac.ir.attention import LoadTokens, PrepareIndices, SelectIndex
from qsac.ir.derivation import Spread, derive
from qsac.ir.matching import Maybe, is_load, is_uncompute, is_unitary, matched
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table

HEADS = "/attention/heads"


class Copy(NamedTuple):
    """A gated score copy: the positions of its load, of the unitary (or -1) and of its inverse load; the registers of
    the position and the token, by which it is uncomputed and loaded, each perhaps with others."""

    load: int
    unitary: int
    inverse_load: int
    query: str
    key: str


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
        copy = _copy(program, place, op)
        if copy is None:
            return []
        found.append(copy)
    return found


def _copy(program: Program, place: int, load: LoadTokens) -> Copy | None:
    """The copy that a load begins, if an index can be selected for it."""
    if not isinstance(load.data, str):
        return None
    uses = program.uses(load.data)
    places = matched(program, uses[uses.index(place) :], is_load, Maybe(is_unitary), is_uncompute, whole=False)
    if places is None:
        return None
    _, unitary, end = places
    inverse_load = of_type(program.ops[end], LoadTokens)
    if unitary >= 0 and program.ops[unitary].controlled_by != load.when:
        return None
    if inverse_load.when != load.when or len(load.when) != 1:
        return None
    pair = _pair(program, load, inverse_load)
    others = {*load.index, *inverse_load.index}
    if pair is None or any(others & set(op.targets) for op in program.ops[place:end]):
        return None
    return Copy(place, unitary, end, *pair)


def _pair(program: Program, load: LoadTokens, inverse_load: LoadTokens) -> tuple[str, str] | None:
    """The registers of the position and of the token; None where they are not known."""
    if len(load.index) == len(inverse_load.index) == 1:
        return None if load.index == inverse_load.index else (inverse_load.index[0], load.index[0])
    for op in program.ops:
        if isinstance(op, PrepareIndices) and op.query in inverse_load.index and op.key in load.index:
            return None if op.query in load.index or op.key in inverse_load.index else (op.query, op.key)
    return None


def of_one_table(program: Program, copies: list[Copy]) -> bool:
    """Whether every copy is uncomputed from the table that it is loaded from."""
    for copy in copies:
        load, inverse_load = loads_of(program, copy)
        index = tuple(copy.query if name == copy.key else name for name in load.index)
        if load.table != inverse_load.table or index != inverse_load.index:
            return False
    return True


def _origin(program: Program, place: int, inverse_load: LoadTokens) -> str:
    """The field of the model that a copy is of: that of its projection, where it lists heads."""
    uses = program.uses(of_type(inverse_load.data, str))
    after = [program.ops[use].origin for use in uses if use > place][:1]
    return HEADS if HEADS in after else "/attention/kernel"


def loads_of(program: Program, copy: Copy) -> tuple[LoadTokens, LoadTokens]:
    """The load and the inverse load of a copy."""
    return of_type(program.ops[copy.load], LoadTokens), of_type(program.ops[copy.inverse_load], LoadTokens)


def spread(
    program: Program, load: LoadTokens, inverse_load: LoadTokens, query: str | None, key: str | None
) -> str | Table | None:
    """The rows that are uncomputed, for each value of the index of the load: the table's name, or a table of its rows
    where the load depends on more; None where the inverse load depends on what the load does not."""
    wanted = tuple(key if name == query and key is not None else name for name in inverse_load.index)
    if wanted == load.index:
        return inverse_load.table
    kept: Literal["first", "last"]
    if wanted == load.index[: len(wanted)]:
        kept, last = "first", load.index[len(wanted) :]
    elif wanted == load.index[len(load.index) - len(wanted) :]:
        kept, last = "last", wanted
    else:
        return None
    bits = program.scope.dimension(last).bit_length() - 1
    return derive(Spread(kept, bits), (inverse_load.table, load.table), program.tables)


def selected(program: Program, copies: list[Copy]) -> Program:
    """Loads and inverse loads without gates, the inverse loads between a selection and its adjoint."""
    loads = {copy.load for copy in copies}
    inverse_loads = {copy.inverse_load: copy for copy in copies}
    ops: list[Op] = []
    for place, op in enumerate(program.ops):
        if place in loads and isinstance(op, LoadTokens):
            ops.append(replace(op, when=()))
        elif place in inverse_loads and isinstance(op, LoadTokens):
            copy = inverse_loads[place]
            select = SelectIndex(copy.query, copy.key, op.when[0], origin=_origin(program, place, op))
            ops += [select, replace(op, when=()), select.adjoint()]
        else:
            ops.append(op)
    return program.with_ops(ops)
