"""The model file's fields as they are with the section ``program``. The shipped JSON Schema is generated from these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SkipValidation

from qsac.families.schema import (
    ArrayName,
    Bounded,
    IdentityUnitary,
    MonomialKernel,
    Name,
    Pair,
    PolynomialKernel,
    Real,
    SoftmaxTaylorKernel,
)
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default
from qsac.files.limits import MAGNITUDE

Share = Annotated[float, Field(allow_inf_nan=False, gt=0, lt=1)]
Positive = Annotated[float, Field(allow_inf_nan=False, gt=0, le=MAGNITUDE)]
Place = Annotated[int, Field(ge=0, le=2**31)]
Shots = Annotated[int, Field(ge=1, le=10**9)]
Order = Annotated[int, Field(ge=1, le=1000)]
Numbers = Annotated[list[float], Field(min_length=1)]
RealRows = Annotated[list[Numbers], Field(min_length=1)]
Row = Numbers | Annotated[list[Pair], Field(min_length=1)]
Index = Literal["separate", "superposed"]


# Tokens and matrices


class ProgramTokens(Fields):
    """The tokens themselves: T rows of d >= 2 numbers, or of d [re, im] pairs. All of them are tokens: there is no row
    that is only a target. ``normalise``: each row is divided by its length; by default in a search, not in layers."""

    type: Literal["inline"]
    values: SkipValidation[Annotated[list[Row], Field(min_length=1)]]
    normalise: bool = Field(
        default=None,  # type: ignore[assignment]  # absent: as the type of the program says
        json_schema_extra=without_default,
    )


class ProgramTokenFile(Fields):
    """Tokens in a .npy, .npz, .csv or .safetensors file, named relative to the model file and inside its folder.

    ``array`` names one of several arrays in a .npz or .safetensors file; ``normalise`` as for inline tokens.
    """

    type: Literal["file"]
    path: Annotated[str, Field(min_length=1)]
    array: ArrayName = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the only one
    normalise: bool = Field(
        default=None,  # type: ignore[assignment]  # absent: as the type of the program says
        json_schema_extra=without_default,
    )


Tokens = Annotated[ProgramTokens | ProgramTokenFile, Field(discriminator="type")]


class RowsUnitary(Fields):
    """A unitary matrix as rows of numbers or of [re, im] pairs, of the tokens' given or padded dimension, unitary to
    1e-8."""

    type: Literal["matrix"]
    entries: SkipValidation[Annotated[list[Row], Field(min_length=1)]]


Unitary = Annotated[IdentityUnitary | RowsUnitary, Field(discriminator="type")]
IDENTITY = IdentityUnitary(type="identity")


# Search attention


class SearchOracle(Fields):
    """How a row's keys are marked: ``overlap``, a walk whose polynomial of even ``degree`` tells scores above the
    threshold from those below (``"auto"``: the least degree that errs by at most 0.03); ``digital``: arithmetic on
    quantised tokens; ``table``: scores that the compiler works out."""

    type: Literal["overlap", "digital", "table"] = "overlap"
    degree: SkipValidation[Literal["auto"] | Annotated[int, Field(ge=2, le=128)]] = "auto"


class SearchProgram(Fields):
    """Attention to the keys whose score is at least ``threshold``, found by Grover's search, row by row.

    Scores are |<x_j|W|x_i>| (``part`` abs) or its real part (re). Keys above threshold + margin/2 are found, and none
    below the threshold; ``failure``: the probability that a row of at most ``most`` keys above threshold - margin/2
    misses one. With ``top`` in place of ``threshold`` the keys of so many largest scores are sought, in ``repeats``
    rounds whose threshold is the least score found so far, ``until`` all are run or a round finds nothing more.
    ``temperature`` multiplies scores in the exponential.
    ``rest``: the score that all other keys have instead of theirs, or ``"drop"``. ``rows``: those that are searched,
    from 0.
    """

    type: Literal["search"]
    mask: Literal["causal", "full"] = "causal"
    score: Unitary = IDENTITY
    value: Unitary = IDENTITY
    part: Literal["abs", "re"] = "abs"
    threshold: Annotated[float, Field(allow_inf_nan=False, ge=-1, le=1)] = Field(
        default=None,  # type: ignore[assignment]  # absent: top
        json_schema_extra=without_default,
    )
    margin: Annotated[float, Field(allow_inf_nan=False, gt=0, le=1)]
    top: Annotated[int, Field(ge=1, le=64)] = Field(
        default=None,  # type: ignore[assignment]  # absent: threshold
        description="How many keys of the largest scores are sought.",
        json_schema_extra=without_default,
    )
    repeats: Annotated[int, Field(ge=1, le=16)] = Field(
        default=None,  # type: ignore[assignment]  # absent: 3, with top
        description="Rounds in which the threshold rises, 3 if it is left out.",
        json_schema_extra=without_default,
    )
    until: Literal["repeats", "settled"] = Field(
        default="repeats",
        description="When the rounds of a row end: after all repeats, or with the first one that changes nothing.",
    )
    most: Annotated[int, Field(ge=1, le=64)] = 2
    temperature: Annotated[float, Field(allow_inf_nan=False, gt=0, le=100)] = 1.0
    rest: SkipValidation[Literal["drop"] | Bounded] = "drop"
    oracle: SearchOracle = SearchOracle()
    failure: Share = 0.01
    strategy: Literal["search", "sample", "auto"] = "search"
    schedule: Literal["guarantee", "typical"] = "guarantee"
    index: Index = "separate"
    rows: SkipValidation[Literal["all"] | Annotated[list[Place], Field(min_length=1)]] = "all"
    herald: bool = True
    verify: Literal["classical", "measured"] = "classical"


# Feed-forward by inner products


class NetworkLayer(Fields):
    """f(W a + b), entry by entry: ``weights`` W (outputs, inputs), ``bias`` b, 0 if it is left out."""

    weights: SkipValidation[RealRows]
    bias: SkipValidation[Numbers] = Field(
        default=None,  # type: ignore[arg-type]  # absent: 0
        description="0 if it is left out.",
        json_schema_extra=without_default,
    )
    activation: Literal["tanh", "relu", "sigmoid", "identity"] = "identity"


class EchoEstimate(Fields):
    """Echoes of each of ``orders``, with ``shots`` of each; ``"auto"``: Fibonacci orders, and more shots where it takes
    them, for the precision that is asked for."""

    orders: SkipValidation[Literal["auto"] | Annotated[list[Order], Field(min_length=1)]] = "auto"
    shots: Shots = 64


class NetworkTraining(Fields):
    """Full-batch gradient descent on the mean over the inputs of sum_o (out_o - y_o)^2 / 2; bias included."""

    targets: SkipValidation[RealRows]
    loss: Literal["squared"] = "squared"
    rate: Positive
    steps: Annotated[int, Field(ge=1, le=10_000)]


class FeedForwardProgram(Fields):
    """A feed-forward network whose inner products are estimated by echoes. ``precision``: of the outputs, ``failure``
    the probability that one is further off."""

    type: Literal["feed-forward"]
    layers: Annotated[list[NetworkLayer], Field(min_length=1, max_length=64), ONE_COMPLAINT]
    inputs: SkipValidation[RealRows]
    estimate: EchoEstimate = EchoEstimate()
    precision: Positive = 0.02
    failure: Share = 0.01
    index: Index = "separate"
    train: NetworkTraining = Field(
        default=None,  # type: ignore[assignment]  # absent: no training
        json_schema_extra=without_default,
    )


# Layers with tomography

TaylorKernel = Annotated[MonomialKernel | PolynomialKernel | SoftmaxTaylorKernel, Field(discriminator="type")]


class LayerAttention(Fields):
    """A_j = sum_i g(<u_j|W|u_i>) V u_i of rows u of length 1, divided by sum_i g (``normaliser`` row-sums) or not."""

    mask: Literal["causal", "full"] = "causal"
    kernel: TaylorKernel
    score: Unitary = IDENTITY
    value: Unitary = IDENTITY
    normaliser: Literal["row-sums", "none"] = "row-sums"


class TomographyLayer(Fields):
    """Y = X + residual A, then Y + F(Y_j / |Y_j|), F a feed-forward network, none if it is left out."""

    attention: LayerAttention
    residual: Bounded = 1.0
    feed_forward: Annotated[list[NetworkLayer], Field(min_length=1, max_length=64), ONE_COMPLAINT] = Field(
        default=None,  # type: ignore[arg-type]  # absent: none
        json_schema_extra=without_default,
    )


class Tomography(Fields):
    """How precisely states are read: no component further off than ``precision`` but with probability ``failure``."""

    precision: Share = 0.05
    failure: Share = 0.05
    method: Literal["bases", "reference"] = "bases"


class RowsHead(Fields):
    """What becomes of the last layer's rows: their ``mean``, or nothing."""

    type: Literal["mean", "none"] = "none"


