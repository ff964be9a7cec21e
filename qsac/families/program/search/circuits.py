"""The circuits of a search: those that find keys, one for each row and number of rounds or copies, or for all rows
together, and those that verify."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from qsac.families.contract import CircuitStep, ClassicalStep, Plan
from qsac.families.program.echoes import NAME as ECHO
from qsac.families.program.echoes import echo_program
from qsac.families.program.readouts import not_compiled
from qsac.families.program.search.encoding import encoded
from qsac.families.program.search.readout import ATTENTION, sparse_attention
from qsac.families.program.search.verification import FOUND, Check, checks, found_keys
from qsac.families.program.search.walks import NAME, Searched, searched
from qsac.families.program.walk import REFLECTION, Walk
from qsac.ir.attention import LoadTokens, PhaseState, PhaseTable, PrepareIndex, Project
from qsac.ir.attention.whole import begins_in_bell_basis
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.numerics.signal_processing import walk_angles

if TYPE_CHECKING:
    from qsac.families.program.model import Model
    from qsac.families.program.search.rows import Search

Names = tuple[str, ...]

VERSION = 2
"""Verification says the scores of what it finds, which attention takes."""


def plan(model: Model, search: Search) -> Plan:
    """All circuits of all rows, one job, those that verify what they found, and the classical steps: verification,
    attention. Raises :class:`~qsac.errors.InvalidInputError` for what is not compiled."""
    for pointer, found in search.refused.items():
        help = "qsac estimate counts it by a formula; qsac check --metrics says what comes out of it"
        wanted = "a search by overlaps or by a table"
        raise not_compiled(pointer, found, wanted, help if found == "digital" else None)
    circuits = [
        CircuitStep(
            one.name, partial(search_program, model.name, search, one), (NAME,), one.row_qubits + one.key_qubits
        )
        for one in searched(search)
    ]
    if not circuits:
        raise not_compiled("/program/rows", "rows of one key each", "a row of at least two keys: one is no search")
    names = tuple(step.name for step in circuits)
    verifying = [
        CircuitStep(one.name, partial(check_program, model.name, search, one), (ECHO,), after=names)
        for one in checks(search)
    ]
    verify = ClassicalStep(
        "verify-keys",
        partial(found_keys, search),
        VERSION,
        (*names, *(step.name for step in verifying)),
        (FOUND,),
        {"threshold": search.threshold},
    )
    attention = ClassicalStep(
        "sparse-attention",
        partial(sparse_attention, search),
        VERSION,
        (FOUND,),
        (ATTENTION,),
        {"temperature": search.temperature, "rest": search.rest},
    )
    return Plan((*circuits, *verifying, verify, attention))


def search_program(name: str, search: Search, one: Searched) -> Program:
    """Grover's search of one row, or of all: the uniform state of its keys, and in each round the oracle, whose data
    register is projected on zero (a herald), and the reflection about the uniform state. Without heralds all rounds
    have one data register, which nobody measures. A sample has score copies in place of rounds."""
    rows = ("row",) if one.row_qubits else ()
    registers = [*(Register(row, one.row_qubits) for row in rows), Register("key", one.key_qubits)]
    ops: list[Op] = [PrepareIndex(row, len(one.rows), origin="/program/rows") for row in rows]
    ops.append(PrepareIndex("key", one.keys, origin="/program/mask"))
    written = _Found(search, one, rows)
    for place in range(one.number):
        ops += written.copy(place) if search.samples else written.round(place)
    index, heralds = (*rows, "key"), tuple(written.data)
    for quantity in ("weights", "overlaps"):
        ops.append(SaveProbabilities(index, quantity, origin="/program"))
    ops.append(Project(index, origin="/program"))
    return Program(
        name=name,
        level="attention",
        registers=(*registers, *(Register(data, written.width) for data in heralds)),
        tables=written.tables,
        ops=tuple(ops),
        readouts=(Readout(NAME, () if search.leaks else heralds, (), index),),
    )


def rounds_program(name: str, one: Searched) -> Program:
    """The same without the oracle's calls: all else that a search of one row takes."""
    ops: list[Op] = [PrepareIndex("key", one.keys, origin="/program/mask")]
    reflection = PhaseState(("key",), REFLECTION, "uniform", one.keys, origin="/program/mask")
    ops += [*[reflection] * one.number, Project(("key",), origin="/program")]
    registers = (Register("key", one.key_qubits),)
    return Program(
        name=name,
        level="attention",
        registers=registers,
        tables={},
        ops=tuple(ops),
        readouts=(Readout(NAME, (), (), ("key",)),),
    )


class _Found:
    """What finds keys, and the registers and tables that it takes. ``rows``: the register of queries, if any."""

    def __init__(self, search: Search, one: Searched, rows: Names) -> None:
        self._search, self._one, self._rows = search, one, rows
        self.data: list[str] = []
        self.width = 0
        self.tables: dict[str, Table] = {}
        if one.number and search.oracle != "table":
            keys, queries = encoded(search, range(one.keys), one.rows)
            self.tables = {"keys": Table(keys), "query": Table(queries)}
            self.width = keys.shape[1].bit_length() - 1

    def round(self, place: int) -> list[Op]:
        """An oracle call and a reflection."""
        search, keys = self._search, self._one.keys
        if search.oracle == "table":
            marked = np.isin(np.arange(keys), search.found(self._one.rows[0]))
            ops: list[Op] = [PhaseTable("key", Table(np.pi * marked), origin="/program/oracle")]
        else:
            data = self.data[0] if search.leaks and place else self._fresh(place)
            bell = not self._rows and begins_in_bell_basis(self.tables["keys"])
            ops = oracle(search, data, self._rows, bell=bell)
            if not search.leaks:
                ops.append(Project((data,), origin="/program/herald"))
        return [*ops, PhaseState(("key",), REFLECTION, "uniform", keys, origin="/program/mask")]

    def copy(self, place: int) -> list[Op]:
        """A factor s_i of each key's amplitude. Loads are barriers here too."""
        data = self._fresh(place)
        return [
            LoadTokens(data, ("key",), "keys", origin="/tokens", barrier=True),
            LoadTokens(data, self._rows, "query", inverse=True, origin="/tokens", barrier=True),
            Project((data,), origin="/program/strategy"),
        ]

    def _fresh(self, place: int) -> str:
        self.data.append(f"score[{place}]")
        return self.data[-1]


def check_program(name: str, search: Search, one: Check) -> Program:
    """An echo of a candidate and its query."""
    keys, queries = encoded(search, (one.key,), (one.row,))
    return echo_program(
        name, Walk("data", (), "key", "query", "/tokens", "/tokens"), keys[0], queries[0], one.order, "/program/verify"
    )


def oracle(search: Search, data: str, rows: Names, *, bell: bool) -> list[Op]:
    """The walk that applies the threshold polynomial to the scores (docs/programs/search.md).

    The first and the last projector phase, on |0> alone, are global ones here, and left out; without heralds too, where
    what has leaked from |0> differs by them. ``bell``: the loader of the keys begins in a Bell basis. ``rows``: the
    register of queries, if there is one.
    """
    angles = [float(angle) for angle in walk_angles(search.phases)[::-1]]
    completion: Literal["any", "ladder"] = "ladder" if search.leaks else "any"
    walk = Walk(data, ("key",), "keys", "query", "/tokens", "/tokens", rows, completion)
    ops: list[Op] = []
    for use in range(0, search.polynomial.degree, 2):
        if use:
            ops.append(PhaseState((data,), angles[use], origin="/program/oracle"))
        ops += walk.turned(angles[use + 1], bell=bell)
    return ops
