"""Programs behind the contract of a family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from qsac.errors import of_type
from qsac.families.circuit_counts import CircuitCount
from qsac.families.contract import Extent, Fact, Parameter, Plan, Sizes
from qsac.families.formulas import Formula
from qsac.families.outcomes import Outcomes
from qsac.families.program.binding import drawn, parameters, with_numbers_of
from qsac.families.program.circuit_counts import circuit_count
from qsac.families.program.diagnosis import MODEL
from qsac.families.program.examples import examples
from qsac.families.program.feed_forward.readout import FeedForwardReadout
from qsac.families.program.layers.readout import LayersReadout
from qsac.families.program.linearised.readout import LinearisedReadout
from qsac.families.program.meanings import METRICS
from qsac.families.program.model import Model
from qsac.families.program.reading import read
from qsac.families.program.schema import ModelFile
from qsac.families.program.search.digital import digital_formula
from qsac.families.program.search.readout import SearchReadout
from qsac.families.program.sizes import generic, sized, sizes_of
from qsac.families.program.summary import (
    CLASSICAL_WORK,
    Shape,
    break_even,
    facts,
    shape_facts,
    shape_of,
    statistics,
    summary,
)
from qsac.files.diagnosis import Contract
from qsac.ir.program import Program


class Programs:
    """The family of the section ``program``: hybrid programs, of circuits and classical steps.

    ``readouts`` are those of the types whose circuits are built; the others have a closed form.
    """

    section = "program"
    metrics = METRICS
    fields = ModelFile
    contract: Contract = MODEL
    classical_work = CLASSICAL_WORK
    readouts: Mapping[str, type[Any]] = {
        kind.type: kind for kind in (SearchReadout, FeedForwardReadout, LayersReadout, LinearisedReadout)
    }

    def read(self, fields: BaseModel, given: Mapping[str, Any], folder: Path) -> Model:
        return of_type(read(of_type(fields, ModelFile), given, folder), Model)

    def plan(self, model: Model, *, provenance: bool = False) -> Plan:
        return model.plan

    def fed(self, model: Model, seen: Mapping[str, Outcomes]) -> Model:
        """The model whose later circuits load what the outcomes of earlier ones are estimated to."""
        return replace(model, system=model.system.fed(seen))

    def circuit_count(self, model: Model) -> CircuitCount | None:
        return circuit_count(model)

    def multiply_adds(self, model: Model) -> int:
        return model.system.multiply_adds

    def break_even(self, model: Model) -> str:
        return break_even(model)

    def parameters(self, model: Model) -> dict[str, Parameter]:
        return parameters(model)

    def bound(self, model: Model, values: Mapping[str, Any]) -> Model:
        return with_numbers_of(model, values)

    def sizes(self, model: Model) -> dict[str, Extent]:
        return sizes_of(model)

    def generic(self, model: Model, sizes: Sizes) -> Plan:
        return generic(sized(model, sizes))

    def formula(self, model: Model, sizes: Sizes) -> Formula | None:
        """That of a search by arithmetic, whose oracle has no circuits."""
        return digital_formula(sized(model, sizes))

    def drawn(self, model: Model, sizes: Sizes | None = None) -> Model:
        other = model if sizes is None else sized(model, sizes)
        return drawn(model) if other is model else other

    def is_small(self, model: Model, sizes: Sizes, entries: int) -> bool:
        return sized(model, sizes).entries <= entries

    def shape(self, model: Model, sizes: Sizes) -> Shape:
        return shape_of(sized(model, sizes))

    def shape_facts(self, shape: Mapping[str, Any]) -> list[Fact]:
        return shape_facts(shape)

    def doubts(self, model: Model, sizes: Sizes, finals: Sequence[Program], *, built: bool) -> list[str]:
        return []

    def facts(self, model: Model) -> dict[str, Any]:
        return facts(model)

    def summary(self, model: Model) -> list[Fact]:
        return summary(model)

    def statistics(self, model: Model, subnormalisations: Sequence[float]) -> dict[str, Any]:
        return statistics(model)

    def beside(self, model: Model) -> Any:
        return None

    def examples(self) -> Iterator[Model]:
        return examples()


FAMILY = Programs()
