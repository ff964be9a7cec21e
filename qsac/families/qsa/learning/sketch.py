"""The sketch of a model of quantum attention that is trained: a model file whose numbers may be left out.

What is left out is drawn and learned. Matrices, angles and coefficients that are given are where learning starts, or
stay as they are; each field says which.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SkipValidation

from qsac.families import schema as shared
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default

Shift = Annotated[int, Field(ge=0, le=2**53)]
Dimension = Annotated[int, Field(ge=2, le=2**53)]


class FreeUnitarySketch(Fields):
    """Any unitary: exp(i(A + A^dagger)/2), the real and imaginary parts of A from a normal distribution of width 0.1.
    Matrices fold into the tables of loaders at no gate."""

    type: Literal["free"]


class OrthogonalUnitarySketch(Fields):
    """Any real rotation: exp((B - B^T)/2), B from a normal distribution of width 0.1. Real tokens stay real."""

    type: Literal["orthogonal"]


class AnsatzSketch(Fields):
    """Layers of rotations and a ring of CX. ``parameters``: the angles in radians, (layers, n, rotations); if left out,
    from a normal distribution of width 0.1. They are learned, unless ``trained`` is false."""

    type: Literal["hardware-efficient"]
    rotations: Annotated[list[Literal["rx", "ry", "rz"]], Field(min_length=1), ONE_COMPLAINT] = Field(
        ["rx", "ry", "rz"]
    )
    layers: shared.Count
    parameters: SkipValidation[list[list[list[float]]] | shared.NormalParameters] = Field(
        default=None,  # type: ignore[assignment]  # absent: drawn by the seed of the run
        json_schema_extra=without_default,
    )
    trained: bool = True


class MatrixSketch(Fields):
    """The unitary matrix that learning starts from, or that stays if ``trained`` is false; rows of [re, im] pairs, of
    the tokens' given or padded dimension. A real matrix for real tokens stays real."""

    type: Literal["matrix"]
    entries: SkipValidation[list[list[shared.Pair]]]
    trained: bool = True


UnitarySketch = Annotated[
    FreeUnitarySketch | OrthogonalUnitarySketch | AnsatzSketch | MatrixSketch | shared.IdentityUnitary,
    Field(discriminator="type"),
]


class OverlapPolynomialSketch(Fields):
    """g(s) = sum_p c_p s^p. With ``degree`` all coefficients are learned, from those of an exponential on; given
    ``coefficients`` stay, unless they are ``trained``: then those that are not 0 are."""

    type: Literal["polynomial"]
    degree: shared.Degree = Field(
        default=None,  # type: ignore[assignment]  # absent: the coefficients are given
        json_schema_extra=without_default,
    )
    coefficients: Annotated[list[shared.Real], Field(min_length=1), ONE_COMPLAINT] = Field(
        default=None,  # type: ignore[arg-type]  # absent: learned
        json_schema_extra=without_default,
    )
    trained: bool = False


KernelSketch = Annotated[
    shared.MonomialKernel | OverlapPolynomialSketch | shared.SoftmaxTaylorKernel, Field(discriminator="type")
]


class OverlapHeadSketch(Fields):
    """One of several heads. ``value`` and ``score`` are free unitaries for complex tokens, orthogonal ones for real
    tokens, where they are left out. ``weight`` stays if it is given; if not, it is 1 beside learned coefficients, which
    hold it, and else learned."""

    kernel: KernelSketch
    value: UnitarySketch = Field(
        default=None,  # type: ignore[assignment]  # absent: free or orthogonal
        json_schema_extra=without_default,
    )
    score: UnitarySketch = Field(
        default=None,  # type: ignore[assignment]  # absent: free or orthogonal
        json_schema_extra=without_default,
    )
    key_shift: Shift = 0
    conjugate: bool = False
    weight: shared.Real = Field(
        default=None,  # type: ignore[assignment]  # absent: 1, or learned
        json_schema_extra=without_default,
    )


class OverlapAttentionSketch(Fields):
    """Attention by overlap interference: a kernel, a value and a score, or ``heads`` with one of each.

    ``value`` and ``score`` are free unitaries for complex tokens, orthogonal ones for real tokens, where they are left
    out. ``phases``: ``optimal`` for models that are read out with the phases that maximise the fidelity; ``none`` for
    models without phases, which learn to predict the phase of the next token too.
    """

    type: Literal["overlap"]
    mask: Literal["causal", "full"] = "causal"
    kernel: KernelSketch = Field(
        default=None,  # type: ignore[assignment]  # absent: heads
        json_schema_extra=without_default,
    )
    value: UnitarySketch = Field(
        default=None,  # type: ignore[assignment]  # absent: free or orthogonal
        json_schema_extra=without_default,
    )
    score: UnitarySketch = Field(
        default=None,  # type: ignore[assignment]  # absent: free or orthogonal
        json_schema_extra=without_default,
    )
    heads: Annotated[list[OverlapHeadSketch], Field(min_length=1), ONE_COMPLAINT] = Field(
        default=None,  # type: ignore[arg-type]  # absent: one head, of the fields beside this one
        json_schema_extra=without_default,
    )
    phases: Literal["optimal", "none"] = "optimal"


class EmbeddingSketch(Fields):
    """The embedding of words, which is learned: an isometry of ``dimension`` columns and a row for each word. Its
    entries are complex unless it is ``real``."""

    type: Literal["text"]
    dimension: Dimension
    real: bool = False


class OverlapSketch(Fields):
    """A sketch with the section ``attention``. ``tokens`` are for words alone: states come as they are."""

    tokens: EmbeddingSketch = Field(
        default=None,  # type: ignore[assignment]  # absent: states
        json_schema_extra=without_default,
    )
    attention: OverlapAttentionSketch
