"""Native circuits as OpenQASM, by pytket's writer."""

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
