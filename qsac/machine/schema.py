"""The format of target files, version 1: field for field what a :class:`~qsac.machine.target.Target` needs to know."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field

from qsac.files.diagnosis import Contract
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default
from qsac.files.limits import NAME_CHARACTERS

SCHEMA_FILE = "target.schema.json"
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"

GateName = Literal["PhasedX", "Rz", "ZZPhase", "SX", "X", "CZ", "CX", "ECR", "Measure", "Reset"]
Count = Annotated[int, Field(ge=1, le=2**53)]
Place = Annotated[int, Field(ge=0, le=2**53)]
Rate = Annotated[float, Field(allow_inf_nan=False, ge=0, le=0.5)]
Share = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1)]
Seconds = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1e6)]
PlacePair = Annotated[list[Place], Field(min_length=2, max_length=2), ONE_COMPLAINT]
RatePair = Annotated[list[Rate], Field(min_length=2, max_length=2), ONE_COMPLAINT]
Text = Annotated[str, Field(max_length=1000)]


class AllToAll(Fields):
    """Every qubit with every other one."""

    type: Literal["all-to-all"]


class Line(Fields):
    """Qubit i with qubit i + 1."""

    type: Literal["line"]


class Grid(Fields):
    """Rows of columns: qubit r * columns + c with the one beside it and the one below it."""

    type: Literal["grid"]
    rows: Count
    columns: Count


class Pairs(Fields):
    """The pairs that a two-qubit gate acts on; ``directed`` where CX or ECR acts in the order given only."""

    type: Literal["pairs"]
    pairs: Annotated[list[PlacePair], Field(min_length=1), ONE_COMPLAINT]
    directed: bool = False


class PairError(Fields):
    """The error rate of the two-qubit gate on one pair."""

    pair: PlacePair
    error: Rate


class Errors(Fields):
    """Probabilities: of an error of a gate, to read 1 in state 0 (``measure_0``) and 0 in state 1 (``measure_1``), and
    of an error of a qubit that waits for one layer of two-qubit gates (``memory``). The tables by qubit and pair take
    the place of the averages. ``two_qubit_scaling``: [a, b], so that a ZZPhase by x half-turns has a 2 |x| + b times
    the error ``two_qubit``, which is that at x = 1/2.
    """

    one_qubit: Rate
    two_qubit: Rate
    measure_0: Rate
    measure_1: Rate
    memory: Rate = 0.0
    date: Annotated[str, Field(json_schema_extra={"format": "date"})]
    source: Annotated[str, Field(min_length=1, max_length=1000)]
    two_qubit_scaling: Annotated[list[Share], Field(min_length=2, max_length=2), ONE_COMPLAINT] = Field([0.0, 1.0])
    one_qubit_by_qubit: Annotated[list[Rate], ONE_COMPLAINT] = Field([])
    two_qubit_by_pair: Annotated[list[PairError], ONE_COMPLAINT] = Field([])
    measure_by_qubit: Annotated[list[RatePair], ONE_COMPLAINT] = Field([])


class Durations(Fields):
    """Seconds, typical of the machine. ``delay``: between two shots; ``job``: of a job, beside its shots."""

    one_qubit: Seconds
    two_qubit: Seconds
    measure: Seconds
    reset: Seconds
    delay: Seconds = 0.0
    job: Seconds = 0.0
    source: Annotated[str, Field(min_length=1, max_length=1000)]


Coupling = Annotated[AllToAll | Line | Grid | Pairs, Field(discriminator="type")]


class TargetFile(Fields):
    """A machine to compile for.

    ``gates`` are pytket's names: PhasedX, Rz and ZZPhase, or SX, X, Rz and one of CZ, CX and ECR; Measure; and Reset
    where the machine can reset a qubit between gates.
    """

    qsac_target: Literal[1]
    name: Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS, json_schema_extra={"pattern": NAME_PATTERN})]
    vendor: Text = "own"
    description: Text = ""
    qubits: Count
    gates: Annotated[list[GateName], Field(min_length=1, max_length=16), ONE_COMPLAINT]
    coupling: Coupling = AllToAll(type="all-to-all")
    mid_circuit_measurement: bool = True
    feed_forward: bool = False
    max_shots: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # no limit
    cost: Literal["hqc", "time"] = Field(default=None, json_schema_extra=without_default)  # type: ignore[arg-type]  # unknown
    errors: Errors = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # unknown
    durations: Durations = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # unknown


CONTRACT = Contract(
    whole="the target",
    classes={
        (): TargetFile,
        ("errors",): Errors,
        ("errors", "two_qubit_by_pair"): PairError,
        ("durations",): Durations,
        ("coupling", "all-to-all"): AllToAll,
        ("coupling", "line"): Line,
        ("coupling", "grid"): Grid,
        ("coupling", "pairs"): Pairs,
    },
    examples={
        "name": '"name": "my-machine"',
        "qubits": '"qubits": 12',
        "gates": '"gates": ["PhasedX", "Rz", "ZZPhase", "Measure", "Reset"]',
        "coupling": '"coupling": {"type": "grid", "rows": 3, "columns": 4}',
        "pairs": '"pairs": [[0, 1], [1, 2]]',
        "pair": '"pair": [0, 1]',
        "rows": '"rows": 3',
        "columns": '"columns": 4',
        "errors": '"errors": {"one_qubit": 3e-5, "two_qubit": 1e-3, "measure_0": 1e-3, "measure_1": 2e-3, ...}',
        "one_qubit": '"one_qubit": 3e-5',
        "two_qubit": '"two_qubit": 1e-3',
        "measure_0": '"measure_0": 1e-3',
        "measure_1": '"measure_1": 2e-3',
        "date": '"date": "2026-11-01"',
        "source": '"source": "randomised benchmarking of 1 November"',
        "error": '"error": 1e-3',
        "durations": '"durations": {"one_qubit": 3e-8, "two_qubit": 7e-8, "measure": 2e-6, "reset": 2e-6, ...}',
        "measure": '"measure": 2e-6',
        "reset": '"reset": 2e-6',
        "type": '"type": "line"',
    },
    schema="qsac schema --of target",
)


def json_schema_text() -> str:
    """The JSON Schema (2020-12) of target files, as it is shipped in ``target.schema.json``."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **TargetFile.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"
