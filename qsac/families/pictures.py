"""What a model looks like: matrices of its closed form as heat maps, and kernels as curves, if its family has any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

SIDE = 256
"""Most rows and columns of a picture: of more, evenly spaced ones are shown."""


@dataclass(frozen=True, eq=False)
class HeatMap:
    """A matrix of numbers from 0 up, (R, C), NaN where there is none (a mask).

    ``rows`` and ``columns`` say what they are and ``row_places`` and ``column_places`` which ones are shown, from 1;
    ``row_labels`` may name them. ``field`` is the JSON pointer of the field of the model file that it shows.
    """

    title: str
    values: NDArray[np.float64]
    rows: str
    columns: str
    row_places: tuple[int, ...]
    column_places: tuple[int, ...]
    field: str
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class KernelCurve:
    """A kernel g(s) = sum_p c_p s^p by its ``coefficients`` c_0..c_k, and its ``formula`` in words."""

    title: str
    coefficients: tuple[float, ...]
    formula: str
    field: str


@dataclass(frozen=True)
class Part:
    """A part of the model file that ops are made for: its JSON pointer, what it is, and what it says."""

    field: str
    title: str
    text: str


@runtime_checkable
class Pictured(Protocol):
    """What a family offers besides where its models can be shown. No family has to: a page has the summary then."""

    def heat_maps(self, model: Any) -> Sequence[HeatMap]:
        """Its matrices, of at most :data:`SIDE` rows and columns each."""

    def curves(self, model: Any) -> Sequence[KernelCurve]:
        """Its kernels."""

    def parts(self, model: Any) -> Sequence[Part]:
        """The parts of the model file, whose pointers ops name as their origin."""


def spread(count: int, most: int = SIDE) -> NDArray[np.intp]:
    """At most so many of the places 0 to count - 1, evenly spaced, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))


def shown_places(places: NDArray[np.intp]) -> tuple[int, ...]:
    """Places as they are counted in a picture: from 1."""
    return tuple((places + 1).tolist())
