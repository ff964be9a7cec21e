"""Shots that a forecast tells, against shots that were taken."""

import pytest

import qsac
from qsac.report.forecast import CONTEXT_LIMIT, STANDARD_ERROR
from tests.strategies import random_model


@pytest.mark.parametrize("seed", [2, 7, 19, 23])
def test_the_shots_told_give_the_standard_error(seed: int) -> None:
    compiled = qsac.compile(random_model(seed), "h2", verify=False)
    told = compiled.stats["forecast"]
    exact = qsac.run(compiled).success_probability
    assert told["success_probability"] == pytest.approx(exact, abs=1e-12)
    # As many shots as leave the binomial error's own error small, scaled to what was told.
    result = qsac.run(compiled, "statevector", shots=200_000, seed=1)
    error = result.standard_errors["loss"]
    assert error is not None
    assert error * (200_000 / told["shots"]) ** 0.5 == pytest.approx(STANDARD_ERROR, rel=0.15)


def test_a_context_too_long_to_tell() -> None:
    values = [[1.0, 0.5 + 0.001 * row] for row in range(CONTEXT_LIMIT + 2)]
    attention = {
        "type": "overlap",
        "kernel": {"type": "monomial", "degree": 1},
        "value": {"type": "identity"},
        "score": {"type": "identity"},
    }
    model = {"qsac": 1, "tokens": {"type": "inline", "values": values}, "attention": attention}
    told = qsac.compile(model, "h2", verify=False).stats["forecast"]
    assert (told["success_probability"], told["shots"]) == (None, None)
