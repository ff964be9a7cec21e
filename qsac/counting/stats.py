"""What a compiled circuit amounts to: counts, depth, and how well a target can be expected to run it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log1p, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.counting.clock import LAYERS, STEPS, clock_of
from qsac.counting.error_rates import GateErrors, readout_errors
from qsac.counting.gate_counts import GateCounts
from qsac.machine.target import Durations, ErrorRates, Target
from qsac.native.circuit import GATES, NativeCircuit

if TYPE_CHECKING:
    from qsac.native.statistics import CircuitStatistics, Duration, Price


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


def layers(circuit: NativeCircuit) -> Layers:
    """Depths and idle time of a circuit."""
    layered = clock_of(circuit, LAYERS)
    return Layers(int(clock_of(circuit, STEPS).end), int(layered.end), int(layered.idle))


class SuccessProbability:
    """The product of the success rates of every gate, measurement, reset and idle layer, by the angles of the gates,
    for circuits that differ in nothing else from one; ``idle`` as in :class:`Layers`.

    The error rate of a measurement is the mean of its two rates, that of a qubit idling for one two-qubit layer is
    ``memory``. Errors that a later projection would hide are counted too.
    """

    def __init__(self, circuit: NativeCircuit, rates: ErrorRates, idle: int) -> None:
        self._gates = GateErrors(circuit, rates)
        self._readout = readout_errors(circuit, rates).mean(axis=1)
        self._memory, self._idle = rates.memory, idle

    def of(self, angles: NDArray[np.float64]) -> float:
        """That of the gates by these angles, shape (gates, 2)."""
        parts = (self._gates.of(angles), self._readout)
        # An angle in a circuit from elsewhere may be far beyond the range of the published rates.
        if self._memory >= 1 or any(np.any(errors >= 1) for errors in parts):
            return 0.0
        logarithm = sum(float(np.log1p(-errors).sum()) for errors in parts)
        return exp(logarithm + self._idle * log1p(-self._memory))


def error_free_probability(circuit: NativeCircuit, target: Target, idle: int) -> float | None:
    """The :class:`SuccessProbability` of a circuit; None without published rates."""
    return None if target.errors is None else SuccessProbability(circuit, target.errors, idle).of(circuit.angles)


def duration(circuit: NativeCircuit, target: Target) -> Duration | None:
    """Seconds that the target is occupied, or None where its durations are unknown.

    A job takes ``fixed`` + shots * ``per_shot``. A shot is the ``circuit``, each gate as early as its qubits allow,
    the reset of all qubits before it, and the delay between shots (IBM's guide to workload usage, where nothing is
    mitigated: 2 s + shots * (rep_delay + circuit length), with the initial reset).
    """
    lasts = target.durations
    if lasts is None:
        return None
    return _taken(clock_of(circuit, gate_times(lasts)).end, lasts)


def gate_times(lasts: Durations) -> dict[str, float]:
    """How long each native gate takes, by name, in seconds."""
    names = {"Rz": 0.0, "Measure": lasts.measure, "Reset": lasts.reset}
    return {gate.name: lasts.two_qubit if gate.qubits == 2 else lasts.one_qubit for gate in GATES} | names


def _taken(length: float, lasts: Durations) -> Duration:
    return {"circuit": length, "fixed": lasts.job, "per_shot": lasts.reset + length + lasts.delay}


def cost(circuit: NativeCircuit, target: Target) -> Price | None:
    """What the target's vendor charges, or None where no formula is known: ``fixed`` + shots * ``per_shot``.

    HQC = 5 + shots * (N_1q + 10 N_2q + 5 N_m) / 5000, with N_m the measurements, or the measurements and resets: the
    sources leave open which. Where time is charged, it is the :func:`duration`.
    """
    return _cost(circuit, duration(circuit, target), target)


def _cost(counted: NativeCircuit | GateCounts, taken: Duration | None, target: Target) -> Price | None:
    if target.cost_formula is None:
        return None
    if target.cost_formula == "time":
        return taken and {"unit": "quantum seconds", "fixed": taken["fixed"], "per_shot": taken["per_shot"]}
    gates = counted.one_qubit_gates + 10 * counted.two_qubit_gates
    measurements, resets = counted.count("Measure"), counted.count("Reset")
    return {
        "unit": "HQC",
        "fixed": 5.0,
        "per_shot": (gates + 5 * measurements) / 5000,
        "per_shot_with_resets": (gates + 5 * (measurements + resets)) / 5000,
    }


def circuit_stats(circuit: NativeCircuit, target: Target) -> CircuitStatistics:
    """Counts, depths and forecast of one circuit, JSON-ready."""
    found = layers(circuit)
    probability = error_free_probability(circuit, target, found.idle)
    return _described(circuit, len(circuit.qubits), found, probability, duration(circuit, target), target)


def together(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The statistics of several circuits, each of which is run as often as the others.

    Gates, measurements, times and costs add up; the widest circuit has the qubits, the deepest the depth. Free of
    errors is what is so in all of them.
    """
    if len(parts) == 1:
        return dict(parts[0])
    added = ("two_qubit_gates", "one_qubit_gates", "measurements", "resets")
    widest = ("qubits", "depth", "two_qubit_depth")
    shares = [part["error_free_probability"] for part in parts]
    return {
        **{name: max(part[name] for part in parts) for name in widest[:1]},
        **{name: _sum([part[name] for part in parts]) for name in added},
        **{
            name: None if any(part[name] is None for part in parts) else max(part[name] for part in parts)
            for name in widest[1:]
        },
        "error_free_probability": None if None in shares else prod(shares),
        "duration": _sum_by_name([part["duration"] for part in parts]),
        "cost": _sum_by_name([part["cost"] for part in parts]),
    }


