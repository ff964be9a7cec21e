"""The circuits of every step, and what the steps give of what is measured of them.

The same functions serve the closed form and measured outcomes: a step's *numbers* are what its circuits give, by the
names of the circuits, and what follows of them is classical.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qsac.families.steps.evaluation import check_mixed, classical, mixed_weights
from qsac.families.steps.grouping import groups
from qsac.families.steps.mixed_overlaps import inversion_of, mixed_runs
from qsac.families.steps.mixture import mixture_runs
from qsac.families.steps.model import CircuitOf, Linear, Measured, MeasuredAttention, Model, Step, UnitaryMixture
from qsac.families.steps.normal_form import Real
from qsac.families.steps.overlaps import overlap_run
from qsac.families.steps.runs import Run, measured_runs
from qsac.files.pointer import join

Numbers = Mapping[str, Real]
"""The numbers of circuits by their names."""


def step_runs(model: Model, place: int, inputs: Real) -> list[Run]:
    """The circuits of a step for what it is given, (F,) or (T, F); none of a classical step.

    A number that does not exist, because nothing before it succeeds, is taken for 0: there is no output then.
    """
    inputs = np.where(np.isfinite(inputs), inputs, 0.0)
    step, name, origin = model.steps[place], f"step-{place}", join("/steps", place)
    if isinstance(step, CircuitOf):
        return _each(name, origin, model.name, step.measured, inputs)
    if isinstance(step, UnitaryMixture):
        check_mixed(step, len(inputs), origin)
        return mixture_runs(name, origin, model.name, step, inputs)
    if not isinstance(step, MeasuredAttention):
        return []
    place_of = f"{origin}/attention"
    found: list[Run] = []
    if step.score == "gaussian":
        for role in _roles(step):
            one = step.query if role == "query" else step.key
            found += _each(f"{name}-{role}", f"{place_of}/{role}", model.name, one, inputs)
    else:
        for j, i in step.pairs(len(inputs)):
            pair = (inputs[j], inputs[i])
            if step.score == "mixed-overlap":
                found += mixed_runs(f"{name}-pair-{j}-{i}", origin, model.name, step, pair)
            else:
                found.append(overlap_run(f"{name}-pair-{j}-{i}", origin, model.name, step, pair))
    if isinstance(step.value, Measured):
        found += _each(f"{name}-value", f"{place_of}/value", model.name, step.value, inputs)
    return found


def _roles(step: MeasuredAttention) -> tuple[str, ...]:
    return ("query",) if step.key is step.query else ("query", "key")


def _each(name: str, origin: str, title: str, measured: Measured, inputs: Real) -> list[Run]:
    """The circuits of one vector, or of each vector of a sequence."""
    if inputs.ndim == 1:
        return measured_runs(name, origin, title, measured, inputs)
    return [
        run
        for token, row in enumerate(inputs)
        for run in measured_runs(f"{name}-token-{token}", origin, title, measured, row)
    ]


def stepped(step: Step, place: int, inputs: Real, numbers: Numbers, weights: list[Real]) -> Real:
    """What a step gives of its inputs and the numbers of its circuits; weights of attention are appended."""
    name = f"step-{place}"
    if isinstance(step, CircuitOf):
        return _gathered(step.measured, name, inputs, numbers)
    if isinstance(step, UnitaryMixture):
        return _gathered(step.then, name, inputs[0], numbers)
    if not isinstance(step, MeasuredAttention):
        return classical(step, inputs, join("/steps", place))
    if step.score == "gaussian":
        found = [_gathered(step.query, f"{name}-{role}", inputs, numbers)[:, 0] for role in _roles(step)]
        scores = -((found[0][:, None] - found[-1][None, :]) ** 2)
    else:
        scores = np.zeros((len(inputs), len(inputs)))
        for j, i in step.pairs(len(inputs)):
            exist = np.isfinite(inputs[[j, i]]).all()
            scores[j, i] = _score(step, f"{name}-pair-{j}-{i}", numbers) if exist else np.nan
    mixed = mixed_weights(step, scores)
    weights.append(mixed)
    values = inputs
    if isinstance(step.value, Linear):
        values = step.value.applied(inputs)
    elif step.value is not None:
        values = _gathered(step.value, f"{name}-value", inputs, numbers)
    result: Real = mixed @ values + (inputs if step.residual else 0)
    return result


def _score(step: MeasuredAttention, name: str, numbers: Numbers) -> float:
    """The score of a pair, before ``scale``: the number of its circuit, or the sum over its circuits."""
    if name in numbers:
        return float(numbers[name][0])
    return float(sum(numbers[f"{name}-state-{basis}"][0] for basis in range(1 << len(inversion_of(step).others))))


def _gathered(measured: Measured, name: str, inputs: Real, numbers: Numbers) -> Real:
    """The measured numbers (G,) of one vector or (T, G) of several, from those of the groups."""
    if inputs.ndim == 2:
        return np.stack(
            [_gathered(measured, f"{name}-token-{token}", row, numbers) for token, row in enumerate(inputs)]
        )
    found = groups(measured)
    if not np.isfinite(inputs).all():
        return np.full(measured.width, np.nan)
    if len(found) == 1:
        return numbers[name]
    result = np.empty(measured.width)
    for place, group in enumerate(found):
        result[list(group.places)] = numbers[f"{name}-group-{place}"]
    return result


def success_runs(names: list[str]) -> list[str]:
    """The circuits whose success probabilities are multiplied: of the groups of one circuit the first one."""
    return [name for name in names if "-group-" not in name or name.endswith("-group-0")]
