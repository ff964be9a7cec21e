"""From training to a machine: the compiled loss of trained models, with and without H2's errors, and a training whose
gradients come from noisy circuits."""

from __future__ import annotations

from typing import Any

import numpy as np

from qsac.training.circuit_losses import CircuitLosses, circuit_losses
from qsac.training.running import train
from tests.bench.table import table
from tests.bench.trained.ising import FREE, HEADS, head, monomial, one, polynomial, several
from tests.bench.trained.runs import Plan, trained

SHOTS = 2_000
SEQUENCES = 2
DATA: dict[str, Any] = {"type": "ising", "sites": 2, "context": 8}


def section(plan: Plan) -> str:
    return f"### Compiled for H2\n\n{_compiled(plan)}\n### Trained from noisy circuits\n\n{_from_circuits(plan)}"


def _compiled(plan: Plan) -> str:
    """Trained models of T = 8, d = 4, compiled for h2."""
    models = [
        *((f"k = {k}", one(monomial(k)), FREE) for k in (1, 3)),
        (
            "heads of shifts 0, 1, conjugated, degree 2",
            several(head(polynomial(2)), head(polynomial(2), 1, conjugate=True)),
            HEADS,
        ),
    ]
    lines = []
    for label, model, optimiser in models[: 1 if plan.quick else None]:
        run = trained(plan, label, {"model": model, "data": DATA, "optimiser": optimiser}, 1).run
        seed = run.seeds[0]
        learner, tests = run.learner(seed.seed), run.data(seed.seed).test[: 1 if plan.quick else SEQUENCES]
        exact = circuit_losses(learner, seed.parameters, tests, "h2")
        shots = 1_000 if plan.quick else SHOTS
        noisy = circuit_losses(learner, seed.parameters, tests, "h2", shots=shots, noise=True)
        deviation = max(abs((row.value or 0) - (row.expected or 0)) for row in exact.rows)
        lines.append([label, *_figures(exact, noisy), f"{deviation:.0e}"])
    header = [
        "model",
        "two-qubit gates",
        "qubits",
        "trained loss",
        f"with H2's errors, {SHOTS:,} shots",
        "accepted",
        "deviation",
    ]
    return table(header, lines)


def _figures(exact: CircuitLosses, noisy: CircuitLosses) -> list[str]:
    accepted = np.mean([row.success_probability or 0 for row in exact.rows])
    measured = "not resolved"
    if noisy.mean is not None and noisy.standard_error is not None:
        measured = f"{noisy.mean:.3f} ± {noisy.standard_error:.3f}"
    gates, qubits = (max(getattr(row, name) for row in exact.rows) for name in ("two_qubit_gates", "qubits"))
    return [f"{gates:,}", str(qubits), f"{exact.expected:.4f}", measured, f"{accepted:.3f}"]


def _from_circuits(plan: Plan) -> str:
    """A tiny ansatz, its gradients by parameter shifts on H2's noisy simulator; the loss is that of the closed form."""
    layered = {"type": "hardware-efficient", "rotations": ["rx", "ry"], "layers": 1}
    document = {
        "qsac_train": 1,
        "name": "tiny",
        "model": one(monomial(1), value=layered, score={"type": "identity"}),
        "data": {"type": "ising", "sites": 1, "context": 2, "field": [1.5, 2.0], "train": 8, "test": 8},
        "objective": "loss",
        "optimiser": {"type": "adam", "rate": 0.2, "warm_up": 0.0},
        "epochs": 1 if plan.quick else 10,
        "batch": 4,
        "gradient": {"type": "parameter-shift", "target": "h2", "shots": 500, "noise": True},
    }
    plan.say("parameter-shift on the noisy simulator")
    run = train(document)
    history = run.seeds[0].history
    learner, data = run.learner(0), run.data(0)
    from qsac.training.measuring import Measure, means

    measure = Measure(learner)
    before, after = (
        means(measure(parameters, data.train))["loss"] for parameters in (learner.initial(0), run.seeds[0].parameters)
    )
    lines = [
        ["first and last epoch, measured from noisy circuits", f"{history[0].train:.3f}", f"{history[-1].train:.3f}"],
        ["closed form before and after", f"{before:.3f}", f"{after:.3f}"],
    ]
    return table(["loss of the training sequences", "before", "after"], lines)
