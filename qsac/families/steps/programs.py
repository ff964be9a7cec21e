"""The plan of a list of steps: all circuits of its sample, each after those that decide its inputs."""

from __future__ import annotations

from qsac.families.contract import CircuitStep, Plan
from qsac.families.steps.model import Model
from qsac.families.steps.quantum import step_runs


def plan(model: Model) -> Plan:
    """The circuits of the sample. A model without circuits has no plan: see :func:`check_circuits`."""
    steps: list[CircuitStep] = []
    known: tuple[str, ...] = ()
    given = {place: inputs[0] for place, inputs in enumerate(model.trace.inputs)} | dict(model.fed)
    for place in range(len(model.steps)):
        runs = step_runs(model, place, given[place])
        steps += [CircuitStep(run.name, run.build, (run.reads,), run.index, after=known) for run in runs]
        known += tuple(run.name for run in runs)
    return Plan(tuple(steps))
