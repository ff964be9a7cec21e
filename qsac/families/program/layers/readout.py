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
from qsac.families.program.layers.stack import Fed, attended, attention_of, fed
from qsac.families.program.readouts import ProgramReadout, with_steps
from qsac.numerics.tomography import FACTOR, accepted_shots, estimated, split, turned_probabilities

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
        for place, layer in enumerate(system.layers):
            states = attended(layer, system.entering(place)).states
            for one in settings(system, place):
                amplitudes = np.zeros(1 << system.state_qubits)
                amplitudes[: states.shape[1]] = states[one.row]
                amplitudes /= layer.subnormalisation * system.seen(layer, one.row)
                weights = amplitudes**2 if one.qubit is None else turned_probabilities(amplitudes, one.qubit)
                given = float(weights.sum())
                found[one.name] = Outcomes(1.0, given, {NAME: given}, Index(weights, weights, LABELS), exact=True)
        return found

    def closed_form(self, model: Model) -> Result:
        system = _layers(model)
        output = system.steps[-1][1].output
        facts = [system.facts(place) for place in range(len(system.layers))]
        probability = float(np.mean([layer["success_probability"] for layer in facts]))
        if not system.refused:
            probability = _accepted(self.expected(model))
        return Result({"success_probability": probability}, {}, probability, (), _values(system, facts, output))

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        system, seen = _layers(model), with_steps(model, seen)
        rows, facts, errors, warnings = system.rows, [], [], []
        for place in range(len(system.layers)):
            found = seen[states_of(place)]
            made = rows_of(system, place, rows, found)
            facts.append(
                {
                    "attention_state": found["states"],
                    "attention": found["attention"],
                    "after_residual": made.after_residual.tolist(),
                    "feed_forward": made.feed_forward.tolist(),
                    "output": made.output.tolist(),
                }
            )
            errors.append({"attention": found["errors"]})
            warnings += [f"layer {place}, {text}" for text in found["warnings"]]
            rows = made.output
        outcomes = {one.name: seen[one.name] for one in settings(system)}
        probability = _accepted(outcomes)
        values = _values(system, facts, rows)
        if all(one.exact for one in outcomes.values()):
            return Result({"success_probability": probability}, {}, probability, tuple(warnings), values)
        total = sum(one.total for one in outcomes.values())
        spread = sqrt(max(probability * (1 - probability), 0.25 / total) / total)
        told = {"layers": errors}
        metrics: dict[str, float | None] = {"success_probability": probability}
        return Result(metrics, {"success_probability": spread}, probability, tuple(warnings), values, told)

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """Every circuit takes equally many: as many as the computational basis of the row that is accepted least."""
        system = _layers(model)
        accepted = accepted_shots(1 << system.state_qubits, system.precision)
        least = min(found.success_probability for found in expected.values())
        return ceil(split(accepted, system.state_qubits)[0] / least) if least > 0 else None


class Setting(NamedTuple):
    """One circuit: its name, layer and row, and the qubit that a Hadamard gate turns, None in the computational
    basis."""

    name: str
    layer: int
    row: int
    qubit: int | None


def settings(system: Layers, layer: int | None = None) -> Iterator[Setting]:
    """The circuits of all layers, or of one."""
    for place in range(len(system.layers)) if layer is None else (layer,):
        for row in range(system.tokens):
            yield Setting(f"layer-{place}-row-{row}", place, row, None)
            for qubit in range(system.state_qubits):
                yield Setting(f"layer-{place}-row-{row}-turned-{qubit}", place, row, qubit)


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


def rows_of(system: Layers, place: int, rows: Real, found: Mapping[str, Any]) -> Fed:
    """The classical rest of a layer, for attention that was read."""
    return fed(system.layers[place], rows, np.array(found["attention"]))


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
    found = estimated(counts[0], counts[1:])
    unit = found.values[:columns] * (-1.0 if found.values[columns - 1] < 0 else 1.0)
    # Passes may have made a program succeed less often than the model's closed form by a known factor.
    shares = sum(one.given * one.subnormalisation**2 for one in outcomes) / sum(one.total for one in outcomes)
    length = layer.subnormalisation * system.seen(layer, row) * sqrt(shares)
    warnings = []
    undetermined = [place for place in found.undetermined if place < columns and not exact]
    if undetermined:
        warnings.append(f"row {row}: no shots tell the sign of component {', '.join(map(str, undetermined))}")
    last = max(float(unit[-1]), 1e-12)
    unit = np.append(unit[:-1], last)
    accepted = sum(one.given for one in outcomes)
    error = None if exact else sqrt(FACTOR * log(max(2, len(counts[0]))) / accepted) / last
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


def _accepted(outcomes: Mapping[str, Outcomes]) -> float:
    return float(np.mean([one.success_probability for one in outcomes.values()]))


def _layers(model: Model) -> Layers:
    from qsac.errors import of_type
    from qsac.families.program.layers.stack import Layers

    return of_type(model.system, Layers)
