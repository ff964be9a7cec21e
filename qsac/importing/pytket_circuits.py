"""From a ``Circuit`` of pytket to a step: angles in half-turns become radians. lambeq's circuits come as such, with
what they post-select."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import pi
from typing import Any

from qsac.importing.measured_at_the_end import MeasuredAtTheEnd
from qsac.importing.symbolic_gates import Angle, Gates, ImportedCircuit, affine

_NAMES = {
    "noop": "id",
    "V": "sx",
    "Vdg": "sxdg",
    "U1": "p",
    "U3": "u",
    "CU1": "cp",
    "XXPhase": "rxx",
    "YYPhase": "ryy",
    "ZZPhase": "rzz",
    "PhasedX": "r",
    "ISWAPMax": "iswap",
    "Phase": "global_phase",
}


def read(
    circuit: Any, inputs: Sequence[str], values: Mapping[str, float] | None, measure: Mapping[str, Any] | None
) -> ImportedCircuit:
    """See :func:`qsac.importing.circuits.from_circuit`."""
    symbols = sorted(str(symbol) for symbol in circuit.free_symbols())
    gates = Gates(circuit.n_qubits, tuple(inputs), [name for name in symbols if name not in inputs])
    places = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    bits = {bit: place for place, bit in enumerate(circuit.bits)}
    selected: Mapping[int, int] = getattr(circuit, "post_selection", {}) or {}
    ends = MeasuredAtTheEnd()
    for command in circuit.get_commands():
        name = command.op.type.name
        if name == "Barrier":
            continue
        qubits = [places[qubit] for qubit in command.qubits]
        ends.check(name, qubits)
        if name == "Measure":
            outcome = selected.get(bits[command.bits[0]])
            if outcome is None:
                ends.measured(qubits[0])
            else:
                gates.project(qubits[0], int(outcome))
            continue
        gates.add(_NAMES.get(name, name.lower()), qubits, *map(_angle, command.op.params))
    return gates.finished(measure or ends.measure(), values)


def _angle(given: Any) -> Angle:
    symbols = {str(symbol): symbol for symbol in getattr(given, "free_symbols", ())}

    def evaluated(numbers: Mapping[str, float]) -> float:
        return float(given.subs({symbols[name]: number for name, number in numbers.items()}))

    angle = affine(sorted(symbols), evaluated, str(given)) if symbols else Angle(float(given))
    return angle.times(pi)
