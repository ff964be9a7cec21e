"""Stand-ins for models: the same steps with drawn numbers, on a drawn sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qsac.families.contract import Extent, Fact
from qsac.families.steps.binding import SAMPLE, bound, parameters
from qsac.families.steps.model import CircuitOf, MeasuredAttention, Model, UnitaryMixture
from qsac.families.steps.normal_form import Real
from qsac.files.pointer import counted

SEED = 2607
TOKENS = 4
"""How many vectors a drawn sequence has where nothing says it."""

MOST_TOKENS = 64


@dataclass(frozen=True)
class Shape:
    """What an estimate is of: the tokens of the sample, 1 for one vector, the steps, and the qubits of the widest
    circuit."""

    context: int
    steps: int
    qubits: int


def own_tokens(model: Model) -> int:
    """How many vectors the sample has, or would have."""
    if model.sample is not None:
        return len(model.sample) if model.sample.ndim == 2 else 1
    mixed = next((len(step.mixing) for step in model.steps if isinstance(step, UnitaryMixture)), None)
    if mixed is not None:
        return mixed
    if not model.shape.sequence:
        return 1
    width = model.shape.width or 1
    return TOKENS if model.shape.flat is None else max(1, model.shape.flat // width)


def sizes(model: Model) -> dict[str, Extent]:
    """The number of tokens, where it may be another one."""
    if not model.shape.sequence or model.shape.flat is not None:
        return {}
    if any(isinstance(step, UnitaryMixture) for step in model.steps):
        return {}
    return {"context": Extent(own_tokens(model), 1, MOST_TOKENS)}


def drawn(model: Model, wanted: Mapping[str, int] | None = None) -> Model:
    """A model like this one with generic numbers, the same ones each time."""
    rng = np.random.default_rng(SEED)
    tokens = (wanted or {}).get("context", own_tokens(model))
    values = {name: rng.normal(size=parameter.shape) for name, parameter in parameters(model).items() if name != SAMPLE}
    return with_sample(bound(model, values) if values else model, _sample(model, tokens, rng))


def _sample(model: Model, tokens: int, rng: np.random.Generator) -> Real:
    width = model.shape.width
    if width is None:
        width = 1 if model.sample is None else model.sample.shape[-1]
    sequence = model.shape.sequence or (model.sample is not None and model.sample.ndim == 2)
    return rng.normal(size=(tokens, width) if sequence else (width,))


def with_sample(model: Model, sample: Real) -> Model:
    """The model on another sample of the shape that it takes."""
    return Model(model.name, model.readout, model.steps, model.shape, sample, model.fields)


def qubits(model: Model) -> int:
    """Those of the widest circuit of a step."""
    found = [1]
    for step in model.steps:
        if isinstance(step, CircuitOf):
            found.append(step.measured.circuit.qubits)
        elif isinstance(step, MeasuredAttention):
            found.append(step.query.circuit.qubits)
        elif isinstance(step, UnitaryMixture):
            found.append(step.token.qubits)
    return max(found)


def shape_facts(shape: Mapping[str, Any]) -> list[Fact]:
    """The shape for people."""
    sample = "one vector" if shape["context"] == 1 else f"a sequence of {counted(shape['context'], 'vector')}"
    return [
        ("sample", sample),
        ("steps", f"{counted(shape['steps'], 'step')}, circuits of at most {counted(shape['qubits'], 'qubit')}"),
    ]
