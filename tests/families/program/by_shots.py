"""Shots of programs without circuits: drawn from what circuits give exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qsac.families.outcomes import Index, Outcomes
from qsac.families.program.family import FAMILY
from qsac.families.program.model import Model

Rng = np.random.Generator


def drawn(outcomes: Outcomes, shots: int, rng: Rng) -> Outcomes:
    """Shots of exact outcomes."""
    if outcomes.index is None:
        ((name, share),) = outcomes.success.items()
        hits = float(rng.binomial(shots, min(share, 1.0)))
        return Outcomes(shots, shots, {name: hits})
    weights = np.append(outcomes.index.marginal, max(0.0, 1 - outcomes.index.marginal.sum()))
    counts = rng.multinomial(shots, weights / weights.sum())[:-1].astype(float)
    ((name, _),) = outcomes.success.items()
    given = float(counts.sum())
    return Outcomes(shots, given, {name: given}, Index(counts, counts))


def run_by_shots(model: Model, shots: int | Mapping[str, int], seed: int) -> Any:
    """A run in the order of the plan: circuits that come after others are made again for what these have given, and
    those that are spared are not run."""
    rng, current = np.random.default_rng(seed), model
    seen: dict[str, Outcomes] = {}
    while ready := current.plan.standing(seen).ready:
        exact = current.readout.expected(current)
        for name in ready:
            seen[name] = drawn(exact[name], shots if isinstance(shots, int) else shots[name], rng)
        current = FAMILY.fed(model, seen)
    return current.readout.result(current, seen)
