"""Devices: what qsac knows of machines, as Qiskit's targets."""

from __future__ import annotations

from functools import partial
from itertools import permutations

from mqt.bench.targets.devices import register_device
from qiskit.circuit import Measure, Parameter, Reset
from qiskit.circuit.library import CZGate, RGate, RZGate, RZZGate, SXGate, XGate
from qiskit.transpiler import InstructionProperties, Target

from qsac.machine.registry import target as machine_of

DEVICES = {f"qsac_{name.replace('-', '_')}": name for name in ("h2", "helios", "ibm-fez", "ibm-nighthawk")}
"""MQT Bench's name -> qsac's."""

GATES = {
    "PhasedX": RGate(Parameter("theta"), Parameter("phi")),
    "Rz": RZGate(Parameter("lambda")),
    "SX": SXGate(),
    "X": XGate(),
    "ZZPhase": RZZGate(Parameter("theta")),
    "CZ": CZGate(),
    "Measure": Measure(),
    "Reset": Reset(),
}


def device(name: str) -> Target:
    """Returns the target of one of qsac's machines, with its error rates."""
    machine = machine_of(name)
    if machine.qubits is None or machine.errors is None:
        msg = f"{name} is a simulator."
        raise ValueError(msg)
    rates = machine.errors
    pairs = machine.coupling or tuple(permutations(range(machine.qubits), 2))
    by_edge = {edge[:2]: edge[2] for edge in rates.two_qubit_by_edge}
    errors = {"PhasedX": rates.one_qubit, "SX": rates.one_qubit, "X": rates.one_qubit, "Rz": 0.0}
    errors["Measure"] = (rates.measure_0 + rates.measure_1) / 2
    made = Target(description=name, num_qubits=machine.qubits)
    for gate in machine.gates:
        if GATES[gate].num_qubits == 2:
            where = {pair: InstructionProperties(error=by_edge.get(pair, rates.two_qubit)) for pair in pairs}
            if machine.coupling:
                where |= {(second, first): found for (first, second), found in where.items()}
        else:
            where = {(qubit,): InstructionProperties(error=errors.get(gate)) for qubit in range(machine.qubits)}
        made.add_instruction(GATES[gate], where)
    return made


for known, own in DEVICES.items():
    register_device(known)(partial(device, own))
