"""Rotated ladders in place of loads: which ones take fewer gates, and the ops that they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import pi
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from qsac.counting.formulas import two_qubit_gates
from qsac.ir.attention import LoadRotated
from qsac.ir.attention.rotated import NONE
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table
from qsac.numerics.ladder_orders import (
    generic_gates,
    generic_pair_gates,
    ladder_places,
    leaf_homes,
    square_homes,
    toggled_by,
)
from qsac.numerics.ladder_solving import Homes, is_steep, solve_pair, solve_rows
from qsac.numerics.plan import picked_rows, reduced_values
from qsac.numerics.rotated_ladder import RotatedLadder
from qsac.passes.attention._ladder_bases import with_exact
from qsac.passes.attention._ladders import Ledger, Part, Phases, Site, parts
from qsac.passes.attention._tables import added
from qsac.pipeline.contract import PassContext

MOST = {2: 256, 3: 512}
"""Most numbers of a table, rows times columns, that is solved at an ``-O`` level; one above these takes the last."""

_NOTHING = 1e-12
"""Phases, in radians, that are rounding."""


class Ladder(NamedTuple):
    """A site's ladder: its gates, as in :class:`~qsac.ir.attention.LoadRotated`, and the phases of its rows for all
    values of the index that have one; both without numbers where the table has none."""

    places: tuple[int, ...]
    toggled: tuple[int, ...]
    angles: Table
    last: tuple[float, ...]
    phases: Phases | None


class Solver(Protocol):
    """Finds the ladders of parts; ``real``: also for tables of real numbers."""

    real: bool

    def expected(self, part: Part) -> int:
        """The two-qubit gates that it looks for first, where the rows may have any phases."""
        ...

    def ladders(self, part: Part, wanted: Sequence[Phases | None]) -> list[Ladder] | None:
        """The ladders of a part's sites, whose rows have the phases that are given (None: any); None without them."""
        ...


def improved(program: Program, context: PassContext, solver: Solver) -> Program:
    """The program with ladders for the loads for which that takes fewer two-qubit gates."""
    family, most = context.target.family, MOST[min(max(context.optimisation, min(MOST)), max(MOST))]
    taken = [
        part
        for part in parts(program, real=solver.real)
        if part.numbers <= most and solver.expected(part) < sum(site.cost(family) for site in part.sites)
    ]
    while taken:
        found = _rotated(program, taken, solver)
        if isinstance(found, Program):
            better = two_qubit_gates(found, family) < two_qubit_gates(program, family)
            return found if better else program
        taken.remove(found)
    return program


class OfTables:
    """Ladders for the tables as they are; not ``solved``: of as many gates as generic ones take, without numbers."""

    def __init__(self, *, solved: bool = True, real: bool = False, neighbours: int = 0) -> None:
        self.real, self._solved, self._neighbours = real, solved, neighbours

    def expected(self, part: Part) -> int:
        """The gates of generic tables."""
        return sum(_generic_gates(part, (False,) * len(part.sites)))

    def _homes(self, part: Part) -> tuple[Homes, ...]:
        """The data qubit that each bit of the index toggles, of each site; none where so few rows are seldom solved."""
        few = any(2 * site.distinct <= 1 << part.qubits for site in part.sites)
        if not self._neighbours or part.qubits < 2 or few:
            return ((),) * len(part.sites)
        found: list[Homes] = []
        for site in part.sites:
            bits = len(site.kept)
            if self._neighbours > 3:
                found.append(square_homes(part.qubits, bits, uncomputes=site.op.inverse))
            else:
                found.append(leaf_homes(part.qubits, bits))
        return tuple(found)

    def ladders(self, part: Part, wanted: Sequence[Phases | None]) -> list[Ladder] | None:
        """The ladders of a part's tables."""
        if all(site.known for site in part.sites):
            tables = [_rows(site, part.qubits) for site in part.sites]
            if len(tables) > 1 and is_steep(*tables):
                return None
            if self._solved:
                return _found(part, tables, wanted, self._homes(part))
        gates = _generic_gates(part, [phases is not None for phases in wanted])
        return outlined(part, gates, part.qubits, self._homes(part))


def _generic_gates(part: Part, exact: Sequence[bool]) -> tuple[int, ...]:
    """The two-qubit gates that generic tables of a part's sizes take; ``exact``: for which of the sites the rows'
    phases are given."""
    rows = [site.distinct for site in part.sites]
    if len(rows) == 1:
        return (generic_gates(rows[0], part.qubits, exact=exact[0]),)
    return generic_pair_gates(rows[0], rows[1], part.qubits, phases=(exact[0], exact[1]))


def _rotated(program: Program, taken: Sequence[Part], solver: Solver) -> Program | Part:
    """The program with ladders for some parts; or a part that is not solved."""
    ledger = Ledger(program, taken)
    tables = dict(program.tables)
    ops: list[Op | None] = [None if place in ledger.phase_tables else op for place, op in enumerate(program.ops)]
    for number, part in enumerate(taken):
        wanted = [ledger.owed(site) if ledger.requested(number, site) else None for site in part.sites]
        ladders = solver.ladders(part, wanted)
        if ladders is None:
            return part
        rotated = [_op(site, ladder, ledger, tables) for site, ladder in zip(part.sites, ladders, strict=True)]
        for site, op in zip(part.sites, with_exact(part, ladders, rotated, tables), strict=True):
            ops[site.place] = op
    return program.with_ops([op for op in ops if op is not None], tables)


