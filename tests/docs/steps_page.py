"""The generated part of docs/steps.md: what the circuits of the examples take, beside those of their authors."""

from __future__ import annotations

from pathlib import Path

import qsac
from qsac.families.reading import load
from qsac.families.steps.model import CircuitOf, Model
from qsac.families.steps.normal_form import Circuit, Real
from tests.bench.as_written import as_written

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"

SYSTEMS = {
    "steps-classifier": "variational classifier, middle layer",
    "steps-qcnn": "QCNN, 1810.03787",
    "steps-qrnn": "QRNN, 2006.14619, teacher forcing",
    "steps-qgan": "QGAN generator, 1904.00043",
    "steps-quddpm": "QuDDPM backward step, 2310.05866",
    "steps-qsann": "QSANN, 2205.05625",
    "steps-qmsan": "QMSAN, 2403.02871",
    "steps-orthogonal": "orthogonal attention, 2209.08167",
    "steps-real-part": "Hadamard-test attention, 2502.19214",
    "steps-quixer": "Quixer, 2406.04305",
    "steps-fourier": "SASQuaTCh's form, 2403.14753",
    "steps-lambeq": "a lambeq diagram, 2110.04236",
}


def example(name: str) -> Model:
    """The model of a file of the examples."""
    model = load(EXAMPLES / f"{name}.json")
    assert isinstance(model, Model)
    return model


def systems() -> str:
    """One row for each example."""
    head = ["system", "file", "circuits", "qubits", "two-qubit gates of each", "as written, Qiskit 3 (CX)", "success"]
    rows = [head, [":--", ":--", "--:", "--:", "--:", "--:", "--:"]]
    for name, said in SYSTEMS.items():
        model = example(name)
        compiled = qsac.compile(model, "h2")
        gates = sorted({circuit.two_qubit_gates for circuit in compiled.circuits})
        shown = str(gates[0]) if len(gates) == 1 else f"{gates[0]} to {gates[-1]}"
        qubits = max(len(circuit.qubits) for circuit in compiled.circuits)
        (success,) = model.readout.closed_form(model).values.get("success_probability", [1.0])
        written = gates_as_written(model)
        row = [said, f"`{name}.json`", len(compiled.circuits), qubits, shown]
        rows.append([*map(str, row), "" if written is None else str(written), f"{success:.3g}"])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def gates_as_written(model: Model) -> int | None:
    """CX gates of a circuit step gate by gate, through Qiskit at level 3; None where it has neurons or attention."""
    place = next((place for place, step in enumerate(model.steps) if isinstance(step, CircuitOf)), None)
    if place is None:
        return None
    step = model.steps[place]
    assert isinstance(step, CircuitOf)
    inputs = model.trace.inputs[place].reshape(-1)
    return qiskit_gates(step.measured.circuit, inputs, step.measured.parameters)


def qiskit_gates(circuit: Circuit, inputs: Real, parameters: Real) -> int | None:
    """The same of one circuit with these inputs."""
    from qiskit import transpile

    written = as_written(circuit, inputs, parameters)
    if written is None:
        return None
    made = transpile(written, basis_gates=["cx", "u"], optimization_level=3, seed_transpiler=0)
    return int(made.count_ops().get("cx", 0))
