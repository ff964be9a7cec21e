"""Transformers behind the contract of a family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from qsac.errors import InvalidInputError, of_type
from qsac.families.contract import Extent, Fact, Parameter, Plan, Result, Sizes
from qsac.families.learning import Given
from qsac.families.places import Losses
from qsac.families.transformer import generation
from qsac.families.transformer.binding import parameters, with_numbers_of
from qsac.families.transformer.diagnosis import MODEL
from qsac.families.transformer.examples import examples
from qsac.families.transformer.meanings import METRICS
from qsac.families.transformer.model import Model
from qsac.families.transformer.places import losses
from qsac.families.transformer.plan_size import largest_context, largest_dimension
from qsac.families.transformer.reading import read
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.families.transformer.readouts.state_fidelity import StateFidelity
from qsac.families.transformer.schema import ModelFile
from qsac.families.transformer.shapes import (
    CONTEXT_LIMIT,
    DIMENSION_LIMIT,
    Shape,
    Size,
    drawn,
    outlined,
    same_circuits,
    shape_facts,
    shape_of,
    size_of,
)
from qsac.families.transformer.summary import facts, summary
from qsac.files.diagnosis import Contract
from qsac.ir.attention import ApplyUnitary, PhaseSignal, SelectIndex
from qsac.ir.program import Program

if TYPE_CHECKING:
    from qsac.families.pictures import HeatMap, KernelCurve, Part
    from qsac.families.transformer.learning.learner import TransformerLearner

CLASSICAL_WORK = (
    "rows of one token each: embedding, position, and the matrices of heads, feed-forwards and words",
    "lengths of such rows, and sums of lengths",
)
"""No table mixes tokens: scores, sums over keys and outputs are the circuits' (docs/transformer.md)."""


class Transformer:
    """The family of the section ``transformer``: a plan of one circuit for each position whose next word is asked for,
    and where targets are known a step that makes their cross entropy of all; or of one circuit for all positions."""

    section = "transformer"
    metrics = METRICS
    fields = ModelFile
    contract = MODEL
    classical_work = CLASSICAL_WORK
    readouts: Mapping[str, type[Any]] = {kind.type: kind for kind in (NextToken, StateFidelity)}

    def read(self, fields: BaseModel, given: Mapping[str, Any], folder: Path) -> Model:
        return read(of_type(fields, ModelFile), given, folder)

    def plan(self, model: Model, *, provenance: bool = False) -> Plan:
        return model.plan

    def parameters(self, model: Model) -> dict[str, Parameter]:
        return parameters(model)

    def bound(self, model: Model, values: Mapping[str, Any]) -> Model:
        made = with_numbers_of(model, values)
        if not same_circuits(model.plan, made.plan):
            raise InvalidInputError(
                "these numbers make other circuits than those that the template has",
                code="template.other-circuits",
                pointer="/parameters",
                wanted="matrices that are unitary, zero or the identity where the template's are, and nowhere else",
                help="compile a template of a model with these numbers",
            )
        return made

    def sizes(self, model: Model) -> dict[str, Extent]:
        """N and d, each as large as the model's other one allows; both together are checked where a model is drawn."""
        own = size_of(model)
        least = 2 if model.fields["readout"].get("positions") == "targets" else 1
        return {
            "context": Extent(own.context, least, largest_context(model, CONTEXT_LIMIT)),
            "dimension": Extent(own.dimension, 2, largest_dimension(model, DIMENSION_LIMIT)),
        }

    def generic(self, model: Model, sizes: Sizes) -> Plan:
        return outlined(self.plan(drawn(model, Size(**sizes))))

    def drawn(self, model: Model, sizes: Sizes | None = None) -> Model:
        return drawn(model, None if sizes is None else Size(**sizes))

    def is_small(self, model: Model, sizes: Sizes, entries: int) -> bool:
        size = Size(**sizes)
        return size.context * size.dimension << 2 * len(model.layers) <= entries

    def shape(self, model: Model, sizes: Sizes) -> Shape:
        return shape_of(model, Size(**sizes))

    def shape_facts(self, shape: Mapping[str, Any]) -> list[Fact]:
        return shape_facts(shape)

    def doubts(self, model: Model, sizes: Sizes, finals: Sequence[Program], *, built: bool) -> list[str]:
        unitaries = [
            op for final in finals for op in final.ops if isinstance(op, ApplyUnitary) and op.size(final.scope) > 1
        ]
        found = []
        if unitaries and not built:
            found.append("matrices on the value are synthesised, with approximately the gates counted here")
        if any(_selects_twice(final) for final in finals):
            found.append("a walk's selection and that of the residual follow each other, which may save a few gates")
        return found

    def facts(self, model: Model) -> dict[str, Any]:
        return facts(model)

    def summary(self, model: Model) -> list[Fact]:
        return summary(model)

    def statistics(self, model: Model, subnormalisations: Sequence[float]) -> dict[str, Any]:
        return {"normalisation": list(subnormalisations)}

    def beside(self, model: Model) -> Any:
        return None

    def examples(self) -> Iterator[Model]:
        return examples()

    def heat_maps(self, model: Model) -> list[HeatMap]:
        from qsac.families.transformer import pictures

        return pictures.heat_maps(model)

    def curves(self, model: Model) -> list[KernelCurve]:
        from qsac.families.transformer import pictures

        return pictures.curves(model)

    def parts(self, model: Model) -> list[Part]:
        from qsac.families.transformer import pictures

        return pictures.parts(model)

    def losses(self, model: Model) -> Losses:
        return losses(model)

    def words(self, model: Model, prompt: str | Sequence[int]) -> tuple[int, ...]:
        return generation.words(model, prompt)

    def label(self, model: Model, word: int) -> str:
        return generation.label(model, word)

    def longest(self, model: Model) -> int | None:
        return generation.longest(model)

    def continued(self, model: Model, words: Sequence[int]) -> Model:
        return generation.continued(model, words)

    def following(self, model: Model, result: Result) -> tuple[float, ...] | None:
        return generation.following(model, result)

    @property
    def sketch(self) -> type[BaseModel]:
        from qsac.families.transformer.learning.sketch import TransformerSketch

        return TransformerSketch

    @property
    def sketch_contract(self) -> Contract:
        from qsac.families.transformer.learning.diagnosis import SKETCH

        return SKETCH

    def learner(self, sketch: BaseModel, given: Given, folder: Path) -> TransformerLearner:
        from qsac.families.transformer.learning.learner import learner
        from qsac.families.transformer.learning.sketch import TransformerSketch

        return learner(of_type(sketch, TransformerSketch), given, folder)

    def learner_of(self, model: Model) -> TransformerLearner:
        from qsac.families.transformer.learning.learner import learner_of

        return learner_of(model)


def _selects_twice(program: Program) -> bool:
    """Whether a walk's last load is selected by one register, and values by another one."""
    walked = any(isinstance(op, PhaseSignal) for op in program.ops)
    return walked and len({op.degree for op in program.ops if isinstance(op, SelectIndex)}) > 1


FAMILY = Transformer()
