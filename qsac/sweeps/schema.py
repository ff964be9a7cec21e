"""The fields of a plan, version 1: what a sweep varies, and what it does at each point."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SkipValidation

from qsac.families.schema import Count, Name, Seed
from qsac.files.diagnosis import Contract, Location
from qsac.files.fields import Fields, without_default

VERSION = 1
TASKS = 100_000
"""The most tasks of one sweep."""
AXES = 32

SCHEMA = "qsac schema --of sweep"
SCHEMA_FILE = "sweep.schema.json"

Action = Literal["compile", "estimate", "run"]
Size = Annotated[int, Field(ge=1)] | Annotated[str, Field(min_length=1, max_length=100)]


def _absent(**limits: Any) -> Any:
    """The default of an option that may be left out, and has no null."""
    return Field(default=None, json_schema_extra=without_default, **limits)


class OptionFields(Fields):
    """Options of the action, by their names in Python. An estimate has no seed, and only a run has shots."""

    target: Annotated[str, Field(min_length=1, max_length=1000)] = _absent()
    optimisation: int = _absent(ge=0, le=3)
    passes: Annotated[str, Field(max_length=10_000)] = _absent()
    error_budget: Annotated[float, Field(ge=0, lt=1)] | Literal["auto"] = _absent()
    qubits: Count = _absent()
    prefer: Literal["qubits", "depth"] = _absent()
    seed: Seed = _absent()
    context: Size = _absent()
    dimension: Size = _absent()
    shots: int = _absent(ge=1, le=1_000_000_000)
    noise: bool = _absent()
    mitigate: bool = _absent()
    precision: float = _absent(gt=0, allow_inf_nan=False)


class AxisFields(Fields):
    """What is varied: a place in the model as a JSON pointer (``/tokens/context``), or an option (``target``)."""

    field: Annotated[str, Field(min_length=1, max_length=1000)]
    values: SkipValidation[Annotated[list[Any], Field(min_length=1, max_length=TASKS)]]


class PlanFile(Fields):
    """A plan: the action at every point of the product of the axes, each ``repeat`` times with another seed."""

    qsac_sweep: Literal[1]
    name: Name = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # that of the file
    model: SkipValidation[Any] = Field(json_schema_extra={"type": ["string", "object"]})
    action: Action
    axes: Annotated[list[AxisFields], Field(max_length=AXES)] = Field([])
    options: OptionFields = Field(OptionFields())
    repeat: Annotated[int, Field(ge=1, le=TASKS)] = 1


_COMPILING = ("target", "optimisation", "passes", "error_budget", "qubits", "prefer", "seed")
OPTIONS: dict[str, tuple[str, ...]] = {
    "compile": _COMPILING,
    "estimate": ("target", "optimisation", "qubits", "prefer", "context", "dimension"),
    "run": (*_COMPILING, "shots", "noise", "mitigate", "precision"),
}
"""The options of each action."""

_EXAMPLES = {
    "qsac_sweep": '"qsac_sweep": 1',
    "name": '"name": "sizes"',
    "model": '"model": "model.json"',
    "action": '"action": "compile"',
    "axes": '"axes": [{"field": "/tokens/context", "values": [4, 8]}]',
    "field": '"field": "/tokens/context"',
    "values": '"values": [4, 8]',
    "options": '"options": {"target": "h2"}',
    "target": '"target": "h2"',
    "optimisation": '"optimisation": 2',
    "shots": '"shots": 1000',
    "repeat": '"repeat": 3',
}
_CLASSES: dict[Location, type[BaseModel]] = {(): PlanFile, ("axes",): AxisFields, ("options",): OptionFields}

CONTRACT = Contract("the plan", _CLASSES, _EXAMPLES, SCHEMA)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12), as it is shipped in ``sweep.schema.json``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **PlanFile.model_json_schema()}
