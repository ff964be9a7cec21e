"""Reordering of commuting gates, so that more of them run in parallel.

On each qubit, gates that are diagonal there (Rz, CZ, ZZPhase, the control of CX) commute with each other, and so do
rotations about x (SX, X, the target of CX). A ladder's controls have no other gates: ladders on different targets with
the same controls can run in parallel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from qsac.counting.clock import two_qubit_depth
from qsac.native.circuit import GATES, KIND, NativeCircuit

_SIDES: dict[int, tuple[str, ...]] = {
    KIND["Rz"]: ("z",),
    KIND["CZ"]: ("z", "z"),
    KIND["ZZPhase"]: ("z", "z"),
    KIND["SX"]: ("x",),
    KIND["X"]: ("x",),
    KIND["CX"]: ("z", "x"),
}
"""About which axis a gate acts on each of its qubits; gates that are not named commute with nothing."""


def reordered(circuit: NativeCircuit, stop: int) -> NativeCircuit:
    """The same gates in an order of less two-qubit depth, if one is found; the first ``stop`` gates stay the first.

    By list scheduling, from the beginning and from the end: what the longest way goes through comes first.
    """
    everything = list(range(len(circuit)))
    forward = _ordered(circuit, [everything[:stop], everything[stop:]])
    backward = _ordered(circuit, [everything[stop:][::-1], everything[:stop][::-1]])[::-1]
    return min((circuit, _in_order(circuit, forward), _in_order(circuit, backward)), key=two_qubit_depth)


def _in_order(circuit: NativeCircuit, order: Sequence[int]) -> NativeCircuit:
    return circuit.rows(np.array(order, dtype=np.intp))


def measured_early(circuit: NativeCircuit, stop: int) -> NativeCircuit:
    """The same gates, each measurement as soon as its qubit has been through those before it; the first ``stop`` gates
    stay the first. What has been measured a simulation need not carry on."""
    kinds, firsts, seconds = circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist()
    last = [-1] * len(circuit.qubits)
    # Behind which gate each one comes, and whether it is moved there.
    place = []
    for gate, (kind, first, second) in enumerate(zip(kinds, firsts, seconds, strict=True)):
        moved = kind == KIND["Measure"]
        place.append((max(last[first], stop - 1 if gate >= stop else -1), moved) if moved else (gate, False))
        last[first] = place[-1][0]
        if GATES[kind].qubits == 2:
            last[second] = gate
    return _in_order(circuit, sorted(range(len(circuit)), key=place.__getitem__))


def _ordered(circuit: NativeCircuit, parts: Sequence[Sequence[int]]) -> list[int]:
    free = [0] * len(circuit.qubits)
    return [gate for part in parts for gate in _scheduled(circuit, part, free)]


def _scheduled(circuit: NativeCircuit, part: Sequence[int], free: list[int]) -> list[int]:
    """The gates of a part in their new order. ``free`` says from which layer on each qubit is, and is brought up to
    date."""
    runs = _runs(circuit, part)
    member, tail = runs.member, _tails(runs, part)
    # One-qubit gates take no layer; they open what comes after them at once.
    ranked = sorted(part, key=lambda gate: (len(member[gate]) == 2, -tail[gate], gate))
    rank = {gate: place for place, gate in enumerate(ranked)}
    qubits = [[qubit for qubit, _ in member[gate]] for gate in ranked]
    left = {(qubit, run): len(gates) for qubit, found in runs.on.items() for run, gates in enumerate(found)}
    missing = {gate: sum(run > 0 for _, run in member[gate]) for gate in part}
    waiting = sorted(rank[gate] for gate in part if not missing[gate])
    order: list[int] = []
    layer = min(free, default=0)
    while waiting:
        taken: list[int] = []
        kept: list[int] = []
        for place in waiting:
            if len(qubits[place]) == 2:
                first, second = qubits[place]
                if free[first] > layer or free[second] > layer:
                    kept.append(place)
                    continue
                free[first] = free[second] = layer + 1
            taken.append(place)
        if not taken:
            layer += 1
            continue
        for place in taken:
            gate = ranked[place]
            order.append(gate)
            kept += [rank[other] for other in _opened(runs, gate, left, missing)]
        waiting = sorted(kept)
    return order


class _Runs(NamedTuple):
    """The runs of commuting gates on each qubit, in order, and which of them each gate is of."""

    on: dict[int, list[list[int]]]
    member: dict[int, list[tuple[int, int]]]

    def after(self, gate: int) -> Iterator[tuple[int, int]]:
        """Qubit and number of the runs that come directly after those of a gate."""
        for qubit, run in self.member[gate]:
            if run + 1 < len(self.on[qubit]):
                yield qubit, run + 1


def _runs(circuit: NativeCircuit, part: Sequence[int]) -> _Runs:
    kinds, firsts, seconds = circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist()
    runs = _Runs({}, {})
    sides: dict[int, str] = {}
    for gate in part:
        kind = kinds[gate]
        qubits = (firsts[gate], seconds[gate])[: GATES[kind].qubits]
        runs.member[gate] = []
        for qubit, side in zip(qubits, _SIDES.get(kind, ("",) * len(qubits)), strict=True):
            here = runs.on.setdefault(qubit, [])
            if not here or not side or sides[qubit] != side:
                here.append([])
                sides[qubit] = side
            here[-1].append(gate)
            runs.member[gate].append((qubit, len(here) - 1))
    return runs


def _tails(runs: _Runs, part: Sequence[int]) -> dict[int, int]:
    """How many layers there are from a gate to the end, itself included."""
    tail: dict[int, int] = {}
    run_tails: dict[tuple[int, int], int] = {}
    for gate in reversed(part):
        following = 0
        for key in runs.after(gate):
            if key not in run_tails:
                qubit, run = key
                # One after the other, the longest tail first.
                tails = sorted((tail[other] for other in runs.on[qubit][run]), reverse=True)
                run_tails[key] = max(place + other for place, other in enumerate(tails))
            following = max(following, run_tails[key])
        tail[gate] = following + (len(runs.member[gate]) == 2)
    return tail


def _opened(runs: _Runs, gate: int, left: dict[tuple[int, int], int], missing: dict[int, int]) -> Iterator[int]:
    """The gates that nothing but a gate kept waiting; ``left`` of each run and ``missing`` runs before each gate are
    brought up to date."""
    for qubit, run in runs.member[gate]:
        left[qubit, run] -= 1
    for qubit, run in runs.after(gate):
        if left[qubit, run - 1]:
            continue
        for other in runs.on[qubit][run]:
            missing[other] -= 1
            if not missing[other]:
                yield other
