"""Native circuits as OpenQASM 2 and OpenQASM 3, the latter by Qiskit's writer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qsac.export.names import bit_name, named_qubits
from qsac.native.circuit import GATES, NativeCircuit

_QASM2 = {
    "PhasedX": "u3({0!r}*pi,{1!r}*pi-pi/2,pi/2-({1!r}*pi))",
    "Rz": "rz({0!r}*pi)",
    "ZZPhase": "rzz({0!r}*pi)",
    "SX": "sx",
    "X": "x",
    "CZ": "cz",
    "CX": "cx",
    "ECR": "ecr",
    "Reset": "reset",
}
"""How each gate is written, with its angles in half-turns."""

_ECR = "gate ecr q0,q1 { u3(pi,-pi/2,pi) q0; u3(-pi/2,-pi/2,pi/2) q1; cx q0,q1; }"
"""What ``qelib1.inc`` lacks, as pytket defines it."""


def to_qasm2(circuit: NativeCircuit) -> str:
    """OpenQASM 2 with ``qelib1.inc``: PhasedX is written as ``u3``, ZZPhase as ``rzz``.

    Angles are those of the circuit to the last bit, as multiples of ``pi``: pytket's own writer would wrap them into
    [0, 4), which no small negative angle survives. Gates stand in program order. Qubits are called as
    :func:`~qsac.export.names.named_qubits` says: on a device, index i is the device's qubit i.
    """
    return "\n".join(_qasm2_lines(circuit)) + "\n"


def _qasm2_lines(circuit: NativeCircuit) -> Iterator[str]:
    yield 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
    if circuit.count("ECR"):
        yield _ECR
    widths: dict[str, int] = {}
    named = named_qubits(circuit)
    for register, index in named:
        widths[register] = max(widths.get(register, 0), index + 1)
    yield from _declared("qreg", widths)
    yield from _declared("creg", circuit.registers)
    qubits, bits = (list(map(bit_name, units)) for units in (named, circuit.bits))
    shapes = [(gate.name, gate.qubits, _QASM2.get(gate.name, "")) for gate in GATES]
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles)
    for kind, first, second, angles in zip(*(column.tolist() for column in columns), strict=True):
        name, arity, form = shapes[kind]
        if name == "Measure":
            yield f"measure {qubits[first]} -> {bits[second]};"
        else:
            ends = f"{qubits[first]},{qubits[second]}" if arity == 2 else qubits[first]
            yield f"{form.format(*angles)} {ends};"


def _declared(kind: str, widths: Mapping[str, int]) -> Iterator[str]:
    return (f"{kind} {name}[{size}];" for name, size in widths.items())


def to_qasm3(circuit: NativeCircuit) -> str:
    """OpenQASM 3 with ``stdgates.inc``: PhasedX is written as ``r``, ZZPhase as ``rzz``, defined in the text.

    Qubits are called as :func:`~qsac.export.names.named_qubits` says: on a device, index i is the device's qubit i.
    """
    from qiskit.qasm3 import Exporter

    from qsac.export.qiskit import to_qiskit

    # Without constants: as pi/2 Qiskit would also write what lies within 1e-9 of it.
    return str(Exporter(disable_constants=True).dumps(to_qiskit(circuit, units=named_qubits(circuit))))
