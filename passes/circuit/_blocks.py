"""Two-qubit blocks of a circuit, gates that commute moved out of their way.

On each qubit the two-qubit gates form *runs*, in which nothing turns the qubit but about z: gates of a run commute
there. Gates of one pair that follow each other in the same runs, or in neighbouring ones, make a block: what else is in
its first run goes before it, what else is in its last run comes after it, and a run in between must hold nothing else.
A ladder's controls are in one run each, as long as nothing turns them.

Nothing goes past a measurement, a reset, or gates of an op that is to stay by itself. Past the place of the profile
goes what is diagonal: it does not change what is read there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.native.angles import NEGLIGIBLE
from qsac.native.circuit import KIND, PAIRED, NativeCircuit

Rows = NDArray[np.intp]

BEHIND = 0.75
"""What is written after the gate ``stop - BEHIND`` comes after the gate ``stop - 1`` and the place of the profile."""

KEPT_GATES = 1 << 12
"""Most gates of a circuit whose runs are kept for others."""

_HARD = (KIND["Measure"], KIND["Reset"])


class Side(NamedTuple):
    """A block on one of its qubits: the runs of its first and its last gate, the one-qubit gates in between (places in
    the circuit, in order) that belong to it, and where not before and not after it has to be."""

    qubit: int
    first: int
    last: int
    turns: tuple[int, ...]
    after: int
    before: int

    @property
    def diagonal(self) -> bool:
        """Whether nothing turns the qubit within the block."""
        return self.first == self.last


class Block(NamedTuple):
    """Two-qubit gates of one pair (places in the circuit), and the block on either qubit; it can be written right after
    the gate ``place``."""

    gates: tuple[int, ...]
    sides: tuple[Side, Side]
    place: float

    @property
    def rows(self) -> list[int]:
        """The places of all gates that belong to it, in order."""
        return sorted((*self.gates, *self.sides[0].turns, *self.sides[1].turns))


@dataclass(frozen=True)
class Runs:
    """The gates of a circuit on each of its ``qubits``, and in runs. Of angles they know which gates are ``turning``
    their only qubit, not just about z, and no more: circuits that differ in others have the same runs.

    ``stop`` is where nothing but diagonal gates goes past, ``apart`` says of each gate which ops it is of that
    are to be kept by themselves: gates of different ones do not go past each other.
    """

    kind: NDArray[np.int8]
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    turning: NDArray[np.bool_]
    qubits: int
    stop: int
    apart: NDArray[np.int64]

    @classmethod
    def of(cls, circuit: NativeCircuit, stop: int, apart: NDArray[np.int64]) -> Runs:
        """The runs of a circuit. Circuits of one plan have few different ones."""
        kind, first, second = circuit.wires
        turning, qubits = _turning(circuit), len(circuit.qubits)
        if len(circuit) > KEPT_GATES:
            return cls(kind, first, second, turning, qubits, stop, apart)
        columns = (column.tobytes() for column in (kind, first, second, turning, apart))
        return _kept(tuple(columns), qubits, stop)

    @cached_property
    def paired(self) -> NDArray[np.bool_]:
        """Of each gate whether it acts on two qubits."""
        return np.asarray(PAIRED[self.kind])

    @cached_property
    def on_wires(self) -> tuple[Rows, Rows]:
        """Qubits and places of all gates, qubit by qubit; gates on two qubits are there twice."""
        pairs = np.flatnonzero(self.paired)
        rows = np.concatenate((np.arange(len(self.kind)), pairs))
        wires = np.concatenate((self.first, self.second[pairs])).astype(np.int64)
        order = np.argsort(wires * max(len(self.kind), 1) + rows, kind="stable")
        return wires[order], rows[order]

    @cached_property
    def hard(self) -> NDArray[np.bool_]:
        """Of all gates on wires whether nothing goes from one side to the other right before them."""
        wires, rows = self.on_wires
        breaks = np.isin(self.kind, _HARD)[rows]
        hard = breaks.copy()
        hard[1:] |= breaks[:-1] | (np.diff(wires) != 0) | (np.diff(self.apart[rows]) != 0)
        hard[:1] = True
        return hard

    @property
    def parted(self) -> NDArray[np.bool_]:
        """Of the same whether what turns a qubit stays on its side."""
        _, rows = self.on_wires
        parted = self.hard.copy()
        parted[1:] |= np.diff(rows >= self.stop)
        return parted

    @cached_property
    def _members(self) -> tuple[Rows, Rows, Rows, NDArray[np.bool_]]:
        """Of the two-qubit gates on wires: their index among all gates on wires, their run, the first member of each
        run (and one more), and of each run whether nothing but one-qubit gates are between it and the one before."""
        _, rows = self.on_wires
        index = np.flatnonzero(self.paired[rows])
        hard = np.cumsum(self.hard)[index]
        turned = np.cumsum(self.turning[rows])[index]
        broken = np.diff(hard, prepend=-1) != 0
        new = broken | (np.diff(turned, prepend=-1) != 0)
        starts = np.flatnonzero(new)
        return index, np.cumsum(new) - 1, np.append(starts, len(index)), ~broken[starts]

    @cached_property
    def of_gates(self) -> tuple[Rows, Rows]:
        """The runs of each two-qubit gate on its first and its second qubit; -1 of other gates."""
        wires, rows = self.on_wires
        index, run, _, _ = self._members
        found = np.full((2, len(self.kind)), -1)
        places = rows[index]
        second = wires[index] != self.first[places]
        found[second.astype(np.intp), places] = run
        return found[0], found[1]

    @cached_property
    def chains(self) -> list[list[int]]:
        """The two-qubit gates of each pair that follow each other in the same runs or neighbouring ones, two or
        more."""
        pairs = np.flatnonzero(self.paired)
        if len(pairs) < 2:
            return []
        ends = np.sort(np.stack((self.first[pairs], self.second[pairs])), axis=0).astype(np.int64)
        order = np.argsort(ends[0] * self.qubits + ends[1], kind="stable")
        gates, ends = pairs[order], ends[:, order]
        one, other = self.of_gates
        swapped = self.first[gates] != ends[0]
        linked = (ends[:, 1:] == ends[:, :-1]).all(axis=0)
        soft = self._members[3]
        for runs in (np.where(swapped, other[gates], one[gates]), np.where(swapped, one[gates], other[gates])):
            step = np.diff(runs)
            linked &= (step == 0) | ((step == 1) & soft[runs[1:]])
        borders = np.flatnonzero(np.diff(np.concatenate(([False], linked, [False])).astype(np.int8)))
        return [gates[start : last + 1].tolist() for start, last in borders.reshape(-1, 2).tolist()]

    @cached_property
    def _widest(self) -> dict[int, list[tuple[int, Block]]]:
        return {}

    def blocks(self, chain: int) -> list[tuple[int, Block]]:
        """:meth:`widest` of a chain, by its place."""
        if chain not in self._widest:
            self._widest[chain] = list(self.widest(self.chains[chain]))
        return self._widest[chain]

    def widest(self, gates: Sequence[int]) -> Iterator[tuple[int, Block]]:
        """The blocks of a chain that are part of no other one, with the place of their first gate in the chain. One
        that has as few gates as it needs holds none with too many."""
        end = 0
        for start in range(len(gates) - 1):
            found = None
            for stop in range(start + 2, len(gates) + 1):
                block = self.block(gates[start:stop])
                if block is None:
                    break
                found = block
            if found is not None and start + len(found.gates) > end:
                end = start + len(found.gates)
                yield start, found

    def block(self, gates: Sequence[int]) -> Block | None:
        """The block of some gates that follow each other, if they can be brought together."""
        first = gates[0]
        qubits = self._listed[0][first], int(self.second[first])
        sides = [self._side(qubit, gates) for qubit in qubits]
        one, other = sides
        if one is None or other is None:
            return None
        turns = (*one.turns, *other.turns)
        if turns and min(turns) < self.stop <= max(turns):
            return None
        place: float = max(one.after, other.after, first)
        if place >= min(one.before, other.before, gates[-1]):
            return None
        if turns and min(turns) >= self.stop:
            place = max(place, self.stop - BEHIND)
        return Block(tuple(gates), (one, other), place)

    @cached_property
    def _listed(self) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
        """What is asked for gate by gate, as lists: first qubits, runs on first and on second qubits, the two-qubit
        gates qubit by qubit, and where each run begins among these."""
        index, _, starts, _ = self._members
        columns = (self.first, *self.of_gates, self.on_wires[1][index], starts)
        first, one, other, rows, begins = (column.tolist() for column in columns)
        return first, one, other, rows, begins

    def _run(self, gate: int, qubit: int) -> int:
        firsts, one, other, _, _ = self._listed
        return one[gate] if firsts[gate] == qubit else other[gate]

    def members(self, run: int) -> list[int]:
        """The places of the gates of a run."""
        _, _, _, rows, starts = self._listed
        return rows[starts[run] : starts[run + 1]]

    def _side(self, qubit: int, gates: Sequence[int]) -> Side | None:
        first, last = self._run(gates[0], qubit), self._run(gates[-1], qubit)
        end = len(self.kind)
        if first == last:
            return Side(qubit, first, last, (), -1, end)
        own = {*gates}
        if any(gate not in own for run in range(first + 1, last) for gate in self.members(run)):
            return None
        after = max((gate for gate in self.members(first) if gate not in own), default=-1)
        before = min((gate for gate in self.members(last) if gate not in own), default=end)
        return Side(qubit, first, last, self._turns_between(qubit, gates), after, before)

    @cached_property
    def _begins(self) -> list[int]:
        """Where each qubit begins on the wires, and where the last one ends."""
        begins: list[int] = np.searchsorted(self.on_wires[0], np.arange(self.qubits + 1)).tolist()
        return begins

    @cached_property
    def _turns(self) -> list[list[int]]:
        """The places of the gates on each qubit alone."""
        singles = np.where(self.paired[self.on_wires[1]], -1, self.on_wires[1])
        parts = (singles[start:stop] for start, stop in pairwise(self._begins))
        return [part[part >= 0].tolist() for part in parts]

    def _turns_between(self, qubit: int, gates: Sequence[int]) -> tuple[int, ...]:
        here = self._turns[qubit]
        return tuple(here[bisect_left(here, gates[0]) : bisect_left(here, gates[-1])])

    def fresh(self, block: Block, side: int) -> tuple[int, ...] | None:
        """The one-qubit gates before a block on one of its qubits, where the qubit is in zero before these; else
        None."""
        qubit, run = block.sides[side].qubit, block.sides[side].first
        if set(self.members(run)) - set(block.gates):
            return None
        start = self._begins[qubit]
        here = self.on_wires[1][start : self._begins[qubit + 1]]
        place = first = int(np.searchsorted(here, block.gates[0]))
        while not self.hard[start + place]:
            place -= 1
        if place and self.kind[here[place - 1]] != KIND["Reset"]:
            return None
        before = here[place:first]
        straddling = len(before) and before[0] < self.stop <= block.place + BEHIND
        return None if straddling or self.paired[before].any() else tuple(before.tolist())


def _turning(circuit: NativeCircuit) -> NDArray[np.bool_]:
    """Of each gate whether it turns its only qubit, not just about z."""
    still = (circuit.kind == KIND["Rz"]) | circuit.paired
    phased = circuit.kind == KIND["PhasedX"]
    still |= phased & (np.abs(1 - np.abs(1 - np.abs(circuit.angles[:, 0]) % 2)) < NEGLIGIBLE)
    turning: NDArray[np.bool_] = ~still
    return turning


@lru_cache(maxsize=16)
def _kept(columns: tuple[bytes, ...], qubits: int, stop: int) -> Runs:
    kind, first, second, turning, apart = columns
    return Runs(
        np.frombuffer(kind, np.int8),
        np.frombuffer(first, np.int32),
        np.frombuffer(second, np.int32),
        np.frombuffer(turning, np.bool_),
        qubits,
        stop,
        np.frombuffer(apart, np.int64),
    )


class Taken:
    """The runs of blocks that are being written anew. Where a block turns its qubit, no other may know of the run."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._turned: set[int] = set()

    def leaves(self, block: Block) -> bool:
        """Whether a block is still as it was."""
        return all(
            (self._turned if side.diagonal else self._known).isdisjoint(range(side.first, side.last + 1))
            for side in block.sides
        )

    def add(self, block: Block, *, swapped: bool = False) -> None:
        """A block is written anew; ``swapped``: its qubits come out in each other's place."""
        for side in block.sides:
            runs = range(side.first, side.last + 1)
            self._known.update(runs)
            if swapped or not side.diagonal:
                self._turned.update(runs)
