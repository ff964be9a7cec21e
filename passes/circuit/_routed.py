"""A circuit on a device while it is being finished."""

from __future__ import annotations

from dataclasses import dataclass

from qsac.native.circuit import NativeCircuit


@dataclass(frozen=True)
class Routed:
    """A circuit of native gates on nodes, and where the input's qubits are in it.

    ``initial``, ``boundary`` and ``final`` give the node of every qubit of the input before the circuit, after its
    first ``stop`` gates and after all of it.
    """

    circuit: NativeCircuit
    stop: int
    initial: tuple[int, ...]
    boundary: tuple[int, ...]
    final: tuple[int, ...]


def in_place(circuit: NativeCircuit) -> Routed:
    """A circuit that lies where it is to lie: the nodes of its qubits stand for the qubits."""
    everywhere = tuple(range(len(circuit.qubits)))
    stop = circuit.snapshot.stop if circuit.snapshot else len(circuit)
    return Routed(circuit, stop, everywhere, everywhere, everywhere)