class LayersProgram(Fields):
    """Layers of attention whose rows are read by tomography, normalised classically and loaded again."""

    type: Literal["layers"]
    layers: Annotated[list[TomographyLayer], Field(min_length=1, max_length=64), ONE_COMPLAINT]
    tomography: Tomography = Tomography()
    feed_forward_by: Literal["classical", "inner-products"] = "classical"
    index: Index = "separate"
    head: RowsHead = RowsHead()


# Linearised training


class NeuronModel(Fields):
    """f(theta, x) = sum_q ``activation``[q] (theta . x)^q; the loss is the mean of (f - y)^2 / 2."""

    type: Literal["neuron"]
    activation: Annotated[list[Real], Field(min_length=2, max_length=9), ONE_COMPLAINT]


class PolynomialLoss(Fields):
    """The loss itself, as terms [exponents, coefficient]: [[1, 0], -0.5] is -theta_0 / 2."""

    type: Literal["polynomial"]
    terms: SkipValidation[Annotated[list[Annotated[list[Numbers | float], Field(min_length=2)]], Field(min_length=1)]]


class LinearSolver(Fields):
    """``neumann``: the exact product for the nilpotent history; ``qsvt``: a polynomial of odd ``degree`` of a block
    encoding (``"auto"``: the least degree that takes at most half of the precision). Left out: ``neumann`` where |A| is
    below 1, otherwise ``qsvt``."""

    type: Literal["neumann", "qsvt"] = Field(
        default=None,  # type: ignore[arg-type]  # absent: as |A| says
        json_schema_extra=without_default,
    )
    degree: SkipValidation[Literal["auto"] | Annotated[int, Field(ge=1, le=127)]] = "auto"


