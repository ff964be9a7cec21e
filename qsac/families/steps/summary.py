"""What there is to say of a list of steps: facts for programs, and a summary for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from qsac.families.contract import Fact
from qsac.families.steps.binding import parameters
from qsac.families.steps.drawing import qubits
from qsac.families.steps.mixed_overlaps import form_costs, mixed_form
from qsac.families.steps.model import (
    Activation,
    CircuitOf,
    Linear,
    MeasuredAttention,
    Model,
    Pool,
    Step,
    UnitaryMixture,
)
from qsac.families.steps.unary import unary_parts, width_of
from qsac.files.pointer import counted


def facts(model: Model) -> dict[str, Any]:
    """What is said with ``--json``."""
    shape = model.shape
    return {
        "name": model.name,
        "steps": [given["type"] for given in model.fields["steps"]],
        "input": {"width": shape.width, "sequence": shape.sequence},
        "parameters": _count(model),
        "qubits": qubits(model),
        "sha256": model.sha256,
    }


def statistics(model: Model, subnormalisations: Sequence[float]) -> dict[str, Any]:
    """What an artifact says: ``normalisation``; of steps whose scores are overlaps of mixed states which of the two
    forms their circuits have, beside what the score of a pair takes in each; of steps with unary states in fewer qubits
    how many amplitudes these hold."""
    found: dict[str, Any] = {"normalisation": list(subnormalisations)}
    mixed = {
        str(place): {
            "form": mixed_form(step),
            "forms": {form: {**asdict(cost), "work": cost.work} for form, cost in form_costs(step).items()},
        }
        for place, step in enumerate(model.steps)
        if isinstance(step, MeasuredAttention) and step.score == "mixed-overlap"
    }
    unary = {
        str(place): {
            part: {"amplitudes": len(qubits), "qubits": width_of(qubits)} for part, qubits in unary_parts(step).items()
        }
        for place, step in enumerate(model.steps)
    }
    unary = {place: parts for place, parts in unary.items() if parts}
    return found | ({"mixed_overlaps": mixed} if mixed else {}) | ({"unary_states": unary} if unary else {})


def summary(model: Model) -> list[Fact]:
    """Label and text of the facts of a model."""
    found: list[Fact] = [("input", _input(model))]
    found += [(f"step {place}", _said(step) + _unary(step)) for place, step in enumerate(model.steps)]
    return [*found, ("parameters", f"{_count(model):,}"), ("sha256", model.sha256)]


def _count(model: Model) -> int:
    return sum(int(_size(parameter.shape)) for name, parameter in parameters(model).items() if name.startswith("steps"))


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _input(model: Model) -> str:
    shape = model.shape
    if shape.width == 0:
        return "none"
    width = "" if shape.width is None else f" of {counted(shape.width, 'number')}"
    kind = f"a sequence of vectors{width}" if shape.sequence else f"a vector{width}"
    return kind + ("" if model.sample is None else f"; {model.sample.size:,} in the sample")


def _unary(step: Step) -> str:
    """How many qubits are compiled for unary states."""
    sizes = {f"; {counted(width_of(one), 'qubit')} for {len(one)} unary ones" for one in unary_parts(step).values()}
    return "".join(sorted(sizes))


def _said(step: Step) -> str:
    if isinstance(step, Linear):
        return f"linear, {step.weight.shape[1]:,} to {step.weight.shape[0]:,}"
    if isinstance(step, Activation):
        return f"{step.factor:g} times {step.function}"
    if isinstance(step, CircuitOf):
        measured = step.measured
        qubits = measured.circuit.qubits - measured.circuit.discarded
        made = f"{counted(qubits, 'qubit')}, {counted(len(measured.circuit.gates), 'gate')}"
        return f"circuit, {made}, {counted(measured.width, 'number')} measured"
    if isinstance(step, MeasuredAttention):
        return f"attention of measured values, {step.score}, {step.mask}, {step.normaliser}"
    if isinstance(step, UnitaryMixture):
        degree = len(step.polynomial) - 1
        return f"mixture of {counted(len(step.mixing), 'unitary')}, degree {degree}".replace("unitarys", "unitaries")
    if isinstance(step, Pool):
        return f"pool, {step.over}"
    return type(step).__name__.lower()
