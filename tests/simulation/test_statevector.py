"""Exact simulation against every course of outcomes written out, also where measured qubits go on."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.compiler import compilation as compiler
from qsac.errors import DoesNotFitError
from qsac.native.circuit import GATES, KIND, BitReadout, NativeCircuit, Snapshot
from qsac.simulation.statevector import WIDTH_LIMIT, simulate, width
from tests.cases import examples
from tests.passes.circuit.test_route import branches
from tests.strategies import random_model


def circuit(*gates: tuple[Any, ...], qubits: int = 2, **rest: Any) -> NativeCircuit:
    """Gates as (name, first, second or bit, angle, phase), what is left out 0; each bit ``b[i]``."""
    rows = [(KIND[gate[0]], *gate[1:], *(0,) * (5 - len(gate))) for gate in gates]
    table = np.array(rows, dtype=float).reshape(-1, 5)
    measured = [int(row[2]) for row in rows if GATES[row[0]].name == "Measure"]
    return NativeCircuit(
        "loss",
        tuple(("q", index) for index in range(qubits)),
        tuple(("b", index) for index in range(max(measured, default=-1) + 1)),
        table[:, 0].astype(np.int8),
        table[:, 1].astype(np.int32),
        table[:, 2].astype(np.int32),
        table[:, 3:],
        **rest,
    )


UNITARY = [gate for gate in GATES if gate.name not in ("Measure", "Reset")]


@st.composite
def measured_circuits(draw: st.DrawFn) -> NativeCircuit:
    """Circuits of every gate on up to four qubits; measured qubits may go on, with or without a reset."""
    qubits = draw(st.integers(1, 4))
    gates: list[tuple[Any, ...]] = []
    bits = 0
    for _ in range(draw(st.integers(0, 14))):
        first, second = draw(st.permutations(range(max(2, qubits))))[:2]
        kind = draw(st.sampled_from(["gate", "gate", "gate", "measure"]))
        if first >= qubits or bits == 5:
            continue
        if kind == "measure":
            gates.append(("Measure", first, bits))
            bits += 1
            if draw(st.booleans()):
                gates.append(("Reset", first))
            continue
        gate = draw(st.sampled_from(UNITARY))
        if gate.qubits == 2 and second >= qubits:
            continue
        angles = [draw(st.floats(-1, 1)) for _ in range(gate.parameters)]
        gates.append((gate.name, first, second if gate.qubits == 2 else -1, *angles))
    gates += [("Measure", 0, bits)]
    bits += 1
    split, last = sorted((draw(st.integers(0, bits)), draw(st.integers(0, bits))))
    order = tuple(range(bits))
    readouts = (
        BitReadout("fidelity", order[:split], order[split:]),
        BitReadout("token_fidelity", order[:split], order[split:last]),
    )
    return circuit(*gates, qubits=qubits, readouts=readouts)


@settings(max_examples=examples(200))
@given(measured_circuits())
def test_probabilities_are_those_of_all_courses(native: NativeCircuit) -> None:
    found = simulate(native)
    courses = [(bits, float(np.vdot(state, state).real)) for bits, state in branches(native)]
    for readout in native.readouts:
        given_zero = sum(p for bits, p in courses if all(bits[bit] == 0 for bit in readout.given))
        both = sum(p for bits, p in courses if all(bits[bit] == 0 for bit in (*readout.given, *readout.success)))
        assert found.given == pytest.approx(given_zero, abs=1e-12)
        assert found.success[readout.metric] == pytest.approx(both, abs=1e-12)


HALF = ("PhasedX", 0, -1, 0.5, 0.0)
READOUT = (BitReadout("fidelity", (), (0,)),)


def test_a_measured_qubit_may_be_moved_on() -> None:
    """The bit is what was found, whatever comes to the qubit afterwards."""
    swap = [("CX", 0, 1), ("CX", 1, 0), ("CX", 0, 1)]
    native = circuit(HALF, ("X", 1, -1), ("Measure", 0, 0), *swap, readouts=READOUT)
    assert simulate(native).share("fidelity") == pytest.approx(0.5)
    assert width(native) == 3


def test_a_success_bit_may_be_followed_by_a_reset() -> None:
    native = circuit(HALF, ("Measure", 0, 0), ("Reset", 0, -1), ("X", 0, -1), readouts=READOUT)
    assert simulate(native).share("fidelity") == pytest.approx(0.5)


def test_a_reset_of_what_was_not_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="reset before"):
        simulate(circuit(HALF, ("Reset", 0, -1), ("Measure", 0, 0), readouts=READOUT))
    assert circuit(HALF, ("Reset", 0, -1), ("Measure", 0, 0), readouts=READOUT).unmet() is not None


def test_what_never_succeeds_has_probability_zero() -> None:
    readout = (BitReadout("fidelity", (0,), (1,)),)
    profile = Snapshot(2, (1,), (0,), ())
    gates = [("X", 0, -1), ("Measure", 0, 0), ("Measure", 1, 1)]
    found = simulate(circuit(*gates, readouts=readout, snapshot=profile))
    assert found.given == 0
    assert found.success == {"fidelity": 0}
    assert found.share("fidelity") == 0
    assert found.index is not None
    assert np.all(found.index.marginal == 0)


def test_the_profile_is_read_at_its_stop() -> None:
    gates = [
        HALF,
        ("PhasedX", 1, -1, 0.5, 0.0),
        ("CX", 0, 1),
        ("Measure", 1, 0),
        ("PhasedX", 0, -1, 0.5, 0.0),
        ("Measure", 0, 1),
    ]
    readouts = (BitReadout("fidelity", (), (0, 1)),)
    found = simulate(circuit(*gates, readouts=readouts, snapshot=Snapshot(4, (0,), (), (0,))))
    assert found.given == pytest.approx(1)
    assert found.index is not None
    np.testing.assert_allclose(found.index.marginal, [0.5, 0.5])
    np.testing.assert_allclose(found.index.joint, [0.25, 0.25])


def test_wide_circuits_are_refused_before_memory_is_taken() -> None:
    gates = [("PhasedX", qubit, -1, 0.5, 0.0) for qubit in range(WIDTH_LIMIT + 1)]
    with pytest.raises(DoesNotFitError, match="too wide"):
        simulate(circuit(*gates, ("Measure", 0, 0), qubits=WIDTH_LIMIT + 1, readouts=READOUT))


def test_the_width_is_that_of_the_widest_moment() -> None:
    compiled = compiler.compile(random_model(1), "h1", verify=False)
    native = compiled.circuits[0]
    assert width(native) <= len(native.qubits)
    given_bits = native.readouts[0].given
    everything = replace(native, readouts=(BitReadout("fidelity", (), given_bits),), snapshot=None)
    assert width(everything) > width(native)


def test_progress_is_told() -> None:
    native = compiler.compile(random_model(2), "h1", verify=False).circuits[0]
    told: list[tuple[int, int, str]] = []
    simulate(native, lambda *step: told.append(step))
    assert told
    assert all(0 <= done <= total == len(native) for done, total, _ in told)
