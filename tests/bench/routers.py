"""The generic compilers that place and route for IBM's devices, as their users call them, seed by seed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

from qiskit import QuantumCircuit, transpile

from qsac.artifact.compiled import Compiled


def device(target: str) -> Any:
    """qiskit-ibm-runtime's snapshot of the device."""
    from qiskit_ibm_runtime.fake_provider import FakeProviderForBackendV2

    with warnings.catch_warnings():
        # One snapshot says that its error rates are not typical.
        warnings.simplefilter("ignore")
        found = {backend.name.removeprefix("fake_"): backend for backend in FakeProviderForBackendV2().backends()}
    return found[target.removeprefix("ibm-").replace("-", "_")]


def qiskit_3(compiled: Compiled, backend: Any, seeds: int) -> Iterator[QuantumCircuit]:
    circuit = compiled.to_qiskit()
    for seed in range(seeds):
        yield transpile(circuit, target=backend.target, optimization_level=3, seed_transpiler=seed)


def tket_2(compiled: Compiled, backend: Any, _seeds: int) -> Iterator[Any]:
    """Level 2 of the backend's default pass; it takes no seed."""
    from pytket.extensions.qiskit import IBMQBackend

    circuit = compiled.to_tket()
    configuration, properties = backend.configuration(), backend.properties()
    IBMQBackend.default_compilation_pass_offline(configuration, properties, 2).apply(circuit)
    yield circuit


def bqskit(level: int) -> Callable[[Compiled, Any, int], Iterator[QuantumCircuit]]:
    """A level of BQSKit for a machine of U3 and CZ, one process; measurements at the end are put back."""

    def route(compiled: Compiled, backend: Any, _seeds: int) -> Iterator[QuantumCircuit]:
        from bqskit import MachineModel
        from bqskit import compile as bqskit_compile
        from bqskit.ext import bqskit_to_qiskit, qiskit_to_bqskit
        from bqskit.ir.gates import CZGate, U3Gate

        measured = compiled.to_qiskit()
        bare = QuantumCircuit(measured.num_qubits)
        read = []
        for gate in measured.data:
            places = [measured.find_bit(qubit).index for qubit in gate.qubits]
            if gate.operation.name == "measure":
                read.append((places[0], measured.find_bit(gate.clbits[0]).index))
            else:
                bare.append(gate.operation, places)
        edges = {tuple(sorted(pair)) for pair in backend.target.build_coupling_map().get_edges()}
        model = MachineModel(backend.num_qubits, edges, {CZGate(), U3Gate()})
        given = qiskit_to_bqskit(transpile(bare, basis_gates=["u", "cz"], optimization_level=0))
        better, _, last = bqskit_compile(
            given, model, optimization_level=level, seed=0, num_workers=1, with_mapping=True
        )
        # To the machine's own gates; those on two qubits are its own already.
        converted = transpile(bqskit_to_qiskit(better), basis_gates=["rz", "sx", "x", "cz"], optimization_level=1)
        result = QuantumCircuit(*converted.qregs, *measured.cregs)
        result.compose(converted, result.qubits, inplace=True)
        for place, bit in read:
            result.measure(last[place], bit)
        yield result

    return route


def mqt_predictor(compiled: Compiled, backend: Any, _seeds: int) -> Iterator[QuantumCircuit]:
    """The pass sequence that a model trained for the device chooses; it has to be trained first."""
    from mqt.predictor.rl import rl_compile

    machine = copy(backend.target)
    machine.description = backend.name  # models are kept by it
    circuit, _ = rl_compile(compiled.to_qiskit(), machine, "expected_fidelity")
    yield circuit


ROUTERS: dict[str, Callable[[Compiled, Any, int], Iterator[Any]]] = {
    "qiskit-3": qiskit_3,
    "tket-2": tket_2,
    "bqskit-1": bqskit(1),
    "bqskit-3": bqskit(3),
    "mqt-predictor": mqt_predictor,
}

AT_THE_END = ("bqskit-1", "bqskit-3", "mqt-predictor")
"""Those that get a circuit all of whose measurements are at its end."""
