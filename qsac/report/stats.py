"""What a compiled circuit amounts to: counts, depth, and how well a target can be expected to run it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.ir.native import GATES, KIND, NativeCircuit
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


_NO_TIME = KIND["Rz"]
_RESET = KIND["Reset"]
_ARITY = [gate.qubits for gate in GATES]


def layers(circuit: NativeCircuit) -> Layers:
    """Depths and idle time of a circuit, in one walk."""
    level = [0] * len(circuit.qubits)
    # Two-qubit layers: the last one of each qubit, and whether it has had one since its last reset.
    reached = [0] * len(circuit.qubits)
    active = [False] * len(circuit.qubits)
    idle = 0
    for kind, first, second in zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), strict=True):
        if _ARITY[kind] == 2:
            level[first] = level[second] = 1 + max(level[first], level[second])
            layer = 1 + max(reached[first], reached[second])
            if active[first]:
                idle += layer - 1 - reached[first]
            if active[second]:
                idle += layer - 1 - reached[second]
            reached[first] = reached[second] = layer
            active[first] = active[second] = True
        elif kind != _NO_TIME:
            level[first] += 1
            if kind == _RESET:
                active[first] = False
    return Layers(max(level, default=0), max(reached, default=0), idle)


def error_free_probability(circuit: NativeCircuit, target: Target, idle: int) -> float | None:
    """The product of the success rates of every gate, measurement, reset and idle layer; None without published rates.

    A measurement errs with the mean of its two rates. A qubit idling for one two-qubit layer errs with the rate
    ``memory``. Errors that a later projection would hide are counted all the same.
    """
    rates = target.errors
    if rates is None:
        return None
    device = np.array([index for _, index in circuit.qubits])
    arity = np.array(_ARITY)[circuit.kind]
    measured = circuit.kind == KIND["Measure"]
    turned = (arity == 1) & ~measured & (circuit.kind != _NO_TIME) & (circuit.kind != _RESET)
    one = _by_place(rates.one_qubit_by_qubit, rates.one_qubit, device[circuit.first[turned]])
    pairs = tuple(sum(pair) / 2 for pair in rates.measure_by_qubit)
    read = _by_place(pairs, (rates.measure_0 + rates.measure_1) / 2, device[circuit.first[measured]])
    entangled = arity == 2
    ends = np.sort(device[np.stack((circuit.first[entangled], circuit.second[entangled]))], axis=0)
    two = _by_edge(rates, ends[0], ends[1])
    slope, offset = rates.two_qubit_scaling
    two = two * (slope * 2 * np.abs(circuit.angles[entangled, 0]) + offset)
    logarithm = sum(float(np.log1p(-errors).sum()) for errors in (one, read, two))
    return exp(logarithm + idle * log1p(-rates.memory))


def _by_place(table: tuple[float, ...], average: float, places: NDArray[np.int_]) -> NDArray[np.float64]:
    return np.asarray(table)[places] if table else np.full(len(places), average)


def _by_edge(rates: ErrorRates, low: NDArray[np.int_], high: NDArray[np.int_]) -> NDArray[np.float64]:
    """The rate of each two-qubit gate between device qubits ``low`` < ``high``."""
    if not rates.two_qubit_by_edge:
        return np.full(len(low), rates.two_qubit)
    edges = {(min(edge[:2]), max(edge[:2])): edge[2] for edge in rates.two_qubit_by_edge}
    pairs = zip(low.tolist(), high.tolist(), strict=True)
    return np.array([edges.get(pair, rates.two_qubit) for pair in pairs], dtype=np.float64)


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
