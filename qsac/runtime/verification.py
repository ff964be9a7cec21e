"""Verification: the compiled circuit, simulated, against the closed form of its model, or its own program."""

from __future__ import annotations

from math import inf, isnan, log
from typing import Any

import numpy as np

from qsac.artifact import Compiled
from qsac.errors import CheckFailedError
from qsac.ir.approximation import infidelity
from qsac.ir.interpreter import interpret
from qsac.ir.native import NativeCircuit
from qsac.model.distribution import distribution
from qsac.model.metrics import closed_form
from qsac.pipeline import Progress
from qsac.runtime.statevector import Probabilities, simulate, width

AUTOMATIC_WIDTH = 15
"""Qubits alive at once up to which every compilation is verified unless it is told not to.

Measured (docs/command-line.md): at 15 qubits half a second, or 1.3 s of a routed circuit; at 16 two seconds, at 18 ten.
A fixed number, so that what is written never depends on a clock.
"""

TOLERANCE = 1e-9
"""Largest relative difference of probabilities; what is left of a probability below 1e-13 is rounding."""


Pair = tuple[str, float, float]
"""A probability's name, its simulated value and the wanted one."""


def is_narrow(circuit: NativeCircuit, least: int) -> bool:
    """Whether to verify a circuit without being asked; ``least`` are the qubits that its program needs. The circuit may
    have more alive at once, where it takes them to be less deep; it is only looked at where the program is narrow."""
    return least <= AUTOMATIC_WIDTH and width(circuit) <= AUTOMATIC_WIDTH


def verify_compiled(compiled: Compiled, progress: Progress | None = None) -> dict[str, Any]:
    """Simulate the compiled circuit exactly and compare every probability with the closed form.

    Compared are P(given), each readout's joint probability and, for every position, w_j^2 and |A_j|^2, or for other
    readouts than the loss the shares of every value of the index: relative to P(given), to 1e-9.
    Raises :class:`~qsac.errors.CheckFailedError` naming the worst one. A program whose passes have
    spent of an error budget is compared with its own interpretation in the same way. What is returned says how far the
    spending moved the model's values: the final state's true ``infidelity`` (None where the registers are too wide),
    ``loss_deviation`` (None where a loss does not exist) and the relative ``success_probability_deviation``. Nothing is
    returned for an exact program.
    """
    found = simulate(compiled.circuits[0], progress)
    spent = bool(_spent(compiled.stats))
    if spent:
        pairs, origin = _against_program(compiled, found), "the interpreted program"
    else:
        pairs, origin = _against_model(compiled, found), "the closed form"
    # What is not a number is the worst of all, wherever it stands.
    worst = max(pairs, key=lambda pair: inf if isnan(pair[1]) else abs(pair[1] - pair[2]))
    if not abs(worst[1] - worst[2]) <= TOLERANCE * pairs[0][2] + 1e-13:
        raise CheckFailedError(
            f"the compiled circuit disagrees with the {'model' if origin == 'the closed form' else 'program'}",
            found=f"{worst[0]} = {worst[1]!r} as a joint probability, simulated",
            wanted=f"{worst[2]!r}, by {origin}",
            help="nothing was written; this is a bug of qsac: please report it with the model file and the options",
        )
    return _deviation(compiled, found) if spent else {}


def _spent(stats: dict[str, Any]) -> object:
    """What passes have spent of the error budget; an artifact that does not say so is taken for exact."""
    budget = stats.get("error_budget")
    return budget.get("spent") if isinstance(budget, dict) else None


def _against_model(compiled: Compiled, found: Probabilities) -> list[Pair]:
    if compiled.model.readout.type != "loss":
        return _against_distribution(compiled, found)
    exact = closed_form(compiled.model)
    zeta = (exact["zeta"] or 0.0) / compiled.normalisation**2
    pairs = [("success_probability", found.given, zeta)]
    for metric, value in found.metrics.items():
        pairs.append((metric, value * found.given, (exact[metric] or 0.0) * zeta))
    if len(found.weights):
        scale = (compiled.model.lam * compiled.normalisation) ** 2 * compiled.model.context * compiled.model.pairs
        shares = (("w_j^2", found.weights, exact.norms**2), ("|A_j|^2", found.overlaps, np.abs(exact.overlaps) ** 2))
        for name, simulated, squares in shares:
            wanted = np.zeros(len(simulated))
            wanted[: len(squares)] = squares / scale
            pairs += [
                (f"{name} at j = {j}", float(p) * found.given, float(q))
                for j, (p, q) in enumerate(zip(simulated, wanted, strict=True))
            ]
    return pairs


def _against_distribution(compiled: Compiled, found: Probabilities) -> list[Pair]:
    """The shares of every value of the index, relative to P(given)."""
    exact = distribution(compiled.model)
    given = exact.given / compiled.normalisation**2
    pairs = [("success_probability", found.given, given)]
    if not len(found.weights):
        ((metric, value),) = found.metrics.items()
        return [*pairs, (metric, value * found.given, float(exact.joint.sum()) * given)]
    shares = (("P(index)", found.weights, exact.marginal), ("P(index, success)", found.overlaps, exact.joint))
    return pairs + [
        (f"{name} at {place}", float(p) * found.given, float(q) * given)
        for name, simulated, wanted in shares
        for place, (p, q) in enumerate(zip(simulated, wanted, strict=True))
    ]


def _against_program(compiled: Compiled, found: Probabilities) -> list[Pair]:
    wanted = interpret(compiled.program)
    given = next(iter(wanted.probabilities.values()))[0]
    pairs = [("success_probability", found.given, given)]
    pairs += [(metric, value * found.given, wanted.probabilities[metric][1]) for metric, value in found.metrics.items()]
    for name, simulated in (("weights", found.weights), ("overlaps", found.overlaps)):
        pairs += [
            (f"{name} at j = {j}", float(p) * found.given, float(q))
            for j, (p, q) in enumerate(zip(simulated, wanted.observed.get(name, np.zeros(0)), strict=False))
        ]
    return pairs


def _deviation(compiled: Compiled, found: Probabilities) -> dict[str, Any]:
    if compiled.model.readout.type != "loss":
        given = distribution(compiled.model).given
        return {
            "infidelity": infidelity(compiled.program),
            "loss_deviation": None,
            "success_probability_deviation": found.given * compiled.normalisation**2 / given - 1 if given else None,
        }
    exact = closed_form(compiled.model)
    loss, fidelity, zeta = exact["loss"], found.metrics["fidelity"], exact["zeta"]
    return {
        "infidelity": infidelity(compiled.program),
        "loss_deviation": None if loss is None or fidelity <= 0 else -log(fidelity) - loss,
        "success_probability_deviation": found.given * compiled.normalisation**2 / zeta - 1 if zeta else None,
    }
