"""How many shots a compiled program takes, told by the model's closed form."""

from __future__ import annotations

from math import ceil
from typing import Any

from qsac.model.distribution import distribution
from qsac.model.metrics import closed_form
from qsac.model.model import Model

STANDARD_ERROR = 0.1
"""The standard error of the loss that shots are told for; for half of it, four times as many are needed."""

CONTEXT_LIMIT = 1024
"""Longest context that is forecast: the closed form's time grows with its square."""


def forecast(model: Model, normalisation: float) -> dict[str, Any]:
    """The share of shots that pass the given bits, and the shots for a standard error of the loss; JSON-ready.

    ``normalisation`` is what the program's kernel is larger by than the model's. The variance of ln F is
    (1 - F) / (F p N) for N shots of which the share p counts (algorithm point 1). None where the context is too long to
    tell, or where there is no loss. Errors of the machine are not reckoned with.
    """
    told: dict[str, Any] = {"success_probability": None, "standard_error": STANDARD_ERROR, "shots": None}
    if model.context > CONTEXT_LIMIT:
        return told
    if model.readout.type != "loss":
        return told | {"success_probability": distribution(model).given}
    values = closed_form(model)
    zeta, fidelity = values["zeta"], values["fidelity"]
    if not zeta:
        return told | {"success_probability": zeta}
    share = zeta / normalisation**2
    told["success_probability"] = share
    if fidelity:
        told["shots"] = max(1, ceil((1 - fidelity) / (fidelity * share * STANDARD_ERROR**2)))
    return told
