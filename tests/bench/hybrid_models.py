"""Published hybrid models: as a list of steps for qsac, and as the circuit that their authors write, for Qiskit.

A case is one function that gives both, with what the authors' circuit has to give: add it to :data:`CASES`, and the
section has a row of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import RYGate

from qsac.families.reading import load
from qsac.families.steps.evaluation import kept_first
from qsac.families.steps.model import CircuitOf, MeasuredAttention, Model, UnitaryMixture
from qsac.families.steps.normal_form import Circuit, Real
from qsac.families.steps.statevector import States, states
from qsac.ir.program import Program
from qsac.native.circuit import NativeCircuit
from tests.bench.as_written import as_written
from tests.bench.registers import Expected

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


class Published(NamedTuple):
    """``circuit``: as its authors write it, not measured yet; ``expected``: how often some qubits are in zero."""

    circuit: QuantumCircuit
    expected: tuple[Expected, ...]


class HybridCase(NamedTuple):
    """A ``model`` for qsac. ``authors`` is what it is compared with, None where they have no circuit. Gates of
    qsac are those of ops of which the field begins with ``part`` (:func:`part_of`)."""

    model: Model
    authors: Callable[[], Published] | None
    part: str = ""


def _model(fields: dict[str, Any], sample: Any) -> Model:
    found = load({**fields, "sample": np.asarray(sample).tolist()})
    if not isinstance(found, Model):
        raise TypeError("no list of steps")
    return found


def _zeros(state: States, qubits: int, asked: Iterable[tuple[int, ...]]) -> tuple[Expected, ...]:
    """How often the qubits of each set are in zero in a state (2^n,) whose first qubit is most significant."""
    weights = np.abs(state.reshape((2,) * qubits)) ** 2
    found = []
    for some in asked:
        chosen = tuple(0 if qubit in some else slice(None) for qubit in range(qubits))
        found.append(Expected(str(some), some, float(weights[chosen].sum())))
    return tuple(found)


def _each(qubits: int) -> list[tuple[int, ...]]:
    return [*((qubit,) for qubit in range(qubits)), tuple(range(qubits))]


def part_of(circuit: NativeCircuit, program: Program, part: str) -> NativeCircuit:
    """The gates that were made for fields that begin with ``part``, of the last op of these: a token is selected once
    for each factor. All gates for an empty one."""
    if not part:
        return circuit
    places = [place for place, op in enumerate(program.ops) if op.origin.startswith(part)]
    chosen = np.zeros(len(circuit), dtype=bool)
    for first, last, ops in circuit.groups:
        if places[-1] in ops and not set(ops) & set(places[:-1]):
            chosen[first : last + 1] = True
    return circuit.rows(chosen)


# The circuits of steps, gate by gate


def example(name: str) -> HybridCase:
    """A file of the examples whose only circuit is one of gates."""
    model = load(json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8")))
    if not isinstance(model, Model):
        raise TypeError("no list of steps")
    place = next(place for place, step in enumerate(model.steps) if isinstance(step, CircuitOf))
    return HybridCase(model, partial(_gate_by_gate, model, place))


def _gate_by_gate(model: Model, place: int) -> Published:
    step = model.steps[place]
    if not isinstance(step, CircuitOf):
        raise TypeError("no circuit")
    circuit, parameters = step.measured.circuit, step.measured.parameters
    inputs = model.trace.inputs[place].reshape(-1)
    written = as_written(circuit, inputs, parameters)
    # Projections are measurements at the end here: what is conditional on them is not asked for.
    unitary = [gate for gate in circuit.gates if type(gate).__name__ != "Projection"]
    state = states(_with(circuit, unitary), inputs[None], parameters)[0]
    return Published(written, _zeros(state, circuit.qubits, _each(circuit.qubits)))


def _with(circuit: Circuit, gates: list[Any]) -> Circuit:
    return replace(circuit, gates=tuple(gates), blocks=(0,) * len(gates))


# Quantum neurons


def neuron(sources: int, degree: int, amplified: bool) -> HybridCase:
    """Order 2, on sources that are turned one by one."""
    rng = np.random.default_rng([7, sources, degree])
    subsets = [some for size in range(degree + 1) for some in combinations(range(sources), size)]
    angles, numbers = rng.normal(size=sources), rng.normal(size=len(subsets))
    block = {
        "type": "neuron",
        "sources": list(range(sources)),
        "target": sources,
        "degree": degree,
        "order": 2,
        "amplified": amplified,
        "parameters": numbers.tolist(),
    }
    blocks = [{"type": "angle", "qubits": list(range(sources))}, block]
    step = {"type": "circuit", "qubits": sources + 1, "blocks": blocks, "measure": {"type": "probabilities"}}
    model = _model({"qsac": 1, "steps": [step]}, angles)
    return HybridCase(model, partial(_nested_neuron, sources, angles, dict(zip(subsets, numbers, strict=True))))


def _nested_neuron(sources: int, angles: Real, numbers: dict[tuple[int, ...], float]) -> Published:
    """Repeat until success, nested twice; each ancilla is used once, and all are to be in zero."""
    target, inner, outer = sources, (sources + 1, sources + 2), sources + 3
    written = QuantumCircuit(sources + 4)
    for qubit, angle in enumerate(angles):
        written.ry(angle, qubit)

    def turn(ancilla: int, sign: float) -> None:
        written.ry(sign * np.pi / 2, ancilla)
        for some, number in numbers.items():
            if some:
                written.append(RYGate(sign * number).control(len(some), annotated=False), [*some, ancilla])
            else:
                written.ry(sign * number, ancilla)

    def level(ancilla: int, onto: int, sign: float) -> None:
        turn(ancilla, 1.0)
        written.cry(sign * np.pi, ancilla, onto)  # -iY, or iY, where the ancilla is 1
        turn(ancilla, -1.0)

    level(inner[0], outer, 1.0)
    written.cry(np.pi, outer, target)
    level(inner[1], outer, -1.0)
    ancillas = (*inner, outer)
    values = [np.pi / 2 + sum(numbers[some] for some in numbers if ones >= set(some)) for ones in _subsets(sources)]
    weights = np.array([1.0])
    for angle in angles:
        weights = np.kron(weights, [np.cos(angle / 2) ** 2, np.sin(angle / 2) ** 2])
    kept = weights * np.cos(np.array(values) / 2) ** 8
    lost = weights * np.sin(np.array(values) / 2) ** 8
    first = slice(0, len(weights) // 2)
    expected = (
        Expected("success", ancillas, float((kept + lost).sum())),
        Expected("target", (*ancillas, target), float(kept.sum())),
        Expected("source", (*ancillas, 0), float((kept + lost)[first].sum())),
        Expected("both", (*ancillas, 0, target), float(kept[first].sum())),
    )
    return Published(written, expected)


def _subsets(count: int) -> list[set[int]]:
    """Which of the sources are 1, for each of their values."""
    return [{place for place in range(count) if row >> (count - 1 - place) & 1} for row in range(1 << count)]


# Overlaps


def score(qubits: int, layers: int, fields: dict[str, Any]) -> HybridCase:
    """One pair of two tokens; layers of RY, RZ and a ring of CX."""
    ring = [["cx", [qubit, (qubit + 1) % qubits]] for qubit in range(qubits if qubits > 2 else 1)]
    blocks = [{"type": "angle", "rotations": ["ry", "rz"]}, {"type": "gates", "gates": ring}] * layers
    attention = {
        "type": "measured",
        "mask": "causal",
        "query": {"qubits": qubits, "blocks": blocks, "measure": {"type": "state"}},
        "score": fields,
        "value": {"type": "identity"},
    }
    sample = np.random.default_rng([8, qubits, layers]).normal(size=(2, 2 * qubits * layers))
    model = _model({"qsac": 1, "steps": [{"type": "attention", "attention": attention}]}, sample)
    return HybridCase(model, partial(_controlled if fields["type"] == "overlap-real" else _swap_test, model, sample))


def _attention(model: Model) -> MeasuredAttention:
    step = model.steps[0]
    if not isinstance(step, MeasuredAttention):
        raise TypeError("no attention of measured values")
    return step


def _swap_test(model: Model, sample: Real) -> Published:
    """Both states, and a controlled swap of each pair of kept qubits."""
    step = _attention(model)
    count = step.query.circuit.qubits
    written = QuantumCircuit(2 * count + 1)
    for part, row in enumerate(sample):
        one = as_written(step.query.circuit, row, step.query.parameters)
        written.compose(one, range(part * count, (part + 1) * count), inplace=True)
    written.h(2 * count)
    for qubit in step.keep:
        written.cswap(2 * count, qubit, count + qubit)
    written.h(2 * count)
    found = states(step.query.circuit, sample, step.query.parameters)
    kept = [kept_first(state, step.keep, count) for state in found]
    left = [one @ one.conj().T for one in kept]
    overlap = float(np.einsum("ij,ji->", *left).real)
    return Published(written, (Expected("overlap", (2 * count,), (1 + overlap) / 2),))


def _controlled(model: Model, sample: Real) -> Published:
    """The Hadamard test: each circuit controlled by a branch qubit, gate by gate."""
    step = _attention(model)
    count = step.query.circuit.qubits
    written = QuantumCircuit(count + 1)
    written.h(count)
    for row, value in zip(sample, (1, 0), strict=True):
        for gate in as_written(step.query.circuit, row, step.query.parameters).data:
            controlled = gate.operation.control(1, ctrl_state=value, annotated=False)
            written.append(controlled, [count, *(qubit._index for qubit in gate.qubits)])
    written.h(count)
    first, second = states(step.query.circuit, sample, step.query.parameters)
    return Published(written, (Expected("real part", (count,), float(1 + np.vdot(first, second).real) / 2),))


# Quixer


def quixer(qubits: int, tokens: int, layers: int = 1, degree: int = 2, whole: bool = False) -> HybridCase:
    """SELECT of the tokens' circuits alone, or with ``whole`` all of the circuit, of which the authors have none."""
    rng = np.random.default_rng([9, qubits, tokens])
    attention = {
        "type": "unitary-mixture",
        "mixing": rng.normal(size=(tokens, 2)).tolist(),
        "polynomial": rng.normal(size=degree + 1).tolist(),
        "token": {"qubits": qubits, "blocks": [{"type": "input-ansatz-14", "layers": layers}]},
    }
    then = {
        "qubits": qubits,
        "blocks": [{"type": "ansatz-14", "parameters": {"init": "normal", "scale": 1.0, "seed": 6}}],
        "measure": {"type": "pauli", "each": "Z"},
    }
    sample = rng.normal(size=(tokens, 4 * qubits * layers))
    model = _model({"qsac": 1, "steps": [{"type": "attention", "attention": attention, "then": then}]}, sample)
    if whole:
        return HybridCase(model, None)
    authors = partial(_gate_by_gate_select, model, sample) if qubits < 6 else None
    return HybridCase(model, authors, "/steps/0/attention/token/blocks/0")


