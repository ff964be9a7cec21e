"""Running compiled programs from Python: the API of the contract, exactly and by shots."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytket.circuit import OpType
from pytket.extensions.qiskit import tk_to_qiskit
from qiskit.quantum_info import Operator

import qsac
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families.qsa.metrics import METRIC_NAMES, closed_form
from tests.cases import some
from tests.strategies import random_model

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "tfim.json"
RESOLVED = ("fidelity", "loss", "token_fidelity", "loss_a", "renyi_divergence", "mu", "zeta", "nu")


def test_the_contracts_names(tmp_path: Path) -> None:
    model = qsac.load(EXAMPLE)
    assert isinstance(model, qsac.Model)
    assert qsac.load(json.loads(EXAMPLE.read_text())) == model
    compiled = qsac.compile(model)
    assert isinstance(compiled, qsac.Compiled)
    assert compiled.target["name"] == "h2"
    assert compiled.stats["qubits"] == 8
    assert len(compiled.circuits) == 1
    assert qsac.compile(EXAMPLE, target="h2", optimisation=2) == compiled
    compiled.save(tmp_path / "t.qsac.json")
    loaded = qsac.Compiled.load(tmp_path / "t.qsac.json")
    assert loaded.to_json() == compiled.to_json()
    assert loaded.timings == {}
    result = qsac.run(loaded)
    assert isinstance(result, qsac.Result)
    assert result.metrics == qsac.run(compiled, shots=None, seed=None).metrics
    assert set(qsac.__all__) <= set(dir(qsac))
    with pytest.raises(AttributeError, match="no attribute 'complie'"):
        _ = qsac.complie  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(30, 38))
def test_exact_runs_give_every_metric_of_the_closed_form(seed: int) -> None:
    model = qsac.load(random_model(seed))
    expected = closed_form(model)
    result = qsac.run(qsac.compile(model, "statevector", verify=False))
    assert tuple(result.metrics) == METRIC_NAMES
    for name in METRIC_NAMES:
        value = expected[name]
        assert result.metrics[name] == (None if value is None else pytest.approx(value, abs=1e-9)), name
    assert result.success_probability == result.metrics["success_probability"]
    assert (result.shots, result.standard_errors) == (None, {})
    assert len(result.warnings) == len(expected.warnings)


@pytest.mark.parametrize(("target", "seed"), some(product(["aer", "statevector", "h1"], [None, 2, 19]), 4))
def test_shots_lie_within_five_standard_errors(target: str, seed: int | None) -> None:
    model = qsac.load(EXAMPLE if seed is None else random_model(seed))
    exact = closed_form(model)
    result = qsac.run(qsac.compile(model, "h1", verify=False), target, shots=20_000, seed=7)
    assert (result.target, result.shots, result.seed) == (target, 20_000, 7)
    for name in RESOLVED:
        value, error, truth = result.metrics[name], result.standard_errors[name], exact[name]
        assert value is not None
        assert error is not None
        assert truth is not None
        assert abs(value - truth) < 5 * error, name


@pytest.mark.parametrize("target", ["ibm-fez"])
def test_devices_are_simulated(target: str) -> None:
    compiled = qsac.compile(random_model(2), target, optimisation=1, verify=False)
    exact = qsac.run(compiled)
    sampled = qsac.run(compiled, shots=2000, seed=1)
    assert exact.target == sampled.target == target
    assert exact.metrics["fidelity"] == pytest.approx(closed_form(compiled.model)["fidelity"], abs=1e-9)
    for name in RESOLVED:
        value, error, truth = sampled.metrics[name], sampled.standard_errors[name], exact.metrics[name]
        assert value is not None
        assert error is not None
        assert truth is not None
        assert abs(value - truth) < 5 * error


def test_defaults_and_seeds() -> None:
    compiled = qsac.compile(random_model(2), "aer", verify=False)
    result = qsac.run(compiled)
    assert (result.target, result.shots, result.seed) == ("aer", 10_000, 0)
    assert qsac.run(compiled, seed=0) == result
    assert qsac.run(compiled, seed=1) != result


def test_results_are_json_without_nan() -> None:
    model = {
        "qsac": 1,
        "tokens": {"type": "inline", "values": [[1, 0], [0, 1]]},
        "attention": {
            "type": "overlap",
            "kernel": {"type": "monomial", "degree": 1},
            "value": {"type": "identity"},
            "score": {"type": "matrix", "entries": [[[0, 0], [1, 0]], [[1, 0], [0, 0]]]},
        },
    }
    compiled = qsac.compile(model)
    for shots in (None, 1, 100):
        text = json.dumps(qsac.run(compiled, "statevector", shots=shots).to_dict(), allow_nan=False)
        found = json.loads(text)
        assert found["metrics"]["fidelity"] is None
        assert found["metrics"]["loss"] is None
        assert found["success_probability"] == 0
        assert found["warnings"]


@pytest.mark.parametrize("arguments", [{"shots": 0}, {"shots": 10**12}, {"seed": -1}, {"target": "h2"}])
def test_what_cannot_be_run(arguments: dict[str, Any]) -> None:
    compiled = qsac.compile(random_model(2), "h1", verify=False)
    with pytest.raises(InvalidInputError):
        qsac.run(compiled, **arguments)


def test_too_wide_for_exact_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qsac.simulation.statevector.WIDTH_LIMIT", 3)
    with pytest.raises(DoesNotFitError, match="too wide for exact simulation"):
        qsac.run(qsac.compile(random_model(2), "statevector", verify=False))


def test_pytket_and_qiskit_hold_the_same_circuit() -> None:
    # Nothing is reset in a kernel of degree 0: up to its measurements the circuit is one unitary.
    model = random_model(2) | {"name": "constant"}
    model["attention"]["kernel"] = {"type": "monomial", "degree": 0}
    compiled = qsac.compile(model, "h1", verify=False)
    written = compiled.to_tket()
    assert written.n_gates_of_type(OpType.Reset) == 0
    pairs = []
    for circuit in (tk_to_qiskit(written), compiled.to_qiskit()):
        circuit.data = [one for one in circuit.data if one.operation.name not in ("measure", "barrier")]
        matrix = Operator(circuit).data
        pairs.append(matrix)
    overlap = np.trace(pairs[0].conj().T @ pairs[1]) / len(pairs[0])
    assert abs(overlap) == pytest.approx(1, abs=1e-9)
    registers = {register.name: register.size for register in compiled.to_qiskit().cregs}
    assert registers == {name: sum(1 for bit in written.bits if bit.reg_name == name) for name in registers}
