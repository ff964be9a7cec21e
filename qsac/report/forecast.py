"""How many shots a compiled program takes, what they cost and how many of them are useful, from the model's closed
form and the target's error rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

from qsac.families.contract import Model
from qsac.families.outcomes import Outcomes
from qsac.families.places import Placed
from qsac.families.registry import family_of
from qsac.families.weighed import Weighed
from qsac.machine.target import Target
from qsac.native.statistics import Charge, Forecast
from qsac.report.losses import lost
from qsac.simulation.verification import expected_outcomes

WORK_LIMIT = 1024**2
"""Largest closed form, in numbers, that is computed by default: that of a context of 1,024 tokens."""

OUTLOOK_LIMIT = 8 * WORK_LIMIT
"""The same where there is nothing but the closed form to be waited for."""

NOISE = 0.1
"""Estimated success probability (ESP) below which a result says more about the machine's errors than the model."""

STANDARD_ERROR = 0.1
"""The standard error that the number of shots is computed for where there is no model to say which."""


class Needed(TypedDict):
    """The shots for a standard error, and what they cost."""

    standard_error: float
    shots: int | None
    cost: Charge | None


class ShotForecast(TypedDict):
    """See :func:`for_shots`."""

    target: str
    shots: int
    useful: float | None
    cost: Charge | None
    needed: Needed
    noise: bool | None


def forecast(
    model: Model | None,
    subnormalisations: Sequence[float],
    counts: Mapping[str, Any],
    target: Target,
    parts: Sequence[Mapping[str, Any]] = (),
) -> Forecast:
    """What is known about a model's shots before any is taken; JSON-ready.

    ``subnormalisations`` are each program's lambda over the model's, ``counts`` the statistics of the circuits, merged
    if there are several (:func:`~qsac.counting.stats.together`), ``parts`` then those of each. The fields:

    - ``success_probability``, the acceptance probability: the share of shots whose post-selected bits are all measured
      as 0 on an error-free machine; for several circuits, which take equally many shots, the average;
    - ``useful``, the share of shots that are accepted and free of errors;
    - ``shots`` of each circuit for the ``standard_error`` of what the readout is ``precise`` about, such as the loss.
      Errors of the machine are not taken into account;
    - ``cost`` of these shots, as returned by :func:`charge`;
    - ``noise``, whether fewer than :data:`NOISE` of all shots are free of errors.

    A field is None if the model is missing or too large, nothing about the readout is ``precise``, or the target has no
    error rates or no price. Of several circuits there is also ``error_free_probability``, the average: those of the
    statistics are free of errors in all circuits. Of a family that is weighed against classical work there is
    ``classical_multiply_adds``: what the same numbers take without a circuit. Of a family that says where shots are
    lost there are the fields of :func:`~qsac.report.losses.lost`.
    """
    found, shots = (None, None) if model is None else _shots(model, subnormalisations, WORK_LIMIT)
    shares = None if found is None else [min(outcomes.success_probability, 1.0) for outcomes in found.values()]
    rates = [part["error_free_probability"] for part in parts or (counts,)]
    known = [rate for rate in rates if rate is not None]
    error_free = _mean(known) if len(known) == len(rates) else None
    useful: list[float] | None = None
    if shares is not None and error_free is not None:
        each = known if len(known) == len(shares) else [error_free] * len(shares)
        useful = [share * rate for share, rate in zip(shares, each, strict=True)]
    told: Forecast = {
        "success_probability": None if shares is None else _mean(shares),
        "useful": None if useful is None else _mean(useful),
        "standard_error": STANDARD_ERROR if model is None else model.readout.standard_error,
        "shots": shots,
        "cost": None if shots is None else charge(counts["cost"], shots, target.max_shots),
        "noise": None if error_free is None else error_free < NOISE,
    }
    if len(rates) > 1:
        told["error_free_probability"] = error_free
    family = None if model is None else family_of(model)
    if isinstance(family, Weighed):
        told["classical_multiply_adds"] = family.multiply_adds(model)
    if model is None or found is None:
        return told
    return cast(Forecast, {**told, **lost(model, found, useful, shots)})


def outlook(model: Model) -> Mapping[str, Any]:
    """What a model alone says of its shots, before it is compiled, of a family that says where they are lost; else
    nothing. The fields of :func:`forecast` that need no target, as of circuits without passes, JSON-ready."""
    if not isinstance(family_of(model), Placed):
        return {}
    found, shots = _shots(model, None, OUTLOOK_LIMIT)
    if found is None:
        return {}
    return {
        "success_probability": _mean([outcomes.success_probability for outcomes in found.values()]),
        "standard_error": model.readout.standard_error,
        "shots": shots,
    } | lost(model, found, shots=shots)


def _shots(
    model: Model, subnormalisations: Sequence[float] | None, limit: int
) -> tuple[Mapping[str, Outcomes] | None, int | None]:
    """The closed form of each circuit, as of the model without programs, and the shots for a standard error; None where
    that is too much work."""
    readout = model.readout
    if readout.work(model) > limit:
        return None, None
    found = model.expected if subnormalisations is None else expected_outcomes(model, subnormalisations)
    shots = None if readout.precise is None else readout.shots(model, found, readout.standard_error)
    return found, shots


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def charge(price: Mapping[str, Any] | None, shots: int, most: int | None) -> Charge | None:
    """The cost of ``shots`` by the ``price`` in a circuit's statistics, in jobs of at most ``most`` shots.

    None without a price.
    """
    if price is None:
        return None
    jobs = 1 if most is None else max(1, -(-shots // most))
    amounts = {
        name.replace("per_shot", "amount"): jobs * price["fixed"] + shots * price[name]
        for name in ("per_shot", "per_shot_with_resets")
        if name in price
    }
    return cast(Charge, {"unit": price["unit"], "jobs": jobs, **amounts})


def for_shots(told: Mapping[str, Any], counts: Mapping[str, Any], target: Target, shots: int) -> ShotForecast:
    """Cost and useful number of ``shots`` on the machine itself, next to the shots that are needed; JSON-ready.

    ``told`` is a :func:`forecast` of the same circuit. ``useful`` is how many of the shots are accepted and free of
    errors, on average.
    """
    return {
        "target": target.name,
        "shots": shots,
        "useful": None if told["useful"] is None else shots * told["useful"],
        "cost": charge(counts["cost"], shots, target.max_shots),
        "needed": {"standard_error": told["standard_error"], "shots": told["shots"], "cost": told["cost"]},
        "noise": told["noise"],
    }
