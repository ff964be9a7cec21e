"""How the numbers of circuits depend on the parameters that are trained: classically, by central differences.

The numbers are entries of tables and angles of gates, smooth functions of the parameters without any probability in
them. Their relative error is some 1e-10: the square of the step, and rounding over the step. No shot is taken for them,
so that there is no noise that a small step would enlarge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError

Real = NDArray[np.float64]
Numbers = Sequence[Mapping[str, NDArray[Any]]]
"""Arrays by name, of each circuit."""

STEP = 6e-6
"""The step for parameters of about 1, the cube root of the precision; larger ones take larger steps."""

NOTHING = 1e-9
"""Slopes that are smaller, relatively to the largest one, are rounding."""

ROUGH = 1e-3
"""Slopes that differ by more from themselves at four times the step, relatively to the largest one, are none."""


class Slopes(NamedTuple):
    """The numbers at some parameters (P,), and their derivatives, with the parameters first."""

    numbers: Numbers
    slopes: list[dict[str, NDArray[Any]]]

    @property
    def nothing(self) -> float:
        """What is rounding among the slopes."""
        sizes = [float(np.abs(one).max(initial=0.0)) for part in self.slopes for one in part.values()]
        return NOTHING * max(sizes, default=0.0)


def slopes_of(numbers: Callable[[Real], Numbers], at: Real) -> Slopes:
    """The derivatives of a function of P parameters. Raises :class:`~qsac.errors.InvalidInputError` where it is not
    smooth."""
    base = numbers(at)
    steps = STEP * np.maximum(1.0, np.abs(at))
    found = [{name: np.zeros((len(at), *one.shape), one.dtype) for name, one in part.items()} for part in base]
    for column, step in enumerate(steps):
        direction = np.zeros(len(at))
        direction[column] = step
        for part, slope in zip(found, _difference(numbers, at, direction), strict=True):
            for name, values in slope.items():
                part[name][column] = values / (2 * step)
    slopes = Slopes(base, found)
    _check_smooth(numbers, at, steps, slopes)
    return slopes


def _difference(numbers: Callable[[Real], Numbers], at: Real, direction: Real) -> list[dict[str, NDArray[Any]]]:
    above, below = numbers(at + direction), numbers(at - direction)
    return [{name: one[name] - other[name] for name in one} for one, other in zip(above, below, strict=True)]


def _check_smooth(numbers: Callable[[Real], Numbers], at: Real, steps: Real, slopes: Slopes) -> None:
    """Look along one more direction, in which all parameters move, with a longer step."""
    if not len(at):
        return
    direction = steps * np.random.default_rng(len(at)).choice([-1.0, 1.0], len(at))
    largest = slopes.nothing / NOTHING
    for part, longer in zip(slopes.slopes, _difference(numbers, at, 4 * direction), strict=True):
        for name, values in longer.items():
            expected = 8 * np.tensordot(direction, part[name], axes=1)
            rough = np.abs(values - expected).max(initial=0.0) / (8 * np.abs(direction).max())
            if rough > ROUGH * max(largest, 1e-6):
                reach = float(np.abs(direction).max())
                raise InvalidInputError(
                    "the circuits' numbers do not depend smoothly on the parameters here",
                    code="train.not-smooth",
                    found=f"slopes that change by {rough:.2g} where the parameters change by {reach:.1g}",
                    wanted="a model whose lengths, and scores, do not coincide",
                    help="start from other numbers, or train with exact gradients",
                )
