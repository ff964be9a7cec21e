"""What steps give of measured outcomes, with standard errors: by the delta method through the classical steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from qsac.families.outcomes import Outcomes
from qsac.families.steps.evaluation import sample_of_model
from qsac.families.steps.model import Model
from qsac.families.steps.normal_form import Real
from qsac.families.steps.quantum import step_runs, stepped
from qsac.families.steps.runs import Run

COMPONENTS = 1 << 10
"""Most measured numbers through which errors are propagated."""

ENTRIES = 1 << 22
"""Largest matrix by which numbers are read from probabilities where their errors are wanted."""

_STEP = 1e-5
"""By what a measured number is moved for a derivative: the rounding of a difference, 1e-16 / 1e-5, is no matter."""


@dataclass
class Given:
    """What every step gives: ``inputs``, what it was given; ``output`` of the last one; ``weights`` of attention."""

    inputs: list[Real] = field(default_factory=list)
    output: Real = field(default_factory=lambda: np.empty(0))
    weights: list[Real] = field(default_factory=list)

    @property
    def flat(self) -> Real:
        """Output and weights as one vector."""
        return np.concatenate([self.output.reshape(-1), *(found.reshape(-1) for found in self.weights)])


def numbers_of(runs: Sequence[Run], seen: Mapping[str, Outcomes]) -> dict[str, Real]:
    """The numbers of circuits by their outcomes; NaN where nothing was accepted."""
    found = {}
    for run in runs:
        shares = run.shares(seen[run.name])
        found[run.name] = np.full(run.reading.size, np.nan) if shares is None else run.reading.numbers(shares)
    return found


def given_of(model: Model, numbers: Mapping[str, Real], base: Sequence[Real] | None = None) -> Given:
    """What the steps give of their circuits' numbers.

    With ``base``, what the steps were given when the circuits were made, the numbers of circuits that are given
    something else by now are moved by what the closed form is moved by.
    """
    given, current = Given(), sample_of_model(model)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for place, step in enumerate(model.steps):
            given.inputs.append(current)
            moved = numbers
            if base is not None and not np.array_equal(current, base[place]):
                moved = {**numbers, **_moved(model, place, current, base[place], numbers)}
            current = stepped(step, place, current, moved, given.weights)
    given.output = current
    return given


def _moved(model: Model, place: int, inputs: Real, base: Real, numbers: Mapping[str, Real]) -> dict[str, Real]:
    found = {}
    for run, before in zip(step_runs(model, place, inputs), step_runs(model, place, base), strict=True):
        now, then = run.shares(run.expected), before.shares(before.expected)
        if now is not None and then is not None:
            found[run.name] = numbers[run.name] + run.reading.numbers(now - then)
    return found


def variances(
    model: Model, runs: Sequence[Run], seen: Mapping[str, Outcomes], given: Given, totals: Mapping[str, float]
) -> Real | None:
    """The variances of :attr:`Given.flat` for so many accepted shots of each circuit; None where there are too many
    numbers. Circuits are independent; the numbers of one have the covariance of its outcomes."""
    sizes = [run.reading.size for run in runs]
    if sum(sizes) > COMPONENTS or max(size << run.index for size, run in zip(sizes, runs, strict=True)) > ENTRIES:
        return None
    numbers = numbers_of(runs, seen)
    total = np.zeros_like(given.flat)
    for run in runs:
        shares = run.shares(seen[run.name])
        if shares is None or not totals[run.name]:
            return np.full_like(given.flat, np.nan)
        covariance = _covariance(run, shares, totals[run.name])
        if not covariance.any():
            continue
        moves = np.stack(
            [_derivative(model, numbers, given, run, number) for number in range(run.reading.size)], axis=1
        )
        total += np.einsum("oc,cd,od->o", moves, covariance, moves)
    return total


def _covariance(run: Run, shares: Real, total: float) -> Real:
    """That of multinomial shots; of an outcome that never or always came, as if half a shot had been otherwise."""
    smoothed = (shares * total + 0.5 / len(shares)) / (total + 0.5) if max(shares) >= 1 else shares
    rows = run.reading.matrix()
    mean = rows @ smoothed
    found: Real = ((rows * smoothed) @ rows.T - np.outer(mean, mean)) / total
    return found


def _derivative(model: Model, numbers: Mapping[str, Real], given: Given, run: Run, place: int) -> Real:
    moved = []
    for step in (_STEP, -_STEP):
        changed = numbers[run.name].copy()
        changed[place] += step
        moved.append(given_of(model, {**numbers, run.name: changed}, given.inputs).flat)
    result: Real = (moved[0] - moved[1]) / (2 * _STEP)
    return result
