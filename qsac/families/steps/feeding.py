"""Circuits whose inputs are measured: a model made again for the outcomes of the circuits that came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qsac.families.outcomes import Outcomes
from qsac.families.steps.evaluation import sample_of_model
from qsac.families.steps.measured import numbers_of
from qsac.families.steps.model import Model
from qsac.families.steps.normal_form import Real
from qsac.families.steps.quantum import step_runs, stepped


def fed(model: Model, seen: Mapping[str, Outcomes]) -> Model:
    """The model whose steps are given what the outcomes ``seen`` so far amount to, as far as these go."""
    given: dict[int, Real] = {}
    current = sample_of_model(model)
    for place, step in enumerate(model.steps):
        given[place] = current
        runs = step_runs(model, place, current)
        if any(run.name not in seen for run in runs):
            break
        current = stepped(step, place, current, numbers_of(runs, seen), [])
    return replace(model, fed=given)
