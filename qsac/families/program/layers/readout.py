"""The readout of layers with tomography: every layer's rows, and the head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log, sqrt
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Result
from qsac.families.outcomes import RESOLUTION, Index, Outcomes
from qsac.families.program.layers.networks import estimated_network, exact_network_echoes, network_errors
from qsac.families.program.layers.stack import Fed, attention_of, fed, padded_row
from qsac.families.program.readouts import ProgramReadout, accepted_share, spread_of_share, with_steps
from qsac.numerics.tomography import (
    FACTOR,
    REFERENCE_FACTOR,
    accepted_shots,
    by_reference,
    estimated,
    split,
    turned_probabilities,
)

if TYPE_CHECKING:
    from qsac.families.program.layers.stack import Layers
    from qsac.families.program.model import Model

Real = NDArray[np.float64]

NAME = "state"
"""The readout of every circuit."""

LABELS = ("P(component and accepted) at ", "P(component and accepted) again at ")


@dataclass(frozen=True)
class LayersReadout(ProgramReadout):
    """The rows after every layer, and their mean where the head asks for it."""

    type: ClassVar[str] = "layers"

    def work(self, model: Model) -> int:
        return _layers(model).multiply_adds

    def expected(self, model: Model) -> dict[str, Outcomes]:
        """The index is the component of the state of a row, in the basis of the setting."""
        system, found = _layers(model), {}
        for place in range(len(system.layers)):
            for one in settings(system, place):
                weights = exact_weights(system, one)
                given = float(weights.sum())
                found[one.name] = Outcomes(1.0, given, {NAME: given}, Index(weights, weights, LABELS), exact=True)
            found |= exact_network_echoes(system, place)
        return found

    def closed_form(self, model: Model) -> Result:
        system = _layers(model)
        output = system.steps[-1][1].output
        facts = [system.facts(place) for place in range(len(system.layers))]
        probability = float(np.mean([layer["success_probability"] for layer in facts]))
        if not system.refused:
            probability = _accepted(system, self.expected(model))
        return Result({"success_probability": probability}, {}, probability, (), _values(system, facts, output))

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        system, seen = _layers(model), with_steps(model, seen)
        rows, facts, errors, warnings = system.rows, [], [], []
        for place in range(len(system.layers)):
            found = seen[states_of(place)]
            made = rows_of(system, place, rows, found, seen)
            facts.append(
                {
                    "attention_state": found["states"],
                    "attention": found["attention"],
                    "after_residual": made.after_residual.tolist(),
                    "feed_forward": made.feed_forward.tolist(),
                    "output": made.output.tolist(),
                }
            )
            errors.append({"attention": found["errors"]} | network_errors(system, place, made, seen))
            warnings += [f"layer {place}, {text}" for text in found["warnings"]]
            rows = made.output
        outcomes = {one.name: seen[one.name] for one in settings(system)}
        probability = _accepted(system, outcomes)
        values = _values(system, facts, rows)
        if all(one.exact for one in outcomes.values()):
            return Result({"success_probability": probability}, {}, probability, tuple(warnings), values)
        total = sum(one.total for one in outcomes.values())
        spread = spread_of_share(probability, total)
        told = {"layers": errors}
        metrics: dict[str, float | None] = {"success_probability": probability}
        return Result(metrics, {"success_probability": spread}, probability, tuple(warnings), values, told)

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """Every circuit takes equally many: as many as the computational basis of the row that is accepted least."""
        system = _layers(model)
        accepted = accepted_shots(1 << system.state_qubits, system.precision, reference=system.by_reference)
        least = min(expected[one.name].success_probability for one in settings(system))
        if not least > 0:
            return None
        basis = accepted // 2 if system.by_reference else split(accepted, system.state_qubits)[0]
        return max(ceil(basis / least), system.estimates[1] if system.estimates else 0)


class Setting(NamedTuple):
    """One circuit: its name, layer and row, and the qubit that a Hadamard gate turns, None in the computational
    basis; or ``reference``, the interference with a reference state."""

    name: str
    layer: int
    row: int
    qubit: int | None = None
    reference: bool = False


def settings(system: Layers, layer: int | None = None) -> Iterator[Setting]:
    """The circuits of all layers, or of one."""
    for place in range(len(system.layers)) if layer is None else (layer,):
        for row in range(system.tokens):
            yield Setting(f"layer-{place}-row-{row}", place, row)
            if system.by_reference:
                yield Setting(f"layer-{place}-row-{row}-reference", place, row, reference=True)
            for qubit in () if system.by_reference else range(system.state_qubits):
                yield Setting(f"layer-{place}-row-{row}-turned-{qubit}", place, row, qubit)


def exact_weights(system: Layers, one: Setting) -> Real:
    """The exact probabilities of a circuit's index: of the components of a row's state in the basis of the setting, or
    of the sum and of the difference of the state and its reference. The reference takes part in the sum over the keys
    as their values do, so that its amplitude is sqrt(2) times the last component, which is the kernel's sum."""
    layer = system.layers[one.layer]
    state = system.attention(one.layer).states[one.row]
    amplitudes = padded_row(state, 1 << system.state_qubits) / (layer.subnormalisation * system.seen(layer, one.row))
    if one.reference:
        reference = sqrt(2) * amplitudes[len(state) - 1] * system.reference(one.layer, one.row)
        return np.concatenate((reference + amplitudes, reference - amplitudes)) ** 2 / 4
    return np.asarray(amplitudes**2 if one.qubit is None else turned_probabilities(amplitudes, one.qubit))


