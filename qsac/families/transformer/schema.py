"""The model file's fields as they are with the section ``transformer``. The shipped JSON Schema is generated from
these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SkipValidation

from qsac.families.schema import (
    ArrayName,
    Bounded,
    Count,
    FileTokens,
    MonomialKernel,
    Name,
    Pair,
    PolynomialKernel,
    Real,
    SoftmaxTaylorKernel,
)
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default
from qsac.files.limits import MAGNITUDE

Positive = Annotated[float, Field(allow_inf_nan=False, gt=0)]
Base = Annotated[float, Field(allow_inf_nan=False, ge=1, le=1e12)]
Word = Annotated[int, Field(ge=0, le=2**53)]
Factors = Annotated[list[Real], Field(min_length=2, max_length=2)]
Vector = Annotated[list[float], Field(min_length=1)] | Annotated[list[Pair], Field(min_length=1)]


class ArrayFile(Fields):
    """A matrix in a .npy, .npz, .csv or .safetensors file, named relative to the model file and inside its folder.

    ``array`` names one of several arrays in a .npz or .safetensors file.
    """

    path: Annotated[str, Field(min_length=1)]
    array: ArrayName = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the only one


Matrix = Annotated[list[Vector], Field(min_length=1)] | ArrayFile
"""Rows of numbers or of [re, im] pairs, or a file of them."""


class InlineRows(Fields):
    """The tokens themselves: N rows of d >= 2 numbers, or of d [re, im] pairs, taken as they are."""

    type: Literal["inline"]
    values: SkipValidation[Annotated[list[Vector], Field(min_length=1)]]


class WordsTokens(Fields):
    """Words by their numbers, from 0: ``sequence`` names rows of ``embedding`` (M, d); ``labels``: the words' texts."""

    type: Literal["words"]
    embedding: SkipValidation[Matrix]
    sequence: Annotated[list[Word], Field(min_length=1), ONE_COMPLAINT]
    labels: Annotated[list[str], Field(min_length=1), ONE_COMPLAINT] = Field(
        default=None,  # type: ignore[arg-type]  # absent: the words' numbers
        json_schema_extra=without_default,
    )


Tokens = Annotated[WordsTokens | InlineRows | FileTokens, Field(discriminator="type")]


class NoPosition(Fields):
    """Tokens do not know where they stand."""

    type: Literal["none"]


class AddedPosition(Fields):
    """The first N rows of ``values`` (N or more, d) are added to the tokens."""

    type: Literal["add"]
    values: SkipValidation[Matrix]


class SinusoidalPosition(Fields):
    """scale p_i is added to the token of position i, from 0: p_i[2a] = sin(i base^(-2a/d)), p_i[2a+1] = cos(the same).

    Of an odd d, the last entry has its sine only.
    """

    type: Literal["sinusoidal"]
    scale: Bounded = 1.0
    base: Base = 10000.0


class RotaryPosition(Fields):
    """The pairs (2a, 2a+1) of every head's query and key of position i, from 0, turn by i base^(-2a/e) radians."""

    type: Literal["rotary"]
    base: Base = 10000.0


Position = Annotated[
    NoPosition | AddedPosition | SinusoidalPosition | RotaryPosition,
    Field(discriminator="type"),
]


class LinearKernel(Fields):
    """g(s) = s."""

    type: Literal["linear"]


Kernel = Annotated[LinearKernel | MonomialKernel | PolynomialKernel | SoftmaxTaylorKernel, Field(discriminator="type")]

_IDENTITY = "The identity if it is left out."


class HeadFields(Fields):
    """One head: ``query`` and ``key`` (e, d), ``value`` (f, d), ``output`` (d, f), each the identity if it is left out.

    ``score`` (d, d) takes the place of query and key: s_ji = <u_j|score|u_i>.
    """

    query: SkipValidation[Matrix] = Field(
        default=None,  # type: ignore[assignment]  # absent: the identity
        description=_IDENTITY,
        json_schema_extra=without_default,
    )
    key: SkipValidation[Matrix] = Field(
        default=None,  # type: ignore[assignment]  # absent: the identity
        description=_IDENTITY,
        json_schema_extra=without_default,
    )
    score: SkipValidation[Matrix] = Field(
        default=None,  # type: ignore[assignment]  # absent: query and key
        json_schema_extra=without_default,
    )
    value: SkipValidation[Matrix] = Field(
        default=None,  # type: ignore[assignment]  # absent: the identity
        description=_IDENTITY,
        json_schema_extra=without_default,
    )
    output: SkipValidation[Matrix] = Field(
        default=None,  # type: ignore[assignment]  # absent: the identity
        description=_IDENTITY,
        json_schema_extra=without_default,
    )


class HeadsAttention(Fields):
    """Attention of several heads: the sum over seen tokens of g(s_ji) times output value u_i, or their mean."""

    mask: Literal["causal", "full"] = "causal"
    scale: Literal["mean", "sum"] = "mean"
    kernel: Kernel = LinearKernel(type="linear")
    heads: Annotated[list[HeadFields], Field(min_length=1), ONE_COMPLAINT] = Field(
        default_factory=lambda: [HeadFields()], description="One head whose matrices are all the identity by default."
    )


