"""A training configuration, checked: what its seeds learn from, and what learns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from qsac.errors import InvalidInputError, QsacError
from qsac.families.contract import Model, canonical_json
from qsac.families.learning import HasAdversary, Learner, Learns, LearnsEnsembles, LearnsFromSamples, Samples
from qsac.training.data.contract import Data
from qsac.training.data.making import data_of
from qsac.training.optimisers.contract import OptimiserFields
from qsac.training.schema import (
    ADVERSARIAL,
    ENSEMBLES,
    DiscriminatorFields,
    GradientFields,
    ObjectiveFields,
    TrainingFile,
)

_NO_NUMBERS = ("name", "seeds", "checkpoint", "compare")
"""The fields that no number of a seed depends on."""


@dataclass(frozen=True, eq=False)
class Config:
    """A configuration whose fields are valid.

    ``document`` is its canonical form, in which defaults are explicit; paths in it are relative to ``folder``.
    ``sketch`` are the fields of the model's ``family``; or ``model`` is the model file that training starts from.
    ``objective`` None stands for the model's first one, ``gradient`` None for exact gradients.
    """

    fields: TrainingFile
    document: Mapping[str, Any]
    folder: Path
    name: str
    family: Learns = field(repr=False)
    sketch: BaseModel | None
    model: Model | None
    data_fields: BaseModel
    objective: ObjectiveFields | None
    optimiser: OptimiserFields
    gradient: GradientFields | None
    seeds: tuple[int, ...]
    _made: dict[int, Data] = field(default_factory=dict, repr=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that the numbers of a seed depend on but its data, in hexadecimal."""
        kept = {name: value for name, value in self.document.items() if name not in _NO_NUMBERS}
        if self.model is not None:
            kept["model"] = self.model.sha256
        return hashlib.sha256(canonical_json(kept).encode("ascii")).hexdigest()

    @property
    def double(self) -> bool:
        """Whether numbers are in double precision: as asked for, and always where gradients come from circuits."""
        return self.fields.precision == "double" or self.gradient is not None

    def data(self, seed: int) -> Data:
        """What a seed learns from; with sequences for validation where the configuration asks for them. Raises
        :class:`~qsac.errors.QsacError` with pointers into the configuration."""
        if seed not in self._made:
            self._made.clear()  # those of one seed are kept
            made = data_of(self.data_fields, seed, self.folder)  # type: ignore[arg-type]  # of a kind that was found
            validation = self.fields.validation
            self._made[seed] = made if validation is None else made.with_validation(validation.share)
        return self._made[seed]

    def learner(self, data: Data) -> Learner:
        """What learns from such data. Raises :class:`~qsac.errors.InvalidInputError` with pointers into the
        configuration where the model does not fit the data."""
        try:
            if data.given.samples is not None:
                return self._of_samples(data.given.samples)
            if self.model is not None:
                return self.family.learner_of(self.model)
            return self.family.learner(self.sketch, data.given, self.folder)  # type: ignore[arg-type]  # one of the two
        except QsacError as error:
            error.pointer = "/model" + (error.pointer or "")
            raise

    def _of_samples(self, samples: Samples) -> Learner:
        """What learns from labelled samples. Raises as :meth:`learner`."""
        family = self.family
        if not isinstance(family, LearnsFromSamples):
            raise InvalidInputError(
                "this model does not learn from labelled samples",
                code="train.not-of-samples",
                pointer="",
                found="data of labelled samples",
                wanted='a model with the section "steps", or data that are sequences',
            )
        if self.objective is not None and self.objective.type in ENSEMBLES and isinstance(family, LearnsEnsembles):
            source: Any = self.sketch if self.model is None else self.model
            return family.ensemble_learner(source, samples, self.folder, self.objective.type)
        if self.model is not None:
            learner = family.sample_learner_of(self.model, samples)
        else:
            learner = family.sample_learner(self.sketch, samples, self.folder)  # type: ignore[arg-type]  # one of the two
        if self.objective is None or self.objective.type != ADVERSARIAL:
            return learner
        if samples.kind != "bits" or not isinstance(learner, HasAdversary):
            raise InvalidInputError(
                "a discriminator tells bit strings apart, and these data are none",
                code="train.no-adversary",
                pointer="",
                found=f'samples of the kind "{samples.kind}"',
                wanted='a model without inputs that measures probabilities, and data of the kind "bits"',
            )
        discriminator = self.objective.discriminator or DiscriminatorFields.model_validate({})
        return learner.against(tuple(discriminator.hidden))

    def with_seeds(self, seeds: tuple[int, ...]) -> Config:
        """The same with other seeds."""
        if seeds == self.seeds:
            return self
        return replace(self, seeds=seeds, document={**self.document, "seeds": list(seeds)})


def learns(family: object, section: str, pointer: str) -> Learns:
    """A family, if its models can be trained. Raises :class:`~qsac.errors.InvalidInputError` for others."""
    if isinstance(family, Learns):
        return family
    raise InvalidInputError(
        f'models with the section "{section}" cannot be trained',
        code="train.family-cannot-learn",
        pointer=pointer,
        wanted="a family that can be trained",
    )
