"""Benchmarks: quantum attention, and the loading of its tokens."""

from __future__ import annotations

import numpy as np
from mqt.bench.benchmarks import register_benchmark
from qiskit.circuit import QuantumCircuit

import qsac
from qsac.hosts.qiskit import RowsGate

SIZES = {3: (2, 2), 5: (4, 2), 6: (4, 4), 7: (8, 2), 8: (8, 4), 10: (16, 4)}
"""Qubits of the attention circuit -> length of the context and dimension of the tokens."""


@register_benchmark("qsac_attention", description="Quantum attention, the metrics of its loss in one circuit")
def attention(num_qubits: int) -> QuantumCircuit:
    """Returns a quantum circuit of quantum attention on random real tokens.

    Arguments:
        num_qubits: number of qubits of the returned quantum circuit, one of ``SIZES``
    """
    if num_qubits not in SIZES:
        msg = f"num_qubits must be one of {', '.join(map(str, SIZES))}."
        raise ValueError(msg)
    context, dimension = SIZES[num_qubits]
    tokens = np.random.default_rng([10, context, dimension]).normal(size=(context + 1, dimension))
    model = {
        "qsac": 1,
        "tokens": {"type": "inline", "values": tokens.tolist()},
        "attention": {
            "type": "overlap",
            "kernel": {"type": "monomial", "degree": 1},
            "value": {"type": "identity"},
            "score": {"type": "identity"},
        },
    }
    circuit = qsac.compile(model, target="h2").to_qiskit()
    circuit.name = "qsac_attention"
    return circuit


@register_benchmark("qsac_token_loader", description="Token loader of quantum attention")
def token_loader(num_qubits: int) -> QuantumCircuit:
    """Returns a quantum circuit that loads random complex tokens by an index in superposition.

    The table is one gate, so that compilers can show how they synthesise it.

    Arguments:
        num_qubits: number of qubits of the returned quantum circuit, at least 2
    """
    if num_qubits < 2:
        msg = "num_qubits must be at least 2."
        raise ValueError(msg)
    data = num_qubits // 2
    rng = np.random.default_rng([10, num_qubits])
    shape = 1 << (num_qubits - data), 1 << data
    gate = RowsGate(rng.normal(size=shape) + 1j * rng.normal(size=shape), normalise=True)
    circuit = QuantumCircuit(num_qubits, name="qsac_token_loader")
    circuit.h(range(data, num_qubits))
    circuit.append(gate, range(num_qubits))
    circuit.measure_all()
    return circuit
