"""Lists of steps behind the contract of a family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from qsac.arguments import file_path
from qsac.errors import of_type
from qsac.families.contract import Extent, Fact, Parameter, Plan, Result, Sizes
from qsac.families.contract import Model as AnyModel
from qsac.families.learning import Given, Samples
from qsac.families.outcomes import Outcomes
from qsac.families.steps import binding, drawing
from qsac.families.steps.batches import evaluated
from qsac.families.steps.diagnosis import MODEL
from qsac.families.steps.examples import examples
from qsac.families.steps.feeding import fed
from qsac.families.steps.model import Model
from qsac.families.steps.normal_form import Real
from qsac.families.steps.reading import read
from qsac.families.steps.readout import Outputs
from qsac.families.steps.samples import read_samples, samples_of
from qsac.families.steps.schema import ModelFile
from qsac.families.steps.summary import facts, statistics, summary
from qsac.files.diagnosis import Contract
from qsac.ir.program import Program

if TYPE_CHECKING:
    from qsac.families.steps.learning.ensembles import EnsembleLearner
    from qsac.families.steps.learning.learner import StepsLearner

METRICS = {
    "success_probability": "The probability that all that is post-selected succeeds, in [0, 1]: the product over all "
    "circuits that are run for a sample. 1 / success_probability runs are needed for one accepted one.",
    "outputs": "What the last step gives, one entry for each sample.",
    "attention": "The weights of attention of measured values, one matrix (T, T) for each sample: rows are queries.",
}


class Steps:
    """The family of the section ``steps``: a plan of one circuit for each vector, pair of vectors or group of
    observables that a step needs."""

    section = "steps"
    metrics = METRICS
    fields = ModelFile
    contract: Contract = MODEL
    classical_work: Sequence[str] = ()
    readouts: Mapping[str, type[Any]] = {Outputs.type: Outputs}

    def read(self, fields: BaseModel, given: Mapping[str, Any], folder: Path) -> Model:
        return read(of_type(fields, ModelFile), given, folder)

    def plan(self, model: Model, *, provenance: bool = False) -> Plan:
        return model.plan

    def parameters(self, model: Model) -> dict[str, Parameter]:
        return binding.parameters(model)

    def bound(self, model: Model, values: Mapping[str, Any]) -> Model:
        return binding.bound(model, values)

    def sizes(self, model: Model) -> dict[str, Extent]:
        return drawing.sizes(model)

    def generic(self, model: Model, sizes: Sizes) -> Plan:
        """Of drawn numbers: which gates there are does not depend on them."""
        return drawing.drawn(model, sizes).plan

    def drawn(self, model: Model, sizes: Sizes | None = None) -> Model:
        return drawing.drawn(model, sizes)

    def is_small(self, model: Model, sizes: Sizes, entries: int) -> bool:
        tokens = sizes.get("context", drawing.own_tokens(model))
        return tokens**2 << drawing.qubits(model) <= entries

    def shape(self, model: Model, sizes: Sizes) -> drawing.Shape:
        tokens = sizes.get("context", drawing.own_tokens(model))
        return drawing.Shape(tokens, len(model.steps), drawing.qubits(model))

    def shape_facts(self, shape: Mapping[str, Any]) -> list[Fact]:
        return drawing.shape_facts(shape)

    def doubts(self, model: Model, sizes: Sizes, finals: Sequence[Program], *, built: bool) -> list[str]:
        return []

    def facts(self, model: Model) -> dict[str, Any]:
        return facts(model)

    def summary(self, model: Model) -> list[Fact]:
        return summary(model)

    def statistics(self, model: Model, subnormalisations: Sequence[float]) -> dict[str, Any]:
        return statistics(model, subnormalisations)

    def beside(self, model: Model) -> Any:
        return None

    def examples(self) -> Iterator[Model]:
        return examples()

    def fed(self, model: Model, seen: Mapping[str, Outcomes]) -> Model:
        return fed(model, seen)

    def samples(self, model: Model, given: object) -> list[Real]:
        if isinstance(given, Sequence | np.ndarray) and not isinstance(given, str | bytes):
            return samples_of(given, model.shape)
        return read_samples(file_path(given, "inputs"), model.shape)

    def with_sample(self, model: Model, sample: Real) -> Model:
        return drawing.with_sample(model, sample)

    def evaluated(self, model: Model, samples: Sequence[Real]) -> Result:
        return evaluated(model, samples)

    @property
    def sketch(self) -> type[BaseModel]:
        from qsac.families.steps.learning.sketch import StepsSketch

        return StepsSketch

    @property
    def sketch_contract(self) -> Contract:
        from qsac.families.steps.learning.sketch import SKETCH

        return SKETCH

    def learner(self, sketch: BaseModel, given: Given, folder: Path) -> StepsLearner:
        """Raises :class:`~qsac.errors.InvalidInputError`: lists of steps learn from labelled samples alone."""
        from qsac.families.steps.learning.learner import no_samples

        raise no_samples()

    def learner_of(self, model: Model) -> StepsLearner:
        """Of a layer, which has no metrics."""
        from qsac.families.steps.learning.learner import StepsLearner, learned_whole

        return StepsLearner(learned_whole(model))

    def sample_learner(
        self, sketch: BaseModel, samples: Samples, folder: Path, *, classical: bool = False
    ) -> StepsLearner:
        from qsac.families.steps.learning.learner import StepsLearner
        from qsac.families.steps.learning.sketch import StepsSketch
        from qsac.families.steps.learning.sketching import outline_of

        outline = outline_of(of_type(sketch, StepsSketch), samples, folder, classical=classical)
        return StepsLearner(outline, samples)

    def sample_learner_of(self, model: Model, samples: Samples) -> StepsLearner:
        from qsac.families.steps.learning.learner import StepsLearner, learned_whole
        from qsac.families.steps.learning.sketching import check_shape

        check_shape(model, samples)
        return StepsLearner(learned_whole(model), samples)

    def ensemble_learner(
        self, source: BaseModel | AnyModel, samples: Samples, folder: Path, distance: str
    ) -> EnsembleLearner:
        from qsac.families.steps.learning.ensembles import EnsembleLearner
        from qsac.families.steps.learning.learner import StepsLearner, learned_whole
        from qsac.families.steps.learning.sketch import StepsSketch
        from qsac.families.steps.learning.sketching import check_shape, outline_of

        if isinstance(source, Model):
            check_shape(source, samples)
            outline = learned_whole(source)
        else:
            outline = outline_of(of_type(source, StepsSketch), samples, folder)
        return EnsembleLearner(StepsLearner(outline), samples, "mmd" if distance == "mmd" else "wasserstein")

    def layer_learner(self, sketch: BaseModel, shape: tuple[int, ...] | None, folder: Path) -> StepsLearner:
        from qsac.families.steps.learning.learner import StepsLearner
        from qsac.families.steps.learning.sketch import StepsSketch
        from qsac.families.steps.learning.sketching import outline_of_layer

        return StepsLearner(outline_of_layer(of_type(sketch, StepsSketch), shape, folder))


FAMILY = Steps()
