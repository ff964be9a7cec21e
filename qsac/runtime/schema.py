"""The fields of a result, as `qsac run --json` prints it. The shipped JSON Schema is generated from these classes."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field

from qsac.files.fields import Fields, without_default

SCHEMA_FILE = "results.schema.json"

Value = float | None
"""A number, or null where it does not exist or was not resolved."""

Probability = Annotated[float, Field(ge=0, le=1)] | None
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]


class Cost(Fields):
    """What shots cost, in as many jobs as it takes; with resets charged as measurements where that may be."""

    unit: str
    jobs: Count
    amount: Amount
    amount_with_resets: Amount = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]


class Needed(Fields):
    """The shots that give what the readout is about a standard error, such as the loss or the cross entropy, without
    errors of the machine, and what they cost."""

    standard_error: Amount
    shots: Count | None
    cost: Cost | None


class ShotsForecast(Fields):
    """The same shots on the machine that the program is compiled for: what they cost, how many are accepted and
    free of errors (``useful``), whether the result will be noise, and what would help."""

    target: str
    shots: Count
    useful: Amount | None
    cost: Cost | None
    needed: Needed
    noise: bool | None
    advice: str | None


class RunResult(Fields):
    """The result of a run: metrics by name, and in ``values`` what else the model's readout reports. Of the family
    ``attention``: ``predictions`` (position, over, probabilities) or ``overlaps`` (re and im, or abs2). Of
    ``transformer``: ``predictions``, one for each position (position, over, probabilities, success_probability)."""

    target: str | None
    shots: Count | None
    seed: Count | None
    noise: bool
    mitigated: bool
    metrics: dict[str, Value]
    standard_errors: dict[str, Value]
    success_probability: Probability
    values: dict[str, Any]
    value_errors: dict[str, Any]
    warnings: list[str]
    forecast: ShotsForecast = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a result."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **RunResult.model_json_schema()}


def json_schema_text() -> str:
    """:func:`json_schema` as it is shipped in ``results.schema.json``."""
    return json.dumps(json_schema(), indent=2) + "\n"
