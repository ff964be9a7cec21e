"""Counts, depths and forecasts against pytket's own and against sums by hand."""

import json
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from pytket import OpType
from qiskit.circuit import Measure, Parameter, Reset
from qiskit.circuit.library import CZGate, RZGate, SXGate, XGate
from qiskit.transpiler import InstructionProperties
from qiskit.transpiler import Target as QiskitTarget

from qsac.compiler import compilation as compiler
from qsac.counting.stats import circuit_stats, cost, duration, error_free_probability, layers
from qsac.export.qiskit import to_qiskit
from qsac.export.tket import to_tket
from qsac.machine.registry import target
from qsac.machine.target import Durations, ErrorRates, Target
from qsac.native.circuit import GATES, KIND, NativeCircuit
from tests.cases import examples, seeds
from tests.export.test_tket import native_circuits
from tests.pipelines import CASCADES
from tests.simulation.test_statevector import circuit
from tests.strategies import random_model

RATES = ErrorRates(0.01, 0.1, 0.02, 0.04, 0.001, "2025-01-01", "made up")
MACHINE = Target("made-up", "test", "a machine", "device", 9, "zzphase", ("PhasedX", "ZZPhase"), errors=RATES)


def _without(native: NativeCircuit, *names: str) -> NativeCircuit:
    kept = np.array([GATES[kind].name not in names for kind in native.kind.tolist()], dtype=bool)
    columns = (native.kind, native.first, native.second, native.angles)
    return NativeCircuit(native.name, native.qubits, native.bits, *(column[kept] for column in columns))


def _one_write_a_bit(native: NativeCircuit) -> NativeCircuit:
    """pytket lets measurements into one bit wait for each other; here every bit is measured once."""
    seen: set[int] = set()
    kept = []
    for kind, bit in zip(native.kind.tolist(), native.second.tolist(), strict=True):
        kept.append(GATES[kind].name != "Measure" or bit not in seen)
        if GATES[kind].name == "Measure":
            seen.add(bit)
    columns = (native.kind, native.first, native.second, native.angles)
    mask = np.array(kept, dtype=bool)
    return NativeCircuit(native.name, native.qubits, native.bits, *(column[mask] for column in columns))


@settings(max_examples=examples(100))
@given(native_circuits())
def test_depths_are_pytkets(drawn: NativeCircuit) -> None:
    drawn = _one_write_a_bit(drawn)
    native = _without(drawn, "Rz")
    written = to_tket(native)
    found = layers(native)
    assert found.depth == written.depth()
    assert found.two_qubit_depth == written.depth_2q()
    assert layers(drawn).two_qubit_depth == to_tket(drawn).depth_2q()
    assert native.two_qubit_gates == written.n_2qb_gates()


@pytest.mark.parametrize("seed", seeds(12, one_of=3))
def test_stats_of_models(seed: int) -> None:
    compiled = compiler.compile(random_model(seed), "h1", verify=False)
    stats, written = compiled.stats, compiled.to_tket()
    assert stats["qubits"] == written.n_qubits
    assert stats["two_qubit_gates"] == written.n_gates_of_type(OpType.ZZPhase)
    assert stats["one_qubit_gates"] == written.n_gates_of_type(OpType.PhasedX)
    assert stats["measurements"] == written.n_gates_of_type(OpType.Measure)
    assert stats["resets"] == written.n_gates_of_type(OpType.Reset)
    assert stats["depth"] == written.depth()
    assert stats["two_qubit_depth"] == written.depth_2q()
    assert 0 < stats["error_free_probability"] <= 1
    assert stats["lam"] == compiled.model.lam
    assert stats["pairs"] == compiled.model.pairs
    json.dumps(stats, allow_nan=False)
    before = None
    for step in stats["passes"]:
        if before is not None and before["level"] == step["level"]:
            assert step["two_qubit_gates"][0] == before["two_qubit_gates"][1]
        before = step


def test_the_counts_of_passes_follow_from_one_another_across_levels() -> None:
    same = merging = 0
    for seed in range(30):
        steps = compiler.compile(random_model(seed), "h1", passes=CASCADES, verify=False).stats["passes"]
        last = [step for step in steps if step["level"] == "attention"][-1]["two_qubit_gates"][1]
        first = next(step for step in steps if step["level"] == "block")["two_qubit_gates"][0]
        assert first <= last
        same += first == last
        before, after = next(step["two_qubit_gates"] for step in steps if step["name"] == "merge-diagonals")
        merging += after < before
    assert same >= 28
    assert merging >= 8  # models whose diagonals are counted twice or never, if they are counted by two rules


def _probability(*gates: tuple[Any, ...], qubits: int = 2) -> float:
    native = circuit(*gates, qubits=qubits)
    found = error_free_probability(native, MACHINE, layers(native).idle)
    assert found is not None
    return found


