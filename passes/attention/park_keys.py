"""Gate copies by where their keys are, not by their loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from qsac.errors import of_type
from qsac.ir.attention import LoadTokens
from qsac.ir.op import Data, Register, registers_of
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table
from qsac.numerics.plan import Lone, occupied_columns
from qsac.passes.attention._gates import finished_gates
from qsac.passes.attention._tables import added
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class ParkKeys(Pass):
    """Gate a copy by parking its keys: only their load and inverse load depend on the gate (Construction, section 10).

    Needs a verified attention program. Guarantees the same meaning, exactly. A register of keys is loaded from one row,
    gated by a register, indexes loads that are gated by the same one, and is un-loaded from one row. Where the gate is
    0, the keys are brought into the value behind the last row instead, by a table of two rows, and un-loaded from it.
    All loads by the keys get one row more for that value: |0...0>, or the row that is un-loaded afterwards. They need
    no gate then; products keep theirs. Done for the gates for which it takes fewer two-qubit gates on the target after
    the remaining passes; the register of keys gets one qubit more where it has no value left.
    """

    name: ClassVar[str] = "park-keys"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 1
    after: ClassVar[tuple[str, ...]] = ("merge-degrees", "stage-degree", "compress-tokens")

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with the keys parked whose parking pays."""
        gates = dict.fromkeys(op.when[0] for op in program.ops if isinstance(op, LoadTokens) and len(op.when) == 1)
        for gate in gates:
            candidate = _parked(program, gate)
            if candidate is not None and finished_gates(candidate, context) < finished_gates(program, context):
                program = candidate
        return program


def _parked(program: Program, gate: str) -> Program | None:
    """The program with all copies of a gate parked; None where they are not of the form."""
    places = [
        place
        for place in program.uses(gate)
        if isinstance(op := program.ops[place], LoadTokens) and op.when == (gate,) and not op.barrier and not op.exact
    ]
    lives = _lives(program, places)
    # Between the loads of the copies the gate is the same.
    if not lives or any(gate in op.targets for op in program.ops[places[0] : places[-1]]):
        return None
    keys = _keys(program, lives)
    if not keys:
        return None
    parking = _Parking(program, gate, keys)
    return parking.program() if all(parking.takes(life) for life in lives.values()) else None


class _Life(NamedTuple):
    """The places of a register's gated load and inverse load; -1 for no inverse load."""

    load: int
    inverse_load: int


def _lives(program: Program, places: Sequence[int]) -> dict[Data, _Life] | None:
    """The gated registers; None where one is not loaded once and un-loaded once at most, and in between only an
    index."""
    lives: dict[Data, _Life] = {}
    for place in places:
        op = of_type(program.ops[place], LoadTokens)
        if op.inverse != (op.data in lives) or (op.data in lives and lives[op.data].inverse_load >= 0):
            return None
        lives[op.data] = _Life(lives[op.data].load, place) if op.inverse else _Life(place, -1)
    for data, life in lives.items():
        between = [
            place
            for register in registers_of(data)
            for place in program.uses(register)
            if life.load < place < life.inverse_load
        ]
        if not set(between) <= set(places):
            return None
    return lives


def _keys(program: Program, lives: Mapping[Data, _Life]) -> dict[str, int]:
    """The registers of keys, and how many keys each has: as many as the loads by it have rows for."""
    found: dict[str, int] = {}
    loads = [of_type(program.ops[life.load], LoadTokens) for life in lives.values()]
    for load in loads:
        if not load.index:
            continue
        key, *others = load.index
        rows, rest = divmod(program.tables[load.table].shape[0], program.scope.dimension(tuple(others)))
        if rest or key not in lives or lives[key].inverse_load < 0 or found.get(key, rows) != rows:
            return {}
        ends = [of_type(program.ops[place], LoadTokens) for place in lives[key]]
        if any(end.index or _columns(program.tables[end.table]) > rows for end in ends):
            return {}
        found[key] = rows
    return found


