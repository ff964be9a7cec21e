"""From what is learned to the arrays of heads, for arrays of any kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from qsac.families.qsa.learning.closed_form import Heads, shifted_keys, visibility
from qsac.families.qsa.learning.outline import SIDES, HeadOutline, Outline
from qsac.families.qsa.learning.unitaries import Fixed, Form


def heads_of(
    xp: Any,
    outline: Outline,
    numbers: Mapping[str, Any],
    unitaries: Callable[[list[Form], list[Any]], list[Any]],
    array: Callable[[Any], Any],
    context: int,
    *,
    linear: Any = False,
) -> Heads:
    """The heads of an outline by what is learned, lambda 1, for so many context tokens.

    ``unitaries``: from forms and what each has learned to the matrices. ``array``: from numbers, truth values or places
    to an array of the kind of ``xp``; numbers in the precision of what is learned. ``linear``: whether every kernel is
    s, whatever the outline says; it may be traced.
    """
    coefficients = xp.stack([_coefficients(xp, outline, head, numbers, array, linear) for head in outline.heads])
    sides = [side for side in SIDES if not all(_is_identity(head.form(side)) for head in outline.heads)]
    needed = [(side, head) for side in sides for head in outline.heads]
    matrices = unitaries(
        [head.form(side) for side, head in needed], [numbers.get(head.name + side) for side, head in needed]
    )
    count = len(outline.heads)
    stacks = {side: _stacked(xp, matrices[at * count : (at + 1) * count]) for at, side in enumerate(sides)}
    conjugate = np.array([head.conjugate for head in outline.heads])
    keys = shifted_keys(outline.shifts, context)
    return Heads(
        coefficients=coefficients / xp.sum(xp.abs(coefficients)),
        values=stacks.get("value"),
        scores=stacks.get("score"),
        conjugate=array(conjugate[:, None, None]) if conjugate.any() else None,
        keys=None if keys is None else array(keys),
        visible=array(visibility(outline.shifts, context, causal=outline.mask == "causal")),
    )


def _coefficients(
    xp: Any,
    outline: Outline,
    head: HeadOutline,
    numbers: Mapping[str, Any],
    array: Callable[[Any], Any],
    linear: Any,
) -> Any:
    """The coefficients of a head, weight included, as many as the highest degree of all needs."""
    weight = numbers[f"{head.name}weight"] if head.weighs else head.weight
    if linear is True:
        return weight * array([0.0, 1.0])
    degree = max(one.kernel.degree for one in outline.heads)
    found: list[Any] = [0.0] * (1 + (degree if linear is False else max(degree, 1)))
    found[: head.kernel.degree + 1] = head.kernel.coefficients
    for number, place in enumerate(head.kernel.places):
        found[place] = numbers[f"{head.name}kernel"][number]
    coefficients = xp.stack([array(one) if isinstance(one, float) else one for one in found])
    if linear is not False:
        coefficients = xp.where(linear, array([float(place == 1) for place in range(len(found))]), coefficients)
    return weight * coefficients


def _stacked(xp: Any, matrices: list[Any]) -> Any:
    """Matrices as one array, complex where one of them is."""
    if any(_is_complex(one) for one in matrices):
        matrices = [one if _is_complex(one) else one + 0j for one in matrices]
    return xp.stack(matrices)


def _is_complex(matrix: Any) -> bool:
    return "complex" in str(matrix.dtype)


def _is_identity(form: Form) -> bool:
    return isinstance(form, Fixed) and form.entries is None
