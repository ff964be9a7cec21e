"""What of a list of steps is learned, and what it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qsac.families.steps.learning.arrays_of_model import arrays_of
from qsac.families.steps.model import CircuitOf, Measured, MeasuredAttention, Model, Step, UnitaryMixture
from qsac.families.steps.normal_form import Circuit, Real, Rotation


@dataclass(frozen=True, eq=False)
class Draw:
    """Numbers about a ``centre``, one or an array that is broadcast, normal with standard deviation ``scale``."""

    scale: float = 0.0
    centre: Real = field(default_factory=lambda: np.zeros(()))


@dataclass(frozen=True, eq=False)
class Outline:
    """``model``: the steps, with numbers in all places. ``draws``: what learned arrays are drawn from, by name, in
    order; None for those that start with the model's own numbers. All other arrays stay."""

    model: Model
    draws: Mapping[str, Draw | None]

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        """The learned arrays before anything is learned."""
        rng = np.random.default_rng(seed)
        found: dict[str, NDArray[np.float64]] = {}
        for name, draw in self.draws.items():
            own = self.arrays[name]
            found[name] = own.copy() if draw is None else draw.centre + rng.normal(0, draw.scale, own.shape)
        return found

    @property
    def arrays(self) -> dict[str, Real]:
        """All arrays of the model by name."""
        return {name: numbers for name, (_, numbers) in arrays_of(self.model).items()}

    @property
    def pointers(self) -> dict[str, str]:
        """Where they stand in the model file."""
        return {name: pointer for name, (pointer, _) in arrays_of(self.model).items()}

    @property
    def angles(self) -> tuple[str, ...]:
        """The learned arrays of which each number turns one Pauli rotation, once, by itself."""
        found: dict[str, bool] = {}
        for step in self.model.steps:
            for circuit in circuits_of(step):
                turned = _single_angles(circuit)
                for place in circuit.places:
                    name = place.pointer[1:].replace("/", ".")
                    found[name] = found.get(name, True) and all(
                        number in turned for number in range(place.part.start, place.part.stop)
                    )
        return tuple(name for name in self.draws if found.get(name))


def measured_of(step: Step) -> list[Measured]:
    """All circuits of a step of which something is measured, each once."""
    if isinstance(step, CircuitOf):
        return [step.measured]
    if isinstance(step, MeasuredAttention):
        parts = (step.query, *(() if step.key is step.query else (step.key,)), step.value)
        return [part for part in parts if isinstance(part, Measured)]
    return [step.then] if isinstance(step, UnitaryMixture) else []


def circuits_of(step: Step) -> list[Circuit]:
    """All circuits of a step."""
    tokens = [step.token] if isinstance(step, UnitaryMixture) else []
    return [*tokens, *(measured.circuit for measured in measured_of(step))]


def _single_angles(circuit: Circuit) -> set[int]:
    """The parameters that are, up to a sign and a constant, the angle of one rotation."""
    terms = circuit.from_parameters
    occurrences = np.bincount(terms.columns, minlength=circuit.parameters)
    summands = np.bincount(terms.rows, minlength=len(circuit.offset))
    rotated = [gate.value for gate in circuit.gates if isinstance(gate, Rotation)]
    uses = np.bincount(rotated, minlength=len(circuit.offset))
    return {
        int(column)
        for row, column, factor in zip(terms.rows, terms.columns, terms.factors, strict=True)
        if occurrences[column] == summands[row] == uses[row] == 1 and abs(factor) == 1
    }
