"""Native circuits as Cirq circuits."""

from __future__ import annotations

import cmath
from collections.abc import Sequence
from math import pi
from typing import TYPE_CHECKING, Any

from qsac.errors import InvalidInputError
from qsac.export.names import bit_name, qubit_names
from qsac.native.circuit import GATES, MATRICES, NativeCircuit
from qsac.optional import optional_package

if TYPE_CHECKING:
    import cirq


_LEAST_EXPONENT = 0.01
"""Smallest exponent of a gate that takes a phase: a shift is divided by it."""


def to_cirq(circuit: NativeCircuit) -> cirq.Circuit:
    """The circuit on named qubits (:func:`~qsac.export.names.qubit_names`), each bit under a measurement key of its own
    such as ``key[0]``; equal up to a global phase. Raises as :func:`~qsac.optional.optional_package`."""
    package = cirq_package()
    found: cirq.Circuit = package.Circuit(operations(circuit, list(map(package.NamedQubit, qubit_names(circuit)))))
    return found


def cirq_package() -> Any:
    """Cirq, or the error that it is not there."""
    return optional_package("cirq", "writing Cirq circuits", "pip install 'qsac[cirq]'")


def operations(circuit: NativeCircuit, qubits: Sequence[Any]) -> list[cirq.Operation]:
    """The gates of a circuit on Cirq's qubits, in program order.

    PhasedX is a ``PhasedXPowGate``, SX a square root of X, ZZPhase a ``ZZPowGate``, each with the phase that it has
    here; ECR, which Cirq lacks, is a ``MatrixGate`` of that name.
    """
    package = cirq_package()
    fixed: dict[str, Any] = {
        "SX": package.X**0.5,
        "X": package.X,
        "CZ": package.CZ,
        "CX": package.CNOT,
        "ECR": package.MatrixGate(MATRICES["ECR"], name="ECR"),
        "Reset": package.ResetChannel(),
    }
    found: list[cirq.Operation] = []
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles)
    for kind, first, second, (angle, axis) in zip(*(column.tolist() for column in columns), strict=True):
        on = (qubits[first], qubits[second]) if GATES[kind].qubits == 2 else (qubits[first],)
        match GATES[kind].name:
            case "PhasedX":
                gate = package.PhasedXPowGate(phase_exponent=axis, exponent=angle, global_shift=-0.5)
            case "Rz":
                gate = package.Rz(rads=angle * pi)
            case "ZZPhase":
                gate = package.ZZPowGate(exponent=angle, global_shift=-0.5)
            case "Measure":
                gate = package.MeasurementGate(1, key=bit_name(circuit.bits[second]))
            case name:
                gate = fixed[name]
        found.append(gate(*on))
    return found


def block_operations(circuit: NativeCircuit, phase: float, qubits: Sequence[Any] | None) -> list[cirq.Operation]:
    """The gates of a circuit and exp(i pi ``phase``) on Cirq's qubits, by default those of a line. Raises
    :class:`~qsac.errors.InvalidInputError` for another number of them than the circuit has.

    The phase is one of the last gate that can have it: Cirq's simulator of density matrices fails on operations of a
    phase alone. Without such a gate it is an operation.
    """
    package = cirq_package()
    given = package.LineQubit.range(len(circuit.qubits)) if qubits is None else list(qubits)
    if len(given) != len(circuit.qubits):
        raise InvalidInputError(
            "the qubits are not those of the block",
            code="option.out-of-range",
            found=f"{len(given)} qubits",
            wanted=f"{len(circuit.qubits)} qubits",
        )
    found = operations(circuit, given)
    for place in reversed(range(len(found))):
        gate = found[place].gate
        if isinstance(gate, package.EigenGate | package.PhasedXPowGate) and abs(gate.exponent) > _LEAST_EXPONENT:
            found[place] = _turned(package, gate, phase).on(*found[place].qubits)
            return found
    return [*found, package.global_phase_operation(cmath.exp(1j * pi * phase))]


def _turned(package: Any, gate: Any, phase: float) -> Any:
    """A gate times exp(i pi ``phase``): with an exponent t and a shift s, it has the phase exp(i pi s t)."""
    if type(gate) is package.Rz:
        gate = package.ZPowGate(exponent=gate.exponent, global_shift=-0.5)
    shift = gate.global_shift + phase / gate.exponent
    if isinstance(gate, package.PhasedXPowGate):
        return package.PhasedXPowGate(phase_exponent=gate.phase_exponent, exponent=gate.exponent, global_shift=shift)
    kind = package.XPowGate if isinstance(gate, package.XPowGate) else type(gate)
    return kind(exponent=gate.exponent, global_shift=shift)
