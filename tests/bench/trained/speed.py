"""Times: a seed of the Ising set-up by itself, and a loss with its gradient beside PennyLane's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.measure import ROOT
from tests.bench.table import megabytes, table
from tests.bench.trained.ising import DATA, FREE, HEADS, LADDER, SMALL, ansatz, head, monomial, one, polynomial, several
from tests.bench.trained.runs import Plan

EPOCHS = 100
BATCH = 32
LIMIT = 600
"""Seconds that PennyLane may take for a case."""

ENVIRONMENT = ROOT / ".venv-pennylane"


def section(plan: Plan) -> str:
    return f"### A seed\n\n{_seeds(plan)}\n### Beside PennyLane\n\n{_pennylane(plan)}"


# A seed


def _seeds(plan: Plan) -> str:
    turned = several(head(polynomial(4)), head(polynomial(4), 1, conjugate=True))
    models = [
        *((f"k = {k}", one(monomial(k)), FREE) for k in (1, 3, 6)),
        ("k = 6, ansatz", ansatz(6), LADDER),
        ("heads of shifts 0, 1, conjugated, degree 4", turned, HEADS),
    ]
    lines = []
    for label, model, optimiser in models[: 1 if plan.quick else None]:
        plan.say(f"a seed: {label}")
        document = {
            "qsac_train": 1,
            "model": model,
            "data": SMALL if plan.quick else DATA,
            "optimiser": optimiser,
            "epochs": 2 if plan.quick else EPOCHS,
        }
        found = _child(
            [sys.executable, "-m", "tests.bench.trained.seed"], json.dumps(document).encode(), ".json", LIMIT
        )
        lines.append([label, f"{found['seconds']:.1f}", megabytes(found["memory"]), f"{found['test']:.3f}"])
    return table([f"model, {EPOCHS} epochs", "processor seconds", "MB at most", "test cross entropy"], lines)


def _child(command: list[str], content: bytes, suffix: str, limit: float) -> Any:
    """What a command says of a file of such content, in one thread."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"case{suffix}"
        path.write_bytes(content)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        done = subprocess.run(
            [*command, str(path)],
            cwd=ROOT,
            capture_output=True,
            timeout=limit,
            check=True,
            env={**os.environ, **threads},
        )
    return json.loads(done.stdout.splitlines()[-1])


# Beside PennyLane


@dataclass(frozen=True)
class Case:
    """T tokens of d entries, complex, the kernel s^k, and V and W of so many layers."""

    context: int
    dimension: int
    degree: int
    layers: int

    def tokens(self) -> Any:
        """Sequences, (B, T+1, d)."""
        rng = np.random.default_rng([self.context, self.dimension])
        shape = (BATCH, self.context + 1, self.dimension)
        rows = rng.normal(size=shape) + 1j * rng.normal(size=shape)
        return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


CASES = (Case(4, 2, 1, 4), Case(8, 4, 1, 4), Case(8, 4, 3, 4), Case(16, 8, 1, 8))


def _pennylane(plan: Plan) -> str:
    python = plan.pennylane or _environment(plan)
    lines, version = [], ""
    for case in CASES[: 1 if plan.quick else None]:
        plan.say(f"beside PennyLane: {case}")
        ours = _ours(case)
        command = [str(python), str(ROOT / "tests" / "bench" / "pennylane_loss.py")]
        try:
            theirs = _child(command, _written(case, ours.parameters), ".npz", LIMIT)
        except subprocess.TimeoutExpired:
            lines.append([str(case), "", "", f"not within {LIMIT} s", "", "", ""])
            continue
        version = theirs["version"]
        gradient = [np.array(part) for part in theirs["gradient"]]
        deviation = max(
            abs(theirs["loss"] - ours.loss),
            *(float(np.abs(own - other).max()) for own, other in zip(ours.gradient, gradient, strict=True)),
        )
        lines.append(
            [
                f"T = {case.context}, d = {case.dimension}, k = {case.degree}, {case.layers} layers",
                str(theirs["wires"]),
                f"{1e3 * theirs['processor']:.3g}",
                f"{1e3 * ours.double:.3g}",
                f"{1e3 * ours.single:.3g}",
                f"{theirs['processor'] / ours.double:,.0f}",
                f"{deviation:.0e}",
            ]
        )
    header = [
        "case",
        "qubits",
        f"PennyLane {version}, ms",
        "ours, double, ms",
        "ours, single, ms",
        "ratio",
        "deviation",
    ]
    return table(header, lines)


def _environment(plan: Plan) -> Path:
    """The Python of an environment with PennyLane, which is made when it is first asked for."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / ".installed").exists():
        plan.say(f"installing PennyLane into {ENVIRONMENT.name}")
        uv = Path(sys.executable).parent / "uv"
        subprocess.run(
            [uv, "venv", "--clear", "--python", sys.executable, ENVIRONMENT], check=True, capture_output=True
        )
        subprocess.run([uv, "pip", "install", "--python", python, "pennylane"], check=True, capture_output=True)
        (ENVIRONMENT / ".installed").touch()
    return python


@dataclass(frozen=True)
class Ours:
    """Processor seconds a sample, in both precisions, and the loss and gradient of the first sample."""

    parameters: dict[str, Any]
    loss: float
    gradient: list[Any]
    double: float
    single: float


def _ours(case: Case) -> Ours:
    """The closed form's loss_a and its gradient, compiled, of a batch."""
    import jax

    from qsac.families.learning import Given
    from qsac.families.registry import family
    from qsac.training.configuration import learns
    from qsac.training.precision import fitted, precision

    layered = {"type": "hardware-efficient", "layers": case.layers}
    document = one(monomial(case.degree), value=layered, score=layered)
    learning = learns(family("attention"), "attention", "")
    learner = learning.learner(learning.sketch.model_validate(document), Given(case.context + 1, case.dimension), ROOT)
    initial = learner.initial(0)
    tokens = case.tokens()

    def loss(parameters: Any, batch: Any) -> Any:
        return learner.metrics(parameters, batch)["loss_a"].mean()

    seconds = {}
    for double in (True, False):
        with precision(double):
            function = jax.jit(jax.value_and_grad(loss))
            given = {name: fitted(values, double) for name, values in initial.items()}
            batch = fitted(tokens, double)
            seconds[double] = _timed(lambda: jax.block_until_ready(function(given, batch))) / BATCH  # noqa: B023
    with precision(True):
        value, gradient = jax.jit(jax.value_and_grad(loss))(
            {name: fitted(values, True) for name, values in initial.items()}, tokens[:1]
        )
    parts = [np.asarray(gradient[name]) for name in ("value", "score")]
    return Ours(initial, float(value), parts, seconds[True], seconds[False])


def _timed(action: Callable[[], Any]) -> float:
    """Processor seconds of one call, on average over enough of them to be measured."""
    action()
    calls, start = 0, time.process_time()
    while calls < 5 or time.process_time() - start < 0.5:
        action()
        calls += 1
    return (time.process_time() - start) / calls


def _written(case: Case, parameters: dict[str, Any]) -> bytes:
    """The case of the first sample as PennyLane's script reads it."""
    with tempfile.TemporaryFile() as file:
        np.savez(
            file,
            tokens=case.tokens()[0],
            value=parameters["value"],
            score=parameters["score"],
            degree=case.degree,
            repeats=3,
        )
        file.seek(0)
        return file.read()
