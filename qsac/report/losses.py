"""Where the shots of a model are lost, if its family says so, and what follows for how many are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any, Never, cast

from qsac.families.contract import Model
from qsac.families.outcomes import Outcomes
from qsac.families.places import Losses, Place, Placed
from qsac.families.registry import family_of
from qsac.native.statistics import BoundaryFields, LossFields, LostAt

SMALL = 0.05
"""A factor of the success probability below this is said in a sentence, with its reason."""

MANY = 10_000_000
"""More shots than this, over all circuits, are warned of."""

Table = list[tuple[str, str, str]]
"""Place, its lambda and its factor of the success probability, as text."""


def lost(
    model: Model,
    found: Mapping[str, Outcomes],
    useful: Sequence[float] | None = None,
    shots: int | None = None,
) -> LossFields | dict[str, Never]:
    """What a forecast says besides of a model whose family is :class:`~qsac.families.places.Placed`; else nothing.

    ``found`` is the closed form as outcomes of each circuit, ``useful`` the share of its shots that are accepted and
    free of errors, ``shots`` those of each circuit. Lists have an entry for each circuit. The fields, JSON-ready:

    - the names of the ``circuits``, their ``lambda`` and their ``success_probabilities``;
    - ``places``: ``place``, its ``lambda`` and its ``factor`` of the success probability, null where it has none. The
      factors of all places multiply to the success probability. The place ``passes`` is what the passes have gained;
    - ``bottleneck``, a sentence on the place with the least factor, if that is below :data:`SMALL`;
    - ``shots_per_success``: the shots of all circuits for one of each that is accepted and free of errors;
    - ``expected_shots`` of all circuits for the standard error, and a ``warning`` if they are more than :data:`MANY`;
    - ``boundary``: what measuring between layers takes (:class:`~qsac.families.places.Boundary`).

    A field is None where it does not exist or is not known.
    """
    family = family_of(model)
    if not isinstance(family, Placed):
        return {}
    losses = family.losses(model)
    growth = [outcomes.subnormalisation for outcomes in found.values()]
    places: list[LostAt] = [
        {"place": one.name, "lambda": _list(one.lambdas), "factor": _list(one.factors)} for one in losses.places
    ]
    if any(one != 1 for one in growth):
        places.append({"place": "passes", "lambda": None, "factor": [1 / one**2 for one in growth]})
    expected = None if shots is None else shots * len(found)
    return {
        "circuits": list(found),
        "lambda": [None if one is None else one * by for one, by in zip(losses.normalisers, growth, strict=True)],
        "success_probabilities": [min(outcomes.success_probability, 1.0) for outcomes in found.values()],
        "places": places,
        "bottleneck": bottleneck(losses, list(found)),
        "shots_per_success": _per_success(useful),
        "expected_shots": expected,
        "warning": _warning(model, expected),
        "boundary": None if losses.boundary is None else cast(BoundaryFields, asdict(losses.boundary)),
    }


def bottleneck(losses: Losses, circuits: Sequence[str]) -> str | None:
    """A sentence on the place that succeeds least often in any circuit; None if all do often enough."""
    least: tuple[float, Place, str] | None = None
    for place in losses.places:
        for factor, circuit in zip(place.factors or (), circuits, strict=False):
            if factor is not None and (least is None or factor < least[0]):
                least = factor, place, circuit
    if least is None or least[0] >= SMALL:
        return None
    factor, place, circuit = least
    where = f" in the circuit {circuit}" if len(circuits) > 1 else ""
    often = f"succeeds once in {rounded(1 / factor)}" if factor > 1e-300 else "never succeeds"
    return f"{place.subject} {often}{where}: {place.reason}"


def rounded(number: float, digits: int = 2) -> str:
    """A number to so many digits, without an exponent where it can be read."""
    return f"{float(f'{number:.{digits}g}'):,.0f}" if number < 1e15 else f"{number:.{digits}g}"


def place_rows(told: Mapping[str, Any]) -> tuple[str, Table]:
    """The circuit that succeeds least often, and where its shots are lost."""
    successes = told["success_probabilities"]
    worst = successes.index(min(successes))
    rows = [(one["place"], _text(one["lambda"], worst), _text(one["factor"], worst)) for one in told["places"]]
    return told["circuits"][worst], rows


def loss_facts(told: Mapping[str, Any], metric: str | None) -> list[tuple[str, str]]:
    """Label and text of a forecast's fields of :func:`lost`; nothing where there are none."""
    if "places" not in told:
        return []
    rows, several = [("lambda", _span(told["lambda"]))], len(told["lambda"]) > 1
    if told["expected_shots"] is not None and several:
        purpose = f" for a standard error of {told['standard_error']:g} in the {named(metric)}"
        rows.append(("shots in all", f"{told['expected_shots']:,} of {len(told['lambda'])} circuits{purpose}"))
    if told["shots_per_success"] is not None:
        of, number = " of every circuit" if several else "", rounded(told["shots_per_success"])
        rows.append(("good shots", f"one{of} that is accepted and free of errors takes about {number} shots"))
    if told["boundary"] is not None:
        rows.append(("layers", _between(told["boundary"], told["success_probability"])))
    return rows


def named(metric: str | None) -> str:
    """A metric in a sentence."""
    return str(metric).replace("_", " ")


def _warning(model: Model, expected: int | None) -> str | None:
    if expected is None or expected <= MANY:
        return None
    readout = model.readout
    return (
        f"a standard error of {readout.standard_error:g} in the {named(readout.precise)} takes about "
        f"{rounded(expected)} shots"
    )


def _between(boundary: Mapping[str, Any], success: float) -> str:
    """What measuring between layers takes, and what it gains."""
    shots = rounded(boundary["shots"])
    return (
        f"to measure {boundary['rows']:,} rows between them to {100 * boundary['error']:g} % takes about {shots} shots "
        f"of single layers; of the last one alone {boundary['success_probability']:.3g} of the shots are accepted, "
        f"of all together {success:.3g}"
    )


def _per_success(useful: Sequence[float] | None) -> float | None:
    if useful is None or not all(useful):
        return None
    number = sum(1 / share for share in useful)
    return number if isfinite(number) else None


def _list(numbers: Sequence[float | None] | None) -> list[float | None] | None:
    return None if numbers is None else list(numbers)


def _text(numbers: Sequence[float | None] | None, place: int) -> str:
    number = None if numbers is None else numbers[place]
    return "" if number is None else f"{number:.4g}"


def _span(numbers: Sequence[float | None]) -> str:
    """The number, or the least and the largest of several."""
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        return "beyond double precision"
    least, most = f"{min(known):.4g}", f"{max(known):.4g}"
    return least if least == most else f"{least} to {most}, by circuit"
