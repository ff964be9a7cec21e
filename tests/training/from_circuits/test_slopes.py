"""The classical part of the chain rule."""

import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.training.from_circuits.slopes import slopes_of


def _numbers(parameters: NDArray[np.float64]) -> list[dict[str, NDArray[np.complex128]]]:
    a, b = parameters
    row = np.array([np.exp(1j * a), np.sin(b) * a, b**3])
    return [{"rows": row / np.linalg.norm(row)}, {"phases": np.array([a * b])}]


def test_slopes_are_those_of_the_function() -> None:
    at = np.array([0.7, -31.0])
    found = slopes_of(_numbers, at)
    exact = [{}, {}]
    for column in range(2):
        step = 1e-3 * np.eye(2)[column]
        stencil = [(1, 8), (-1, -8), (2, -1), (-2, 1)]
        for part in range(2):
            for name in _numbers(at)[part]:
                slope = sum(weight * _numbers(at + place * step)[part][name] for place, weight in stencil) / 12e-3
                np.testing.assert_allclose(found.slopes[part][name][column], slope, atol=1e-9)
                exact[part][name] = slope
    assert [set(part) for part in exact] == [{"rows"}, {"phases"}]
    assert 0 < found.nothing < 1e-6


def test_kinks_are_refused() -> None:
    def kinked(parameters: NDArray[np.float64]) -> list[dict[str, NDArray[np.float64]]]:
        return [{"ratio": np.sqrt(np.clip(parameters, 0, None))}]

    with pytest.raises(InvalidInputError, match="do not depend smoothly") as caught:
        slopes_of(kinked, np.zeros(2))
    assert caught.value.code == "train.not-smooth"
    slopes_of(kinked, np.ones(2))


def test_no_parameters_no_slopes() -> None:
    found = slopes_of(lambda _: [{"rows": np.eye(2)}], np.zeros(0))
    assert found.slopes[0]["rows"].shape == (0, 2, 2)