def _op(site: Site, ladder: Ladder, ledger: Ledger, tables: dict[str, Table]) -> LoadRotated:
    """The op of a ladder."""
    turns: tuple[float, ...] = ()
    phases = NONE
    if ladder.phases is None:
        phases = NONE if ledger.undone(site) else ShapedTable((site.rows,), real=True)
    elif (left := ledger.settled(site, ladder.phases)) is not None:
        turns, phases = _taken_apart(left, site.bits)
    op = site.op
    return LoadRotated(
        data=op.data,
        index=site.index,
        table=added(tables, f"{op.table}-ladder", ladder.angles),
        places=ladder.places,
        toggled=ladder.toggled,
        last=ladder.last,
        turns=turns,
        phases=phases,
        inverse=op.inverse,
        origin=op.origin,
        barrier=op.barrier,
    )


def _taken_apart(phases: Phases, bits: int) -> tuple[tuple[float, ...], Table]:
    """Phases of the values of some bits, as those of single bits and what is left, up to a constant."""
    values = np.arange(len(phases))
    turns = tuple(
        float(_wrapped(phases[1 << bit] - phases[0])) if 1 << bit < len(phases) else 0.0
        for bit in reversed(range(bits))
    )
    rest = phases - phases[0]
    for bit, turn in enumerate(reversed(turns)):
        rest = rest - turn * (values >> bit & 1)
    rest = _wrapped(rest)
    kept = NONE if np.max(np.abs(rest)) < _NOTHING else Table(rest)
    return (turns if any(turns) else ()), kept


def _wrapped(angle: Any) -> Any:
    """An angle, in radians, from -pi to pi."""
    return angle - 2 * pi * np.round(angle / (2 * pi))


def outlined(part: Part, gates: Sequence[int], qubits: int, homes: Sequence[tuple[int, ...]] = ()) -> list[Ladder]:
    """Ladders of so many gates, without numbers."""
    ladders = []
    for site, count, homed in zip(part.sites, gates, homes or ((),) * len(gates), strict=True):
        places = ladder_places(site.distinct, qubits, count)
        toggled = toggled_by(places, qubits, homed)
        rotations = qubits + len(places) + sum(place < qubits - 1 for place in places)
        angles = ShapedTable((rotations, 2), real=True)
        ladders.append(Ladder(_on_index(places, site, qubits), toggled, angles, (0.5,) * qubits, None))
    return ladders


def _found(
    part: Part,
    tables: Sequence[NDArray[np.complex128]],
    wanted: Sequence[Phases | None],
    homes: tuple[Homes, ...],
) -> list[Ladder] | None:
    keys = tuple((rows.shape, rows.tobytes()) for rows in tables)
    picked = (
        None if phases is None else _picked(phases, site) for site, phases in zip(part.sites, wanted, strict=True)
    )
    asked = tuple(None if phases is None else phases.tobytes() for phases in picked)
    found = _ladders(keys, asked, homes)
    if found is None and any(homes) and not all(site.real for site in part.sites):
        found = _ladders(keys, asked, ((),) * len(homes))
    if found is None:
        return None
    return [
        # All values of the index that have a row have the phase of the one that a ladder is solved for.
        written(site, ladder, phases[reduced_values(site.rows, site.repetition[0])])
        for site, (ladder, phases) in zip(part.sites, found, strict=True)
    ]


def written(site: Site, ladder: RotatedLadder, phases: Phases) -> Ladder:
    """A ladder that was found, with its rows' phases for all values of the index that have a row."""
    angles = Table(np.stack([ladder.theta, ladder.phi], axis=1))
    return Ladder(
        _on_index(ladder.places, site, ladder.qubits), ladder.toggled, angles, tuple(map(float, ladder.alpha)), phases
    )


def _rows(site: Site, qubits: int) -> NDArray[np.complex128]:
    """The rows that a site's ladder is solved for, shape (rows, 2^qubits)."""
    rows = picked_rows(site.values, site.repetition[1])
    return np.ascontiguousarray(rows[:, : 1 << qubits], dtype=np.complex128)


@lru_cache(maxsize=256)
def _ladders(
    tables: tuple[tuple[tuple[int, ...], bytes], ...], wanted: tuple[bytes | None, ...], homes: tuple[Homes, ...]
) -> list[tuple[RotatedLadder, Phases]] | None:
    """The ladders of one table or a pair, from their bytes and those of the phases, and the phases of their rows."""
    rows = [np.frombuffer(content, np.complex128).reshape(shape) for shape, content in tables]
    phases = [None if content is None else np.frombuffer(content) for content in wanted]
    if len(rows) == 1:
        found = solve_rows(rows[0], exact=phases[0], homes=homes[0])
        return None if found is None else [(found.ladder, found.phases)]
    pair = solve_pair(rows[0], rows[1], phases=(phases[0], phases[1]), homes=(homes[0], homes[1]))
    return None if pair is None else [(one.ladder, one.phases) for one in (pair.loaded, pair.uncomputed)]


def _picked(phases: Phases, site: Site) -> Phases:
    """The phases of the rows that a ladder is solved for, from those for all values of the index that have a row."""
    places = site.repetition[1]
    return np.where(places >= 0, phases[places], 0.0)


def _on_index(places: Sequence[int], site: Site, qubits: int) -> tuple[int, ...]:
    """The places of a ladder's partners, among all qubits of the index."""
    kept = site.kept
    return tuple(place if place < qubits - 1 else qubits - 1 + kept[place - qubits + 1] for place in places)
