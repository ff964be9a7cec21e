"""What is said of a model for people."""

import pytest

from qsac.families.qsa.summary import summary
from qsac.families.reading import load
from tests.families.models import minimal


@pytest.mark.parametrize(
    ("coefficients", "formula"),
    [
        ([0, 1], "g(s) = s"),
        ([1, -2, 0.5], "g(s) = 1 - 2 s + 0.5 s^2"),
        ([-1, 0, -1], "g(s) = -1 - s^2"),
        ([0, -1], "g(s) = -s"),
        ([0.123456, 0, 0, 1.0000001], "g(s) = 0.1235 + s^3"),
    ],
)
def test_kernel_as_a_formula(coefficients: list[float], formula: str) -> None:
    kernel = {"type": "polynomial", "coefficients": coefficients}
    assert dict(summary(load(minimal(kernel=kernel))))["kernel"] == formula
