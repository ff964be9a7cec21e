"""The fields of a training configuration, version 1. What depends on the model, the data and the optimiser is put into
the JSON Schema by :mod:`qsac.training.json_schema`, and validated by :mod:`qsac.training.reading`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SkipValidation

from qsac.families.schema import Count, Name, Seed
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default

VERSION = 1
SEEDS = 10_000
"""The most seeds of one run."""
EPOCHS = 1_000_000

ADVERSARIAL = "adversarial"
"""The objective against a discriminator."""

ENSEMBLES = ("mmd", "wasserstein")
"""The objectives that compare ensembles of states."""

Share = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1)]
ObjectiveName = Annotated[str, Field(min_length=1, max_length=100)]
"""The name of a metric that the model can minimise: loss, loss_a, cross_entropy, and more where its family has more."""
Seeds = Annotated[list[Seed], Field(min_length=1, max_length=SEEDS)]


class RollOutFields(Fields):
    """Predictions that are fed back: from every position of the context on, up to ``steps`` steps ahead. The mean of
    -ln fidelity over these steps counts with ``weight``, the metric with the rest of 1; before the share ``after`` of
    the training's steps the metric alone counts."""

    steps: Annotated[int, Field(ge=2, le=1000)] = 4
    weight: Annotated[float, Field(allow_inf_nan=False, gt=0, le=1)] = 0.2
    after: Annotated[float, Field(allow_inf_nan=False, ge=0, lt=1)] = 0.75


class DiscriminatorFields(Fields):
    """A network that learns to tell samples from what a model generates: from the bits of a string, layers of
    rectified units of the widths ``hidden``, to one probability."""

    hidden: Annotated[list[Annotated[int, Field(ge=1, le=4096)]], Field(max_length=16), ONE_COMPLAINT] = Field([32])


class ObjectiveFields(Fields):
    """What is minimised: the mean of a metric over the batch, less ``success_weight`` times the mean logarithm of the
    success probability. That weight grows from 0 over the share ``anneal`` of the steps. ``discriminator``: of the
    objective ``adversarial`` alone."""

    type: ObjectiveName
    success_weight: Annotated[float, Field(allow_inf_nan=False, ge=0, le=1000)] = 0.0
    anneal: Share = 0.0
    discriminator: DiscriminatorFields = Field(
        default=None,  # type: ignore[assignment]  # that with default fields
        json_schema_extra=without_default,
    )
    roll_out: RollOutFields = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # none


class GradientFields(Fields):
    """Gradients from circuits, as a target gives them: exactly, by ``shots`` of each circuit, or with its errors."""

    type: Literal["parameter-shift", "spsa"]
    target: Annotated[str, Field(min_length=1, max_length=1000)] = "statevector"
    shots: Annotated[int, Field(ge=1, le=2**53)] = Field(
        default=None,  # type: ignore[assignment]  # exact
        json_schema_extra=without_default,
    )
    noise: bool = False


class ValidationFields(Fields):
    """The last ``share`` of the training sequences validates; training ends where ``patience`` epochs have brought no
    lower value, and the best parameters are kept."""

    share: Annotated[float, Field(allow_inf_nan=False, gt=0, lt=1)] = 0.1
    patience: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # never


class CheckpointFields(Fields):
    """How often a checkpoint is written, in epochs."""

    every: Count = 10


class TrainingFile(Fields):
    """A training configuration: what learns, from what, and how."""

    qsac_train: Literal[1]
    name: Name = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # that of the file
    model: SkipValidation[Any]
    data: SkipValidation[Any]
    objective: SkipValidation[ObjectiveName | ObjectiveFields] = Field(
        default=None,  # type: ignore[assignment]  # the first one that the model has
        json_schema_extra=without_default,
    )
    optimiser: SkipValidation[Any] = Field({"type": "adam"})
    gradient: SkipValidation[Literal["exact"] | GradientFields] = "exact"
    epochs: Annotated[int, Field(ge=1, le=EPOCHS)] = 120
    batch: Annotated[int, Field(ge=1, le=2**20)] = 32
    seeds: SkipValidation[Annotated[int, Field(ge=1, le=SEEDS)] | Seeds] = Field(
        1, description="How many seeds, from 0 on, or the list of them."
    )
    validation: ValidationFields = Field(
        default=None,  # type: ignore[assignment]  # none
        json_schema_extra=without_default,
    )
    checkpoint: CheckpointFields = CheckpointFields()
    precision: Literal["single", "double"] = "single"
    compare: Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=100), ONE_COMPLAINT] = Field([])


class SeedList(Fields):
    """The list form of ``seeds``, validated by itself."""

    seeds: Annotated[Seeds, ONE_COMPLAINT]


class SeedNumber(Fields):
    """The short form of ``seeds``."""

    seeds: Annotated[int, Field(ge=1, le=SEEDS)]