def _gate_by_gate_select(model: Model, sample: Real) -> Published:
    """Each gate of each token's circuit controlled by the index, in a uniform superposition of all of its values."""
    step = model.steps[0]
    if not isinstance(step, UnitaryMixture):
        raise TypeError("no mixture of unitaries")
    count, index = step.token.qubits, len(sample).bit_length()
    written = QuantumCircuit(index + count)
    written.h(range(index))
    wanted = np.zeros((1 << index, 1 << count), dtype=np.complex128)
    wanted[:, 0] = 1
    for token, row in enumerate(sample):
        circuit = as_written(step.token, row, np.empty(0))
        for gate in circuit.data:
            # Qiskit's control state has its first control least significant.
            state = int(f"{token:0{index}b}"[::-1], 2)
            places = [*range(index), *(index + qubit._index for qubit in gate.qubits)]
            written.append(gate.operation.control(index, ctrl_state=state, annotated=False), places)
        wanted[token] = states(step.token, row[None], np.empty(0))[0]
    state = wanted.reshape(-1) / np.sqrt(1 << index)
    asked = [*_each(index + count), *((0, qubit) for qubit in range(1, index + count))]
    return Published(written, _zeros(state, index + count, asked))


CASES: dict[str, Callable[[], HybridCase]] = {
    "overlap of mixed states by inversion, n 2, kept 1, layers 1": partial(
        score, 2, 1, {"type": "mixed-overlap", "keep": [0], "form": "inversion"}
    ),
    "the same, n 4, kept 2, layers 2": partial(
        score, 4, 2, {"type": "mixed-overlap", "keep": [0, 1], "form": "inversion"}
    ),
    "the same, n 6, kept 3, layers 2": partial(
        score, 6, 2, {"type": "mixed-overlap", "keep": [0, 1, 2], "form": "inversion"}
    ),
    "in the Bell basis, n 4, kept 2, layers 2": partial(
        score, 4, 2, {"type": "mixed-overlap", "keep": [0, 1], "form": "bell-basis"}
    ),
    "the same, n 6, kept 3, layers 2 in the Bell basis": partial(
        score, 6, 2, {"type": "mixed-overlap", "keep": [0, 1, 2], "form": "bell-basis"}
    ),
    "real part, n 4, layers 1": partial(score, 4, 1, {"type": "overlap-real"}),
    "real part, n 6, layers 1": partial(score, 6, 1, {"type": "overlap-real"}),
    "real part, n 6, layers 2": partial(score, 6, 2, {"type": "overlap-real"}),
    "neuron, 3 sources, degree 2, amplified": partial(neuron, 3, 2, True),
    "neuron, 3 sources, degree 2": partial(neuron, 3, 2, False),
    "neuron, 4 sources, degree 2, amplified": partial(neuron, 4, 2, True),
    "neuron, 4 sources, degree 2": partial(neuron, 4, 2, False),
    "neuron, 4 sources, degree 3, amplified": partial(neuron, 4, 3, True),
    "neuron, 4 sources, degree 3": partial(neuron, 4, 3, False),
    "Quixer SELECT, n 3, 3 tokens": partial(quixer, 3, 3),
    "Quixer SELECT, n 3, 7 tokens": partial(quixer, 3, 7),
    "Quixer SELECT, n 4, 7 tokens": partial(quixer, 4, 7),
    "Quixer SELECT, n 6, 31 tokens": partial(quixer, 6, 31),
    "Quixer as published, n 6, 31 tokens, 4 layers, degree 3": partial(quixer, 6, 31, 4, 3, whole=True),
    "variational classifier": partial(example, "steps-classifier"),
    "QCNN": partial(example, "steps-qcnn"),
    "QGAN generator": partial(example, "steps-qgan"),
    "QuDDPM, two backward steps": partial(example, "steps-quddpm"),
    "SASQuaTCh's form": partial(example, "steps-fourier"),
    "lambeq diagram": partial(example, "steps-lambeq"),
}
"""By what is shown of them."""

ALONE = frozenset(
    name
    for name in CASES
    if "amplified" in name or "Bell basis" in name or name.startswith(("Quixer as", "Quixer SELECT, n 6"))
)
"""The cases whose authors' circuit is that of another one, or of which they have none."""
