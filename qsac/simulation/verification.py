"""Verification: simulated circuits against the closed form of their model, or against their own programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isnan
from typing import Literal

import numpy as np

from qsac.families.contract import Model
from qsac.families.outcomes import SAVED, Index, Outcomes
from qsac.ir.interpreter import Interpretation, interpret
from qsac.ir.program import Program
from qsac.native.circuit import NativeCircuit
from qsac.simulation.statevector import width

AUTOMATIC_WIDTH = 15
"""Qubits live at once up to which every compilation is verified unless it is told not to.

Measured (docs/command-line.md): at 15 qubits half a second, or 1.3 s of a routed circuit; at 16 two seconds, at 18 ten.
A fixed number, so that what is written never depends on a clock.
"""

TOLERANCE = 1e-9
"""Largest relative difference of probabilities; what is left of a probability below 1e-13 is rounding."""

Pair = tuple[str, float, float]
"""A probability's name, its simulated value and the wanted one."""

How = Literal["closed form", "program"]


def is_narrow(circuit: NativeCircuit, least: int) -> bool:
    """Whether to verify a circuit without being asked; ``least`` are the qubits that its program needs. The circuit may
    have more live at once, where it takes them to be less deep; it is only looked at where the program is narrow."""
    return least <= AUTOMATIC_WIDTH and width(circuit) <= AUTOMATIC_WIDTH


@dataclass(frozen=True)
class Comparison:
    """Probabilities of a simulated circuit beside what they have to be, ``how`` known; the first is P(given)."""

    how: How
    found: Outcomes
    pairs: list[Pair]

    @property
    def worst(self) -> Pair:
        """The pair that differs most; what is not a number is the worst of all, wherever it stands."""
        return max(self.pairs, key=lambda pair: inf if isnan(pair[1]) else abs(pair[1] - pair[2]))


def differing(pairs: list[Pair]) -> list[Pair]:
    """The pairs that differ by more than :data:`TOLERANCE`, relative to P(given), which the first one is."""
    allowed = TOLERANCE * pairs[0][2] + 1e-13
    return [pair for pair in pairs if not abs(pair[1] - pair[2]) <= allowed]


def compare(found: Outcomes, wanted: Outcomes) -> list[Pair]:
    """Exact outcomes beside what they have to be: P(given), the joint probability of every readout, and those of every
    value of an index. ``wanted`` names the entries of the index."""
    pairs = [("success_probability", found.given, wanted.given)]
    pairs += [(name, weight, wanted.success.get(name, 0.0)) for name, weight in found.success.items()]
    pairs += [(name, 0.0, weight) for name, weight in wanted.success.items() if name not in found.success]
    if found.index is None and wanted.index is None:
        return pairs
    nothing = Index(np.zeros(0), np.zeros(0))
    one, other = found.index or nothing, wanted.index or nothing
    labels = (wanted.index or one).labels
    for label, simulated, asked in zip(labels, (one.marginal, one.joint), (other.marginal, other.joint), strict=True):
        for place in range(max(len(simulated), len(asked))):
            p = float(simulated[place]) if place < len(simulated) else 0.0
            q = float(asked[place]) if place < len(asked) else 0.0
            pairs.append((f"{label}{place}", p, q))
    return pairs


def of_circuit(expected: Outcomes, subnormalisation: float) -> Outcomes:
    """The closed form of a model as outcomes of a circuit whose program's lambda is ``subnormalisation`` times its."""
    return replace(expected.scaled(1 / subnormalisation**2), subnormalisation=subnormalisation)


def expected_outcomes(model: Model, subnormalisations: Sequence[float]) -> dict[str, Outcomes]:
    """The closed form of a model as outcomes of its circuits, whose programs' lambda is
    ``subnormalisations`` times its, in the order of the plan."""
    found = model.expected
    return {
        name: of_circuit(outcomes, subnormalisation)
        for (name, outcomes), subnormalisation in zip(found.items(), subnormalisations, strict=True)
    }


def of_program(program: Program) -> Outcomes:
    """The outcomes of a program, interpreted. Raises :class:`~qsac.errors.DoesNotFitError` for one that is too wide."""
    return of_interpretation(interpret(program))


def of_interpretation(found: Interpretation) -> Outcomes:
    """An interpretation as outcomes of a circuit."""
    given = next(iter(found.probabilities.values()))[0]
    index = None
    if "weights" in found.observed or "overlaps" in found.observed:
        marginal = found.observed.get("weights", np.zeros(0))
        index = Index(marginal, found.observed.get("overlaps", np.zeros(len(marginal))), SAVED)
    return Outcomes(1.0, given, {name: both for name, (_, both) in found.probabilities.items()}, index, exact=True)