def test_every_gate_counts_once() -> None:
    assert _probability() == 1
    assert _probability(("PhasedX", 0, -1, 0.5, 0.0)) == pytest.approx(0.99)
    assert _probability(("ZZPhase", 0, 1, 0.5)) == pytest.approx(0.9)
    assert _probability(("Measure", 0, 0)) == pytest.approx(0.97)
    assert _probability(("Rz", 0, -1, 0.5), ("Reset", 1, -1)) == 1


def test_idling_counts_between_the_first_and_the_last_gate() -> None:
    first, second = ("ZZPhase", 0, 1, 0.5), ("ZZPhase", 1, 2, 0.5)
    assert layers(circuit(first, second, second, qubits=3)).idle == 0
    assert layers(circuit(first, second, second, first, qubits=3)).idle == 2
    assert _probability(first, second, second, first, qubits=3) == pytest.approx(0.9**4 * 0.999**2)


def test_a_reset_ends_idling() -> None:
    first, second = ("ZZPhase", 0, 1, 0.5), ("ZZPhase", 1, 2, 0.5)
    assert layers(circuit(first, second, second, ("Reset", 0, -1), first, qubits=3)).idle == 0


def test_without_rates_there_is_no_forecast() -> None:
    native = circuit(("PhasedX", 0, -1, 0.5, 0.0))
    assert error_free_probability(native, target("statevector"), 0) is None
    assert circuit_stats(native, target("statevector"))["error_free_probability"] is None


def test_small_angles_err_less_where_the_machine_says_so() -> None:
    scaled = Target(**{**vars(MACHINE), "errors": ErrorRates(**{**vars(RATES), "two_qubit_scaling": (0.8, 0.2)})})
    for angle, share in ((0.5, 1.0), (0.25, 0.6), (-0.25, 0.6), (0.0, 0.2)):
        native = circuit(("ZZPhase", 0, 1, angle))
        assert error_free_probability(native, scaled, 0) == pytest.approx(1 - 0.1 * share)


def test_the_vendors_cost_formula() -> None:
    native = circuit(("PhasedX", 0, -1, 0.5, 0.0), ("ZZPhase", 0, 1, 0.5), ("Measure", 0, 0), ("Reset", 0, -1))
    found = cost(native, target("h1"))
    assert found is not None
    assert (found["unit"], found["fixed"]) == ("HQC", 5.0)
    assert found["per_shot"] == pytest.approx((1 + 10 + 5) / 5000)
    assert found["per_shot_with_resets"] == pytest.approx((1 + 10 + 10) / 5000)
    assert cost(native, target("statevector")) is None
    assert duration(native, target("h1")) is None


def test_the_run_time_is_that_of_the_slowest_qubit() -> None:
    lasts = Durations(1.0, 10.0, 100.0, 1000.0, delay=1e4, job=1e5, source="made up")
    charged = replace(MACHINE, durations=lasts, cost_formula="time")
    native = circuit(
        ("PhasedX", 0, -1, 0.5, 0.0),
        ("PhasedX", 1, -1, 0.5, 0.0),
        ("PhasedX", 1, -1, 0.5, 0.0),
        ("Rz", 0, -1, 0.5, 0.0),
        ("ZZPhase", 0, 1, 0.5),
        ("Measure", 0, 0),
        ("Reset", 0, -1),
        ("PhasedX", 1, -1, 0.5, 0.0),
    )
    found = duration(native, charged)
    assert found == {"circuit": 2 + 10 + 100 + 1000, "fixed": 1e5, "per_shot": 1000 + 1112 + 1e4}
    assert cost(native, charged) == {"unit": "quantum seconds", "fixed": 1e5, "per_shot": 12112.0}
    assert circuit_stats(native, charged)["duration"] == found
    assert cost(native, replace(charged, durations=None)) is None


def test_the_run_time_is_qiskits() -> None:
    machine = target("ibm-nighthawk")
    compiled = compiler.compile(random_model(1), machine, optimisation=1, verify=False)
    lasts = machine.durations
    assert lasts is not None
    written = to_qiskit(compiled.circuits[0])
    places = range(written.num_qubits)
    known = QiskitTarget(num_qubits=written.num_qubits)
    gates = [(RZGate(Parameter("a")), 0.0), (SXGate(), lasts.one_qubit), (XGate(), lasts.one_qubit)]
    for gate, seconds in [*gates, (Measure(), lasts.measure), (Reset(), lasts.reset)]:
        known.add_instruction(gate, {(place,): InstructionProperties(duration=seconds) for place in places})
    pairs = permutations(places, 2)
    known.add_instruction(CZGate(), {pair: InstructionProperties(duration=lasts.two_qubit) for pair in pairs})
    expected = written.estimate_duration(known)
    assert compiled.stats["duration"]["circuit"] == pytest.approx(expected, rel=1e-9)


def test_angles_beyond_all_rates_leave_nothing_free_of_errors() -> None:
    compiled = compiler.compile(random_model(1), "h2", verify=False)
    (circuit,) = compiled.circuits
    angles = circuit.angles.copy()
    angles[circuit.kind == KIND["ZZPhase"], 0] = 1e9
    assert error_free_probability(replace(circuit, angles=angles), target("h2"), 0) == 0.0