class FixedScale(Fields):
    """N positive numbers by which the rows of a layer are multiplied, for example calibrated on data."""

    scale: SkipValidation[Annotated[list[Positive], Field(min_length=1)]]


class FactorFields(Fields):
    """One factor B a + b of a gated feed-forward: ``matrix`` (D, d), ``bias`` (D), 0 if it is left out."""

    matrix: SkipValidation[Matrix]
    bias: SkipValidation[Vector] = Field(
        default=None,  # type: ignore[assignment]  # absent: 0
        description="0 if it is left out.",
        json_schema_extra=without_default,
    )


class GatedFeedForward(Fields):
    """output times the product, entry by entry, of the factors; ``pass``: by what constant a residual goes through the
    factors after the first one, which changes the success probability alone."""

    type: Literal["gated"]
    factors: Annotated[list[FactorFields], Field(min_length=1), ONE_COMPLAINT]
    output: SkipValidation[Matrix] = Field(
        default=None,  # type: ignore[assignment]  # absent: the identity
        description=_IDENTITY,
        json_schema_extra=without_default,
    )
    passing: Positive = Field(default=1.0, alias="pass")


class FittedFunction(Fields):
    """The polynomial of ``degree`` nearest to a function on [-range, range], in the mean of squares, with f(0) = 0."""

    name: Literal["gelu", "tanh", "relu"]
    degree: Annotated[int, Field(ge=1, le=24)]
    range: Annotated[float, Field(allow_inf_nan=False, ge=1e-6, le=MAGNITUDE)]


class PolynomialFeedForward(Fields):
    """output f(input a + bias), f(x) = sum_p coefficients[p] x^p entry by entry, or a function that is fitted by one.

    ``input`` (D, d), ``bias`` (D), ``output`` (d, D); ``coefficients`` begin with 0.
    """

    type: Literal["polynomial"]
    input: SkipValidation[Matrix] = Field(
        default=None,  # type: ignore[assignment]  # absent: the identity
        description=_IDENTITY,
        json_schema_extra=without_default,
    )
    bias: SkipValidation[Vector] = Field(
        default=None,  # type: ignore[assignment]  # absent: 0
        description="0 if it is left out.",
        json_schema_extra=without_default,
    )
    coefficients: Annotated[list[Real], Field(min_length=2), ONE_COMPLAINT] = Field(
        default=None,  # type: ignore[arg-type]  # absent: those of the function
        json_schema_extra=without_default,
    )
    function: FittedFunction = Field(
        default=None,  # type: ignore[assignment]  # absent: the coefficients are given
        json_schema_extra=without_default,
    )
    output: SkipValidation[Matrix] = Field(
        default=None,  # type: ignore[assignment]  # absent: the identity
        description=_IDENTITY,
        json_schema_extra=without_default,
    )


FeedForward = Annotated[GatedFeedForward | PolynomialFeedForward, Field(discriminator="type")]


class LayerFields(Fields):
    """One layer: a_j = norm(rho u_j + sigma attention_j), o_j = rho2 a_j + sigma2 feed_forward(a_j).

    ``residual``: [rho, sigma]. ``norm``: ``"centre"`` takes the mean of its entries off each row, ``scale`` multiplies
    the rows by fixed numbers. ``feed_forward_residual``: [rho2, sigma2].
    """

    attention: HeadsAttention = Field(default_factory=HeadsAttention)
    residual: Factors = Field([0.0, 1.0])
    norm: SkipValidation[Literal["none", "centre"] | FixedScale] = "none"
    feed_forward: FeedForward = Field(
        default=None,  # type: ignore[assignment]  # absent: none
        json_schema_extra=without_default,
    )
    feed_forward_residual: Factors = Field([0.0, 1.0])


class Transformer(Fields):
    """Layers of attention whose states are amplitudes. ``normalise``: rows are divided by their length before the first
    layer, after positions were added."""

    position: Position = NoPosition(type="none")
    normalise: bool = False
    layers: Annotated[list[LayerFields], Field(min_length=1), ONE_COMPLAINT]


class NextTokenReadout(Fields):
    """P(l | j) = |<e_l|o_j>|^2 / sum_l' |<e_l'|o_j>|^2 for the rows e_l of ``vocabulary`` (M, d), after ``positions``.

    These count from 1; ``"targets"``: all but the last, each with the word that follows it. ``targets``: words from 0,
    one for each position.
    """

    type: Literal["next-token"]
    vocabulary: SkipValidation[Matrix]
    positions: SkipValidation[Literal["last", "targets"] | Annotated[list[Count], Field(min_length=1)]] = "last"
    targets: Annotated[list[Word], Field(min_length=1), ONE_COMPLAINT] = Field(
        default=None,  # type: ignore[arg-type]  # absent: none, or the words that follow
        json_schema_extra=without_default,
    )


class StateFidelityReadout(Fields):
    """How far the states after all positions are from ``targets`` (N, d), rows that are normalised on loading."""

    type: Literal["state-fidelity"]
    targets: SkipValidation[Matrix]


Readout = Annotated[NextTokenReadout | StateFidelityReadout, Field(discriminator="type")]


class ModelFile(Fields):
    """A qsac model: tokens, a transformer, and what to read out."""

    qsac: Literal[1]
    name: Name = "model"
    tokens: Tokens
    transformer: Transformer
    readout: Readout
