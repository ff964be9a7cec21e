"""Whether counts that were taken elsewhere can be those of the artifact's circuit.

Compared with the closed form, never with what the artifact says of itself. The noise of a machine moves counts too, so
that none of this refuses them: it warns.
"""

from __future__ import annotations

from math import inf, log, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.artifact.compiled import Compiled
from qsac.families.contract import Model
from qsac.families.outcomes import Outcomes, fraction, is_drawable, measures_index
from qsac.runtime.counts import Order
from qsac.simulation.verification import expected_outcomes

if TYPE_CHECKING:
    from qsac.native.statistics import PartStatistics

COMPARED_WORK = 4096**2
"""Most numbers that a closed form goes through to be compared with counts: those of a context of 4,096 tokens."""

MANY_ERRORS = 5.0
"""Deviations of more standard errors than this are warned about: by chance one of 10^6 counts has them."""

EVIDENCE = 15.0
"""By how much the logarithm of the likelihood has to be higher before another order is suggested: a factor of 10^6."""

FEW = 5.0
"""Kinds of shots of which fewer are expected are not compared one by one."""


def is_compared(model: Model) -> bool:
    """Whether the closed form of what a model's readout gives is quickly known."""
    return model.readout.work(model) <= COMPARED_WORK


def expected(compiled: Compiled, name: str) -> Outcomes:
    """What a circuit of the artifact gives without noise."""
    place = compiled.names.index(name)
    return list(expected_outcomes(compiled.model, compiled.subnormalisations).values())[place]


def doubts(
    compiled: Compiled, name: str, found: Outcomes, order: Order | None, reversed_outcomes: Outcomes | None
) -> list[str]:
    """Warnings about counts that a circuit does not give without noise, of a model that :func:`is_compared`.

    ``reversed_outcomes`` are those of the same counts with their bits in the other order than ``order``, None where
    they leave no doubt about it.
    """
    circuit = compiled.circuit(name)
    if not is_drawable(circuit):
        return []
    measured = measures_index(circuit)
    exact = expected(compiled, name)
    acceptance, shares = min(max(exact.given, 0.0), 1.0), exact.kinds(measured)
    hint = ""
    if order is not None and reversed_outcomes is not None:
        right: Order = "qiskit" if order == "pytket" else "pytket"
        given, other = (misfit(shares, one.kinds(measured)) for one in (found, reversed_outcomes))
        if given > 2 * EVIDENCE + 2 * other:
            return [
                f"these counts fit the circuit far better in the order {right} than in the order {order}, in which "
                "they were read: the results are probably wrong"
            ]
        better = "somewhat better, but not well" if given > 2 * EVIDENCE + other else "no better"
        hint = f"; the order {right} fits {better}"
    shots, passed, slack = int(found.total), int(found.given), _slack(compiled.parts_stats[compiled.names.index(name)])
    nearest = min(max(passed / shots, acceptance - slack, 0.0), acceptance + slack, 1.0)
    if _standard_errors(passed, shots, nearest) <= MANY_ERRORS:
        return []
    share, error = fraction(passed, shots)
    return [
        f"{share:.3g} of the shots were accepted (standard error {error:.1g}), but without noise it would be "
        f"{acceptance:.3g}: noise of the machine can do that, and so can counts of another circuit{hint}"
    ]


def misfit(shares: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    """How badly counts fit: twice the logarithm of the likelihood ratio to shares that fit perfectly (the G-test), less
    what chance alone is expected to give, never negative.

    Kinds of shots of which few are expected are taken together, where chance has the distribution of chi squared; a
    single shot that should not occur counts as none, since any machine misreads some.
    """
    shots = float(counts.sum())
    wanted = shares * shots / shares.sum()
    few = wanted < FEW
    kinds = np.append(wanted[~few], max(float(wanted[few].sum()), 1.0))
    numbers = np.append(counts[~few], counts[few].sum())
    kinds *= shots / kinds.sum()
    some = numbers > 0
    deviance = 2 * float(numbers[some] @ np.log(numbers[some] / kinds[some]))
    return max(deviance - (len(kinds) - 1), 0.0)


def _standard_errors(part: int, whole: int, probability: float) -> float:
    """How many standard errors ``part`` of ``whole`` shots is from a probability: the signed root of the deviance,
    which for few shots and small probabilities is what a difference over its standard error is for many."""
    divergence = 0.0
    for number, share in ((part, probability), (whole - part, 1 - probability)):
        if number:
            divergence += number * log(number / whole / share) if share > 0 else inf
    return sqrt(2 * max(divergence, 0.0))


def _slack(stats: PartStatistics) -> float:
    """How far probabilities of a circuit that approximates may be from the closed form: the root of the infidelity
    that was allowed."""
    report = stats["error_budget"]
    return sqrt(report["budget"]) if report["spent"] else 0.0
