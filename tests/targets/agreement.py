"""Whether a circuit, simulated with its maps, gives the closed form of its model."""

import numpy as np
import pytest

from qsac.ir.native import NativeCircuit
from qsac.model import Model, closed_form, metrics_from_probabilities
from qsac.model.metrics import prefix_loss
from qsac.runtime.statevector import simulate

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
