"""Reordering of commuting gates, so that more of them run in parallel.

On each qubit, gates that are diagonal there (Rz, CZ, ZZPhase, the control of CX) commute with each other, and so do
rotations about x (SX, X, the target of CX). A ladder's controls have no other gates: ladders on different targets with
the same controls can run in parallel.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from operator import add
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

_NO_SIDES = ("", "")


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
    columns = circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist()
    return [gate for part in parts for gate in _scheduled(_runs(*columns, part), part, free)]


def _scheduled(runs: _Runs, part: Sequence[int], free: list[int]) -> list[int]:
    """The gates of a part in their new order. ``free`` says from which layer on each qubit is, and is brought up to
    date."""
    of, qubits, following = runs.of, runs.qubits, runs.following
    tail = _tails(runs, part)
    # One-qubit gates take no layer; they open what comes after them at once.
    ranked = sorted(part, key=lambda gate: (len(of[gate]) == 2, -tail[gate], gate))
    rank = dict(zip(ranked, range(len(ranked)), strict=True))
    left = list(map(len, runs.gates))
    missing = {gate: sum([not runs.first[run] for run in of[gate]]) for gate in part}
    waiting = [place for place, gate in enumerate(ranked) if not missing[gate]]
    order: list[int] = []
    layer = min(free, default=0)
    while waiting:
        taken: list[int] = []
        kept: list[int] = []
        for place in waiting:
            gate = ranked[place]
            if len(of[gate]) == 2:
                first, second = qubits[gate]
                if free[first] > layer or free[second] > layer:
                    kept.append(place)
                    continue
                free[first] = free[second] = layer + 1
            taken.append(gate)
        if not taken:
            layer += 1
            continue
        order += taken
        for gate in taken:
            for run in of[gate]:
                left[run] -= 1
                if left[run] or following[run] < 0:
                    continue
                # Nothing keeps the next run of the qubit waiting any more.
                for other in runs.gates[following[run]]:
                    missing[other] -= 1
                    if not missing[other]:
                        kept.append(rank[other])
        kept.sort()
        waiting = kept
    return order


class _Runs(NamedTuple):
    """The runs of commuting gates on each qubit, by number: their ``gates`` in order, whether each is the ``first`` of
    its qubit, and the one ``following`` it there (-1: none). ``of`` and ``qubits`` say of each gate which of them it is
    of, and on which qubits."""

    gates: list[list[int]]
    first: list[bool]
    following: list[int]
    of: dict[int, list[int]]
    qubits: dict[int, tuple[int, ...]]


def _runs(kinds: Sequence[int], firsts: Sequence[int], seconds: Sequence[int], part: Sequence[int]) -> _Runs:
    runs = _Runs([], [], [], {}, {})
    # The last run of each qubit, and about which axis its gates act.
    last: dict[int, tuple[int, str]] = {}
    for gate in part:
        kind = kinds[gate]
        qubits = (firsts[gate], seconds[gate]) if GATES[kind].qubits == 2 else (firsts[gate],)
        own = []
        for qubit, side in zip(qubits, _SIDES.get(kind, _NO_SIDES), strict=False):
            run, here = last.get(qubit, (-1, ""))
            if not side or side != here:
                new = len(runs.gates)
                runs.gates.append([])
                runs.first.append(run < 0)
                runs.following.append(-1)
                if run >= 0:
                    runs.following[run] = new
                run = new
                last[qubit] = run, side
            runs.gates[run].append(gate)
            own.append(run)
        runs.of[gate], runs.qubits[gate] = own, qubits
    return runs


def _tails(runs: _Runs, part: Sequence[int]) -> dict[int, int]:
    """How many layers there are from a gate to the end, itself included."""
    tail: dict[int, int] = {}
    run_tails = [-1] * len(runs.gates)
    for gate in reversed(part):
        longest = 0
        own = runs.of[gate]
        for run in own:
            run = runs.following[run]
            if run < 0:
                continue
            if run_tails[run] < 0:
                # One after the other, the longest tail first.
                tails = sorted([tail[other] for other in runs.gates[run]], reverse=True)
                run_tails[run] = max(map(add, tails, count()))
            longest = max(longest, run_tails[run])
        tail[gate] = longest + (len(own) == 2)
    return tail
