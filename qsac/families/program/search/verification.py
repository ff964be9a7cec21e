"""Which of the keys that a search has seen are to be found: by a dot product of each, or by echoes.

Measured verification takes a circuit for each order, row and place among its candidates: the keys that shots ended in,
the most frequent ones first. These circuits come after those of the search, whose outcomes decide which keys they load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from qsac.families.outcomes import RESOLUTION, Outcomes
from qsac.families.program.echoes import exact_echo, overlap_of
from qsac.families.program.search.walks import given_keys, searched, variable, weights_by_row
from qsac.numerics.echo_estimation import echo, planned

if TYPE_CHECKING:
    from qsac.families.program.search.rows import Search

FOUND = "found"
"""What the step of verification writes."""


class Check(NamedTuple):
    """One echo of a candidate: its circuit, row, place among the row's candidates, key and order."""

    name: str
    row: int
    place: int
    key: int
    order: int


def echo_plan(search: Search) -> tuple[tuple[int, ...], int]:
    """Orders and shots with which 99% of the estimates are within a quarter of the margin: half of what a key above the
    margin is away from the threshold."""
    return planned(search.oracle_margin / 2)


def places(search: Search, row: int) -> int:
    """How many candidates of a row are verified: as many as the planned shots can end in, and at least twice as many as
    are expected."""
    keys = search.keys(row)
    return min(keys, max(2 * search.most, sum(search.planned[keys].values()))) if keys > 1 else 1


def candidates(search: Search) -> Mapping[int, tuple[int, ...]]:
    """The keys of each row that are verified: those that shots have ended in, or without shots the likeliest ones."""
    return _ranked(search, _exact_weights(search)) if search.seen is None else search.seen


def ranked(search: Search, seen: Mapping[str, Outcomes]) -> dict[int, tuple[int, ...]]:
    """The candidates of outcomes, the heaviest first."""
    return _ranked(search, weights_by_row(search, seen))


def _ranked(search: Search, by_row: Mapping[int, Any]) -> dict[int, tuple[int, ...]]:
    found = {}
    for row, weights in by_row.items():
        order = np.argsort(-weights, kind="stable")[: places(search, row)]
        found[row] = tuple(int(key) for key in order if weights[key] > RESOLUTION)
    return found


def reached(search: Search) -> dict[int, tuple[int, ...]]:
    """The keys to be found that exact outcomes end in, by row: all of them, but where a row has more than it is planned
    for, and rounds of an exact oracle take it past them."""
    found = {row: search.found(row) for row in search.rows}
    if search.refused:
        return found
    if search.measures:
        kept: Mapping[int, tuple[int, ...]] = candidates(search)
    else:
        kept = {row: tuple(np.flatnonzero(own > RESOLUTION).tolist()) for row, own in _exact_weights(search).items()}
    return {row: tuple(key for key in keys if key in kept[row]) for row, keys in found.items()}


def _exact_weights(search: Search) -> Mapping[int, Any]:
    return weights_by_row(search, {one.name: given_keys(search, one) for one in searched(search)})


def checks(search: Search) -> Iterator[Check]:
    """The circuits that verify. A place without a candidate loads the last one again, and is not looked at."""
    if not search.measures:
        return
    orders, _ = echo_plan(search)
    for row, keys in candidates(search).items():
        for place in range(places(search, row)):
            key = keys[min(place, len(keys) - 1)] if keys else 0
            for order in orders:
                yield Check(f"row-{row}-candidate-{place}-order-{order}", row, place, key, order)


def exact_check(search: Search, one: Check) -> Outcomes:
    """The exact outcomes of an echo."""
    overlap = float(variable(search, search.scores[one.row, one.key]))
    return exact_echo(float(echo(overlap, one.order)))


def found_keys(search: Search, seen: Mapping[str, Outcomes], options: Mapping[str, Any]) -> dict[str, Any]:
    """Verification, a classical step: of all keys that any shot of a row ended in, those whose score is at least the
    threshold; for each row the keys, their scores, and half the 99% intervals of these, 0 for dot products."""
    told = _measured(search, seen) if search.measures else _multiplied(search, seen)
    found = {}
    for row, verified in told.items():
        kept = sorted((key, *score) for key, score in verified.items() if score[0] >= search.threshold)
        found[str(row)] = {
            "keys": [key for key, _, _ in kept],
            "scores": [score for _, score, _ in kept],
            "errors": [error for _, _, error in kept],
        }
    return {FOUND: found}


def _multiplied(search: Search, seen: Mapping[str, Outcomes]) -> dict[int, dict[int, tuple[float, float]]]:
    return {
        row: {int(key): (search.score(row, int(key)), 0.0) for key in np.flatnonzero(weights > RESOLUTION)}
        for row, weights in weights_by_row(search, seen).items()
    }


def _measured(search: Search, seen: Mapping[str, Outcomes]) -> dict[int, dict[int, tuple[float, float]]]:
    by_key: dict[tuple[int, int], list[tuple[int, Outcomes]]] = {}
    keys = candidates(search)
    for one in checks(search):
        if one.place < len(keys[one.row]):
            by_key.setdefault((one.row, one.key), []).append((one.order, seen[one.name]))
    found: dict[int, dict[int, tuple[float, float]]] = {row: {} for row in search.rows}
    for (row, key), outcomes in by_key.items():
        overlap, error = overlap_of(outcomes)
        shifted = search.part == "re"
        found[row][key] = (2 * overlap - 1, 2 * error) if shifted else (overlap, error)
    return found
