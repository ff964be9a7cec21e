"""The trained model as it was: softmax attention, layer norms, an activation, logits; and the same with some of these
exchanged for what a transformer of amplitudes can have."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Real = NDArray[np.float64]
Exchange = tuple[int, str]
"""A layer, and what of it is exchanged: "query", "exponential", "denominator" (of its softmax), "norm1", "norm2",
"activation". The layer -1 has the final "norm"."""


@dataclass(frozen=True, eq=False)
class Norm:
    """A layer norm: gain o (x - mean) / sqrt(variance + epsilon) + offset, ``gain`` and ``offset`` (d,)."""

    gain: Real
    offset: Real
    epsilon: float

    def deviations(self, rows: Real) -> Real:
        """What each row is divided by, (N,)."""
        result: Real = np.sqrt(rows.var(axis=1) + self.epsilon)
        return result

    def applied(self, rows: Real, fixed: float | None = None) -> Real:
        """The normed rows; ``fixed`` divides all of them in place of their own deviations."""
        centred = rows - rows.mean(axis=1, keepdims=True)
        divisor = self.deviations(rows)[:, None] if fixed is None else fixed
        result: Real = self.gain * centred / divisor + self.offset
        return result


@dataclass(frozen=True, eq=False)
class Attention:
    """Heads: ``query`` and ``key`` (H, e, d), ``value`` (H, f, d), ``output`` (H, d, f) with biases of the rows."""

    query: Real
    key: Real
    value: Real
    output: Real
    query_bias: Real
    key_bias: Real
    value_bias: Real
    output_bias: Real

    @property
    def temperature(self) -> float:
        """What scores are multiplied by before the softmax: 1 / sqrt(e)."""
        return 1 / math.sqrt(self.query.shape[1])


@dataclass(frozen=True, eq=False)
class FeedForward:
    """output f(input x + input_bias) + output_bias: ``input`` (D, d), ``output`` (d, D)."""

    input: Real
    input_bias: Real
    output: Real
    output_bias: Real


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer. The norms are before attention and feed-forward, or after each of them and its residual."""

    attention: Attention
    feed_forward: FeedForward | None
    first: Norm | None
    second: Norm | None


@dataclass(frozen=True, eq=False)
class Original:
    """A trained transformer. ``embedding`` (M, d) and ``position`` (at least N, d) are None where the inputs are rows.

    ``last``: the norm after the last layer. ``vocabulary`` (M, d) with ``vocabulary_bias`` (M,) gives logits; without
    it the outputs are rows. ``norms_before``: whether a layer's norms are before its parts.
    """

    embedding: Real | None
    position: Real | None
    layers: tuple[Layer, ...]
    last: Norm | None
    vocabulary: Real | None
    vocabulary_bias: Real
    norms_before: bool
    activation: str
    mask: Literal["causal", "full"]

    @property
    def dimension(self) -> int:
        """D."""
        return int(self.layers[0].attention.query.shape[2])

    def inputs(self, sequence: NDArray[np.int64] | Real) -> Real:
        """The rows (N, d) that the first layer reads: of words by their number, (N,), or of rows themselves."""
        rows: Real = sequence.astype(np.float64) if self.embedding is None else self.embedding[sequence]
        return rows if self.position is None else rows + self.position[: len(rows)]


@dataclass(frozen=True, eq=False)
class LayerStandIn:
    """What stands in for a layer's softmax, norms and activation.

    ``first`` and ``second``: numbers that divide all rows. Softmax weights w_ji become factors[h] g(s_ji) / c_j, g with
    the ``coefficients`` and s of keys from which ``key_centre`` (H, e) is taken off, which no softmax sees; values are
    weighed from ``value_centre`` (H, f) on. ``query_loss`` (H, e): the constant part of queries, where it is given up.
    ``activation``: coefficients of a polynomial; ``preactivation``: |x| up to which it was fitted.
    """

    first: float | None
    second: float | None
    coefficients: tuple[float, ...]
    factors: Real
    key_centre: Real
    value_centre: Real
    query_loss: Real
    activation: tuple[float, ...]
    preactivation: float


