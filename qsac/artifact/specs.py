"""What a compiled program takes and promises, as typed numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Specs:
    """The numbers of a compiled program, of several circuits together as its statistics have them.

    ``depth`` counts every gate but Rz, measurement and reset, ``two_qubit_depth`` two-qubit gates. ``esp`` is the
    estimated success probability: that a shot has no error, by the target's published rates. ``acceptance`` is the
    share of shots that post-selection keeps, without errors; ``useful`` of those that are both. ``shots`` are those of
    each circuit for a standard error of ``standard_error`` in what the readout is precise in. ``seconds`` are those of
    one circuit, ``cost`` that of the shots needed, in ``cost_unit``. None where it is not known.
    """

    target: str
    circuits: int
    qubits: int
    two_qubit_gates: int
    one_qubit_gates: int
    depth: int
    two_qubit_depth: int
    measurements: int
    resets: int
    esp: float | None
    acceptance: float | None
    useful: float | None
    shots: int | None
    standard_error: float | None
    seconds: float | None
    cost: float | None
    cost_unit: str | None
    verified: str | None

    def to_dict(self) -> dict[str, Any]:
        """The same, JSON-ready."""
        return asdict(self)


def specs_of(target: str, circuits: int, stats: Mapping[str, Any], verified: str | None) -> Specs:
    """The numbers in the statistics of an artifact."""
    told, taken = stats.get("forecast", {}), stats.get("duration")
    needed = told.get("cost")
    counts = ("qubits", "two_qubit_gates", "one_qubit_gates", "depth", "two_qubit_depth", "measurements", "resets")
    return Specs(
        target=target,
        circuits=circuits,
        **{name: stats[name] for name in counts},
        esp=stats["error_free_probability"],
        acceptance=told.get("success_probability"),
        useful=told.get("useful"),
        shots=told.get("shots"),
        standard_error=told.get("standard_error"),
        seconds=None if taken is None else taken["circuit"],
        cost=None if needed is None else needed["amount"],
        cost_unit=None if needed is None else needed["unit"],
        verified=verified,
    )
