"""The closed form of many samples: those of one shape at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from qsac.families.contract import Result
from qsac.families.steps.evaluation import batches, traced
from qsac.families.steps.model import CircuitOf, Model
from qsac.families.steps.normal_form import Real, Rotation
from qsac.families.steps.readout import SUCCESS, trace_result

SPREAD = 1.5
"""Radians. Angles that are spread farther over the samples turn a circuit into a hash: docs/steps.md."""


def evaluated(model: Model, samples: Sequence[Real]) -> Result:
    """What the steps give of samples, in their order."""
    values: dict[str, list[Any]] = {}
    warnings: list[str] = []
    success: list[float] = []
    for places, batch in batches(samples):
        trace = traced(model, batch)
        found = trace_result(trace)
        warnings += [*found.warnings, *_spread(model, trace.inputs)]
        success += trace.success.tolist()
        for name, entries in found.values.items():
            into = values.setdefault(name, [None] * len(samples))
            for place, entry in zip(places, entries, strict=True):
                into[place] = entry
    probability = float(np.nanmean(success))
    metrics: dict[str, float | None] = {SUCCESS: probability} if SUCCESS in values else {}
    return Result(metrics, {}, probability, tuple(dict.fromkeys(warnings)), dict(values))


def _spread(model: Model, inputs: Sequence[Real]) -> list[str]:
    """A warning of circuits whose angles are spread so far that neighbours have nothing in common."""
    found = []
    for place, (step, given) in enumerate(zip(model.steps, inputs, strict=True)):
        if not isinstance(step, CircuitOf) or len(given) < 2:
            continue
        circuit = step.measured.circuit
        turned = sorted({gate.value for gate in circuit.gates if isinstance(gate, Rotation)})
        moved = set(circuit.from_inputs.rows.tolist())
        chosen = [value for value in turned if value in moved]
        if not chosen:
            continue
        angles = circuit.values(given, step.measured.parameters)[..., chosen]
        spread = float(np.std(angles.reshape(-1, len(chosen)), axis=0).mean())
        if spread > SPREAD:
            found.append(
                f"the angles of the circuit /steps/{place} have a standard deviation of {spread:.2g} rad over the "
                "samples: beyond 1.5 a circuit tells inputs apart as a hash does, and learns little"
            )
    return found
