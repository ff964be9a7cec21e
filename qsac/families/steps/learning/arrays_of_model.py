"""The arrays of a list of steps by name: where each stands in the model file, and what its numbers are.

A name is the array's JSON pointer with dots, as templates have it: ``steps.0.weight``, ``steps.1.blocks.1.parameters``,
``steps.0.attention.query.blocks.0.parameters``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from qsac.families.steps.model import (
    CircuitOf,
    Linear,
    Measured,
    MeasuredAttention,
    Model,
    Step,
    UnitaryMixture,
)
from qsac.families.steps.normal_form import Circuit, Real
from qsac.files.pointer import join


def name_of(pointer: str) -> str:
    """The name of the array at a pointer."""
    return pointer[1:].replace("/", ".")


def arrays_of(model: Model) -> dict[str, tuple[str, Real]]:
    """All arrays of a model: by name the pointer and the numbers, float64; complex ones as pairs, (.., 2)."""
    found: dict[str, tuple[str, Real]] = {}
    for place, step in enumerate(model.steps):
        pointer = join("/steps", place)
        biased = "bias" in model.fields["steps"][place]
        for where, numbers in _of_step(step, pointer, biased=biased, fields=model.fields["steps"][place]):
            found[name_of(where)] = (where, numbers)
    return found


def _of_step(step: Step, pointer: str, *, biased: bool, fields: Mapping[str, Any]) -> Iterator[tuple[str, Real]]:
    if isinstance(step, Linear):
        yield from _of_linear(step, pointer, biased=biased)
    elif isinstance(step, CircuitOf):
        yield from _of_circuit(step.measured.circuit, step.measured.parameters)
    elif isinstance(step, MeasuredAttention):
        parts = [step.query, *(() if step.key is step.query else (step.key,)), step.value]
        for part in parts:
            if isinstance(part, Measured):
                yield from _of_circuit(part.circuit, part.parameters)
            elif part is not None:
                value = fields["attention"]["value"]
                yield from _of_linear(part, f"{pointer}/attention/value", biased="bias" in value)
    elif isinstance(step, UnitaryMixture):
        place = f"{pointer}/attention"
        yield f"{place}/mixing", np.stack([step.mixing.real, step.mixing.imag], axis=-1)
        yield f"{place}/polynomial", step.polynomial
        yield from _of_circuit(step.then.circuit, step.then.parameters)


def _of_linear(step: Linear, pointer: str, *, biased: bool) -> Iterator[tuple[str, Real]]:
    yield f"{pointer}/weight", step.weight
    if biased:
        yield f"{pointer}/bias", step.bias


def _of_circuit(circuit: Circuit, parameters: Real) -> Iterator[tuple[str, Real]]:
    for place in circuit.places:
        yield place.pointer, parameters[place.part].reshape(place.shape)


def in_circuit(circuit: Circuit, arrays: Mapping[str, Any], xp: Any, empty: Any) -> Any:
    """The parameters (P,) of a circuit, from arrays of the kind of ``xp``; ``empty`` where there are none."""
    parts = [xp.asarray(arrays[name_of(place.pointer)], empty.dtype).reshape(-1) for place in circuit.places]
    if not parts:
        return empty
    return parts[0] if len(parts) == 1 else xp.concatenate(parts)


def written(fields: Mapping[str, Any], pointers: Mapping[str, str], arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Canonical fields with the numbers of some arrays in place of those that are there."""
    found: dict[str, Any] = deepcopy(dict(fields))
    for name, numbers in arrays.items():
        *path, last = pointers[name][1:].split("/")
        holder: Any = found
        for part in path:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        holder[last] = np.asarray(numbers, dtype=np.float64).tolist()
    return found
