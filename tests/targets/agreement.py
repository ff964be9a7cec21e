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
    token_fidelity = found.share("token_fidelity")
    weights, overlaps = np.ones(1), np.array([token_fidelity])
    if found.index is not None:
        weights, overlaps = found.index.marginal / found.given, found.index.joint / found.given
    values, _ = metrics_from_probabilities(
        zeta=found.given,
        fidelity=found.share("fidelity"),
        token_fidelity=token_fidelity,
        weight_share=weights[: model.context],
        overlap_share=overlaps[: model.context],
        context=model.context,
        pairs=model.pairs,
        prefix=prefix_loss(model),
    )
    for name, value in closed_form(model).values.items():
        assert values[name] == (value if value is None else pytest.approx(value, abs=TOLERANCE, rel=TOLERANCE)), name
