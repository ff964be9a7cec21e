"""Whether a circuit, simulated with its maps, gives the closed form of its model."""

import numpy as np
import pytest

from qsac.families.qsa.metrics import closed_form, metrics_from_probabilities, prefix_loss
from qsac.families.qsa.model import Model
from qsac.native.circuit import NativeCircuit
from qsac.simulation.statevector import simulate

TOLERANCE = 1e-8


def assert_closed_form(model: Model, circuit: NativeCircuit) -> None:
    """Every metric of the simulated circuit to 1e-8."""
    found = simulate(circuit)
    values, _ = metrics_from_probabilities(
        zeta=found.given,
        fidelity=found.metrics["fidelity"],
        token_fidelity=found.metrics["token_fidelity"],
        weight_share=(found.weights if len(found.weights) else np.ones(1))[: model.context],
        overlap_share=(found.overlaps if len(found.overlaps) else np.array([found.metrics["token_fidelity"]]))[
            : model.context
        ],
        context=model.context,
        pairs=model.pairs,
        prefix=prefix_loss(model),
    )
    for name, value in closed_form(model).values.items():
        assert values[name] == (value if value is None else pytest.approx(value, abs=TOLERANCE, rel=TOLERANCE)), name
