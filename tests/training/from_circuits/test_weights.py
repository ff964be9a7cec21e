"""Outcomes as weights, and metrics as functions of them."""

from dataclasses import replace
from math import log

import numpy as np
import pytest

from qsac.families.outcomes import Index, Outcomes
from qsac.families.qsa.examples import examples
from qsac.families.registry import family_of
from qsac.ir.program import Readout
from qsac.training.from_circuits.weights import (
    Goal,
    covariance_of,
    narrowest_first,
    sensitivity,
    weights_of,
    with_weights,
)

ORDER = ("fidelity", "token_fidelity")
MODEL = next(model for model in examples() if model.readout.type == "loss" and model.context > 1)
NESTED = Outcomes(1000.0, 400.0, {"token_fidelity": 300.0, "fidelity": 120.0})
INDEXED = Outcomes(500.0, 300.0, {"predictions": 180.0}, Index(np.array([100.0, 200.0]), np.array([60.0, 120.0])))


def test_the_readout_that_asks_most_comes_first() -> None:
    readouts = (Readout("token_fidelity", ("key",), ("value",)), Readout("fidelity", ("key",), ("value", "query")))
    assert narrowest_first(readouts) == ORDER


@pytest.mark.parametrize(("counted", "order"), [(NESTED, ORDER), (INDEXED, ("predictions",))])
def test_counted_outcomes_there_and_back(counted: Outcomes, order: tuple[str, ...]) -> None:
    weights = weights_of(counted, order)
    assert weights.sum() == pytest.approx(1.0)
    again = with_weights(counted, weights, order)
    assert again.total == 1.0
    assert again.given == pytest.approx(counted.given / counted.total)
    assert again.success == pytest.approx({name: one / counted.total for name, one in counted.success.items()})
    if counted.index is not None and again.index is not None:
        np.testing.assert_allclose(again.index.joint, counted.index.joint / counted.total)
        np.testing.assert_allclose(again.index.marginal, counted.index.marginal / counted.total)


def test_exact_outcomes_there_and_back() -> None:
    exact = next(iter(MODEL.expected.values()))
    weights = weights_of(exact, ORDER)
    again = with_weights(exact, 2 * weights, ORDER)
    assert again.given == pytest.approx(2 * exact.given)
    assert again.success == pytest.approx({name: 2 * one for name, one in exact.success.items()})


def test_covariance_of_one_shot() -> None:
    weights = np.array([0.2, 0.3, 0.5])
    drawn = np.random.default_rng(0).multinomial(1, weights, size=200_000)
    np.testing.assert_allclose(covariance_of(weights), np.cov(drawn.T), atol=3e-3)


def test_the_loss_of_counts_and_its_slopes() -> None:
    """-ln(N/D), of which the kinds are: all zero, value zero alone, given, the rest."""
    found = sensitivity(Goal("loss"), MODEL, {"loss": NESTED}, {"loss": ORDER})
    assert found is not None
    assert found.value == pytest.approx(log(400 / 120))
    np.testing.assert_allclose(found.slopes["loss"], [1 / 0.4 - 1 / 0.12, 1 / 0.4, 1 / 0.4, 0], atol=1e-6)
    curvature = np.full((4, 4), -1 / 0.4**2)
    curvature[0, 0] += 1 / 0.12**2
    curvature[3] = curvature[:, 3] = 0
    np.testing.assert_allclose(found.curvature("loss"), curvature, rtol=1e-4, atol=1e-4)


def test_kinds_that_no_shot_shows_have_slopes_too() -> None:
    found = sensitivity(
        Goal("loss_a"),
        MODEL,
        {"loss": replace(NESTED, success={"token_fidelity": 120.0, "fidelity": 120.0})},
        {"loss": ORDER},
    )
    assert found is not None
    np.testing.assert_allclose(found.slopes["loss"], [1 / 0.4 - 1 / 0.12] * 2 + [1 / 0.4, 0], atol=1e-4)


def test_the_success_probability_counts_as_much_as_it_is_to() -> None:
    plan = family_of(MODEL).plan(MODEL)
    seen = {"loss": replace(NESTED, subnormalisation=2.0)}
    alone, both = (Goal("loss", weight).of(MODEL, plan, seen) for weight in (0.0, 0.5))
    assert alone is not None
    assert both == pytest.approx(alone - 0.5 * log(0.4 * 4))


def test_no_value_no_slopes() -> None:
    nothing = replace(NESTED, success={"token_fidelity": 0.0, "fidelity": 0.0})
    assert sensitivity(Goal("loss"), MODEL, {"loss": nothing}, {"loss": ORDER}) is None


def test_anything_can_be_read_off_a_result() -> None:
    found = sensitivity(
        Goal("N/D", reading=lambda result: result.metrics["fidelity"]), MODEL, {"loss": NESTED}, {"loss": ORDER}
    )
    assert found is not None
    assert found.value == pytest.approx(0.3)
    np.testing.assert_allclose(found.slopes["loss"], [(1 - 0.3) / 0.4, -0.3 / 0.4, -0.3 / 0.4, 0], atol=1e-6)
