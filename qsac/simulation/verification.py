"""Verification: the compiled circuit, simulated, against the closed form of its model, or its own program."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isnan, log
from typing import Any, Literal, Protocol

import numpy as np

from qsac.artifact.compiled import Compiled, Verified
from qsac.errors import CheckFailedError
from qsac.families.qsa.metrics import closed_form
from qsac.families.qsa.model import Model
from qsac.families.qsa.results import distribution
from qsac.ir.approximation import infidelity
from qsac.ir.interpreter import Interpretation, interpret
from qsac.native.circuit import NativeCircuit
from qsac.progress import Progress
from qsac.simulation.statevector import Probabilities, simulate, width

AUTOMATIC_WIDTH = 15
"""Qubits alive at once up to which every compilation is verified unless it is told not to.

Measured (docs/command-line.md): at 15 qubits half a second, or 1.3 s of a routed circuit; at 16 two seconds, at 18 ten.
A fixed number, so that what is written never depends on a clock.
"""

TOLERANCE = 1e-9
"""Largest relative difference of probabilities; what is left of a probability below 1e-13 is rounding."""


Pair = tuple[str, float, float]
"""A probability's name, its simulated value and the wanted one."""


class Described(Protocol):
    """What the closed form of a compiled program is worked out from."""

    @property
    def model(self) -> Model: ...
    @property
    def normalisation(self) -> float: ...


def is_narrow(circuit: NativeCircuit, least: int) -> bool:
    """Whether to verify a circuit without being asked; ``least`` are the qubits that its program needs. The circuit may
    have more alive at once, where it takes them to be less deep; it is only looked at where the program is narrow."""
    return least <= AUTOMATIC_WIDTH and width(circuit) <= AUTOMATIC_WIDTH


@dataclass(frozen=True)
class Comparison:
    """Probabilities of a simulated circuit beside what they have to be, ``how`` known; the first is P(given)."""

    how: Literal["closed form", "program"]
    found: Probabilities
    pairs: list[Pair]

    @property
    def worst(self) -> Pair:
        """The pair that differs most; what is not a number is the worst of all, wherever it stands."""
        return max(self.pairs, key=lambda pair: inf if isnan(pair[1]) else abs(pair[1] - pair[2]))


def differing(pairs: list[Pair]) -> list[Pair]:
    """The pairs that differ by more than :data:`TOLERANCE`, relative to P(given), which the first one is."""
    allowed = TOLERANCE * pairs[0][2] + 1e-13
    return [pair for pair in pairs if not abs(pair[1] - pair[2]) <= allowed]


def compare(compiled: Compiled, progress: Progress | None = None) -> Comparison:
    """Simulate the compiled circuit exactly, beside the closed form of its model, or its program if that is not exact.

    Compared are P(given), each readout's joint probability and, for every position, w_j^2 and |A_j|^2, or for other
    readouts than the loss the shares of every value of the index.
    """
    found = simulate(compiled.circuits[0], progress)
    if _spent(compiled.stats):
        return Comparison("program", found, against_program(compiled, found))
    return Comparison("closed form", found, against_model(compiled, found))


def verify_compiled(compiled: Compiled, progress: Progress | None = None) -> dict[str, Any]:
    """Simulate the compiled circuit exactly and :func:`compare` every probability, relative to P(given), to 1e-9.

    Raises :class:`~qsac.errors.CheckFailedError` naming the worst one. What is returned says how far the spending of an
    error budget moved the model's values: the final state's true ``infidelity`` (None where the registers are too
    wide), ``loss_deviation`` (None where a loss does not exist) and the relative ``success_probability_deviation``.
    Nothing is returned for an exact program.
    """
    return _verified(compiled, progress)[1]


def verified(compiled: Compiled, progress: Progress | None = None) -> Compiled:
    """The compiled program with the record of its verification. Raises as :func:`verify_compiled`."""
    how, report = _verified(compiled, progress)
    stats = {**compiled.stats, "error_budget": compiled.stats["error_budget"] | report}
    return replace(compiled, stats=stats, verified=Verified(how, TOLERANCE))


def _verified(
    compiled: Compiled, progress: Progress | None
) -> tuple[Literal["closed form", "program"], dict[str, Any]]:
    found = compare(compiled, progress)
    if differing(found.pairs):
        name, simulated, wanted = found.worst
        origin = "the closed form" if found.how == "closed form" else "the interpreted program"
        raise CheckFailedError(
            f"the compiled circuit disagrees with the {'model' if found.how == 'closed form' else 'program'}",
            found=f"{name} = {simulated!r} as a joint probability, simulated",
            wanted=f"{wanted!r}, by {origin}",
            help="nothing was written; this is a bug of qsac: please report it with the model file and the options",
        )
    return found.how, deviation(compiled, found.found) if found.how == "program" else {}


def _spent(stats: dict[str, Any]) -> object:
    """What passes have spent of the error budget; an artifact that does not say so is taken for exact."""
    budget = stats.get("error_budget")
    return budget.get("spent") if isinstance(budget, dict) else None


def against_model(compiled: Described, found: Probabilities) -> list[Pair]:
    """The probabilities of a circuit beside the closed form of its model."""
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


def _against_distribution(compiled: Described, found: Probabilities) -> list[Pair]:
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


def against_program(compiled: Compiled, found: Probabilities) -> list[Pair]:
    """The probabilities of a circuit beside those of its interpreted program."""
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


def probabilities_of(found: Interpretation) -> Probabilities:
    """An interpretation as what a simulated circuit comes to."""
    given = next(iter(found.probabilities.values()))[0]
    share = given or 1.0
    metrics = {metric: both / share for metric, (_, both) in found.probabilities.items()}
    observed = (found.observed.get(name, np.zeros(0)) / share for name in ("weights", "overlaps"))
    return Probabilities(given, metrics, *observed)


def deviation(compiled: Compiled, found: Probabilities) -> dict[str, Any]:
    """How far what was spent of an error budget moved a model's values; see :func:`verify_compiled`."""
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
