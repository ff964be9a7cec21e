"""Statistics of bindings: what gates and qubits decide is counted once, what angles decide each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qsac.counting.stats import SuccessProbability, circuit_stats, layers
from qsac.machine.target import Target
from qsac.native.circuit import NativeCircuit

if TYPE_CHECKING:
    from qsac.native.statistics import CircuitStatistics


class Counted:
    """The statistics of one circuit after another, for one target.

    Depths, durations and costs are those of the circuit before where gates and qubits are the same, as they are in the
    bindings of a template unless the circuit is routed.
    """

    def __init__(self) -> None:
        self._last: tuple[NativeCircuit, SuccessProbability | None, CircuitStatistics] | None = None

    def stats(self, circuit: NativeCircuit, target: Target) -> CircuitStatistics:
        """See :func:`~qsac.counting.stats.circuit_stats`."""
        if self._last is None or not _alike(circuit, self._last[0]):
            rates = target.errors
            success = None if rates is None else SuccessProbability(circuit, rates, layers(circuit).idle)
            self._last = circuit, success, circuit_stats(circuit, target)
            return self._last[2].copy()
        _, success, stats = self._last
        return stats | {"error_free_probability": None if success is None else success.of(circuit.angles)}


def _alike(one: NativeCircuit, other: NativeCircuit) -> bool:
    """Whether two circuits differ in nothing but angles."""
    columns = ((one.kind, other.kind), (one.first, other.first), (one.second, other.second))
    return one.qubits == other.qubits and all(
        mine is others or np.array_equal(mine, others) for mine, others in columns
    )
