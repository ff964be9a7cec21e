"""Which loads of a program rotated ladders can take over, and what phases they owe each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.counting.formulas import op_cost
from qsac.errors import of_type
from qsac.ir.attention import LoadTokens, PhaseTable
from qsac.ir.matching import ends_in_zero, is_load, is_uncompute, matched
from qsac.ir.op import Scope
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable
from qsac.native.circuit import GateFamily
from qsac.numerics.plan import controlled_rows, occupied_columns, repetition

Phases = NDArray[np.float64]


class Where(NamedTuple):
    """Registers that a load looks at, and how often each has been targeted before: phases that are left on the same
    registers add up as long as nothing changes what these hold."""

    registers: tuple[str, ...]
    epochs: tuple[int, ...]


@dataclass(frozen=True)
class Site:
    """A load or an inverse load: its place in the program and the op. Its table may be one without numbers."""

    place: int
    op: LoadTokens
    where: Where
    scope: Scope

    @property
    def index(self) -> tuple[str, ...]:
        """The controls, most significant first."""
        return (*self.op.index, *self.op.when)

    @property
    def bits(self) -> int:
        """The qubits of the index."""
        return self.scope.dimension(self.index).bit_length() - 1

    @property
    def real(self) -> bool:
        return self.scope.tables[self.op.table].real

    @property
    def known(self) -> bool:
        return self.scope.tables[self.op.table].known

    @property
    def rows(self) -> int:
        """For how many values of the index, the first ones, there are rows."""
        return self.scope.tables[self.op.table].shape[0] * self.scope.dimension(self.op.when)

    @cached_property
    def columns(self) -> int:
        """How many of the first entries may differ from zero."""
        table = self.scope.tables[self.op.table]
        return table.columns if isinstance(table, ShapedTable) else occupied_columns(table.values)

    @cached_property
    def values(self) -> NDArray[Any]:
        """The rows for the values of the index, shape (rows, d)."""
        return controlled_rows(self.scope.tables[self.op.table].values, self.scope.dimension(self.op.when))

    @cached_property
    def repetition(self) -> tuple[tuple[int, ...], NDArray[np.intp]]:
        """As :func:`qsac.numerics.plan.repetition`: the bits that the rows depend on, and a row for each value."""
        if self.known:
            return repetition(self.values)
        bits = (self.rows - 1).bit_length()
        return tuple(range(bits)), np.arange(self.rows)

    @property
    def distinct(self) -> int:
        """How many rows a ladder is solved for."""
        return len(self.repetition[1]) if self.known else self.rows

    @property
    def kept(self) -> tuple[int, ...]:
        """The places, among the qubits of the index, of those that matter."""
        unused = self.bits - (self.rows - 1).bit_length()
        return tuple(unused + bit for bit in self.repetition[0])

    @property
    def repeats(self) -> bool:
        """Whether rows repeat, so that some bits of the index do not matter."""
        return len(self.repetition[0]) < (self.rows - 1).bit_length()

    def cost(self, family: GateFamily) -> int:
        """The two-qubit gates that it takes as it is."""
        return op_cost(self.op, self.scope, family)


@dataclass(frozen=True)
class Part:
    """Loads that are solved together: one, or a load and the inverse load after it, of which only the inner products of
    their rows count."""

    sites: tuple[Site, ...]

    @property
    def alone(self) -> bool:
        """Whether it keeps to itself, and leaves no phases to others."""
        return any(site.op.barrier for site in self.sites)

    @property
    def qubits(self) -> int:
        """The data qubits that are not zero in every row."""
        return max(site.columns - 1 for site in self.sites).bit_length()

    @property
    def numbers(self) -> int:
        """The most entries of a table for all values of the index, or of the basis of a pair."""
        rows = max(site.rows for site in self.sites)
        return (rows if len(self.sites) == 1 else max(rows, 1 << self.qubits)) << self.qubits

    @property
    def too_wide(self) -> bool:
        """Whether the rows of a pair span so little that half as many entries suffice: `compress-tokens` writes them
        so, and a ladder of the entries as they are would be solved for a basis that does not matter."""
        rows = sum(site.distinct for site in self.sites)
        return len(self.sites) > 1 and 2 * rows <= 1 << self.qubits


def parts(program: Program, *, real: bool = False) -> list[Part]:
    """The loads of complex rows, with ``real`` those of real ones too, and what they are solved with, in the order of
    their first ops."""
    loads = [op for op in program.ops if isinstance(op, LoadTokens) and not op.by_structure]
    if not real and all(program.tables[op.table].real for op in loads):
        return []
    sites = {
        place: Site(place, op, where, program.scope)
        for place, (op, where) in enumerate(zip(program.ops, looked_at(program), strict=True))
        if isinstance(op, LoadTokens) and not op.by_structure
    }
    pairs = {}
    for register in program.registers:
        places = matched(program, program.uses(register.name), is_load, is_uncompute, ends_in_zero)
        if places is not None and all(place in sites for place in places[:2]):
            pairs[places[0]] = places[1]
    second = set(pairs.values())
    found = [
        Part((site, sites[pairs[place]]) if place in pairs else (site,))
        for place, site in sites.items()
        if place not in second
    ]
    of_interest = (part for part in found if real or not all(site.real for site in part.sites))
    return [part for part in of_interest if part.qubits and not part.too_wide]


def looked_at(program: Program) -> Iterator[Where]:
    """Where each op of a program leaves phases, if it is one that may."""
    epochs: Counter[str] = Counter()
    for op in program.ops:
        index = (*op.index, *op.when) if isinstance(op, LoadTokens) else op.controlled_by
        yield Where(index, tuple(epochs[name] for name in index))
        # What an op does not leave as it is: phases do not move past it.
        epochs.update(name for name in op.targets if name not in op.diagonal_on)


class Ledger:
    """The phases that ladders leave on the registers that they look at, in radians, and who has to undo them.

    ``taken`` are the parts that become ladders, in their order. The last part that looks at some registers is solved
    with the phases that undo the others', unless a diagonal stays there in any case.
    """

    def __init__(self, program: Program, taken: Sequence[Part]) -> None:
        self._left: dict[Where, Phases] = {}
        self._last = {
            site.where: (number, site)
            for number, part in enumerate(taken)
            for site in part.sites
            if not part.alone and site.index
        }
        places = {site.place for part in taken for site in part.sites}
        tables: list[tuple[Where, int]] = []
        for place, (op, where) in enumerate(zip(program.ops, looked_at(program), strict=True)):
            if isinstance(op, PhaseTable) and not op.barrier:
                tables.append((where, place))
            elif isinstance(op, LoadTokens) and place not in places and not program.tables[op.table].real:
                self._last.pop(where, None)
        self.phase_tables = {place for where, place in tables if where in self._last}
        self._matter: dict[Where, set[int]] = {}
        for site in (site for part in taken for site in part.sites):
            self._matter.setdefault(site.where, set()).update(site.kept)
        for where, place in tables:
            phases = of_type(program.ops[place], PhaseTable).phases
            if where in self._last:
                self._matter[where].update(range(program.scope.sizes[where.registers[0]]))
            if where in self._last and phases.known:
                # The ladders bring about what the table did.
                self._leave(where, -phases.values)

    def requested(self, number: int, site: Site) -> bool:
        """Whether a load of the ``number``-th of the parts has to have the phases that it owes: not where others leave
        some by bits that do not matter to it."""
        if site.op.barrier or site.where not in self._last:
            return site.op.barrier
        return self._last[site.where][0] == number and self._closed(site.where)

    def _closed(self, where: Where) -> bool:
        """Whether the last load by some registers can undo what is left there."""
        return self._matter[where] <= set(self._last[where][1].kept)

    def owed(self, site: Site) -> Phases:
        """The phases that a load's rows have to have to undo what is left, shape (rows,)."""
        phases = np.zeros(site.rows)
        if site.where in self._last and self._last[site.where][1] is site:
            left = self._left.get(site.where, phases)[: site.rows]
            phases[: len(left)] = left if site.op.inverse else -left
        return phases

    def settled(self, site: Site, phases: Phases) -> Phases | None:
        """The phases that a load has to have beside those of its rows, shape (rows or more,), if it has to have any."""
        sign = -1 if site.op.inverse else 1
        last = self._last.get(site.where)
        if last is not None and not site.op.barrier:
            self._leave(site.where, sign * phases)
            return -sign * self._left[site.where] if last[1] is site else None
        return -phases

    def undone(self, site: Site) -> bool:
        """Whether the phases of a load are undone by ladders, its own or another one."""
        return site.op.barrier or not site.index or (site.where in self._last and self._closed(site.where))

    def _leave(self, where: Where, phases: Phases) -> None:
        left = self._left.get(where, np.zeros(0))
        total = np.zeros(max(len(left), len(phases)))
        total[: len(left)] = left
        total[: len(phases)] += phases
        self._left[where] = total
