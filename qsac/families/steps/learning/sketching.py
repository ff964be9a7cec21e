"""From the sketch of a list of steps to its outline: what is left out is put in, step by step."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from qsac.errors import InvalidInputError
from qsac.families.learning import Samples
from qsac.families.steps import schema
from qsac.families.steps.arrays import Arrays
from qsac.families.steps.diagnosis import MODEL
from qsac.families.steps.gate_list import named_counts
from qsac.families.steps.learning.arrays_of_model import name_of
from qsac.families.steps.learning.outline import Draw, Outline
from qsac.families.steps.learning.sketch import StepsSketch
from qsac.families.steps.model import CircuitOf, Linear, Model, Step
from qsac.families.steps.normal_form import Circuit, Real, Rotation
from qsac.families.steps.reading import Reading, read, read_any
from qsac.families.steps.shapes import Flow
from qsac.files.diagnosis import refuse
from qsac.files.pointer import counted, join, kind

SPREAD = 0.3
"""Standard deviation of angles before anything is learned, in radians: those of circuits about 0, those that a linear
step gives about pi/2, where the slope of an expectation value cos t is greatest."""

Given = dict[str, Any]

_PARTS = ("query", "key", "value", "token")
_WITHOUT_PARAMETERS = (
    "angle",
    "bits",
    "amplitude",
    "unary",
    "input-ansatz-14",
    "qft",
    "repeat",
)


def outline_of(sketch: StepsSketch, samples: Samples, folder: Path, *, classical: bool = False) -> Outline:
    """The outline of a sketch for labelled samples; ``classical``: its steps may all be. Raises
    :class:`~qsac.errors.InvalidInputError` with pointers within the sketch."""
    filling = _Filling(samples, folder)
    for place, given in enumerate(sketch.steps):
        filling.step(place, given, sketch.steps)
    fields = {"qsac": 1, "steps": filling.done}
    reader = read_any if classical else read
    model = replace(reader(schema.ModelFile.model_validate(fields), fields, folder), sample=None)
    own = _start_near_the_slope(filling)
    return Outline(model, {name_of(pointer): own.get(pointer, draw) for pointer, draw in filling.draws.items()})


def outline_of_layer(sketch: StepsSketch, shape: tuple[int, ...] | None, folder: Path) -> Outline:
    """The outline of a layer for inputs of a shape, None where the sketch says it. All is learned: what is given, from
    where it is. Raises as :func:`outline_of`."""
    outline = outline_of(sketch, Samples(shape or (), "numbers", 0), folder)
    return Outline(outline.model, {name: outline.draws.get(name) for name in outline.arrays})


def check_shape(model: Model, samples: Samples) -> None:
    """Whether a model takes the inputs of labelled samples. Raises :class:`~qsac.errors.InvalidInputError`."""
    shape, own = model.shape, samples.shape
    fits = (
        shape.width in (None, own[-1])
        and shape.sequence in (None, len(own) > 1)
        and shape.flat in (None, own[0] * own[-1])
    )
    if not fits:
        raise InvalidInputError(
            "the model does not take the inputs of the samples",
            code="train.model-does-not-fit",
            pointer="/steps",
            found=f"inputs of shape {own}",
            wanted="a sequence of vectors" if shape.sequence else f"{counted(shape.width or 0, 'number')}",
        )


@dataclass
class _Filling:
    """Puts arrays of zeros, or a rule, where numbers are left out. ``draws``: by pointer what they start from."""

    samples: Samples
    folder: Path
    done: list[Given] = field(default_factory=list)
    read: list[Step] = field(default_factory=list)
    draws: dict[str, Draw] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = self.samples.shape
        flow = Flow()
        if shape:
            flow = Flow(width=shape[-1], said="vectors of the data have as many", sequence=len(shape) > 1)
        self.reading = Reading(Arrays(self.folder), flow)

    def step(self, place: int, given: object, steps: Sequence[object]) -> None:
        """Fill and read the next step."""
        pointer = join("/steps", place)
        filled: Any = copy.deepcopy(given)
        if isinstance(filled, dict):
            if filled.get("type") == "linear":
                self._linear(filled, pointer, lambda: self._outputs(place, steps), self.reading.flow.width)
            elif filled.get("type") == "circuit":
                self._blocks(filled.get("blocks"), f"{pointer}/blocks")
            elif filled.get("type") == "attention":
                self._attention(filled, pointer)
        step, _ = self.reading.step(_validated([*self.done, filled])[-1], pointer)
        self.done.append(filled)
        self.read.append(step)

    def _linear(self, given: Given, pointer: str, outputs: Any, width: int | None) -> None:
        """A linear map: a weight and a bias that are left out."""
        count = given.pop("outputs", None)
        if "weight" in given:
            return
        if width is None:
            raise InvalidInputError(
                "a weight is left out, and nothing says how many numbers it takes",
                code="array.unknown-shape",
                pointer=pointer,
                found="a step after one whose length is not known",
                wanted="the weight itself",
            )
        if count is not None and (type(count) is not int or not 1 <= count <= 1 << 20):
            raise InvalidInputError(
                "the number of outputs is none",
                code="field.wrong-type",
                pointer=f"{pointer}/outputs",
                found=kind(count),
                wanted="a whole number, at least 1",
            )
        rows = outputs() if count is None else count
        scale = 1 / self.samples.length if not self.done else 1 / sqrt(max(width, 1))
        given["weight"] = np.zeros((rows, width)).tolist()
        self.draws[f"{pointer}/weight"] = Draw(scale)
        if given.get("bias") == "none":
            del given["bias"]
        elif "bias" not in given:
            given["bias"] = [0.0] * rows
            self.draws[f"{pointer}/bias"] = Draw()

    def _outputs(self, place: int, steps: Sequence[object]) -> int:
        """How many numbers a linear step has to give: what comes after it says that."""
        pointer = join("/steps", place)
        for later in range(place + 1, len(steps)):
            given = steps[later]
            name = given.get("type") if isinstance(given, dict) else None
            if name == "circuit":
                return self._inputs_of(given, later)
            weight = given.get("weight") if isinstance(given, dict) else None
            if name == "linear" and isinstance(weight, list) and weight and isinstance(weight[0], list):
                return len(weight[0])
            if name == "activation" and later == len(steps) - 1 and self.samples.outcomes == 2:
                return 1
            if name not in ("activation", "pool", "softmax"):
                raise _unknown_outputs(pointer, f"a step {kind(name) if name else kind(given)} after it")
        found = self.samples.outcomes or self.samples.width
        if not found:
            raise _unknown_outputs(pointer, "nothing after it")
        return found

    def _inputs_of(self, given: Any, place: int) -> int:
        """How many inputs a circuit takes."""
        alone = _Filling(self.samples, self.folder)
        alone.reading = Reading(Arrays(self.folder), Flow())
        filled = copy.deepcopy(given)
        alone._blocks(filled.get("blocks"), f"{join('/steps', place)}/blocks")
        fields = [*({"type": "softmax"} for _ in range(place)), filled]
        step, _ = alone.reading.step(_validated(fields)[-1], join("/steps", place))
        return step.measured.circuit.inputs if isinstance(step, CircuitOf) else 0

    def _blocks(self, blocks: object, pointer: str) -> None:
        for place, block in enumerate(blocks if isinstance(blocks, list) else ()):
            where = join(pointer, place)
            if not isinstance(block, dict):
                continue
            if block.get("type") == "repeat":
                self._blocks(block.get("blocks"), f"{where}/blocks")
            elif "parameters" not in block and _has_parameters(block):
                block["parameters"] = {"init": "normal", "scale": SPREAD}
                self.draws[f"{where}/parameters"] = Draw(SPREAD)

    def _attention(self, given: Given, pointer: str) -> None:
        inner, place = given.get("attention"), f"{pointer}/attention"
        if isinstance(inner, dict):
            for name in _PARTS:
                part = inner.get(name)
                if isinstance(part, dict) and part.get("type") == "linear":
                    width = self.reading.flow.width
                    self._linear(part, f"{place}/{name}", lambda: width, width)  # noqa: B023  (asked at once)
                elif isinstance(part, dict):
                    self._blocks(part.get("blocks"), f"{place}/{name}/blocks")
            if inner.get("type") == "unitary-mixture" and "mixing" not in inner and len(self.samples.shape) > 1:
                tokens = self.samples.shape[0]
                inner["mixing"] = [[1 / tokens, 0.0]] * tokens
                self.draws[f"{place}/mixing"] = Draw(0.1 / tokens, np.array([1 / tokens, 0.0]))
        then = given.get("then")
        if isinstance(then, dict):
            self._blocks(then.get("blocks"), f"{pointer}/then/blocks")


def _unknown_outputs(pointer: str, found: str) -> InvalidInputError:
    return InvalidInputError(
        "a weight is left out, and nothing says how many numbers it gives",
        code="array.unknown-shape",
        pointer=pointer,
        found=found,
        wanted='"outputs": how many',
    )


def _has_parameters(block: Given) -> bool:
    if block.get("type") == "gates":
        return isinstance(block.get("gates"), list) and named_counts(block["gates"])[0] > 0
    return block.get("type") not in _WITHOUT_PARAMETERS


def _validated(steps: list[Any]) -> list[Any]:
    try:
        return schema.ModelFile.model_validate({"qsac": 1, "steps": steps}).steps
    except ValidationError as error:
        raise refuse(error, MODEL) from None


# Where angles start


def first_angles(circuit: Circuit, block_type: Any) -> dict[int, float]:
    """The inputs that turn a qubit for the first time, by a block ``angle``: by place the factor of the angle."""
    terms = circuit.from_inputs
    rows = {int(row): (int(column), float(factor)) for row, column, factor in _triples(terms)}
    turned: set[int] = set()
    found: dict[int, float] = {}
    for gate, block in zip(circuit.gates, circuit.blocks, strict=True):
        if not isinstance(gate, Rotation) or gate.value not in rows or block_type(circuit.pointers[block]) != "angle":
            continue
        (qubit,), (column, factor) = gate.qubits, rows[gate.value]
        if qubit not in turned and factor:
            found.setdefault(column, factor)
        turned.add(qubit)
    return found


def _triples(terms: Any) -> Any:
    return zip(terms.rows.tolist(), terms.columns.tolist(), terms.factors.tolist(), strict=True)


def block_types(steps: Sequence[Mapping[str, Any]]) -> Any:
    """From the pointer of a block to its type."""

    def type_at(pointer: str) -> str | None:
        found: Any = {"steps": steps}
        for part in pointer[1:].split("/"):
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found.get("type") if isinstance(found, dict) else None

    return type_at


def _start_near_the_slope(filling: _Filling) -> dict[str, Draw]:
    """Draws of linear steps before a circuit that give its angles: about pi/2, and about 0 where an angle is not the
    first one of its qubit."""
    found: dict[str, Draw] = {}
    for place, (before, step) in enumerate(zip(filling.read[:-1], filling.read[1:], strict=True)):
        pointer = join("/steps", place)
        if not isinstance(before, Linear) or not isinstance(step, CircuitOf):
            continue
        angles = first_angles(step.measured.circuit, block_types(filling.done))
        if not angles or f"{pointer}/weight" not in filling.draws:
            continue
        centre: Real = np.zeros(step.measured.circuit.inputs)
        for column, factor in angles.items():
            centre[column] = pi / 2 / factor
        length = filling.samples.length if not place else sqrt(before.weight.shape[1])
        found[f"{pointer}/weight"] = Draw(SPREAD / max(length, 1e-6))
        if f"{pointer}/bias" in filling.draws:
            found[f"{pointer}/bias"] = Draw(0.0, centre)
    return found
