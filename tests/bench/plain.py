"""qsac's own unoptimised circuit (-O0) for the baselines: the same circuit, with mid-circuit measurement and reset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qiskit import QuantumCircuit, transpile

from qsac.artifact.compiled import Compiled
from qsac.export.tket import from_tket
from qsac.families.qsa.metrics import closed_form
from qsac.simulation.statevector import simulate


def qiskit_3(circuit: QuantumCircuit) -> QuantumCircuit:
    """Level 3 to the gates that the circuit has."""
    return transpile(circuit, basis_gates=["r", "rz", "rzz"], optimization_level=3, seed_transpiler=0)


def deviation(circuit: Any, compiled: Compiled) -> float:
    """How far the optimised circuit's fidelity and success probability are from the closed form."""
    from pytket.circuit import Circuit, OpType
    from pytket.extensions.qiskit import qiskit_to_tk

    given = qiskit_to_tk(circuit) if isinstance(circuit, QuantumCircuit) else circuit
    # Built anew, as wires that TKET swaps after the last measurement make no difference.
    bare = Circuit()
    commands = [command for command in given.get_commands() if command.op.type != OpType.Barrier]
    for qubit in sorted({qubit for command in commands for qubit in command.qubits}):
        bare.add_qubit(qubit)
    for bit in given.bits:
        bare.add_bit(bit)
    for command in commands:
        bare.add_gate(command.op, command.args)
    original = compiled.circuits[0]
    native = replace(from_tket(bare, bits=original.bits), readouts=original.readouts)
    found, exact = simulate(native), closed_form(compiled.model)
    return max(abs(found.given - (exact["zeta"] or 0.0)), abs(found.share("fidelity") - (exact["fidelity"] or 0.0)))
