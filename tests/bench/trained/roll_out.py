"""Trajectories rolled forward: fidelities by step and errors of observables, beside persistence and least squares."""

from __future__ import annotations

import statistics
from typing import Any, get_args

import numpy as np

from qsac.training.roll_out import Phase, RollOut, compared, least_squares, rolled
from qsac.training.rolling import roll_out
from qsac.training.run_folder import Run
from tests.bench.table import table
from tests.bench.trained.ising import DATA, FREE, HEADS, SMALL, head, monomial, one, polynomial, several
from tests.bench.trained.runs import Plan, trained

SEEDS = 8
STEPS = 8
SHOWN = (1, 2, 4, 8)


def models() -> dict[str, dict[str, Any]]:
    """Configurations by label."""
    plain = several(head(polynomial(4)), head(polynomial(4), 1))
    turned = several(head(polynomial(4)), head(polynomial(4), 1, conjugate=True))
    phased = {"attention": {**turned["attention"], "phases": "none"}}
    return {
        "one plain head, k = 3": {"model": one(monomial(3)), "optimiser": FREE},
        "heads of shifts 0, 1, degree 4": {"model": plain, "optimiser": HEADS},
        "the shifted head conjugated": {"model": turned, "optimiser": HEADS},
        "the same, phases trained": {"model": phased, "optimiser": HEADS, "objective": {"type": "loss_phased"}},
        "the same, trained on four steps": {
            "model": phased,
            "optimiser": HEADS,
            "objective": {"type": "loss_phased", "roll_out": {"steps": 4, "weight": 0.2, "after": 0.75}},
        },
    }


def section(plan: Plan) -> str:
    seeds = plan.number(SEEDS)
    steps = 3 if plan.quick else STEPS
    lines, last = [], None
    for label, document in models().items():
        whole = {"data": SMALL if plan.quick else DATA, "epochs": 120, **document}
        run = last = trained(plan, label, whole, seeds).run
        for phase in get_args(Phase):
            found = roll_out(run, steps, phase=phase)
            lines.append(_line(label, f"of the {phase}", [one.roll_out for one in found.seeds], steps))
    assert last is not None
    lines += _baselines(last, steps)
    shown = [f"step {step}" for step in SHOWN if step <= steps]
    return table(["model", "phase", *shown, "error of m", "of zz", "of x"], lines)


def _line(label: str, phase: str, found: list[RollOut], steps: int) -> list[str]:
    fidelities = np.mean([one.fidelity.mean(axis=0) for one in found if one.fidelity is not None], axis=0)
    errors = [
        statistics.fmean(one.observables[name].error("predicted") or 0.0 for one in found)
        for name in found[0].observables
    ]
    return [
        label,
        phase,
        *(f"{fidelities[step - 1]:.3f}" for step in SHOWN if step <= steps),
        *(f"{error:.3f}" for error in errors),
    ]


def _baselines(run: Run, steps: int) -> list[list[str]]:
    """The last known state, and the matrix of least squares over the context, on the same trajectories."""
    stays, fitted = [], []
    for found in roll_out(run, steps).seeds:
        data, true = run.data(found.seed or 0), found.roll_out.true
        assert true is not None
        context = data.test[:, : found.context]
        last = np.repeat(context[:, -1:], steps, axis=1)
        stays.append(compared(context, last, true, data.observables, "model"))
        fitted.append(compared(context, rolled(context, steps, least_squares), true, data.observables, "model"))
    return [
        _line("persistence", "", stays, steps),
        _line("least squares over the context (classical)", "", fitted, steps),
    ]
