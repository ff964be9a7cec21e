"""The sketch of a transformer that is trained: a model file whose numbers may be left out.

What is left out is drawn and learned, what is given stays as it is. Choices that are no numbers, such as the kind of
the positions, have the defaults of the model file. Sizes that only numbers would show are fields of their own:
``size``, ``value_size``, ``hidden``, ``dimension``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SkipValidation

from qsac.families import schema as shared
from qsac.families.transformer import schema
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default

Learned = Literal["learned"]
Entries = schema.Matrix | Literal["learned", "identity"]
"""A matrix: its numbers or their file, which stay; or what is to be learned, or the identity."""

Bias = schema.Vector | Literal["learned", "none"]
Constraint = Literal["none", "orthogonal"]
Coefficients = Annotated[list[shared.Real], Field(min_length=1), ONE_COMPLAINT]
Dimension = Annotated[int, Field(ge=2, le=2**53)]

MOST = 1024
"""The most heads of a layer, and factors of a feed-forward, that a number asks for."""

Some = Annotated[int, Field(ge=1, le=MOST)]


class WordsSketch(Fields):
    """Words, one for each of the data, with an embedding of ``dimension`` entries each."""

    type: Literal["words"] = "words"
    dimension: Dimension = Field(
        default=None,  # type: ignore[assignment]  # absent: that of the embedding
        json_schema_extra=without_default,
    )
    embedding: SkipValidation[schema.Matrix | Learned] = "learned"


class AddedPositionSketch(Fields):
    """A row for each position, added to the tokens. ``rows``: how many are learned, one for each token of the data's
    sequences if it is left out; of words the last of these stays as it is drawn, as nothing follows it."""

    type: Literal["add"]
    rows: shared.Count = Field(
        default=None,  # type: ignore[assignment]  # absent: the length of the sequences
        json_schema_extra=without_default,
    )
    values: SkipValidation[schema.Matrix | Learned] = "learned"


Position = Annotated[
    schema.NoPosition | AddedPositionSketch | schema.SinusoidalPosition | schema.RotaryPosition,
    Field(discriminator="type"),
]


class PolynomialKernelSketch(Fields):
    """g(s) = sum_p coefficients[p] s^p. Without coefficients all up to ``degree`` are learned; given ones stay, unless
    they are ``trained``: then those that are not 0 are."""

    type: Literal["polynomial"]
    degree: Annotated[int, Field(ge=1, le=2**53)] = Field(
        default=None,  # type: ignore[assignment]  # absent: the coefficients are given
        json_schema_extra=without_default,
    )
    coefficients: Coefficients = Field(
        default=None,  # type: ignore[arg-type]  # absent: learned
        json_schema_extra=without_default,
    )
    trained: bool = False


Kernel = Annotated[
    schema.LinearKernel | shared.MonomialKernel | PolynomialKernelSketch | shared.SoftmaxTaylorKernel,
    Field(discriminator="type"),
]


class HeadSketch(Fields):
    """One head. ``size``: e, the entries of its queries and keys; ``value_size``: f, those of its values, as many if it
    is left out. ``score``, learned or given, takes the place of query and key."""

    size: shared.Count = Field(
        default=None,  # type: ignore[assignment]  # absent: that of the attention
        json_schema_extra=without_default,
    )
    value_size: shared.Count = Field(
        default=None,  # type: ignore[assignment]  # absent: size
        json_schema_extra=without_default,
    )
    query: SkipValidation[Entries] = "learned"
    key: SkipValidation[Entries] = "learned"
    score: SkipValidation[schema.Matrix | Learned] = Field(
        default=None,  # type: ignore[arg-type]  # absent: query and key
        json_schema_extra=without_default,
    )
    value: SkipValidation[Entries] = "learned"
    output: SkipValidation[Entries] = "learned"


class AttentionSketch(Fields):
    """Attention of several heads: how many there are, or each of them.

    ``size``: the entries of every head's queries, keys and values, d over the number of heads if it is left out. With
    ``constraint`` orthogonal the learned queries of all heads, one below the other, have orthogonal rows (columns where
    there are more rows than entries), as have their keys, their values, and their outputs beside each other: heads that
    may stand side by side in a circuit.
    """

    mask: Literal["causal", "full"] = "causal"
    scale: Literal["mean", "sum"] = "mean"
    kernel: Kernel = schema.LinearKernel(type="linear")
    heads: SkipValidation[Some | Annotated[list[HeadSketch], Field(min_length=1)]] = 1
    size: shared.Count = Field(
        default=None,  # type: ignore[assignment]  # absent: d over the number of heads
        json_schema_extra=without_default,
    )
    constraint: Constraint = "none"


class FactorSketch(Fields):
    """One factor B a + b of a gated feed-forward."""

    matrix: SkipValidation[Entries] = "learned"
    bias: SkipValidation[Bias] = "learned"


class GatedSketch(Fields):
    """A gated feed-forward of ``hidden`` entries, d if it is left out: how many factors it has, or each of them. With
    ``constraint`` orthogonal the matrix of each factor is."""

    type: Literal["gated"]
    hidden: shared.Count = Field(
        default=None,  # type: ignore[assignment]  # absent: d
        json_schema_extra=without_default,
    )
    factors: SkipValidation[Some | Annotated[list[FactorSketch], Field(min_length=1)]] = 2
    output: SkipValidation[Entries] = "learned"
    passing: schema.Positive = Field(default=1.0, alias="pass")
    constraint: Constraint = "none"


class PolynomialSketch(Fields):
    """A polynomial feed-forward of ``hidden`` entries, d if it is left out.

    Its polynomial is given by ``coefficients``, a ``function`` or a ``degree``, with which c_1 .. are learned. Given
    coefficients stay, unless they are ``trained``: then those that are not 0 are. With ``constraint`` orthogonal
    ``input`` is.
    """

    type: Literal["polynomial"]
    hidden: shared.Count = Field(
        default=None,  # type: ignore[assignment]  # absent: d
        json_schema_extra=without_default,
    )
    input: SkipValidation[Entries] = "learned"
    bias: SkipValidation[Bias] = "learned"
    coefficients: Coefficients = Field(
        default=None,  # type: ignore[arg-type]  # absent: of the function, or learned
        json_schema_extra=without_default,
    )
    function: schema.FittedFunction = Field(
        default=None,  # type: ignore[assignment]  # absent: none
        json_schema_extra=without_default,
    )
    degree: Annotated[int, Field(ge=1, le=2**53)] = Field(
        default=None,  # type: ignore[assignment]  # absent: the coefficients are given
        json_schema_extra=without_default,
    )
    trained: bool = False
    output: SkipValidation[Entries] = "learned"
    constraint: Constraint = "none"


FeedForward = Annotated[GatedSketch | PolynomialSketch, Field(discriminator="type")]


class LayerSketch(Fields):
    """One layer. ``residual`` [rho, sigma] and ``feed_forward_residual`` [rho2, sigma2] stay where they are numbers.
    The latter is [0, 1] if it is left out, as in the model file: learned, it changes the circuit."""

    attention: AttentionSketch = Field(default_factory=AttentionSketch)
    residual: SkipValidation[schema.Factors | Learned] = "learned"
    norm: SkipValidation[Literal["none", "centre"] | schema.FixedScale] = "none"
    feed_forward: FeedForward = Field(
        default=None,  # type: ignore[assignment]  # absent: none
        json_schema_extra=without_default,
    )
    feed_forward_residual: SkipValidation[schema.Factors | Learned] = Field([0.0, 1.0])


class LayersSketch(Fields):
    """Layers of attention whose states are amplitudes. ``complex``: what is learned is complex; if it is left out, that
    is so for data that are."""

    position: Position = schema.NoPosition(type="none")
    normalise: bool = False
    layers: Annotated[list[LayerSketch], Field(min_length=1), ONE_COMPLAINT]
    complex: bool = Field(
        default=None,  # type: ignore[assignment]  # absent: as the data are
        json_schema_extra=without_default,
    )


class NextTokenSketch(Fields):
    """Words that follow, by the rows of a ``vocabulary``, one for each word."""

    type: Literal["next-token"]
    vocabulary: SkipValidation[schema.Matrix | Learned] = "learned"


class StateFidelitySketch(Fields):
    """States that follow, for data that are states: each target is the next one of its sequence."""

    type: Literal["state-fidelity"]


Readout = Annotated[NextTokenSketch | StateFidelitySketch, Field(discriminator="type")]


class TransformerSketch(Fields):
    """A transformer to be trained: ``tokens`` for data of words, ``readout`` if it is not the one that goes with the
    data: next-token for words, state-fidelity for states."""

    tokens: WordsSketch = Field(
        default=None,  # type: ignore[assignment]  # absent: the data are states
        json_schema_extra=without_default,
    )
    transformer: LayersSketch
    readout: Readout = Field(
        default=None,  # type: ignore[assignment]  # absent: the one that goes with the data
        json_schema_extra=without_default,
    )
