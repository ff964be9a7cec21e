"""The generic compilers that the baselines' circuits are handed to, all-to-all.

Every circuit is measured at its end, as its user would, so that what only changes unmeasured phases may be dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from qiskit import QuantumCircuit, transpile

BASES = (["u", "cx"], ["rx", "ry", "rz", "cx"])
"""Qiskit's result depends on how one-qubit gates are written; it is given both, and the better counts."""


def two_qubit_gates(circuit: QuantumCircuit) -> int:
    return sum(1 for gate in circuit.data if len(gate.qubits) == 2 and gate.operation.name != "barrier")


def two_qubit_depth(circuit: QuantumCircuit) -> int:
    depth: int = circuit.depth(lambda gate: len(gate.qubits) == 2)
    return depth


def unrolled(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit as {u, cx}, measurements kept, nothing optimised."""
    return transpile(circuit, basis_gates=["u", "cx"], optimization_level=0)


def qiskit_3(circuit: QuantumCircuit, bases: Sequence[list[str]] = BASES) -> QuantumCircuit:
    candidates = [transpile(circuit, basis_gates=basis, optimization_level=3, seed_transpiler=0) for basis in bases]
    return min(candidates, key=two_qubit_gates)


def to_tket(circuit: QuantumCircuit) -> Any:
    from pytket.extensions.qiskit import qiskit_to_tk

    return qiskit_to_tk(circuit)


def to_qiskit(circuit: Any) -> QuantumCircuit:
    from pytket.extensions.qiskit import tk_to_qiskit

    # Every wire is measured: swaps that TKET leaves behind the measurements are no gates.
    return tk_to_qiskit(circuit)


def tket_cx_2(circuit: Any) -> None:
    """FullPeepholeOptimise with CX: level 2 of TKET's backends that have CX and no coupling graph."""
    from pytket.circuit import OpType
    from pytket.passes import AutoRebase, DecomposeBoxes, FullPeepholeOptimise

    DecomposeBoxes().apply(circuit)
    FullPeepholeOptimise().apply(circuit)
    AutoRebase({OpType.CX, OpType.U3}).apply(circuit)


def tket_h2(level: int) -> Callable[[Any], None]:
    """pytket-quantinuum's own pass of a level for H2-1, to PhasedX, Rz and ZZPhase."""

    def apply(circuit: Any) -> None:
        _h2().default_compilation_pass(level).apply(circuit)

    return apply


@cache
def _h2() -> Any:
    from pytket.extensions.quantinuum import QuantinuumAPIOffline, QuantinuumBackend

    return QuantinuumBackend("H2-1", api_handler=QuantinuumAPIOffline())


TKET: dict[str, Callable[[Any], None]] = {
    "tket-2-cx": tket_cx_2,
    "tket-1": tket_h2(1),
    "tket-2": tket_h2(2),
    "tket-3": tket_h2(3),
}


def bqskit_3(circuit: QuantumCircuit) -> QuantumCircuit:
    """BQSKit's level 3 (partitions of three qubits, re-synthesised) to its default gates U3 and CX."""
    from bqskit import compile as bqskit_compile
    from bqskit.ext import bqskit_to_qiskit, qiskit_to_bqskit

    bare = circuit.remove_final_measurements(inplace=False)
    better, first, last = bqskit_compile(
        qiskit_to_bqskit(bare), optimization_level=3, seed=0, num_workers=1, with_mapping=True
    )
    converted = bqskit_to_qiskit(better)
    result = QuantumCircuit(converted.num_qubits, converted.num_qubits)
    result.compose(converted, inplace=True)
    if list(first) != sorted(first):
        raise RuntimeError("BQSKit has permuted the qubits at the start, which are all zero, and says so in vain")
    for qubit, place in enumerate(last):
        result.measure(place, qubit)
    return result


def optimised(name: str, circuit: QuantumCircuit) -> QuantumCircuit:
    """The measured circuit as the optimiser ``name`` returns it, in Qiskit's form, for counting and checking."""
    if name == "qiskit-3":
        return qiskit_3(circuit)
    if name == "bqskit-3":
        return bqskit_3(unrolled(circuit))
    converted = to_tket(unrolled(circuit))
    TKET[name](converted)
    return to_qiskit(converted)


def warm_up(name: str) -> None:
    """Let the optimiser import what it imports at its first use, so that nobody's time contains it."""
    if name == "bqskit-3":
        import bqskit.ext  # noqa: F401

        return
    circuit = QuantumCircuit(2)
    circuit.ry(0.3, 0)
    circuit.cx(0, 1)
    circuit.measure_all()
    optimised(name, circuit)
