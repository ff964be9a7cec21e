"""Noise by published rates: each channel by itself, and the share of trajectories without an error."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import sqrt
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit_aer import AerSimulator
from qiskit_aer.noise import QuantumError

import qsac
from qsac.export.qiskit import outcome_of
from qsac.families.qsa.metrics import closed_form
from qsac.machine.registry import target
from qsac.machine.target import ErrorRates, Target
from qsac.native.circuit import KIND, NativeCircuit
from qsac.runtime.aer import sample
from qsac.runtime.noise import misread, noisy
from tests.cases import some
from tests.simulation.test_statevector import circuit

NONE = ErrorRates(0.0, 0.0, 0.0, 0.0, 0.0, "2025-01-01", "made up")


def _errors(written: QuantumCircuit) -> Iterator[tuple[QuantumError, tuple[int, ...]]]:
    """The error channels of a circuit, with their qubits."""
    for instruction in written.data:
        if instruction.operation.name == "quantum_channel" or hasattr(instruction.operation, "_quantum_error"):
            qubits = tuple(written.find_bit(qubit).index for qubit in instruction.qubits)
            yield instruction.operation._quantum_error, qubits


def _share(error: QuantumError) -> float:
    """The probability that a channel does something."""
    return 1.0 - sum(float(p) for steps, p in zip(error.circuits, error.probabilities, strict=True) if _nothing(steps))


def _nothing(steps: QuantumCircuit) -> bool:
    return all(step.operation.name == "id" or str(step.operation.params[:1]) in ("['II']", "['I']") for step in steps)


def test_gates_err_by_their_rates() -> None:
    native = circuit(
        ("PhasedX", 0, -1, 0.5, 0.0), ("Rz", 0, -1, 0.5), ("ZZPhase", 0, 1, 0.25), ("Measure", 0, 0), ("Reset", 0, -1)
    )
    rates = replace(NONE, one_qubit=0.01, two_qubit=0.1, memory=0.2, two_qubit_scaling=(0.8, 0.2))
    found: list[Any] = [(_share(error), qubits) for error, qubits in _errors(noisy(native, rates))]
    assert found == [(pytest.approx(0.01), (0,)), (pytest.approx(0.06), (0, 1))]


def test_the_paulis_of_an_error_are_alike() -> None:
    native = circuit(("ZZPhase", 0, 1, 0.5))
    ((error, _),) = _errors(noisy(native, replace(NONE, two_qubit=0.3)))
    assert sorted(error.probabilities) == [pytest.approx(0.02)] * 15 + [pytest.approx(0.7)]


def test_waiting_qubits_err() -> None:
    first, second = ("ZZPhase", 0, 1, 0.5), ("ZZPhase", 1, 2, 0.5)
    native = circuit(first, second, second, first, qubits=3)
    found: list[Any] = [(_share(error), qubits) for error, qubits in _errors(noisy(native, replace(NONE, memory=0.1)))]
    assert found == [(pytest.approx(1 - 0.9**2), (0,))]


@pytest.mark.parametrize(("gate", "expected"), [("X", {"0": 0.2, "1": 0.8}), (None, {"0": 0.9, "1": 0.1})])
def test_outcomes_are_misread_by_their_state(gate: str | None, expected: dict[str, float]) -> None:
    gates: list[tuple[Any, ...]] = [("Measure", 0, 0)]
    native = circuit(*([(gate, 0, -1)] if gate else []), *gates, qubits=1)
    counts = dict(sample(native, 20_000, 3, replace(NONE, measure_0=0.1, measure_1=0.2)))
    assert {key: count / 20_000 for key, count in counts.items()} == pytest.approx(expected, abs=0.015)


def test_misreading_keeps_shots_and_unmeasured_bits() -> None:
    native = replace(circuit(("Measure", 0, 1), qubits=1), bits=(("a", 0), ("a", 1)))
    found = dict(misread(native, replace(NONE, measure_0=0.5), [("10", 200_000)], np.random.default_rng(0)))
    assert set(found) == {"10", "11"}
    assert sum(found.values()) == 200_000
    assert found["11"] == pytest.approx(100_000, abs=1500)


def test_rates_by_place() -> None:
    native = replace(circuit(("CZ", 0, 1), ("SX", 1, -1), qubits=2), qubits=(("node", 4), ("node", 2)))
    rates = replace(NONE, two_qubit_by_edge=((2, 4, 0.03),), one_qubit_by_qubit=(0.0, 0.0, 0.02))
    assert [_share(error) for error, _ in _errors(noisy(native, rates))] == [pytest.approx(0.03), pytest.approx(0.02)]


def test_without_errors_nothing_changes() -> None:
    native = qsac.compile(_model(2, 2, 1, False, 0), "h2", verify=False).circuits[0]
    assert dict(sample(native, 300, 5, NONE)) == dict(sample(native, 300, 5))


def test_the_same_seed_gives_the_same_counts() -> None:
    compiled = qsac.compile(_model(4, 2, 1, False, 0), "h2", verify=False)
    first, again, other = (qsac.run(compiled, shots=300, seed=seed, noise=True) for seed in (1, 1, 2))
    assert first == again
    assert first.metrics != other.metrics
    assert first.noise
    assert first.to_dict()["noise"] is True


def _model(context: int, dimension: int, degree: int, real: bool, seed: int) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    values: Any = generator.normal(size=(context + 1, dimension))
    if not real:
        values = np.stack((values, generator.normal(size=values.shape)), axis=-1)
    unitary = {
        "type": "hardware-efficient",
        "layers": 1,
        "parameters": {"init": "normal", "scale": 1.0, "seed": seed},
    }
    return {
        "qsac": 1,
        "tokens": {"type": "inline", "values": values.tolist()},
        "attention": {
            "type": "overlap",
            "kernel": {"type": "monomial", "degree": degree},
            "value": {"type": "identity"} if real else unitary,
            "score": {"type": "identity"},
        },
    }


def _error_free_share(native: NativeCircuit, rates: ErrorRates, shots: int) -> float:
    """The share of trajectories in which no channel of the noisy circuit did anything and no outcome was misread.

    Aer counts it: every term of a channel other than the identity sets a further qubit to 1 as well.
    """
    plain = noisy(native, rates)
    marker, mark = QuantumRegister(1, "marker"), ClassicalRegister(1, "mark")
    marked = QuantumCircuit(*plain.qregs, marker, *plain.cregs, mark)
    cached: dict[int, Any] = {}
    for instruction in plain.data:
        error = getattr(instruction.operation, "_quantum_error", None)
        if error is None:
            marked.append(instruction)
            continue
        if id(error) not in cached:
            cached[id(error)] = QuantumError(
                [(_with_mark(steps), p) for steps, p in zip(error.circuits, error.probabilities, strict=True)]
            ).to_instruction()
        marked.append(cached[id(error)], [*instruction.qubits, marker[0]])
    marked.measure(marker, mark)
    simulator = AerSimulator(method="statevector", seed_simulator=11, shot_branching_enable=True)
    generator = np.random.default_rng(5)
    free = 0
    places = native.second[native.kind == KIND["Measure"]]
    for key, count in simulator.run(marked, shots=shots).result().get_counts().items():
        mark_value, _, rest = key.partition(" ")
        outcome = outcome_of(native, rest)
        if mark_value == "1":
            continue
        wrong = np.array([rates.measure_0, rates.measure_1])[[int(outcome[place]) for place in places]]
        free += int((generator.random((count, len(places))) >= wrong).all(axis=1).sum())
    return free / shots


def _with_mark(steps: QuantumCircuit) -> QuantumCircuit:
    marked = QuantumCircuit(steps.num_qubits + 1)
    for step in steps.data:
        marked.append(step.operation, [steps.find_bit(qubit).index for qubit in step.qubits])
    if not _nothing(steps):
        marked.reset(steps.num_qubits)
        marked.x(steps.num_qubits)
    return marked


SHAPES = [
    *product((6, 8), (4,), (1, 2), (False, True)),
    *product((5, 7, 11), (4,), (1,), (False, True)),
    *product((16,), (4,), (1,), (False, True)),
    *product((8,), (8,), (1,), (False, True)),
    *product((16,), (2,), (1, 2), (False,)),
]


@pytest.mark.parametrize(("context", "dimension", "degree", "real"), some(SHAPES, 7))
def test_error_free_probability_is_the_share_of_error_free_trajectories(
    context: int, dimension: int, degree: int, real: bool
) -> None:
    compiled = qsac.compile(_model(context, dimension, degree, real, context), "h2", verify=False)
    native, rates = compiled.circuits[0], target("h2").errors
    assert rates is not None
    assert 50 <= native.two_qubit_gates <= 400
    forecast = compiled.stats["error_free_probability"]
    assert _error_free_share(native, rates, 1000) == pytest.approx(forecast, rel=0.1)


def test_noise_lowers_the_fidelity_and_mitigation_brings_readout_back() -> None:
    """With readout errors alone, correction brings every metric back to the closed form."""
    model = qsac.load(_model(4, 2, 1, False, 3))
    exact = closed_form(model)
    errors = replace(NONE, measure_0=0.06, measure_1=0.12)
    machine = Target(**{**vars(target("h2")), "name": "reading", "errors": errors})
    compiled = qsac.compile(model, machine, verify=False)
    raw = qsac.run(compiled, shots=20_000, seed=1, noise=True)
    found = qsac.run(compiled, shots=20_000, seed=1, noise=True, mitigate=True)
    assert found.mitigated
    away = []
    for name in ("fidelity", "loss", "token_fidelity", "loss_a", "renyi_divergence", "mu", "zeta", "nu"):
        value, error, truth, before = found.metrics[name], found.standard_errors[name], exact[name], raw.metrics[name]
        assert value is not None
        assert error is not None
        assert truth is not None
        assert before is not None
        assert raw.standard_errors[name] < error  # type: ignore[operator]
        assert abs(value - truth) < 4 * error, name
        away.append(abs(before - truth) / error)
    assert max(away) > 6


def test_standard_errors_after_mitigation_are_the_spread() -> None:
    errors = replace(NONE, measure_0=0.05, measure_1=0.08)
    machine = Target(**{**vars(target("h2")), "name": "reading", "errors": errors})
    compiled = qsac.compile(_model(2, 2, 1, True, 1), machine, verify=False)
    runs = [qsac.run(compiled, shots=500, seed=seed, noise=True, mitigate=True) for seed in range(24)]
    for name in ("fidelity", "loss", "zeta"):
        values = np.array([run.metrics[name] for run in runs], dtype=float)
        told = np.array([run.standard_errors[name] for run in runs], dtype=float)
        assert np.std(values) == pytest.approx(np.mean(told), rel=4 / sqrt(2 * len(runs)))