def states_of(layer: int) -> str:
    """What the classical step of a layer writes."""
    return f"states-{layer}"


def tomography(system: Layers, layer: int, seen: Mapping[str, Outcomes], options: Mapping[str, Any]) -> dict[str, Any]:
    """States and attention of a layer's rows by all settings, a classical step: lengths by the share of accepted shots,
    the global sign by the last column, which is a sum of the kernel's values."""
    by_row: dict[int, list[Outcomes]] = {}
    for one in settings(system, layer):
        by_row.setdefault(one.row, []).append(seen[one.name])
    states, errors, warnings = [], [], []
    for row, outcomes in by_row.items():
        state, error, text = _state(system, layer, row, outcomes)
        states.append(state)
        errors.append(error)
        warnings += text
    found = np.stack(states)
    attention = attention_of(system.layers[layer], found)
    halves = [None if e is None else e * (1 + float(np.abs(a).max())) for e, a in zip(errors, attention, strict=True)]
    told = {"states": found.tolist(), "attention": attention.tolist(), "errors": halves, "warnings": warnings}
    return {states_of(layer): told}


def rows_of(system: Layers, place: int, rows: Real, found: Mapping[str, Any], seen: Mapping[str, Any]) -> Fed:
    """The rest of a layer, for attention that was read, and for a network that was estimated if it was."""
    made = fed(system.layers[place], rows, np.array(found["attention"]))
    if not system.estimates_network(place):
        return made
    added = estimated_network(system, place, made.after_residual, seen)[0]
    return Fed(made.after_residual, added, made.after_residual + added)


def _state(system: Layers, place: int, row: int, outcomes: Sequence[Outcomes]) -> tuple[Real, float | None, list[str]]:
    """The state z of a row, (d + 1,), and the error of A over 1 + |A|: that of the components over the last one."""
    layer, columns = system.layers[place], system.rows.shape[1] + 1
    counts = [_weights(found) for found in outcomes]
    exact = all(found.exact for found in outcomes)
    lost = float(counts[0].sum()) <= (RESOLUTION if exact else 0)
    if lost:
        # No shot of the computational basis was accepted: a state like no other, and an error that says so.
        fallback = np.zeros(columns)
        fallback[-1] = 1e-12
        return fallback, None, [f"row {row}: no shot was accepted; take more shots"]
    if system.by_reference:
        found = by_reference(counts[0], counts[1].reshape(2, -1), system.reference(place, row))
    else:
        found = estimated(counts[0], counts[1:])
    unit = found.values[:columns] * (-1.0 if found.values[columns - 1] < 0 else 1.0)
    # Passes may have made a program succeed less often than the model's closed form by a known factor.
    basis = outcomes[:1] if system.by_reference else outcomes
    shares = sum(one.given * one.subnormalisation**2 for one in basis) / sum(one.total for one in basis)
    length = layer.subnormalisation * system.seen(layer, row) * sqrt(shares)
    warnings = []
    undetermined = [place for place in found.undetermined if place < columns and not exact]
    if undetermined:
        warnings.append(f"row {row}: no shots tell the sign of component {', '.join(map(str, undetermined))}")
    last = max(float(unit[-1]), 1e-12)
    unit = np.append(unit[:-1], last)
    accepted = sum(one.given for one in outcomes)
    factor = REFERENCE_FACTOR if system.by_reference else FACTOR
    error = None if exact else sqrt(factor * log(max(2, len(counts[0]))) / accepted) / last
    return unit * length, error, warnings


def _weights(found: Outcomes) -> Real:
    """What was accepted, by component."""
    return np.array([found.given]) if found.index is None else found.index.marginal


def _values(system: Layers, facts: list[dict[str, Any]], output: Real) -> dict[str, Any]:
    values: dict[str, Any] = {
        "layers": facts,
        "output": output.tolist(),
        "classical_multiply_adds": system.multiply_adds,
    }
    return values | ({"head": output.mean(axis=0).tolist()} if system.mean else {})


def _accepted(system: Layers, outcomes: Mapping[str, Outcomes]) -> float:
    """The mean over the circuits that read states."""
    return accepted_share(outcomes[one.name] for one in settings(system))


def _layers(model: Model) -> Layers:
    from qsac.errors import of_type
    from qsac.families.program.layers.stack import Layers

    return of_type(model.system, Layers)
