"""What a model's numbers are as those of an outline that was trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.transformer.learning.outline import FixedKernel, Learned, Outline, Place, Terms, Tree, real_of
from qsac.files.numbers import Numbers
from qsac.files.pointer import join

TOLERANCE = 1e-9
"""How far numbers that stay may be from the outline's own."""


def matched(outline: Outline, tree: dict[str, Tree]) -> dict[str, NDArray[np.float64]]:
    """The real arrays that make the model of ``tree`` of an outline.

    Raises :class:`~qsac.errors.InvalidInputError` where the model has another shape, or other numbers than the
    outline's where these stay.
    """
    found: dict[str, Numbers] = {
        name: np.zeros(array.shape, dtype=np.complex128 if array.complex else np.float64)
        for name, array in outline.learned.items()
    }
    _compare(outline.fields, tree, (), found)
    return {name: real_of(found[name], array) for name, array in outline.learned.items()}


def _compare(own: Tree, other: Tree, place: Place, found: dict[str, Numbers]) -> None:
    """Take what is learned from another tree, and refuse what differs besides."""
    if isinstance(own, dict):
        if not isinstance(other, dict) or own.keys() != other.keys():
            raise _differs(place)
        for name, part in own.items():
            _compare(part, other[name], (*place, name), found)
    elif isinstance(own, list):
        if not isinstance(other, list) or len(own) != len(other):
            raise _differs(place)
        for number, part in enumerate(own):
            _compare(part, other[number], (*place, number), found)
    elif isinstance(own, Learned):
        _take(own, other, place, found)
    elif isinstance(own, Terms):
        _take_terms(own, other, place, found)
    elif not _same(own, other):
        raise _differs(place)


def _take(own: Learned, other: Tree, place: Place, found: dict[str, Numbers]) -> None:
    target = own.of(found)
    if not isinstance(other, np.ndarray) or other.shape != target.shape:
        raise _differs(place)
    if np.iscomplexobj(other) and not np.iscomplexobj(target):
        raise _differs(place)
    target[...] = other


def _take_terms(own: Terms, other: Tree, place: Place, found: dict[str, Numbers]) -> None:
    if not isinstance(other, tuple) or any(other[own.size :]):
        raise _differs(place)
    numbers = (*other, *(0.0,) * (own.size - len(other)))
    if any(value and number not in own.places for number, value in enumerate(numbers)):
        raise _differs(place)
    found[own.name][:] = [numbers[number] for number in own.places]


def _same(own: Tree, other: Tree) -> bool:
    if isinstance(own, FixedKernel):
        theirs = other.coefficients if isinstance(other, FixedKernel) else other["coefficients"]
        return _near(own.coefficients, theirs)
    if isinstance(own, np.ndarray) or (isinstance(own, tuple) and own and isinstance(own[0], float)):
        return isinstance(other, np.ndarray | tuple) and _near(own, other)
    return bool(own == other)


def _near(own: Any, other: Any) -> bool:
    first, second = np.asarray(own), np.asarray(other)
    return first.shape == second.shape and bool(np.abs(first - second).max(initial=0.0) <= TOLERANCE)


def _differs(place: Place) -> InvalidInputError:
    return InvalidInputError(
        "the model has another shape than the one that is trained",
        code="train.other-shape",
        pointer=join("", *place),
        wanted="a model of the same shape, with the same numbers where they are not learned",
    )
