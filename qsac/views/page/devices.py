"""A routed circuit's machine: its coupling graph with error rates, and which of the circuit's gates move qubits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.artifact.compiled import Compiled
from qsac.machine.target import Target
from qsac.native.circuit import GATES, MATRICES, NativeCircuit
from qsac.views.page.columns import whole

NODES = 1_024
"""Nodes of a coupling graph that are drawn: of a larger machine those that are near the circuit's."""

MOVING = 200_000
"""Gates of a circuit up to which its moves are looked for."""

_ALIKE = 1e-6


def device_data(compiled: Compiled, machine: Target, blobs: dict[str, Any]) -> dict[str, Any] | None:
    """The graph, and the moves of each circuit; None for a machine that connects all qubits."""
    if machine.coupling is None:
        return None
    used = {index for circuit in compiled.circuits for _, index in circuit.qubits}
    nodes = _near(machine, used)
    place = {node: number for number, node in enumerate(nodes)}
    rates = machine.errors
    by_edge = {} if rates is None else {frozenset(edge[:2]): edge[2] for edge in rates.two_qubit_by_edge}
    edges = []
    for a, b in machine.coupling:
        if a in place and b in place:
            known = by_edge.get(frozenset((a, b)), None if rates is None else rates.two_qubit)
            edges.append([place[a], place[b], known])
    measured = None if rates is None or not rates.measure_by_qubit else rates.measure_by_qubit
    circuits = []
    for number, circuit in enumerate(compiled.circuits):
        found = moves(circuit) if len(circuit) <= MOVING else None
        if found is not None:
            blobs[f"{number}.move"] = whole(found.move)
        circuits.append(
            {
                "moves": None if found is None else f"{number}.move",
                "swaps": [] if found is None else found.swaps,
                "followed": found is not None and followed(circuit.initial_map, found.swaps) == circuit.final_map,
            }
        )
    return {
        "nodes": nodes,
        "edges": edges,
        "readout": None if measured is None else [float(np.mean(measured[node])) for node in nodes],
        "circuits": circuits,
        "whole": len(nodes) == machine.qubits,
    }


def _near(machine: Target, used: set[int]) -> list[int]:
    """The nodes that are drawn: all of a machine that is not too large, else those nearest to the circuit's."""
    if (machine.qubits or 0) <= NODES:
        return list(range(machine.qubits or 0))
    beside: dict[int, list[int]] = {}
    for a, b in machine.coupling or ():
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    found = dict.fromkeys(sorted(used))
    for node in list(found):
        for other in beside.get(node, ()):
            if len(found) < NODES:
                found.setdefault(other)
    return list(found)


Swap = tuple[int, int, int]

_FOLLOWED = 2_000_000
"""Moves that are followed at most, over all choices, to find which of the runs that leave it open are moves."""


@dataclass
class Moves:
    """Which gates move qubits, (gates,): 0 none, 1 a move and nothing else, 2 a move together with an interaction.
    ``swaps`` are the moves: the last gate, and the two qubits by their places in the circuit. ``unclear`` are runs
    whose invariants leave it open, by their gates."""

    move: NDArray[np.uint8]
    swaps: list[Swap] = field(default_factory=list)
    unclear: list[tuple[Swap, list[int]]] = field(default_factory=list)


@dataclass
class _Run:
    """Two-qubit gates of one pair, with the one-qubit gates between them."""

    pair: tuple[int, int]
    unitary: NDArray[np.complex128]
    gates: list[int] = field(default_factory=list)


def moves(circuit: NativeCircuit) -> Moves:
    """The runs of two-qubit gates on one pair that exchange its qubits.

    A run is a move if, up to one-qubit gates, it is a swap, or a swap and a controlled phase of any angle: what a
    router writes for both together. It is told by the invariants of Makhlin (quant-ph/0002045).
    """
    found = Moves(np.zeros(len(circuit), np.uint8))
    runs: dict[int, _Run] = {}

    def close(qubit: int) -> None:
        run = runs.pop(qubit, None)
        if run is None:
            return
        other = run.pair[0] if run.pair[1] == qubit else run.pair[1]
        runs.pop(other, None)
        kind = _kind(run.unitary)
        swap = (run.gates[-1], *run.pair)
        if kind is None:
            found.unclear.append((swap, run.gates))
        elif kind:
            found.move[run.gates] = kind
            found.swaps.append(swap)

    columns = (circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), circuit.angles.tolist())
    for place, (kind, first, second, angles) in enumerate(zip(*columns, strict=True)):
        gate = GATES[kind]
        if gate.qubits == 2:
            run = runs.get(first)
            if run is None or run is not runs.get(second):
                close(first)
                close(second)
                run = _Run((first, second), np.eye(4, dtype=np.complex128))
                runs[first] = runs[second] = run
            matrix = _matrix(gate.name, angles)
            if run.pair != (first, second):
                matrix = _SWAP @ matrix @ _SWAP
            run.unitary = matrix @ run.unitary
            run.gates.append(place)
        elif gate.name in ("Measure", "Reset"):
            close(first)
        elif first in runs:
            run, one = runs[first], _matrix(gate.name, angles)
            whole_matrix = np.kron(one, np.eye(2)) if run.pair[0] == first else np.kron(np.eye(2), one)
            run.unitary = whole_matrix @ run.unitary
            run.gates.append(place)
    for qubit in list(runs):
        close(qubit)
    found.swaps.sort()
    _decide(circuit, found)
    return found


