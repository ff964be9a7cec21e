"""Native circuits as operations of PennyLane."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import TYPE_CHECKING, Any

from qsac.errors import InvalidInputError
from qsac.export.names import bit_name, qubit_names
from qsac.native.circuit import GATES, KIND, MATRICES, NativeCircuit
from qsac.optional import optional_package

if TYPE_CHECKING:
    from pennylane.operation import Operator
    from pennylane.ops import MeasurementValue


def to_pennylane(circuit: NativeCircuit) -> list[MeasurementValue]:
    """Applies the circuit in a quantum function, on wires named as :func:`~qsac.export.names.qubit_names`; gives what
    is measured, a value for each bit, in the order of ``circuit.bits``. Equal up to a global phase.

    A reset right after a measurement is that measurement's. Raises as :func:`~qsac.optional.optional_package`, and
    :class:`~qsac.errors.InvalidInputError` for a circuit of someone's that leaves bits unmeasured.
    """
    qml = pennylane_package()
    wires = qubit_names(circuit)
    values: dict[int, Any] = {}
    resets = _resets(circuit)
    absorbed = set(resets.values())
    for place, kind in enumerate(circuit.kind.tolist()):
        first, second = int(circuit.first[place]), int(circuit.second[place])
        if kind == KIND["Measure"]:
            values[second] = qml.measure(wires[first], reset=place in resets)
        elif kind != KIND["Reset"]:
            operation(qml, kind, circuit.angles[place].tolist(), wires, first, second)
        elif place not in absorbed:
            qml.measure(wires[first], reset=True)
    unread = [bit_name(unit) for bit, unit in enumerate(circuit.bits) if bit not in values]
    if unread:
        raise InvalidInputError(
            "a bit of the circuit is never measured",
            code="circuit.malformed",
            found=f"no measurement into {unread[0]}",
            wanted="one for each bit: PennyLane has no other bits",
        )
    return [values[bit] for bit in range(len(circuit.bits))]


def _resets(circuit: NativeCircuit) -> dict[int, int]:
    """The places of measurements whose qubit is reset next, and of these resets."""
    last: dict[int, int] = {}
    found = {}
    paired = circuit.paired.tolist()
    for place, kind in enumerate(circuit.kind.tolist()):
        first = int(circuit.first[place])
        before = last.get(first)
        if kind == KIND["Reset"] and before is not None and circuit.kind[before] == KIND["Measure"]:
            found[before] = place
        last[first] = place
        if paired[place]:
            last[int(circuit.second[place])] = place
    return found


def pennylane_package() -> Any:
    """PennyLane, or the error that it is not there."""
    return optional_package("pennylane", "writing PennyLane operations", "pip install 'qsac[pennylane]'")


def operation(
    qml: Any, kind: int, angles: Sequence[float], wires: Sequence[object], first: int, second: int
) -> Operator:
    """A gate that is neither measurement nor reset, of a kind, with its angles in half-turns, on the wires of its
    qubits."""
    gate = GATES[kind]
    on = [wires[first], wires[second]] if gate.qubits == 2 else wires[first]
    angle, axis = angles[0] * pi, angles[1] * pi
    match gate.name:
        case "PhasedX":
            # Rz(phi) Rx(theta) Rz(-phi), Rx being Ry between quarter turns about z.
            return qml.Rot(pi / 2 - axis, angle, axis - pi / 2, wires=on)
        case "Rz":
            return qml.RZ(angle, wires=on)
        case "ZZPhase":
            return qml.IsingZZ(angle, wires=on)
        case "CX":
            return qml.CNOT(wires=on)
        case "ECR":
            # qml.ECR counts its first wire as the other one of pytket's.
            return qml.QubitUnitary(MATRICES["ECR"], wires=on)
        case name:
            return getattr(qml, name)(wires=on)


def block_operations(circuit: NativeCircuit, phase: float, wires: Sequence[object] | None) -> list[Operator]:
    """The gates of a circuit without measurements, and exp(i pi ``phase``), on the wires given, or 0, 1, ... Raises
    :class:`~qsac.errors.InvalidInputError` for another number of them than the circuit has."""
    qml = pennylane_package()
    names: list[object] = list(range(len(circuit.qubits))) if wires is None else list(wires)
    if len(names) != len(circuit.qubits):
        raise InvalidInputError(
            "the wires are not those of the block's qubits",
            code="option.out-of-range",
            found=f"{len(names)} wires",
            wanted=f"{len(circuit.qubits)} wires",
        )
    columns = (circuit.kind, circuit.angles, circuit.first, circuit.second)
    found = [
        operation(qml, kind, angles, names, first, second)
        for kind, angles, first, second in zip(*(column.tolist() for column in columns), strict=True)
    ]
    return [*found, qml.GlobalPhase(-phase * pi, wires=names)]
