"""Metrics from counts: values, standard errors that cover the truth as often as they claim, and what stays open."""

from math import log, sqrt

import numpy as np
import pytest

from qsac.families.contract import Result
from qsac.families.outcomes import Outcomes
from qsac.families.reading import load
from tests.families.models import with_values

METRICS = (
    "fidelity",
    "loss",
    "token_fidelity",
    "loss_a",
    "renyi_divergence",
    "mu",
    "zeta",
    "nu",
    "success_probability",
)


MODEL = load(with_values([[1, place] for place in range(5)]))
"""T = 4, so that the causal mask has N = 10 pairs."""


def _estimate(shots: int, given: int, token: int, fidelity: int) -> Result:
    found = Outcomes(shots, given, {"token_fidelity": token, "fidelity": fidelity})
    return MODEL.readout.result(MODEL, {"loss": found})


def test_values_and_errors() -> None:
    assert (MODEL.context, MODEL.pairs) == (4, 10)
    found = _estimate(1000, 400, 200, 100)
    assert found.warnings == ()
    assert tuple(found.metrics) == tuple(found.standard_errors) == METRICS
    expected = {
        "fidelity": 0.25,
        "loss": log(4),
        "token_fidelity": 0.5,
        "loss_a": log(2),
        "renyi_divergence": log(2),
        "mu": 0.1 * 16 / 10,
        "zeta": 0.4,
        "nu": 0.2,
        "success_probability": 0.4,
    }
    assert found.metrics == pytest.approx(expected)
    errors = found.standard_errors
    assert errors["fidelity"] == pytest.approx(sqrt(0.25 * 0.75 / 400))
    assert errors["loss"] == pytest.approx(sqrt(0.75 / 0.25 / 400))
    assert errors["renyi_divergence"] == pytest.approx(sqrt(0.5 / 0.5 / 200))
    assert errors["mu"] == pytest.approx(1.6 * sqrt(0.1 * 0.9 / 1000))


def test_the_standard_errors_are_those_of_repeated_runs() -> None:
    rng = np.random.default_rng(3)
    shots, zeta, token, fidelity = 4000, 0.2, 0.5, 0.3
    scores: dict[str, list[float]] = {name: [] for name in METRICS}
    exact = {
        "fidelity": fidelity,
        "loss": -log(fidelity),
        "token_fidelity": token,
        "loss_a": -log(token),
        "renyi_divergence": log(token / fidelity),
        "mu": 1.6 * zeta * fidelity,
        "zeta": zeta,
        "nu": zeta * token,
        "success_probability": zeta,
    }
    for _ in range(400):
        both, rest, other, _ = rng.multinomial(
            shots, [zeta * fidelity, zeta * (token - fidelity), zeta * (1 - token), 1 - zeta]
        )
        found = _estimate(shots, int(both + rest + other), int(both + rest), int(both))
        for name in METRICS:
            value, error = found.metrics[name], found.standard_errors[name]
            assert value is not None
            assert error is not None
            scores[name].append((value - exact[name]) / error)
    for name, values in scores.items():
        assert abs(np.mean(values)) < 0.2, name
        assert 0.88 < np.std(values) < 1.12, name


def test_all_or_nothing_is_not_certain() -> None:
    found = _estimate(10, 10, 10, 10)
    assert (found.metrics["fidelity"], found.metrics["loss"]) == (1, 0)
    for error in found.standard_errors.values():
        assert error is not None
        assert 0 < error < 0.3


def test_no_success_is_null_with_a_bound() -> None:
    found = _estimate(1000, 300, 50, 0)
    assert found.metrics["fidelity"] == 0
    assert found.metrics["loss"] is found.metrics["renyi_divergence"] is None
    assert found.standard_errors["loss"] is None
    assert found.metrics["loss_a"] == pytest.approx(log(6))
    # The largest p with (1 - p)^n >= 5%.
    assert found.warnings == (
        f"loss is not resolved: none of 300 accepted shots succeeded; with 95% confidence it is at least "
        f"{-log(1 - 0.05 ** (1 / 300)):.3g}",
        f"renyi_divergence is not resolved: none of 50 shots with the value register 0 succeeded; with 95% confidence "
        f"it is at least {-log(1 - 0.05 ** (1 / 50)):.3g}",
    )
    assert (
        _estimate(1000, 300, 0, 0).warnings[-1]
        == "renyi_divergence is not resolved: in no accepted shot is the value register 0"
    )


def test_no_given_shot_is_said_once() -> None:
    found = _estimate(1000, 0, 0, 0)
    assert [name for name, value in found.metrics.items() if value is None] == list(METRICS[:5])
    assert found.metrics["success_probability"] == 0
    assert len(found.warnings) == 1
    assert "success_probability is at most 0.00299" in found.warnings[0]
