"""Verification of what is about to be paid for. Nothing that an artifact says of itself is believed on the way."""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np

from qsac.artifact import Compiled
from qsac.errors import CheckFailedError, InvalidInputError
from qsac.model.distribution import distribution
from qsac.model.metrics import closed_form
from qsac.model.pointer import describe
from qsac.pipeline import Progress
from qsac.runtime.statevector import simulate
from qsac.runtime.verification import TOLERANCE, is_narrow, verify_compiled

_HELP = "nothing was submitted: compile the model again; if it is refused again, please report it as a bug of qsac"


def verified_before_submission(compiled: Compiled, progress: Progress | None = None) -> bool:
    """Whether the circuit was verified: False where it is too wide to be.

    Raises :class:`~qsac.errors.CheckFailedError` where it disagrees with the model, or with its program where an error
    budget was spent, or where the program is further from the model than the budget allows.
    """
    _check_normalisation(compiled)
    spent = _spent(compiled.stats)
    if not is_narrow(compiled.circuits[0], 0):
        return False
    try:
        moved = verify_compiled(compiled, progress)
    except CheckFailedError as error:
        raise CheckFailedError(
            f"the job is not submitted: {error.title}", found=error.found, wanted=error.wanted, help=_HELP
        ) from None
    if spent:
        _check_moved(compiled, moved, sum(map(sqrt, spent)))
    return True


def expected_success(compiled: Compiled) -> float:
    """The success probability of a verified circuit without noise, by the closed form."""
    if compiled.model.readout.type == "loss":
        given = closed_form(compiled.model)["zeta"] or 0.0
    else:
        given = distribution(compiled.model).given
    return given / compiled.normalisation**2


def _check_normalisation(compiled: Compiled) -> None:
    """Results are scaled by ``stats.lam``: it must be what the program says."""
    wanted = compiled.model.lam * compiled.program.normalisation
    stated: Any = compiled.stats.get("lam")
    valid = isinstance(stated, int | float) and not isinstance(stated, bool)
    if not (valid and wanted * (1 - TOLERANCE) <= stated <= wanted * (1 + TOLERANCE)):
        raise CheckFailedError(
            "the job is not submitted: its artifact scales results by another lambda than its program",
            pointer="/stats/lam",
            found=describe(stated),
            wanted=repr(wanted),
            help=_HELP,
        )


def _spent(stats: dict[str, Any]) -> list[float]:
    """The infidelities that passes are said to have spent, of which the errors must add up to less than 1."""
    budget = stats.get("error_budget")
    spent = budget.get("spent") if isinstance(budget, dict) else None
    values = list(spent.values()) if isinstance(spent, dict) else [] if spent is None else [spent]
    for value in values:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < 1:
            raise InvalidInputError(
                "the artifact's error budget is invalid",
                pointer="/stats/error_budget/spent",
                found=describe(value),
                wanted="numbers from 0 to below 1, by pass",
            )
    return values


def _check_moved(compiled: Compiled, moved: dict[str, Any], error: float) -> None:
    """An error of e in the final state moves no probability by more than e."""
    moves = _moved_loss(compiled, moved) if compiled.model.readout.type == "loss" else _moved_entries(compiled)
    for name, by in moves.items():
        if not abs(by) <= error + TOLERANCE:
            raise CheckFailedError(
                "the job is not submitted: the program is further from its model than its error budget allows",
                found=f"the {name} moved by {by:.3g}",
                wanted=f"at most {error:.3g}",
                help=_HELP,
            )


def _moved_loss(compiled: Compiled, moved: dict[str, Any]) -> dict[str, float]:
    """How far the probability of success, and that of finding the loss's state as well, are from the model's."""
    given, relative = expected_success(compiled), moved["success_probability_deviation"]
    if relative is None:
        return {}
    moves = {"success probability": given * relative}
    loss = closed_form(compiled.model)["loss"]
    if loss is not None and moved["loss_deviation"] is not None:
        joint = exp(-loss - moved["loss_deviation"]) * given * (1 + relative)
        moves["probability of the loss's state"] = joint - exp(-loss) * given
    return moves


def _moved_entries(compiled: Compiled) -> dict[str, float]:
    """How far the probability of success, and those of every value of the index with it, are from the model's."""
    found, exact = simulate(compiled.circuits[0]), distribution(compiled.model)
    given = expected_success(compiled)
    moves = {"success probability": found.given - given}
    for name, simulated, wanted in (("index", found.weights, exact.marginal), ("entry", found.overlaps, exact.joint)):
        if len(simulated):
            differences = np.abs(simulated * found.given - wanted * given)
            worst = int(np.argmax(differences))
            moves[f"probability of {name} {worst}"] = float(differences[worst])
    return moves
