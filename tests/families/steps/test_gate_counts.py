"""Two-qubit gates of compiled circuits beside the published ones (docs/steps.md)."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.compiler.circuit_compilation import Compilation
from qsac.compiler.options import Options
from qsac.emit.emit import emit
from qsac.families.registry import family
from qsac.families.steps.model import Model
from qsac.machine.registry import target
from qsac.native.circuit import KIND, NativeCircuit
from qsac.pipeline.stages import Watch
from tests.families.steps.models import loaded


def normal(seed: int) -> dict[str, Any]:
    return {"init": "normal", "scale": 1.0, "seed": seed}


def gates(compiled: Compiled) -> list[int]:
    return [circuit.two_qubit_gates for circuit in compiled.circuits]


def by_origin(compiled: Compiled) -> Counter[str]:
    """Two-qubit gates of the first circuit by the fields of the model that they were made for."""
    circuit: NativeCircuit = compiled.circuits[0]
    found: Counter[str] = Counter()
    for first, last, ops in circuit.groups:
        origins = {compiled.programs[0].ops[op].origin for op in ops}
        part = slice(first, last + 1)
        pairs = (circuit.second[part] >= 0) & (circuit.kind[part] != KIND["Measure"])
        found["+".join(sorted(origins))] += int(np.count_nonzero(pairs))
    return found


# Neurons


def neuron(sources: int, degree: int, amplified: bool | None) -> int:
    first = [
        {"type": "hardware-efficient", "rotations": ["ry"], "parameters": normal(1)},
        {
            "type": "neuron",
            "sources": list(range(sources)),
            "target": sources,
            "degree": degree,
            "parameters": normal(2),
        },
    ]
    if amplified is None:
        first = first[:1]
    else:
        first[1]["amplified"] = amplified
    fields = {"type": "circuit", "qubits": sources + 1, "blocks": first, "measure": {"type": "probabilities"}}
    return gates(qsac.compile(loaded({"qsac": 1, "steps": [fields]}), "h2"))[0]


@pytest.mark.parametrize(("sources", "degree"), [(3, 2), (4, 2), (4, 3)])
def test_a_neuron_is_one_multiplexor(sources: int, degree: int) -> None:
    """Published, through Qiskit: 123, 227 and 539."""
    alone = neuron(sources, degree, None)
    assert neuron(sources, degree, True) - alone <= 1 << sources
    assert neuron(sources, degree, False) - alone <= 2 << sources


# Scores


def scored(qubits: int, layers: int, score: dict[str, Any], *, tokens: int = 2, verify: bool = True) -> Compiled:
    ring = [["cx", [qubit, (qubit + 1) % qubits]] for qubit in range(qubits if qubits > 2 else 1)]
    blocks = [{"type": "angle", "rotations": ["ry", "rz"]}, {"type": "gates", "gates": ring}] * layers
    attention = {
        "type": "measured",
        "mask": "full",
        "query": {"qubits": qubits, "blocks": blocks, "measure": {"type": "state"}},
        "score": score,
        "value": {"type": "identity"},
    }
    sample = np.random.default_rng(3).normal(size=(tokens, 2 * qubits * layers)).tolist()
    model = loaded({"qsac": 1, "steps": [{"type": "attention", "attention": attention}]}, sample)
    return qsac.compile(model, "h2", verify=verify)


@pytest.mark.parametrize(("qubits", "layers", "most"), [(4, 1, 8), (6, 1, 12), (6, 2, 18)])
def test_real_parts_take_no_controlled_circuits(qubits: int, layers: int, most: int) -> None:
    """Two controlled circuits, through Qiskit: 62, 94 and 180."""
    assert max(gates(scored(qubits, layers, {"type": "overlap-real"}))) <= most


@pytest.mark.parametrize(("qubits", "layers", "most"), [(4, 1, 12), (6, 1, 18), (6, 2, 24)])
def test_shared_layers_take_their_entanglers_alone(qubits: int, layers: int, most: int) -> None:
    """On a machine with CZ; the token's angles are in the first layer, and what comes after is shared."""
    ring = [["cx", [qubit, (qubit + 1) % qubits]] for qubit in range(qubits)]
    blocks: list[Any] = [{"type": "angle", "rotations": ["ry", "rz"]}, {"type": "gates", "gates": ring}]
    blocks += [{"type": "hardware-efficient", "rotations": ["ry", "rz"], "parameters": normal(4)}] * (layers - 1)
    query = {"qubits": qubits, "blocks": blocks, "measure": {"type": "state"}}
    value = {"type": "identity"}
    attention = {"type": "measured", "query": query, "score": {"type": "overlap-real"}, "value": value}
    sample = np.random.default_rng(3).normal(size=(2, 2 * qubits)).tolist()
    model = loaded({"qsac": 1, "steps": [{"type": "attention", "attention": attention}]}, sample)
    machine = Compilation(target("ibm-fez"), Options(), Watch(None), None)
    written = [
        emit(machine.blocks(machine.attention(step.program)), machine.context).two_qubit_gates
        for step in family("steps").plan(model).circuits
    ]
    assert 0 < max(written) <= most


