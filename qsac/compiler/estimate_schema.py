"""The fields of an estimate, as `qsac estimate --json` prints it. The shipped JSON Schema is generated from them."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from qsac.files.fields import without_default

SCHEMA_FILE = "estimate.schema.json"

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Amount = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


_absent: Any = Field(default=None, json_schema_extra=without_default)
"""The field may be absent."""


class _Fields(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ShapeFields(_Fields):
    """Of the family ``attention``: T, d as given, n = log2 of the padded d; kernel, mask, V, W and readout by their
    types in the model file."""

    context: Positive
    dimension: Positive
    data_qubits: Count
    degree: Count
    kernel: Literal["monomial", "polynomial", "softmax-taylor"]
    mask: Literal["causal", "full"]
    value: Literal["identity", "hardware-efficient", "matrix"]
    score: Literal["identity", "hardware-efficient", "matrix"]
    readout: Literal["loss", "predict", "overlaps"]
    real: bool


class OptionFields(_Fields):
    """``qubits``: the most that may be used, null where only memory limits them."""

    optimisation: Annotated[int, Field(ge=0, le=3)]
    qubits: Positive | None
    prefer: Literal["qubits", "depth"]


class Duration(_Fields):
    """Seconds of one circuit, of a job beside its shots, and of a shot."""

    circuit: Amount
    fixed: Amount
    per_shot: Amount


class Cost(_Fields):
    """``fixed`` + shots x ``per_shot``; ``per_shot_with_resets`` if resets are charged as measurements."""

    unit: str
    fixed: Amount
    per_shot: Amount
    per_shot_with_resets: Amount | None = None


class Counts(_Fields):
    """As in an artifact's ``stats``; null where it cannot be told."""

    qubits: Count
    two_qubit_gates: Count
    one_qubit_gates: Count | None
    measurements: Count
    resets: Count
    depth: Count | None
    two_qubit_depth: Count | None
    error_free_probability: Annotated[float, Field(ge=0, le=1)] | None
    duration: Duration | None
    cost: Cost | None


class NeededCost(_Fields):
    """What the shots that are needed cost, in as many jobs as it takes; with resets charged as measurements."""

    unit: str
    jobs: Positive
    amount: Amount
    amount_with_resets: Amount | None = None


class LostAt(_Fields):
    """A place of the model: what it has in lambda, and its factors of the success probability; a number for each
    circuit."""

    place: str
    lambda_: Annotated[list[Amount | None] | None, Field(alias="lambda")]
    factor: list[Amount] | None


class Between(_Fields):
    """What measuring between layers takes."""

    rows: Positive
    error: Amount
    shots: Amount
    success_probability: Share


class Forecast(_Fields):
    """As in an artifact's ``stats``; null where it cannot be told. Where there are several circuits there is
    ``error_free_probability``; where the circuits have yet to be routed, ``error_free_at_most``; of a program
    ``classical_multiply_adds``; where the family says where shots are lost, all that comes after it."""

    success_probability: Share | None
    useful: Share | None
    standard_error: Amount
    shots: Positive | None
    cost: NeededCost | None
    noise: bool | None
    error_free_probability: Share | None = _absent
    error_free_at_most: Share = _absent
    classical_multiply_adds: Count = _absent
    circuits: list[str] = _absent
    lambda_: Annotated[list[Amount | None], Field(alias="lambda")] = _absent
    success_probabilities: list[Share] = _absent
    places: list[LostAt] = _absent
    bottleneck: str | None = _absent
    shots_per_success: Amount | None = _absent
    expected_shots: Positive | None = _absent
    warning: str | None = _absent
    boundary: Between | None = _absent


class BesideFields(_Fields):
    """What else could stand in the place of a part that is counted by a formula, as its own circuits are counted."""

    of: str
    two_qubit_gates_of_a_use: Count
    qubits: Count
    two_qubit_gates: Count


class CountedPartFields(_Fields):
    """A part that is counted by a formula, with the gates of one use and its uses in one shot of every circuit."""

    of: str
    bits: Positive
    two_qubit_gates_of_a_use: Count
    uses: Count
    beside: BesideFields | None


class EstimateResult(_Fields):
    """``exact``: a compiled circuit has just these counts; ``reason`` says why, or why not. ``basis`` is what was
    counted: the circuit of the model, that of generic tokens of the shape, or the shape alone; with ``formula`` a part
    that has no circuit."""

    name: str
    target: str
    shape: ShapeFields | dict[str, int | str | bool]
    options: OptionFields
    basis: Literal["model", "generic model", "shape", "formula"]
    exact: bool
    reason: str
    fits: bool
    counts: Counts
    forecast: Forecast
    advice: str | None
    formula: CountedPartFields = _absent


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an estimate."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **EstimateResult.model_json_schema()}


def json_schema_text() -> str:
    """:func:`json_schema` as it is shipped in ``estimate.schema.json``."""
    return json.dumps(json_schema(), indent=2) + "\n"