@dataclass(frozen=True, eq=False)
class StandIns:
    """What stands in for a model's parts.

    ``last`` divides all rows. Words have the amplitudes 1 + ``slope`` (z_l - mean z), whose squares are normalised;
    without a slope, an amplitude is the logit itself without its constant part ``head_loss`` (M,).
    """

    layers: tuple[LayerStandIn, ...]
    last: float | None
    slope: float | None
    head_loss: Real


@dataclass(eq=False)
class LayerTrace:
    """What a layer computed on the way: for calibration."""

    read: Real  # (N, d), what queries, keys and values are made of
    before_first: Real  # (N, d), what the first norm was given
    before_second: Real
    queries: Real  # (H, N, e)
    keys: Real
    values: Real  # (H, N, f)
    weights: Real  # (H, N, N)
    before_activation: Real | None = None


@dataclass(eq=False)
class Trace:
    """What a model computed: by layer, the last rows (N, d), and the rows that the head reads."""

    layers: list[LayerTrace] = field(default_factory=list)
    before_last: Real = field(default_factory=lambda: np.zeros((0, 0)))
    outputs: Real = field(default_factory=lambda: np.zeros((0, 0)))
    logits: Real | None = None


def forward(
    model: Original, inputs: Real, stand_ins: StandIns | None = None, exchanged: Collection[Exchange] = ()
) -> Trace:
    """The model on rows (N, d), with what is ``exchanged`` replaced by its stand-in."""
    trace = Trace()
    rows = inputs
    for place, layer in enumerate(model.layers):
        stand_in = None if stand_ins is None else stand_ins.layers[place]
        kinds = {kind for at, kind in exchanged if at == place}
        rows, found = _layer(model, layer, rows, stand_in, kinds)
        trace.layers.append(found)
    trace.before_last = rows
    if model.last is not None:
        fixed = stand_ins.last if stand_ins is not None and (-1, "norm") in exchanged else None
        rows = model.last.applied(rows, fixed)
    trace.outputs = rows
    if model.vocabulary is not None:
        trace.logits = rows @ model.vocabulary.T + model.vocabulary_bias
    return trace


def probabilities(model: Original, trace: Trace, stand_ins: StandIns | None = None, exchanged: bool = False) -> Real:
    """Of the next word, (N, M): the softmax of the logits, or the squares of the amplitudes that stand in for it."""
    logits = trace.logits
    if logits is None:
        raise ValueError("a model without a vocabulary has no words")
    if not exchanged or stand_ins is None:
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    elif stand_ins.slope is None:
        weights = (logits - stand_ins.head_loss) ** 2
    else:
        weights = (1 + stand_ins.slope * (logits - logits.mean(axis=1, keepdims=True))) ** 2
    result: Real = weights / weights.sum(axis=1, keepdims=True)
    return result


def seen(model: Original, count: int) -> NDArray[np.bool_]:
    """Which keys a position sees, (N, N)."""
    full = np.ones((count, count), dtype=bool)
    return full if model.mask == "full" else np.tril(full)


def polynomial(coefficients: Collection[float], values: Real) -> Real:
    """sum_p c_p x^p, entry by entry."""
    result: Real = np.polynomial.polynomial.polyval(values, np.array(tuple(coefficients)))
    return result


def _gelu(values: Real) -> Real:
    result: Real = values * (1 + erf(values / np.sqrt(2))) / 2
    return result


def _gelu_tanh(values: Real) -> Real:
    result: Real = values * (1 + np.tanh(np.sqrt(2 / np.pi) * (values + 0.044715 * values**3))) / 2
    return result


def _tanh(values: Real) -> Real:
    result: Real = np.tanh(values)
    return result


def _relu(values: Real) -> Real:
    return np.maximum(values, 0)


ACTIVATIONS: dict[str, Callable[[Real], Real]] = {"gelu": _gelu, "gelu-tanh": _gelu_tanh, "relu": _relu, "tanh": _tanh}
"""GPT-2 computes its GELU by a hyperbolic tangent (Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2)."""


