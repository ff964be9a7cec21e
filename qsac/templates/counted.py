"""Statistics of bindings: what gates and qubits decide is counted once, what angles decide each time."""

from __future__ import annotations

from typing import Any

import numpy as np

from qsac.counting.stats import circuit_stats, error_free_probability, layers
from qsac.machine.target import Target
from qsac.native.circuit import NativeCircuit


class Counted:
    """The statistics of one circuit after another, for one target.

    Depths, durations and costs are those of the circuit before where gates and qubits are the same, as they are in the
    bindings of a template unless the circuit is routed.
    """

    def __init__(self) -> None:
        self._last: tuple[NativeCircuit, int, dict[str, Any]] | None = None

    def stats(self, circuit: NativeCircuit, target: Target) -> dict[str, Any]:
        """See :func:`~qsac.counting.stats.circuit_stats`."""
        if self._last is None or not _alike(circuit, self._last[0]):
            self._last = circuit, layers(circuit).idle, circuit_stats(circuit, target)
            return dict(self._last[2])
        _, idle, stats = self._last
        return stats | {"error_free_probability": error_free_probability(circuit, target, idle)}


def _alike(one: NativeCircuit, other: NativeCircuit) -> bool:
    """Whether two circuits differ in nothing but angles."""
    columns = ((one.kind, other.kind), (one.first, other.first), (one.second, other.second))
    return one.qubits == other.qubits and all(np.array_equal(mine, others) for mine, others in columns)