class _Parking:
    """A program while the copies of a gate are parked, register by register."""

    def __init__(self, program: Program, gate: str, keys: Mapping[str, int]) -> None:
        self._program, self._gate, self._keys = program, gate, keys
        self._ops = list(program.ops)
        self._tables = dict(program.tables)
        self._zeros: set[str] = set()
        """Registers that are in zero where the gate is 0."""

    def program(self) -> Program:
        """The program as it is now, its registers of keys as wide as they have to be."""
        registers = tuple(
            Register(one.name, max(one.size, self._keys.get(one.name, 0).bit_length()))
            for one in self._program.registers
        )
        return replace(self._program.with_ops(self._ops, self._tables), registers=registers)

    def takes(self, life: _Life) -> bool:
        """Park a register, if it can be."""
        load = of_type(self._ops[life.load], LoadTokens)
        if isinstance(load.data, str) and load.data in self._keys:
            for place in life:
                end = of_type(self._ops[place], LoadTokens)
                table = _behind(self._tables[end.table], self._keys[load.data])
                # The order of loading is that of a register that may have become wider.
                self._replace(place, replace(end, order=()), table, (self._gate,))
            return True
        row = self._row(load.index)
        if row != self._tables[load.table].shape[0]:
            return False
        state: Table | None = None
        if life.inverse_load < 0:
            self._zeros.update(load.targets)
        else:
            inverse_load = of_type(self._ops[life.inverse_load], LoadTokens)
            there = self._tables[inverse_load.table]
            last = self._row(inverse_load.index)
            if last is None or last > there.shape[0]:
                return False
            if last < there.shape[0]:
                state = _one(there, last)
            else:
                there = _further(there, None)
            self._replace(life.inverse_load, inverse_load, there, inverse_load.index)
        self._replace(life.load, load, _further(self._tables[load.table], state), load.index)
        return True

    def _row(self, index: tuple[str, ...]) -> int | None:
        """The value of an index where the gate is 0; None where it has none."""
        value = 0
        for register in index:
            if register not in self._keys and register not in self._zeros:
                return None
            value = (value << self._program.scope.sizes[register]) + self._keys.get(register, 0)
        return value

    def _replace(self, place: int, op: LoadTokens, table: Table, index: tuple[str, ...]) -> None:
        name = op.table if table == self._tables[op.table] else added(self._tables, f"{op.table}-parked", table)
        self._ops[place] = replace(op, table=name, index=index, when=())


def _columns(table: Table) -> int:
    """How many of the first entries of rows may differ from zero."""
    return table.columns if isinstance(table, ShapedTable) else occupied_columns(table.values)


def _behind(weights: Table, keys: int) -> Table:
    """Two rows: the value behind the last key, and the weights of the keys."""
    size = max(weights.shape[1], 1 << keys.bit_length())
    if isinstance(weights, ShapedTable):
        lone = Lone(0, keys, weights.columns)
        return ShapedTable((2, size), real=weights.real, columns=keys + 1, spans=weights.spans, lone=lone)
    rows = np.zeros((2, size), dtype=weights.values.dtype)
    rows[0, keys] = 1.0
    rows[1, : weights.shape[1]] = weights.values[0]
    return Table(rows)


def _one(table: Table, row: int) -> Table:
    """A row of a table, as a table."""
    if isinstance(table, ShapedTable):
        return ShapedTable((1, table.shape[1]), real=table.real, columns=table.columns, spans=table.spans)
    return Table(table.values[row : row + 1])


def _further(table: Table, state: Table | None) -> Table:
    """The table with one row more: a state, or |0...0>."""
    if isinstance(table, ShapedTable) or isinstance(state, ShapedTable):
        known = [one for one in (table, state) if one is not None]
        return ShapedTable(
            (table.shape[0] + 1, table.shape[1]),
            real=all(one.real for one in known),
            columns=max(map(_columns, known)),
            spans=[span for one in known if isinstance(one, ShapedTable) for span in one.spans],
            lone=Lone(table.shape[0], 0, _columns(table)) if state is None else None,
        )
    row = np.eye(1, table.shape[1]) if state is None else state.values
    return Table(np.concatenate((table.values, row)))
