"""The model file's fields as they are with the section ``attention``. The shipped JSON Schema is generated from
these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SkipValidation

from qsac.families.schema import ArrayName, Count, Kernel, Name, Row, Tokens, Unitary
from qsac.files.fields import Fields, without_default


class Attention(Fields):
    """Attention by overlap interference: z_j = sum_i g(<x_j|score|x_i>) value x_i over the mask."""

    type: Literal["overlap"]
    mask: Literal["causal", "full"] = "causal"
    kernel: Kernel
    value: Unitary
    score: Unitary
    phases: SkipValidation[list[float] | Literal["optimal"]] = Field(
        default=None,  # type: ignore[arg-type]  # absent: no phases, which is not the same as T zeros
        description="Phases phi_j of the T positions in radians, or the ones that maximise the fidelity.",
        json_schema_extra=without_default,
    )


class LossReadout(Fields):
    """The loss and the metrics around it."""

    type: Literal["loss"]


class StatesFile(Fields):
    """States in a .npy, .npz, .csv or .safetensors file, named relative to the model file and inside its folder.

    ``array`` names one of several arrays in a .npz or .safetensors file.
    """

    path: Annotated[str, Field(min_length=1)]
    array: ArrayName = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the only one


States = Annotated[list[Row], Field(min_length=1)] | StatesFile


class PredictReadout(Fields):
    """The prediction after one position, measured: in the computational basis, unless a vocabulary or states are given.

    ``position`` counts from 1; the default is T+1, the last token of the file. ``vocabulary``: rows x_l with
    sum_l |x_l><x_l| = 1. ``states``: any rows, normalised on loading, or the T+1 tokens of the file.
    """

    type: Literal["predict"]
    position: Count = Field(
        default=None,  # type: ignore[assignment]  # T+1, known only once the tokens are
        json_schema_extra=without_default,
    )
    vocabulary: SkipValidation[States] = Field(
        default=None,  # type: ignore[assignment]  # absent: the computational basis
        description="Rows x_l that resolve the identity: sum_l |x_l><x_l| = 1.",
        json_schema_extra=without_default,
    )
    states: SkipValidation[States | Literal["tokens"]] = Field(
        default=None,  # type: ignore[arg-type]  # absent: the computational basis
        description="Rows that the prediction is compared with, normalised on loading, or the tokens of the file.",
        json_schema_extra=without_default,
    )


class OverlapsReadout(Fields):
    """The scores s_ji = <x_j|score|x_i> of the context tokens: complex, or their squared moduli.

    ``pairs``: those in the attention's mask, or all of them.
    """

    type: Literal["overlaps"]
    part: Literal["complex", "abs2"] = "complex"
    pairs: Literal["mask", "all"] = "mask"


Readout = Annotated[LossReadout | PredictReadout | OverlapsReadout, Field(discriminator="type")]


class ModelFile(Fields):
    """A qsac model: tokens, attention, and what to read out."""

    qsac: Literal[1]
    name: Name = "model"
    tokens: Tokens
    attention: Attention
    readout: Readout = LossReadout(type="loss")
