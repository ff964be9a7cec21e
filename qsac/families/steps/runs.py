"""The circuits of a step for given vectors: their programs, what they have to give, and the numbers that are read.

A run is one circuit. Its numbers are what a classical step makes of its outcomes: expectation values or probabilities
of a group of observables, or one overlap. They are linear in the probabilities of the outcomes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from qsac.families.outcomes import RESOLUTION, Index, Outcomes
from qsac.families.steps.grouping import Group, groups, known_qubits, reading
from qsac.families.steps.model import Measured
from qsac.families.steps.normal_form import Places, Real
from qsac.families.steps.readings import Reading
from qsac.families.steps.statevector import States, lengths, pauli_basis, probabilities, states
from qsac.families.steps.unary import Unary, group_values, group_weights, rows_of, unary_of_group, width_of
from qsac.families.steps.wires import OUTCOMES, Bound, Wires
from qsac.ir.program import Program

OVERLAP = "overlap"
"""The readout of a circuit that is found in zero with a probability."""


@dataclass(frozen=True, eq=False)
class Run:
    """One circuit. ``reads``: its readout; ``index``: the qubits of the index that it measures; ``reading``: its
    numbers by the probabilities of the index' values, without an index of those of success and failure."""

    name: str
    build: Callable[[], Program]
    expect: Callable[[], Outcomes]
    reads: str
    index: int
    reading: Reading

    @cached_property
    def expected(self) -> Outcomes:
        """The closed form."""
        return self.expect()

    def shares(self, seen: Outcomes) -> Real | None:
        """The probabilities that the numbers are read from, where anything was accepted."""
        if seen.given < (RESOLUTION if seen.exact else 0.5):
            return None
        if seen.index is None:
            share = seen.share(self.reads)
            return np.array([share, 1 - share])
        weights: Real = seen.index.joint / seen.given
        return weights


# Measured circuits


def measured_runs(name: str, origin: str, title: str, measured: Measured, inputs: Real) -> list[Run]:
    """One run for each group of what is measured of a circuit with these inputs (F,)."""
    found = groups(measured)
    return [
        _measured_run(name if len(found) == 1 else f"{name}-group-{place}", origin, title, measured, inputs, group)
        for place, group in enumerate(found)
    ]


def live_bases(measured: Measured, group: Group) -> tuple[tuple[int, str], ...]:
    """The qubits of a group that have to be measured: those whose value is not known, or one if all are."""
    known = known_qubits(measured.circuit)
    live = tuple((qubit, letter) for qubit, letter in group.bases if qubit not in known or letter != "Z")
    return live or group.bases[:1] or ((0, "Z"),)


def _measured_run(name: str, origin: str, title: str, measured: Measured, inputs: Real, group: Group) -> Run:
    unary = unary_of_group(measured, group)
    if unary is not None:
        return Run(
            name,
            partial(_unary_program, title, origin, unary, measured, inputs),
            partial(_unary_outcomes, unary, measured, inputs),
            OUTCOMES,
            width_of(unary.qubits),
            reading(measured, group, group_values(unary, group)),
        )
    live = live_bases(measured, group)
    bound = Bound(measured.circuit, inputs, measured.parameters)
    return Run(
        name,
        partial(_measured_program, title, origin, bound, live),
        partial(_measured_outcomes, measured, inputs, live),
        OUTCOMES,
        len(live),
        reading(measured, group, spread(measured, group, live)),
    )


def spread(measured: Measured, group: Group, live: tuple[tuple[int, str], ...]) -> Places:
    """(2^l,): which value of a group's qubits each value of those that are measured is."""
    known = known_qubits(measured.circuit)
    places = {qubit: place for place, (qubit, _) in enumerate(live)}
    values = np.arange(1 << len(live))
    whole = np.zeros_like(values)
    for qubit, _ in group.bases:
        bit = values >> (len(live) - 1 - places[qubit]) & 1 if qubit in places else known[qubit]
        whole = 2 * whole + bit
    return whole


def _measured_program(title: str, origin: str, bound: Bound, live: tuple[tuple[int, str], ...]) -> Program:
    wires = Wires()
    wires.apply(bound, {qubit for qubit, _ in live})
    readout = wires.measure(live, f"{origin}/measure")
    return wires.program(title, [readout])


def _unary_program(title: str, origin: str, unary: Unary, measured: Measured, inputs: Real) -> Program:
    """Of the fewer qubits, in the basis Z: phases do not matter."""
    wires, width = Wires(), width_of(unary.qubits)
    wires.at = {place: wires.fresh(wires.prefix) for place in range(width)}
    rows = rows_of(unary, measured, inputs, unary.qubits, moduli=True)
    wires.load(tuple(wires.at.values()), rows, unary.origin)
    return wires.program(title, [wires.measure([(place, "Z") for place in range(width)], f"{origin}/measure")])


def _unary_outcomes(unary: Unary, measured: Measured, inputs: Real) -> Outcomes:
    weights = group_weights(unary, states(measured.circuit, inputs[None], measured.parameters))
    given = float(weights.sum())
    return Outcomes(1.0, given, {OUTCOMES: given}, Index(weights, weights), exact=True)


def _measured_outcomes(measured: Measured, inputs: Real, live: tuple[tuple[int, str], ...]) -> Outcomes:
    state = states(measured.circuit, inputs[None], measured.parameters)
    return outcomes_of(state, live, measured.circuit.qubits)


def outcomes_of(state: States, live: tuple[tuple[int, str], ...], count: int, scale: float = 1.0) -> Outcomes:
    """The outcomes of measuring a state (1, 2^n) in the bases of these letters; probabilities times ``scale``."""
    turned = pauli_basis(state, live, count)
    weights = scale * probabilities(turned, tuple(qubit for qubit, _ in live), count)[0]
    given = scale * float(lengths(state)[0])
    return Outcomes(1.0, given, {OUTCOMES: given}, Index(weights, weights), exact=True)


def overlap_outcomes(share: float) -> Outcomes:
    """The outcomes of a circuit that is found in zero with this probability."""
    return Outcomes(1.0, 1.0, {OVERLAP: share}, exact=True)
