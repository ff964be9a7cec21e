"""How far the angles of circuits are spread over samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qsac.families.steps.evaluation import traced
from qsac.families.steps.learning.sketching import block_types
from qsac.families.steps.model import CircuitOf, Model
from qsac.families.steps.normal_form import Circuit, Real, Rotation


def spread_of_angles(model: Model, batch: Real) -> dict[int, float]:
    """For each circuit step that blocks ``angle`` feed, by its place: the root mean square of the standard deviations
    of its angles over the samples of a batch (B, F) or (B, T, F), in radians."""
    found: dict[int, float] = {}
    done, inputs = 0, batch
    for place, step in enumerate(model.steps):
        if not isinstance(step, CircuitOf):
            continue
        factors = _angle_factors(step.measured.circuit, model)
        if not factors.any():
            continue
        inputs = traced(replace(model, steps=model.steps[done:place]), inputs).output if place > done else inputs
        done = place
        rows = inputs.reshape(-1, inputs.shape[-1]) * factors
        found[place] = float(np.sqrt(np.mean(np.var(rows[:, factors != 0], axis=0))))
    return found


def _angle_factors(circuit: Circuit, model: Model) -> Real:
    """What each input is multiplied by in the angle that it is; 0 of others."""
    block_type = block_types(model.fields["steps"])
    terms = circuit.from_inputs
    rows = dict(zip(terms.rows.tolist(), zip(terms.columns.tolist(), terms.factors.tolist(), strict=True), strict=True))
    factors = np.zeros(circuit.inputs)
    for gate, block in zip(circuit.gates, circuit.blocks, strict=True):
        if isinstance(gate, Rotation) and gate.value in rows and block_type(circuit.pointers[block]) == "angle":
            column, factor = rows[gate.value]
            factors[column] = factor
    return factors