def _decide(circuit: NativeCircuit, found: Moves) -> None:
    """Of the runs that leave it open, the fewest are moves with which the qubits end where the final map has them."""
    choices = 1 << min(len(found.unclear), 32)
    unclear = found.unclear if choices * (1 + len(found.swaps)) <= _FOLLOWED else []
    for number in range(len(unclear) + 1):
        for chosen in combinations(unclear, number):
            swaps = sorted([*found.swaps, *(swap for swap, _ in chosen)])
            if followed(circuit.initial_map, swaps) == circuit.final_map:
                found.swaps = swaps
                for _, gates in chosen:
                    found.move[gates] = 2
                return


def followed(initial: Sequence[int], swaps: Sequence[Swap]) -> tuple[int, ...]:
    """Where the logical qubits are in the end, if these are all moves."""
    on = {place: logical for logical, place in enumerate(initial)}
    for _, a, b in swaps:
        first, second = on.pop(a, None), on.pop(b, None)
        if first is not None:
            on[b] = first
        if second is not None:
            on[a] = second
    at = {logical: place for place, logical in on.items()}
    return tuple(at[logical] for logical in range(len(initial)))


_SWAP = np.eye(4)[[0, 2, 1, 3]]
_MAGIC = np.array([[1, 0, 0, 1j], [0, 1j, 1, 0], [0, 1j, -1, 0], [1, 0, 0, -1j]]) / np.sqrt(2)


def _kind(unitary: NDArray[np.complex128]) -> int | None:
    """0 for a gate that moves nothing, 1 for a swap, 2 for a swap with a controlled phase, None where it is open."""
    if _is_phase(unitary):
        return 0
    first, second = _invariants(_SWAP @ unitary)
    if abs(first - 1) < _ALIKE and abs(second - 3) < _ALIKE:
        return 1
    return 2 if _is_phase(_SWAP @ unitary) else None


def _is_phase(unitary: NDArray[np.complex128]) -> bool:
    """Whether it is a controlled phase of any angle, up to one-qubit gates."""
    first, second = _invariants(unitary)
    return bool(abs(first.imag) < _ALIKE and abs(second - (1 + 2 * first.real)) < _ALIKE)


def _invariants(unitary: NDArray[np.complex128]) -> tuple[complex, float]:
    """G1 and G2 of a two-qubit gate, which one-qubit gates before and after it leave as they are."""
    turned = _MAGIC.conj().T @ unitary @ _MAGIC
    square = turned.T @ turned
    determinant = np.linalg.det(unitary)
    trace = np.trace(square)
    second = (trace**2 - np.trace(square @ square)) / (4 * determinant)
    return complex(trace**2 / (16 * determinant)), float(second.real)


def _matrix(name: str, angles: list[float]) -> NDArray[np.complex128]:
    """The matrix of a native gate, angles in half-turns, in pytket's convention."""
    turn = np.pi * angles[0] / 2
    if name == "Rz":
        return np.diag([np.exp(-1j * turn), np.exp(1j * turn)])
    if name == "PhasedX":
        axis = np.pi * angles[1]
        off = -1j * np.sin(turn)
        return np.array([[np.cos(turn), off * np.exp(-1j * axis)], [off * np.exp(1j * axis), np.cos(turn)]])
    if name == "ZZPhase":
        return np.diag(np.exp(-1j * turn * np.array([1, -1, -1, 1])))
    if name == "CZ":
        return np.diag([1, 1, 1, -1]).astype(np.complex128)
    return np.asarray(MATRICES[name], dtype=np.complex128)