def _layer(
    model: Original, layer: Layer, rows: Real, stand_in: LayerStandIn | None, kinds: AbstractSet[str]
) -> tuple[Real, LayerTrace]:
    first = stand_in.first if stand_in is not None and "norm1" in kinds else None
    second = stand_in.second if stand_in is not None and "norm2" in kinds else None
    before = model.norms_before
    read = layer.first.applied(rows, first) if before and layer.first is not None else rows
    trace = LayerTrace(read, rows, rows, *_projected(layer.attention, read), np.zeros(0))
    summed = rows + _attention(model, layer.attention, trace, stand_in, kinds)
    if before:
        trace.before_second = summed
        middle = summed if layer.second is None else layer.second.applied(summed, second)
    else:
        trace.before_first = summed
        middle = summed = summed if layer.first is None else layer.first.applied(summed, first)
    if layer.feed_forward is not None:
        summed = summed + _fed_forward(model, layer.feed_forward, middle, trace, stand_in, kinds)
    if not before:
        trace.before_second = summed
        summed = summed if layer.second is None else layer.second.applied(summed, second)
    return summed, trace


def _projected(attention: Attention, read: Real) -> tuple[Real, Real, Real]:
    """Queries, keys and values, (H, N, e) or (H, N, f)."""
    pairs: Mapping[str, tuple[Real, Real]] = {
        "query": (attention.query, attention.query_bias),
        "key": (attention.key, attention.key_bias),
        "value": (attention.value, attention.value_bias),
    }
    queries, keys, values = (read @ matrix.transpose(0, 2, 1) + bias[:, None] for matrix, bias in pairs.values())
    return queries, keys, values


def _attention(
    model: Original, attention: Attention, trace: LayerTrace, stand_in: LayerStandIn | None, kinds: AbstractSet[str]
) -> Real:
    queries, keys, values = trace.queries, trace.keys, trace.values
    if stand_in is not None and "query" in kinds:
        queries = queries - stand_in.query_loss[:, None]
    allowed = seen(model, queries.shape[1])
    if stand_in is not None and kinds & {"exponential", "denominator"}:
        weights = mixing_weights(attention, stand_in, queries, keys, allowed, kinds)
        mixed = stand_in.value_centre[:, None] + weights @ (values - stand_in.value_centre[:, None])
    else:
        weights = softmax(attention.temperature * queries @ keys.transpose(0, 2, 1), allowed)
        mixed = weights @ values
    trace.weights = weights
    result: Real = np.einsum("hdf,hnf->nd", attention.output, mixed) + attention.output_bias
    return result


def softmax(scores: Real, allowed: NDArray[np.bool_]) -> Real:
    """Of the allowed scores of each row."""
    masked = np.where(allowed, scores, -np.inf)
    weights = np.exp(masked - masked.max(axis=-1, keepdims=True))
    result: Real = weights / weights.sum(axis=-1, keepdims=True)
    return result


def mixing_weights(
    attention: Attention,
    stand_in: LayerStandIn,
    queries: Real,
    keys: Real,
    allowed: NDArray[np.bool_],
    kinds: Collection[str] = ("exponential", "denominator"),
) -> Real:
    """Softmax weights with the exponential replaced by the polynomial, or the sum over keys by a fixed number, or both:
    factors[h] g(s_ji) / c_j, (H, N, N)."""
    scores = queries @ (keys - stand_in.key_centre[:, None]).transpose(0, 2, 1)
    if "exponential" in kinds:
        raised = polynomial(stand_in.coefficients, scores)
    else:
        raised = np.exp(attention.temperature * scores)
    raised = np.where(allowed, raised, 0)
    sums = raised.sum(axis=2, keepdims=True)
    if "denominator" in kinds:
        sums = allowed.sum(axis=1)[:, None] / stand_in.factors[:, None, None]
    result: Real = raised / sums
    return result


def _fed_forward(
    model: Original,
    feed_forward: FeedForward,
    read: Real,
    trace: LayerTrace,
    stand_in: LayerStandIn | None,
    kinds: Collection[str],
) -> Real:
    before = read @ feed_forward.input.T + feed_forward.input_bias
    trace.before_activation = before
    if stand_in is not None and "activation" in kinds:
        hidden = polynomial(stand_in.activation, before)
    else:
        hidden = ACTIVATIONS[model.activation](before)
    result: Real = hidden @ feed_forward.output.T + feed_forward.output_bias
    return result
