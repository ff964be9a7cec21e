"""Native circuits as OpenQASM 2, by pytket's writer, and OpenQASM 3, by Qiskit's."""

from __future__ import annotations

from qsac.emit.circuit_dict import to_dict
from qsac.ir.native import NativeCircuit


def to_qasm2(circuit: NativeCircuit) -> str:
    """OpenQASM 2 with ``qelib1.inc``: PhasedX is written as ``u3``, ZZPhase as ``rzz``."""
    from pytket.circuit import Circuit
    from pytket.qasm.qasm import circuit_to_qasm_str

    written = to_dict(circuit)
    for command in written["commands"]:
        if command["op"]["type"] == "PhasedX":
            theta, phi = (float(angle) for angle in command["op"]["params"])
            command["op"] = {"type": "U3", "params": [repr(theta), repr(phi - 0.5), repr(0.5 - phi)]}
    return circuit_to_qasm_str(Circuit.from_dict(written), header="qelib1")


def to_qasm3(circuit: NativeCircuit) -> str:
    """OpenQASM 3 with ``stdgates.inc``: PhasedX is written as ``r``, ZZPhase as ``rzz``, defined in the text.

    Qubits keep their registers and indices: on a device, index i is the device's qubit i.
    """
    from qiskit.qasm3 import Exporter

    from qsac.emit.qiskit import to_qiskit

    # Without constants: as pi/2 Qiskit would also write what lies within 1e-9 of it.
    return str(Exporter(disable_constants=True).dumps(to_qiskit(circuit, placed=True)))
