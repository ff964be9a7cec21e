"""Exact simulation on Qulacs: the same probabilities as our own, from a state of the same width."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError
from qsac.families.reading import load
from qsac.native.circuit import NativeCircuit
from qsac.simulation import statevector
from qsac.simulation.qulacs import _QulacsState, simulate
from tests.cases import some
from tests.strategies import random_model


def _assert_equal(circuit: NativeCircuit) -> None:
    found, wanted = simulate(circuit), statevector.simulate(circuit)
    assert found.given == pytest.approx(wanted.given, abs=1e-13)
    for name in wanted.success:
        assert found.share(name) == pytest.approx(wanted.share(name), abs=1e-12)
    assert (found.index is None) == (wanted.index is None)
    if found.index is not None and wanted.index is not None:
        np.testing.assert_allclose(found.index.marginal / found.given, wanted.index.marginal / wanted.given, atol=1e-12)
        np.testing.assert_allclose(found.index.joint / found.given, wanted.index.joint / wanted.given, atol=1e-12)


@pytest.mark.parametrize(("target", "seed"), some(product(["h2", "statevector"], range(6)), 5))
def test_it_agrees_with_our_own(target: str, seed: int) -> None:
    pytest.importorskip("qulacs")
    _assert_equal(qsac.compile(random_model(seed), target, verify=False).circuits[0])


@pytest.mark.parametrize("target", ["ibm-fez", "ibm-brisbane"])
def test_it_agrees_on_routed_circuits_of_other_gates(target: str) -> None:
    pytest.importorskip("qulacs")
    circuit = qsac.compile(random_model(1), target, verify=False, optimisation=0).circuits[0]
    _assert_equal(circuit)
    if target == "ibm-brisbane":
        cx = replace(circuit, kind=np.where(circuit.kind == 8, 9, circuit.kind).astype(np.int8))
        assert cx.count("CX") > 0
        _assert_equal(cx)


def test_runs_are_exact_or_sampled_from_the_exact_probabilities() -> None:
    pytest.importorskip("qulacs")
    compiled = qsac.compile(load(random_model(3)), "qulacs", verify=False)
    ours, theirs = qsac.run(compiled, "statevector"), qsac.run(compiled)
    assert theirs.target == "qulacs"
    for name, value in ours.metrics.items():
        assert theirs.metrics[name] == (value if value is None else pytest.approx(value, abs=1e-10))
    # seed 0 is a seed like any other
    first, again, other = (qsac.run(compiled, shots=1000, seed=seed) for seed in (0, 0, 1))
    assert first.to_dict() == again.to_dict() != other.to_dict()


def test_a_qubit_that_no_gate_touched_can_be_looked_at() -> None:
    pytest.importorskip("qulacs")
    state = _QulacsState(1)
    state.apply("X", (5,), 0.0, 0.0)
    np.testing.assert_array_equal(state.distribution((7, 5)), [[0, 1], [0, 0]])
    state.drop(7)
    state.copy(5, -1)
    np.testing.assert_array_equal(state.distribution((-1, 5)), [[0, 0], [0, 1]])


def test_without_qulacs_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = qsac.compile(random_model(3), "qulacs", verify=False)
    monkeypatch.setitem(sys.modules, "qulacs", None)
    with pytest.raises(InvalidInputError, match="not installed") as caught:
        qsac.run(compiled)
    assert "pip install 'qsac[qulacs]'" in str(caught.value)