def _sum(values: Sequence[Any]) -> Any:
    return None if any(value is None for value in values) else sum(values)


def _sum_by_name(prices: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """Amounts added up name by name; a unit is the same in all. None where one is not known."""
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return None
    return {
        name: value if isinstance(value, str) else sum(price[name] for price in known)
        for name, value in known[0].items()
    }


def tally_stats(tally: GateCounts, target: Target) -> CircuitStatistics:
    """Like :func:`circuit_stats`, for a circuit that was counted without being built.


    Two-qubit gates with unknown angles get the error rate of the largest angle, so the probability is a lower bound.
    They are the last gates of diagonals, one each.
    """
    found = Layers(tally.depth, tally.two_qubit_depth, tally.idle)
    taken = None if target.durations is None else _taken(tally.length, target.durations)
    return _described(tally, tally.qubits, found, _tallied_probability(tally, target.errors), taken, target)


def _described(
    counted: NativeCircuit | GateCounts,
    qubits: int,
    found: Layers,
    probability: float | None,
    taken: Duration | None,
    target: Target,
) -> CircuitStatistics:
    return {
        "qubits": qubits,
        "two_qubit_gates": counted.two_qubit_gates,
        "one_qubit_gates": counted.one_qubit_gates,
        "measurements": counted.count("Measure"),
        "resets": counted.count("Reset"),
        "depth": found.depth,
        "two_qubit_depth": found.two_qubit_depth,
        "error_free_probability": probability,
        "duration": taken,
        "cost": _cost(counted, taken, target),
    }


def _tallied_probability(tally: GateCounts, rates: ErrorRates | None) -> float | None:
    """As :func:`error_free_probability`, on a machine without tables for each place."""
    if rates is None:
        return None
    slope, offset = rates.two_qubit_scaling
    logarithm = sum(
        count * log1p(-rates.two_qubit * (slope * 2 * angle + offset))
        for angle, count in (*tally.angles.items(), (0.5, tally.unknown))
    )
    logarithm += tally.one_qubit_gates * log1p(-rates.one_qubit)
    logarithm += tally.count("Measure") * log1p(-(rates.measure_0 + rates.measure_1) / 2)
    return exp(logarithm + tally.idle * log1p(-rates.memory))