class LinearisedTrainingProgram(Fields):
    """Gradient descent as a linear system: Carleman's linearisation about ``center`` to ``order``, its history solved.

    ``start``: the parameters before the first step; ``mask``: which parameters are trained, all by default (others are
    0); ``scale``: the length by which distances from the center are divided, by default the one whose matrix is
    shortest.
    """

    type: Literal["linearised-training"]
    model: Annotated[NeuronModel | PolynomialLoss, Field(discriminator="type")]
    inputs: SkipValidation[RealRows] = Field(
        default=None,  # type: ignore[arg-type]  # absent: a loss by its terms
        json_schema_extra=without_default,
    )
    targets: SkipValidation[Numbers] = Field(
        default=None,  # type: ignore[arg-type]  # absent: a loss by its terms
        json_schema_extra=without_default,
    )
    rate: Positive
    steps: Annotated[int, Field(ge=1, le=255)]
    start: SkipValidation[Numbers]
    center: SkipValidation[Numbers]
    order: Annotated[int, Field(ge=1, le=8)] = 2
    scale: Positive = Field(
        default=None,  # type: ignore[assignment]  # absent: the one whose matrix is shortest
        json_schema_extra=without_default,
    )
    mask: SkipValidation[Annotated[list[bool], Field(min_length=1)]] = Field(
        default=None,  # type: ignore[arg-type]  # absent: all
        json_schema_extra=without_default,
    )
    solver: LinearSolver = LinearSolver()
    readout: Literal["last", "history"] = "last"
    precision: Positive = 0.01


Program = Annotated[
    SearchProgram | FeedForwardProgram | LayersProgram | LinearisedTrainingProgram, Field(discriminator="type")
]


class ModelFile(Fields):
    """A qsac model: a hybrid program of circuits and classical steps, and the tokens where it has some."""

    qsac: Literal[1]
    name: Name = "model"
    tokens: Tokens = Field(
        default=None,  # type: ignore[assignment]  # absent: programs without tokens
        json_schema_extra=without_default,
    )
    program: Program
