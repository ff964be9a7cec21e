"""What a compiled circuit amounts to: counts, depth, and how well a target can be expected to run it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, log1p
from typing import Any

from qsac.ir.native import GATES, NativeCircuit
from qsac.pipeline import ErrorRates, Target


@dataclass(frozen=True)
class Layers:
    """Depths of a circuit, each gate as early as its qubits allow, and how long qubits idle.

    ``depth`` counts every gate, measurement and reset except Rz, which takes no time; ``two_qubit_depth`` two-qubit
    gates only. ``idle`` is the number of two-qubit layers that qubits wait through between their first gate and their
    last, summed over the qubits.
    """

    depth: int
    two_qubit_depth: int
    idle: int


def _gates(circuit: NativeCircuit) -> Iterator[tuple[str, tuple[int, ...], float]]:
    """Name, qubits and first angle of each gate."""
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles[:, 0])
    for kind, first, second, angle in zip(*(column.tolist() for column in columns), strict=True):
        gate = GATES[kind]
        yield gate.name, (first, second) if gate.qubits == 2 else (first,), angle


def layers(circuit: NativeCircuit) -> Layers:
    """Depths and idle time of a circuit, in one walk."""
    level = [0] * len(circuit.qubits)
    two_qubit_level = [0] * len(circuit.qubits)
    born: dict[int, int] = {}
    idle = 0
    for name, qubits, _ in _gates(circuit):
        if name == "Rz":
            continue
        reached = 1 + max(level[qubit] for qubit in qubits)
        for qubit in qubits:
            level[qubit] = reached
        if len(qubits) == 1:
            if name == "Reset":
                born.pop(qubits[0], None)
            continue
        layer = 1 + max(two_qubit_level[qubit] for qubit in qubits)
        for qubit in qubits:
            idle += layer - 1 - two_qubit_level[qubit] if qubit in born else 0
            born[qubit] = layer
            two_qubit_level[qubit] = layer
    return Layers(max(level, default=0), max(two_qubit_level, default=0), idle)


def error_free_probability(circuit: NativeCircuit, target: Target, idle: int) -> float | None:
    """The product of the success rates of every gate, measurement, reset and idle layer; None without published rates.

    A measurement errs with the mean of its two rates. A qubit idling for one two-qubit layer errs with the rate
    ``memory``. Errors that a later projection would hide are counted all the same.
    """
    rates = target.errors
    if rates is None:
        return None
    edges = {(first, second): rate for first, second, rate in rates.two_qubit_by_edge}
    logarithm = idle * log1p(-rates.memory)
    device = [index for _, index in circuit.qubits]
    for name, qubits, angle in _gates(circuit):
        places = tuple(device[qubit] for qubit in qubits)
        logarithm += log1p(-_error(rates, edges, name, places, angle))
    return exp(logarithm)


def _error(
    rates: ErrorRates, edges: dict[tuple[int, int], float], name: str, places: tuple[int, ...], angle: float
) -> float:
    if name in ("Rz", "Reset"):
        return 0.0
    if name == "Measure":
        pair = rates.measure_by_qubit[places[0]] if rates.measure_by_qubit else (rates.measure_0, rates.measure_1)
        return sum(pair) / 2
    if len(places) == 1:
        return rates.one_qubit_by_qubit[places[0]] if rates.one_qubit_by_qubit else rates.one_qubit
    slope, offset = rates.two_qubit_scaling
    first, second = places
    rate = edges.get((first, second), edges.get((second, first), rates.two_qubit))
    return rate * (slope * 2 * abs(angle) + offset)


def cost(circuit: NativeCircuit, target: Target) -> dict[str, Any] | None:
    """What the target's vendor charges, or None where no formula is known.

    HQC = ``fixed`` + shots * (N_1q + 10 N_2q + 5 N_m) / 5000, with N_m the measurements, or the measurements and
    resets: the sources leave open which.
    """
    if target.cost_formula is None:
        return None
    gates = circuit.one_qubit_gates + 10 * circuit.two_qubit_gates
    measurements, resets = circuit.count("Measure"), circuit.count("Reset")
    return {
        "unit": "HQC",
        "fixed": 5.0,
        "per_shot": (gates + 5 * measurements) / 5000,
        "per_shot_with_resets": (gates + 5 * (measurements + resets)) / 5000,
    }


def circuit_stats(circuit: NativeCircuit, target: Target) -> dict[str, Any]:
    """Counts, depths and forecast of one circuit, JSON-ready."""
    found = layers(circuit)
    return {
        "qubits": len(circuit.qubits),
        "two_qubit_gates": circuit.two_qubit_gates,
        "one_qubit_gates": circuit.one_qubit_gates,
        "measurements": circuit.count("Measure"),
        "resets": circuit.count("Reset"),
        "depth": found.depth,
        "two_qubit_depth": found.two_qubit_depth,
        "error_free_probability": error_free_probability(circuit, target, found.idle),
        "cost": cost(circuit, target),
    }
