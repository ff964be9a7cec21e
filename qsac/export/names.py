"""What the qubits of a circuit are called in other packages: by the registers of the program."""

from __future__ import annotations

from qsac.native.circuit import KIND, NativeCircuit, Unit

PREFIX = "q_"
"""Before the name of a quantum register: OpenQASM and Qiskit want it to differ from that of the classical one."""

UNREAD = "work"
"""The register of qubits that are never measured."""


def named_qubits(circuit: NativeCircuit) -> tuple[Unit, ...]:
    """For each qubit its register and index there. On a machine, that of the machine: ``("node", 17)``.

    Elsewhere a qubit bears the name of the program's register that it holds first, which is the one that is measured
    there first: ``("q_key", 0)``. Within a register, indices are in the order of its bits, without gaps.
    """
    if any(register != "q" for register, _ in circuit.qubits):
        return circuit.qubits
    firsts: dict[int, int] = {}
    measured = circuit.kind == KIND["Measure"]
    for qubit, bit in zip(circuit.first[measured].tolist(), circuit.second[measured].tolist(), strict=True):
        firsts.setdefault(qubit, bit)
    found: dict[int, Unit] = {}
    sizes: dict[str, int] = {}
    unread = len(circuit.bits)
    for qubit in sorted(range(len(circuit.qubits)), key=lambda qubit: (firsts.get(qubit, unread), qubit)):
        register = PREFIX + (circuit.bits[firsts[qubit]][0] if qubit in firsts else UNREAD)
        found[qubit] = register, sizes.get(register, 0)
        sizes[register] = sizes.get(register, 0) + 1
    return tuple(found[qubit] for qubit in range(len(circuit.qubits)))


def qubit_names(circuit: NativeCircuit) -> list[str]:
    """:func:`named_qubits` as texts: ``q_key[0]``."""
    return list(map(bit_name, named_qubits(circuit)))


def bit_name(unit: Unit) -> str:
    """A qubit or bit as text: ``key[0]``."""
    return f"{unit[0]}[{unit[1]}]"
