"""The model file's fields as they are with the section ``attention``. The shipped JSON Schema is generated from
these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, SkipValidation

from qsac.families.schema import ArrayName, Bounded, Count, Kernel, Name, Row, Tokens, Unitary
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default

OF_ONE_HEAD = ("kernel", "value", "score")
"""Fields of attention without a list of heads, and of each head in one."""


class OverlapHead(Fields):
    """One of several heads: weight times sum_i g(<x_j|score|x_{i-r}>) value x_i over the mask, i > r.

    ``key_shift`` is r: the token i is added by the score of the token r places before it. ``conjugate``: g is of the
    complex conjugate of the score.
    """

    kernel: Kernel
    value: Unitary
    score: Unitary
    key_shift: Annotated[int, Field(ge=0, le=2**53)] = 0
    conjugate: bool = False
    weight: Bounded = 1.0


def _one_or_several(schema: dict[str, Any]) -> None:
    """In the JSON Schema: the fields of one head, or a list of heads."""
    schema["oneOf"] = [
        {"required": list(OF_ONE_HEAD), "properties": {"heads": False}},
        {"required": ["heads"], "properties": dict.fromkeys(OF_ONE_HEAD, False)},
    ]


class Attention(Fields):
    """Attention by overlap interference: z_j = sum_i g(<x_j|score|x_i>) value x_i over the mask.

    ``heads`` take the place of ``kernel``, ``value`` and ``score``: z_j is the sum of what they give.
    """

    model_config = ConfigDict(json_schema_extra=_one_or_several)

    type: Literal["overlap"]
    mask: Literal["causal", "full"] = "causal"
    kernel: Kernel = Field(
        default=None,  # type: ignore[assignment]  # absent: heads
        json_schema_extra=without_default,
    )
    value: Unitary = Field(
        default=None,  # type: ignore[assignment]  # absent: heads
        json_schema_extra=without_default,
    )
    score: Unitary = Field(
        default=None,  # type: ignore[assignment]  # absent: heads
        json_schema_extra=without_default,
    )
    heads: Annotated[list[OverlapHead], Field(min_length=1), ONE_COMPLAINT] = Field(
        default=None,  # type: ignore[arg-type]  # absent: one head, of kernel, value and score
        json_schema_extra=without_default,
    )
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

    ``pairs``: those in the attention's mask, or all of them. ``head``: the head whose ``score`` it is, from 0, as it is
    without its key shift and conjugation. It has to be said where there are several.
    """

    type: Literal["overlaps"]
    part: Literal["complex", "abs2"] = "complex"
    pairs: Literal["mask", "all"] = "mask"
    head: Annotated[int, Field(ge=0, le=2**53)] = Field(
        default=None,  # type: ignore[assignment]  # the only one
        json_schema_extra=without_default,
    )


Readout = Annotated[LossReadout | PredictReadout | OverlapsReadout, Field(discriminator="type")]


class ModelFile(Fields):
    """A qsac model: tokens, attention, and what to read out."""

    qsac: Literal[1]
    name: Name = "model"
    tokens: Tokens
    attention: Attention
    readout: Readout = LossReadout(type="loss")
