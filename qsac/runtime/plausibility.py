"""Whether counts that were taken elsewhere can be those of the artifact's circuit.

Compared with the closed form, never with what the artifact says of itself. The noise of a machine moves counts too, so
that none of this refuses them: it warns.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, sqrt

import numpy as np
from numpy.typing import NDArray

from qsac.artifact.compiled import Compiled
from qsac.families.qsa.metrics import closed_form
from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts import Predict
from qsac.families.qsa.results import distribution, index_qubits, possible_index
from qsac.runtime.counts import Order
from qsac.runtime.estimates import IndexTally, Tally, success_share

COMPARED_CONTEXT = 4096
"""Longest context whose counts are compared: the closed form's time grows with the square."""

COMPARED_INDEX = 21
"""Most qubits of an index whose entries are compared, which take some hundred bytes each: complex overlaps of a context
of 1,024."""

MANY_ERRORS = 5.0
"""Deviations of more standard errors than this are warned about: by chance one of 10^6 counts has them."""

EVIDENCE = 15.0
"""By how much the logarithm of the likelihood has to be higher before another order is suggested: a factor of 10^6."""

FEW = 5.0
"""Kinds of shots of which fewer are expected are not compared one by one."""


@dataclass(frozen=True, eq=False)
class Expected:
    """``acceptance``: P(every given bit 0). ``shares``: of all kinds of shots that a tally tells apart, their sum 1."""

    acceptance: float
    shares: NDArray[np.float64]


def is_compared(model: Model) -> bool:
    """Whether the closed form of what a model's readout gives is quickly known."""
    return model.context <= COMPARED_CONTEXT and (model.readout.type == "loss" or index_qubits(model) <= COMPARED_INDEX)


def expected(compiled: Compiled) -> Expected:
    """What the artifact's circuit gives without noise."""
    model = compiled.model
    if model.readout.type == "loss":
        exact = closed_form(model).values
        given, joint = exact["zeta"] or 0.0, np.array([exact["fidelity"] or 0.0])
        # Of the shots that are given: all bits zero, an empty value register only, neither.
        token = max(exact["token_fidelity"] or 0.0, float(joint[0]))
        inner = np.array([joint[0], token - joint[0], 1 - token])
    else:
        found = distribution(model)
        given, inner = found.given, _kinds(compiled, found.marginal, found.joint)
        # What padding holds is read as none of a vocabulary's words.
        inner[-1] = max(0.0, 1 - float(inner.sum()))
    growth = compiled.normalisation
    given = min(max(given / growth / growth, 0.0), 1.0)
    return Expected(given, np.append(np.clip(inner, 0, None) * given, 1 - given))


def seen(compiled: Compiled, found: Tally | IndexTally) -> NDArray[np.float64]:
    """The numbers of shots of each kind, in the order of :attr:`Expected.shares`."""
    if isinstance(found, Tally):
        token, fidelity = found.success["token_fidelity"], found.success["fidelity"]
        inner = np.array([fidelity, token - fidelity, found.given - token])
    else:
        inner = _kinds(compiled, found.marginal.astype(float), found.joint.astype(float))
        inner[-1] = found.given - inner.sum()
    return np.append(inner, found.shots - found.given)


def _kinds(compiled: Compiled, marginal: NDArray[np.float64], joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """By entry of the readout's index: with success, and without where anything has to succeed; last a place for the
    values of the index that stand for no entry."""
    model = compiled.model
    possible = possible_index(model)
    if isinstance(model.readout, Predict) and model.readout.at_once:
        return np.append(joint[possible], 0.0)
    return np.concatenate((joint[possible], (marginal - joint)[possible], [0.0]))


def doubts(
    compiled: Compiled, found: Tally | IndexTally, order: Order | None, reversed_tally: Tally | IndexTally | None
) -> list[str]:
    """Warnings about counts that the circuit does not give without noise, of a model that :func:`is_compared`.

    ``reversed_tally`` is that of the same counts with their bits in the other order than ``order``, None where they
    leave no doubt about it.
    """
    exact = expected(compiled)
    hint = ""
    if order is not None and reversed_tally is not None:
        right: Order = "qiskit" if order == "pytket" else "pytket"
        given, other = misfit(exact, seen(compiled, found)), misfit(exact, seen(compiled, reversed_tally))
        if given > 2 * EVIDENCE + 2 * other:
            return [
                f"these counts fit the circuit far better in the order {right} than in the order {order}, in which "
                "they were read: the results are probably wrong"
            ]
        better = "somewhat better, but not well" if given > 2 * EVIDENCE + other else "no better"
        hint = f"; the order {right} fits {better}"
    # Both kinds of tally hold the number of shots, and of those that passed the given bits.
    shots, passed, slack = int(found.shots), int(found.given), _slack(compiled)
    nearest = min(max(passed / shots, exact.acceptance - slack, 0.0), exact.acceptance + slack, 1.0)
    if _standard_errors(passed, shots, nearest) <= MANY_ERRORS:
        return []
    share, error = success_share(passed, shots)
    return [
        f"{share:.3g} of the shots passed the given bits (standard error {error:.1g}), but without noise it would be "
        f"{exact.acceptance:.3g}: noise of the machine can do that, and so can counts of another circuit{hint}"
    ]


def misfit(exact: Expected, counts: NDArray[np.float64]) -> float:
    """How badly counts fit: twice the logarithm of the likelihood ratio to shares that fit perfectly (the G-test), less
    what chance alone is expected to give, never negative.

    Kinds of shots of which few are expected are taken together, where chance has the distribution of chi squared; a
    single shot that should not occur counts as none, since any machine misreads some.
    """
    shots = float(counts.sum())
    wanted = exact.shares * shots / exact.shares.sum()
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


def _slack(compiled: Compiled) -> float:
    """How far probabilities of a circuit that approximates may be from the closed form: the root of the infidelity
    that was allowed. An artifact that does not say so is taken for exact."""
    budget = compiled.stats.get("error_budget")
    if not isinstance(budget, dict) or not budget.get("spent"):
        return 0.0
    allowed = budget.get("budget")
    return sqrt(allowed) if isinstance(allowed, int | float) and 0 <= allowed <= 1 else 0.0
