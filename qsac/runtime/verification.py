"""Verification: the compiled circuit, simulated, against the closed form of its model."""

from __future__ import annotations

import numpy as np

from qsac.artifact import Compiled
from qsac.errors import CheckFailedError
from qsac.model.metrics import closed_form
from qsac.pipeline import Progress
from qsac.runtime.statevector import simulate

AUTOMATIC_WIDTH = 14
"""Qubits up to which every compilation is verified unless it is told not to."""

TOLERANCE = 1e-9
"""Largest relative difference of probabilities; what is left of a probability below 1e-13 is rounding."""


def verify_compiled(compiled: Compiled, progress: Progress | None = None) -> None:
    """Simulate the compiled circuit exactly and compare every probability with the closed form.

    Compared are P(given), each readout's joint probability and, for every position, w_j^2 and |A_j|^2: relative to
    P(given), to 1e-9. Raises :class:`~qsac.errors.CheckFailedError` naming the worst one.
    """
    exact = closed_form(compiled.model)
    found = simulate(compiled.circuits[0], progress)
    zeta = exact["zeta"] or 0.0
    pairs = [("success_probability", found.given, zeta)]
    for metric, value in found.metrics.items():
        pairs.append((metric, value * found.given, (exact[metric] or 0.0) * zeta))
    if len(found.weights):
        scale = compiled.model.lam**2 * compiled.model.context * compiled.model.pairs
        shares = (("w_j^2", found.weights, exact.norms**2), ("|A_j|^2", found.overlaps, np.abs(exact.overlaps) ** 2))
        for name, simulated, squares in shares:
            wanted = np.zeros(len(simulated))
            wanted[: len(squares)] = squares / scale
            pairs += [
                (f"{name} at j = {j}", float(p) * found.given, float(q))
                for j, (p, q) in enumerate(zip(simulated, wanted, strict=True))
            ]
    worst = max(pairs, key=lambda pair: abs(pair[1] - pair[2]))
    if not abs(worst[1] - worst[2]) <= TOLERANCE * zeta + 1e-13:
        raise CheckFailedError(
            "the compiled circuit disagrees with the model",
            found=f"{worst[0]} = {worst[1]!r} as a joint probability, simulated",
            wanted=f"{worst[2]!r}, by the closed form",
            help="nothing was written; this is a bug of qsac: please report it with the model file and the options",
        )
