"""A family of models for qsac: whether states are more like some states than like others.

p1 = mean_l |<first_l|state_l>|^2 and p2 = mean_l |<second_l|state_l>|^2 are the shares of zeros of two circuits; their
difference is what a classical step makes of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, hypot
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from qsac.errors import InvalidInputError
from qsac.families import contract
from qsac.families.contract import CircuitStep, ClassicalStep, Extent, Fact, Parameter, Plan, Result, Row
from qsac.families.outcomes import Index, Outcomes, fraction
from qsac.files.diagnosis import Contract
from qsac.files.fields import Fields
from qsac.ir.attention import LoadTokens, PrepareIndex, Project
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table

NAMES = ("state", "first", "second")
CIRCUITS = ("first", "second")
Rows = Annotated[list[Annotated[list[float], Field(min_length=2)]], Field(min_length=2)]


# The section of the model file


class States(Fields):
    """Three lists of as many states, each of 2^n real amplitudes, normalised on loading."""

    state: Rows
    first: Rows
    second: Rows


class ModelFile(Fields):
    """A model with the section ``contrast``."""

    qsac: Literal[1]
    name: str = "contrast"
    contrast: States


# The model


@dataclass(frozen=True, eq=False)
class Model(contract.Model):
    """``given``: the rows of the model file by name; ``rows``: the same of unit norm, (L, d)."""

    section: ClassVar[str] = "contrast"

    given: Mapping[str, list[list[float]]]
    rows: Mapping[str, NDArray[np.float64]]

    @property
    def canonical(self) -> dict[str, Any]:
        return {"qsac": 1, "name": self.name, "contrast": dict(self.given)}

    @property
    def entries(self) -> int:
        return sum(rows.size for rows in self.rows.values())

    @property
    def size(self) -> tuple[int, int]:
        """L and d."""
        count, dimension = self.rows["state"].shape
        return count, dimension


def made(name: str, given: Mapping[str, Sequence[Sequence[float]]]) -> Model:
    """The model of some rows."""
    rows, (count, dimension) = {}, (len(given["state"]), len(given["state"][0]))
    for field in NAMES:
        if len(given[field]) != count:
            raise InvalidInputError(
                "the lists have different lengths",
                code="contrast.unequal-lists",
                pointer=f"/contrast/{field}",
                found=f"{len(given[field])} states",
                wanted=f"{count}, as in the first list",
            )
        for place, row in enumerate(given[field]):
            length = float(np.linalg.norm(row))
            if len(row) != dimension or dimension & (dimension - 1) or not np.isfinite(length) or not length:
                raise InvalidInputError(
                    "this is not a state",
                    code="contrast.not-a-state",
                    pointer=f"/contrast/{field}/{place}",
                    found=f"{len(row)} amplitudes of norm {length:g}",
                    wanted="as many amplitudes as the first state has, a power of two, not all zero",
                )
        values = np.array(given[field], dtype=np.float64)
        rows[field] = values / np.linalg.norm(values, axis=1, keepdims=True)
    plain = {field: [[float(number) for number in row] for row in given[field]] for field in NAMES}
    return Model(name, Contrast(), plain, rows)


def agreement(tables: Mapping[str, Table], other: str, name: str, size: tuple[int, int]) -> Program:
    """Load one of the states, undo the load of its counterpart, look for zero, and which state it was."""
    origin = f"/contrast/{other}"
    ops: tuple[Op, ...] = (
        PrepareIndex("key", size[0], origin=origin),
        SaveProbabilities(("key",), "weights", origin=origin),
        LoadTokens("data", ("key",), "state", origin="/contrast/state"),
        LoadTokens("data", ("key",), other, inverse=True, origin=origin),
        Project(("data",), origin=origin),
        SaveProbabilities(("key",), "overlaps", origin=origin),
        Project(("key",), origin=origin),
    )
    return Program(
        name=name,
        level="attention",
        registers=(Register("key", qubits(size[0])), Register("data", qubits(size[1]))),
        tables={"state": tables["state"], other: tables[other]},
        ops=ops,
        readouts=(Readout("agreement", (), ("data",), ("key",)),),
    )


def qubits(values: int) -> int:
    """The qubits for so many values."""
    return (values - 1).bit_length()


def plan_of(name: str, tables: Mapping[str, Table], size: tuple[int, int]) -> Plan:
    """Both circuits, and the step that compares them."""
    circuits = (
        CircuitStep(other, partial(agreement, tables, other, name, size), ("agreement",), qubits(size[0]))
        for other in CIRCUITS
    )
    return Plan((*circuits, ClassicalStep("difference", difference, 1, CIRCUITS, ("difference", "error"))))


# What measurements mean


def difference(seen: Mapping[str, Outcomes], options: Mapping[str, Any]) -> dict[str, float]:
    """p1 - p2, and its standard error if both were counted."""
    one, other = (seen[name] for name in CIRCUITS)
    errors = [fraction(found.success["agreement"], found.given)[1] for found in (one, other) if not found.exact]
    return {"difference": one.share("agreement") - other.share("agreement"), "error": hypot(*errors)}


@dataclass(frozen=True)
class Contrast:
    """The readout: both shares, and their difference."""

    type: ClassVar[str] = "contrast"
    precise: ClassVar[str | None] = "difference"
    standard_error: ClassVar[float] = 0.1
    corrected: ClassVar[bool] = True
    details: ClassVar[Mapping[str, str]] = {}

    def expected(self, model: Model) -> dict[str, Outcomes]:
        count, found = model.size[0], {}
        for other in CIRCUITS:
            marginal, joint = np.zeros((2, 1 << qubits(count)))
            marginal[:count] = 1 / count
            joint[:count] = np.einsum("ld,ld->l", model.rows[other], model.rows["state"]) ** 2 / count
            found[other] = Outcomes(1.0, 1.0, {"agreement": float(joint.sum())}, Index(marginal, joint), exact=True)
        return found

    def work(self, model: Model) -> int:
        return model.entries

    def closed_form(self, model: Model) -> Result:
        expected = self.expected(model)
        return self.result(model, plan_of(model.name, {}, model.size).run(expected))

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        metrics: dict[str, float | None] = {name: seen[name].share("agreement") for name in CIRCUITS}
        errors: dict[str, float | None] = {}
        if not seen["first"].exact:
            errors = {name: fraction(seen[name].success["agreement"], seen[name].given)[1] for name in CIRCUITS}
            errors |= {"difference": seen["error"], "success_probability": 0.0}
        metrics |= {"difference": seen["difference"], "success_probability": 1.0}
        return Result(metrics, errors, 1.0, ())

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        variance = sum(found.share("agreement") * (1 - found.share("agreement")) for found in expected.values())
        return max(1, ceil(variance / error**2))

    def reached(self, result: Result) -> float | None:
        return result.standard_errors["difference"]

    def influence(self, name: str, value: float, seen: Mapping[str, Outcomes], weights: Mapping[str, Any]) -> Any:
        ((circuit, found),) = seen.items()
        sign = {circuit: 1.0, "difference": 1.0 if circuit == "first" else -1.0}.get(name, 0.0)
        return sign * (weights["agreement"] - found.share("agreement") * weights["given"])

    def branch(self, model: Model, circuit: str, expected: Outcomes) -> float:
        return expected.given

    def deviation(self, model: Model, seen: Mapping[str, Outcomes]) -> dict[str, float | None]:
        return {"loss_deviation": None, "success_probability_deviation": seen["first"].given - 1}

    def rows(self, model: Model, result: Result) -> Iterator[Row]:
        for name, value in result.metrics.items():
            errors = {"standard error": result.standard_errors[name]} if result.standard_errors else {}
            yield name, {"value": value} | errors

    def row_count(self, model: Model, result: Result) -> int:
        return len(result.metrics)


# The family


@dataclass(frozen=True)
class Shape:
    """What an estimate is of."""

    states: int
    dimension: int


class ContrastFamily:
    """The family of the section ``contrast``."""

    section = "contrast"
    fields = ModelFile
    contract = Contract(
        "the model",
        {(): ModelFile, ("contrast",): States},
        {name: f'"{name}": [[1, 0], [0, 1]]' for name in NAMES},
        "qsac schema",
    )
    readouts: Mapping[str, type[Any]] = {"contrast": Contrast}

    def read(self, fields: ModelFile, given: Mapping[str, Any], folder: Path) -> Model:
        return made(fields.name, fields.contrast.model_dump())

    def plan(self, model: Model, *, provenance: bool = False) -> Plan:
        return plan_of(model.name, {name: Table(rows) for name, rows in model.rows.items()}, model.size)

    def parameters(self, model: Model) -> dict[str, Parameter]:
        return {name: Parameter(rows.shape, complex=False) for name, rows in model.rows.items()}

    def bound(self, model: Model, values: Mapping[str, Any]) -> Model:
        unknown = next((name for name in values if name not in NAMES), None)
        if unknown is not None:
            raise InvalidInputError(
                "there is no such parameter",
                code="template.unknown-parameter",
                pointer=f"/parameters/{unknown}",
                wanted=f"one of {', '.join(NAMES)}",
            )
        rows = {name: np.asarray(values.get(name, model.given[name]), dtype=np.float64) for name in NAMES}
        changed = next((name for name, row in rows.items() if row.shape != model.rows[name].shape), None)
        if changed is not None:
            raise InvalidInputError(
                "the states do not have the template's shape",
                code="template.wrong-shape",
                pointer=f"/parameters/{changed}",
                wanted=f"shape {model.rows[changed].shape}",
            )
        return made(model.name, {name: row.tolist() for name, row in rows.items()})

    def sizes(self, model: Model) -> dict[str, Extent]:
        count, dimension = model.size
        return {"context": Extent(count, 2, 1 << 20), "dimension": Extent(dimension, 2, 1 << 20)}

    def generic(self, model: Model, sizes: Mapping[str, int]) -> Plan:
        size = (sizes["context"], 1 << qubits(sizes["dimension"]))
        shaped_tables = {name: ShapedTable(size, real=True, spans=[Span(name, 0, size[0])]) for name in NAMES}
        return plan_of(model.name, shaped_tables, size)

    def drawn(self, model: Model, sizes: Mapping[str, int] | None = None) -> Model:
        size = model.size if sizes is None else (sizes["context"], 1 << qubits(sizes["dimension"]))
        rows = np.random.default_rng(0).normal(size=(3, *size)).tolist()
        return made(model.name, dict(zip(NAMES, rows, strict=True)))

    def is_small(self, model: Model, sizes: Mapping[str, int], entries: int) -> bool:
        return 3 * sizes["context"] * sizes["dimension"] <= entries

    def shape(self, model: Model, sizes: Mapping[str, int]) -> Shape:
        return Shape(sizes["context"], sizes["dimension"])

    def shape_facts(self, shape: Mapping[str, Any]) -> list[Fact]:
        return [("states", f"three times {shape['states']:,}, of dimension {shape['dimension']:,}")]

    def doubts(self, model: Model, sizes: Mapping[str, int], finals: Sequence[Program], *, built: bool) -> list[str]:
        return []

    def facts(self, model: Model) -> dict[str, Any]:
        count, dimension = model.size
        return {"name": model.name, "states": count, "dimension": dimension, "sha256": model.sha256}

    def summary(self, model: Model) -> list[Fact]:
        count, dimension = model.size
        return [("states", f"three times {count:,}, of dimension {dimension:,}"), ("sha256", model.sha256)]

    def statistics(self, model: Model, subnormalisations: Sequence[float]) -> dict[str, Any]:
        return {}

    def beside(self, model: Model) -> None:
        return None

    def examples(self) -> Iterator[Model]:
        states = [[0.6, 0.8], [1.0, 0.0]]
        yield made("near", {"state": states, "first": states[::-1], "second": [[-0.8, 0.6], [0.0, 1.0]]})
        rows = np.random.default_rng(7).normal(size=(3, 3, 4)).tolist()
        yield made("drawn", dict(zip(NAMES, rows, strict=True)))


FAMILY = ContrastFamily()