@pytest.mark.parametrize(
    ("form", "qubits", "keep", "layers", "most"),
    [
        ("inversion", 2, 1, 1, 4),
        ("inversion", 4, 2, 2, 16),
        ("inversion", 6, 3, 2, 24),
        ("bell-basis", 2, 1, 1, 5),
        ("bell-basis", 4, 2, 2, 18),
        ("bell-basis", 6, 3, 2, 27),
    ],
)
def test_mixed_overlaps_take_no_swap_test(form: str, qubits: int, keep: int, layers: int, most: int) -> None:
    """Swap tests: 11, 30 and 45, on one qubit more than in the Bell basis."""
    score = {"type": "mixed-overlap", "keep": list(range(keep)), "form": form}
    compiled = scored(qubits, layers, score, tokens=1, verify=qubits < 6)
    assert 0 < max(gates(compiled)) <= most
    states = 1 if form == "inversion" else 2
    assert {len(circuit.qubits) for circuit in compiled.circuits} == {states * qubits}
    assert len(compiled.circuits) == (1 << (qubits - keep) if form == "inversion" else 1)


def test_what_query_and_key_have_in_common_cancels() -> None:
    """Between the angles of one layer and their inverses nothing is left of the ring."""
    assert gates(scored(4, 1, {"type": "overlap-squared"})) == [0, 0, 0, 0]


# Quixer


def quixer(qubits: int, tokens: int, layers: int = 1, degree: int = 2) -> Model:
    rng = np.random.default_rng(5)
    attention = {
        "type": "unitary-mixture",
        "mixing": rng.normal(size=(tokens, 2)).tolist(),
        "polynomial": rng.normal(size=degree + 1).tolist(),
        "token": {"qubits": qubits, "blocks": [{"type": "input-ansatz-14", "layers": layers}]},
    }
    then = {
        "qubits": qubits,
        "blocks": [{"type": "ansatz-14", "parameters": normal(6)}],
        "measure": {"type": "pauli", "each": "Z"},
    }
    steps = [{"type": "attention", "attention": attention, "then": then}]
    return loaded({"qsac": 1, "steps": steps}, rng.normal(size=(tokens, 4 * qubits * layers)).tolist())


@pytest.mark.parametrize(("qubits", "tokens", "most"), [(3, 3, 72), (3, 7, 144), (4, 7, 192), (6, 31, 1152)])
def test_tokens_are_selected_by_multiplexors(qubits: int, tokens: int, most: int) -> None:
    """Gate by gate, through Qiskit: 1,440, 6,720 and 8,960. The second factor is always selected."""
    compiled = qsac.compile(quixer(qubits, tokens), "h2", verify=qubits < 6)
    found = by_origin(compiled)
    block = sum(count for origin, count in found.items() if "/token/blocks/0" in origin)
    assert found.total() == gates(compiled)[0]
    selections = sum(1 for op in compiled.programs[0].ops if op.origin.endswith("/token/blocks/0"))
    assert 0 < block <= selections * most
    assert selections == (2 if qubits == 6 else 1)


def test_the_published_quixer_fits() -> None:
    """6 qubits, 4 layers, degree 3, 31 tokens."""
    compiled = qsac.compile(quixer(6, 31, 4, 3), "h2", verify=False)
    assert gates(compiled)[0] <= 11_700
    assert len(compiled.circuits[0].qubits) <= 13
    assert compiled.stats["forecast"]["success_probability"] is not None
