"""Shots in batches, and rates from artifacts."""

import json
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.machine.registry import target
from qsac.machine.target import describe
from qsac.runtime.mitigation import BITS_LIMIT
from qsac.runtime.sampling import rates_of

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "tfim.json"


@pytest.fixture(scope="module")
def compiled() -> qsac.Compiled:
    return qsac.compile(EXAMPLE, "h2", verify=False)


@pytest.mark.parametrize("precision", [0.2, 0.07])
def test_shots_until_the_loss_is_known(compiled: qsac.Compiled, precision: float) -> None:
    exact = qsac.run(compiled).metrics
    result = qsac.run(compiled, "statevector", precision=precision, seed=2)
    error = result.standard_errors["loss"]
    assert error is not None
    assert error <= precision
    assert not result.warnings
    fidelity, zeta = exact["fidelity"], exact["zeta"]
    assert fidelity is not None
    assert zeta is not None
    needed = (1 - fidelity) / (fidelity * zeta * precision**2)
    assert result.shots is not None
    assert result.shots == 1000 or needed / 2 < result.shots < 2 * needed
    assert result == qsac.run(compiled, "statevector", precision=precision, seed=2)
    assert result.shots is not None
    # A binomial error of this many shots: the batches were put together.
    assert error == pytest.approx(sqrt((1 - fidelity) / (fidelity * zeta * result.shots)), rel=0.25)


def test_precision_with_noise(compiled: qsac.Compiled) -> None:
    result = qsac.run(compiled, noise=True, precision=0.15)
    error = result.standard_errors["loss"]
    assert error is not None
    assert error <= 0.15


@pytest.mark.parametrize("shots", [1, 700, 2500])
def test_the_limit_is_told(compiled: qsac.Compiled, shots: int) -> None:
    result = qsac.run(compiled, "statevector", precision=1e-4, shots=shots)
    assert result.shots == shots
    assert f"after {shots:,} shots, the most allowed: 0.0001 was asked for" in result.warnings[0]


def test_batches_are_independent_and_one_after_the_other(
    compiled: qsac.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qsac.runtime.run.BATCH", 200)
    done: list[tuple[int, int, str]] = []
    result = qsac.run(compiled, shots=250, noise=True, progress=lambda *told: done.append(told))
    assert [told for told in done if told[2] == "shots"] == [
        (200, 250, "shots"),
        (250, 250, "shots"),
    ]
    assert result.shots == 250


def test_too_many_bits_to_correct() -> None:
    model = json.loads(EXAMPLE.read_text())
    model["attention"]["kernel"] = {"type": "monomial", "degree": 5}
    wide = qsac.compile(model, "h2", verify=False)
    assert len(wide.circuits[0].bits) > BITS_LIMIT
    with pytest.raises(DoesNotFitError, match="cannot be corrected"):
        qsac.run(wide, shots=10, noise=True, mitigate=True)


def test_rates_are_those_of_the_target(compiled: qsac.Compiled) -> None:
    assert rates_of(compiled.target, compiled.circuits[0]) == target("h2").errors


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"two_qubit": 1.5}, "a rate of 1.5"),
        ({"memory": -0.1}, "a rate of -0.1"),
        ({"memory": float("nan")}, "a rate of nan"),
        ({"one_qubit": "much"}, "one_qubit"),
        ({"measure_by_qubit": [[0.1, 0.1]]}, "1 qubits"),
        ({"two_qubit_by_edge": [[0, 1]]}, "two_qubit_by_edge"),
    ],
)
def test_rates_that_are_none(compiled: qsac.Compiled, changed: dict[str, Any], found: str) -> None:
    described = describe(target("h2"))
    with pytest.raises(InvalidInputError) as raised:
        rates_of({**described, "errors": {**described["errors"], **changed}}, compiled.circuits[0])
    assert found in str(raised.value)


def test_targets_without_rates(compiled: qsac.Compiled) -> None:
    with pytest.raises(InvalidInputError, match="no error rates of"):
        qsac.run(qsac.compile(EXAMPLE, "aer", verify=False), noise=True)
    with pytest.raises(InvalidInputError, match="statevector has no noise"):
        qsac.run(compiled, "statevector", noise=True)


def test_noise_of_the_artifacts_target_on_aer(compiled: qsac.Compiled) -> None:
    device, simulator = (qsac.run(compiled, name, shots=200, noise=True) for name in ("h2", "aer"))
    assert device.metrics == simulator.metrics


@pytest.mark.parametrize("precision", [0.0, -1.0, float("nan"), float("inf")])
def test_a_precision_that_is_none(compiled: qsac.Compiled, precision: float) -> None:
    with pytest.raises(InvalidInputError, match="precision"):
        qsac.run(compiled, precision=precision)


def test_other_readouts_run_with_noise_and_shots_only() -> None:
    model = json.loads(EXAMPLE.read_text()) | {"readout": {"type": "predict"}}
    compiled = qsac.compile(model, "h2", verify=False)
    noisy, plain = (qsac.run(compiled, shots=300, noise=noise) for noise in (True, False))
    assert (noisy.noise, plain.noise) == (True, False)
    assert noisy.values.keys() == plain.values.keys() == {"predictions"}
    assert noisy.values != plain.values
    for options in ({"precision": 0.1}, {"noise": True, "mitigate": True}):
        with pytest.raises(
            InvalidInputError, match="the readout has no precision, and its readout errors are not corrected"
        ):
            qsac.run(compiled, **options)  # type: ignore[arg-type]
