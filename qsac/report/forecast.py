"""How many shots a compiled program takes, what they cost, and how many of them are of use, by the model's closed form
and the target's error rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qsac.families.contract import Model
from qsac.machine.target import Target
from qsac.simulation.verification import expected_outcomes

STANDARD_ERROR = 0.1
"""The standard error of the loss that shots are told for; for half of it, four times as many are needed."""

WORK_LIMIT = 1024**2
"""Most numbers that a closed form goes through unasked: those of a context of 1,024 tokens."""

NOISE = 0.1
"""Share of error-free shots below which a result says more of the machine's errors than of the model."""


def forecast(
    model: Model | None, subnormalisations: Sequence[float], counts: Mapping[str, Any], target: Target
) -> dict[str, Any]:
    """What can be told of a model's shots before any is taken; JSON-ready.

    ``subnormalisations`` is what each program's kernel is larger by than the model's, ``counts`` the statistics of the
    circuits, of several together (:func:`~qsac.counting.stats.together`). What is told:

    - ``success_probability``, the share of shots that pass the given bits without errors of the machine; of several
      circuits, each of which takes as many shots, on average;
    - ``useful``, the share of shots that pass them and are free of errors;
    - ``shots`` of each circuit for the ``standard_error`` of the metric that the readout is precise about, such as the
      loss. Errors of the machine are not reckoned with;
    - ``cost`` of these shots, as :func:`charge` has it;
    - ``noise``, whether fewer than :data:`NOISE` of all shots are free of errors.

    None where the model is too large to tell, or there is no model, where its readout is precise about nothing, or
    where the target has no rates or no price.
    """
    share, shots = (None, None) if model is None else _shots(model, subnormalisations)
    error_free = counts["error_free_probability"]
    return {
        "success_probability": share,
        "useful": None if share is None or error_free is None else share * error_free,
        "standard_error": STANDARD_ERROR,
        "shots": shots,
        "cost": None if shots is None else charge(counts["cost"], shots, target.max_shots),
        "noise": None if error_free is None else error_free < NOISE,
    }


def _shots(model: Model, subnormalisations: Sequence[float]) -> tuple[float | None, int | None]:
    """The share of shots that pass the given bits, and the shots for a standard error."""
    readout = model.readout
    if readout.work(model) > WORK_LIMIT:
        return None, None
    found = expected_outcomes(model, subnormalisations)
    shares = [min(outcomes.success_probability, 1.0) for outcomes in found.values()]
    shots = None if readout.precise is None else readout.shots(model, found, STANDARD_ERROR)
    return sum(shares) / len(shares), shots


def charge(price: Mapping[str, Any] | None, shots: int, most: int | None) -> dict[str, Any] | None:
    """What ``shots`` cost by the ``price`` of a circuit's statistics, in as many jobs as ``most`` shots a job make.

    ``amount`` in ``unit``, for ``jobs``; ``amount_with_resets`` where resets may be charged as measurements. None
    without a price.
    """
    if price is None:
        return None
    jobs = 1 if most is None else max(1, -(-shots // most))
    amounts = {
        name.replace("per_shot", "amount"): jobs * price["fixed"] + shots * price[name]
        for name in ("per_shot", "per_shot_with_resets")
        if name in price
    }
    return {"unit": price["unit"], "jobs": jobs, **amounts}


def for_shots(told: Mapping[str, Any], counts: Mapping[str, Any], target: Target, shots: int) -> dict[str, Any]:
    """What so many ``shots`` on the machine itself come to, beside those that are needed; JSON-ready.

    ``told`` is a :func:`forecast` of the same circuit. ``useful`` is how many of the shots pass the given bits and are
    free of errors, on average.
    """
    return {
        "target": target.name,
        "shots": shots,
        "useful": None if told["useful"] is None else shots * told["useful"],
        "cost": charge(counts["cost"], shots, target.max_shots),
        "needed": {"standard_error": told["standard_error"], "shots": told["shots"], "cost": told["cost"]},
        "noise": told["noise"],
    }
