"""The generated parts of docs/steps.md and docs/steps/: what circuits of the examples take, beside their authors'."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

import qsac
from qsac.families.reading import load as load_model
from qsac.families.steps.model import CircuitOf, Model
from qsac.families.steps.normal_form import Circuit, Real
from tests.bench.as_written import as_written

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"


class System(NamedTuple):
    """A published system: what it is called, and its page in docs/steps/."""

    said: str
    page: str


SYSTEMS = {
    "steps-classifier": System("variational classifier, middle layer", "classifier"),
    "steps-qcnn": System("QCNN, 1810.03787", "qcnn"),
    "steps-qrnn": System("QRNN, 2006.14619, teacher forcing", "qrnn"),
    "steps-qgan": System("QGAN generator, 1904.00043", "qgan"),
    "steps-quddpm": System("QuDDPM, two backward steps, 2310.05866", "quddpm"),
    "steps-qsann": System("QSANN, 2205.05625", "qsann"),
    "steps-qmsan": System("QMSAN, 2403.02871", "qmsan"),
    "steps-orthogonal": System("orthogonal attention, 2209.08167", "orthogonal"),
    "steps-real-part": System("Hadamard-test attention, 2502.19214", "real-part"),
    "steps-quixer": System("Quixer, 2406.04305", "quixer"),
    "steps-fourier": System("SASQuaTCh's form, 2403.14753", "sasquatch"),
    "steps-lambeq": System("a lambeq diagram, 2110.04236", "lambeq"),
}


def example(name: str) -> Model:
    """The model of a file of the examples."""
    model = load_model(EXAMPLES / f"{name}.json")
    assert isinstance(model, Model)
    return model


HEAD = ["file", "circuits", "qubits", "two-qubit gates of each", "as written, Qiskit 3 (CX)", "success"]


def systems() -> str:
    """One row for each example, with the page of its system."""
    rows = [[f"[{system.said}](steps/{system.page}.md)", *_row(name)] for name, system in SYSTEMS.items()]
    return _table([["system", *HEAD], [":--", ":--", *["--:"] * 5], *rows])


def counts(name: str) -> str:
    """The row of one example, for the page of its system."""
    return _table([HEAD, [":--", *["--:"] * 5], list(_row(name))])


def _table(rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


@cache
def _row(name: str) -> tuple[str, ...]:
    model = example(name)
    compiled = qsac.compile(model, "h2")
    gates = sorted({circuit.two_qubit_gates for circuit in compiled.circuits})
    shown = str(gates[0]) if len(gates) == 1 else f"{gates[0]} to {gates[-1]}"
    qubits = max(len(circuit.qubits) for circuit in compiled.circuits)
    (success,) = model.readout.closed_form(model).values.get("success_probability", [1.0])
    written = gates_as_written(model)
    row = (f"`{name}.json`", str(len(compiled.circuits)), str(qubits), shown)
    return (*row, "" if written is None else str(written), f"{success:.3g}")


def unary_forms() -> str:
    """Scores of orthogonal attention in both forms: qubits and two-qubit gates by the number of amplitudes."""
    head = ["d", "unary: qubits", "RBS angles", "two-qubit gates", "log2 d qubits: qubits", "two-qubit gates"]
    rows = []
    for size in (4, 8):
        forms = [qsac.compile(_score(size, prefer), "h2", verify=False).circuits[0] for prefer in ("unary", "qubits")]
        unary, fewer = ([str(len(one.qubits)), str(one.two_qubit_gates)] for one in forms)
        rows.append([str(size), unary[0], str(size * (size - 1) // 2), unary[1], *fewer])
    return _table([head, ["--:"] * 6, *rows])


def _score(size: int, prefer: str) -> Model:
    """One token, and its score with itself."""
    state = {"qubits": size, "measure": {"type": "state"}}
    load = {"type": "unary", "prefer": prefer}
    pyramid = {"type": "rbs", "parameters": {"init": "normal", "seed": 1}}
    attention = {
        "type": "measured",
        "query": {**state, "blocks": [load]},
        "key": {**state, "blocks": [load, pyramid]},
        "score": {"type": "overlap-squared"},
        "value": {"type": "identity"},
    }
    sample = np.random.default_rng(0).normal(size=(1, size)).tolist()
    model = load_model({"qsac": 1, "steps": [{"type": "attention", "attention": attention}], "sample": sample})
    assert isinstance(model, Model)
    return model


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
