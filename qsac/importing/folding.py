"""From a trained model and its stand-ins to the section ``transformer``: what is linear is folded into the matrices.

The states of the section are linear images of the model's rows x. A model whose every part reads x through a layer norm
(GPT-2) never sees the mean of the entries of x: that one direction is free, and holds a constant. So every bias and
every offset of a norm becomes a column of the next matrix, exactly. Other models get one coordinate more for it, where
that is asked for or takes no qubit; without a constant, a query's bias is given up, and the other biases are written by
the feed-forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from qsac.files.numbers import Numbers
from qsac.importing.options import Options
from qsac.importing.original import FeedForward, Layer, LayerStandIn, Norm, Original, Real, StandIns
from qsac.importing.polynomials import factors


@dataclass(frozen=True, eq=False)
class Frame:
    """How states (n,) stand for rows (d,): x = ``read`` state + an offset, up to a mean that nothing reads.

    ``write`` (n, d) brings what is added to x into the state. ``constant`` (n,): its product with any state is 1;
    ``base`` (n,): the constant part of a state. Both are None where there is none.
    """

    read: Real
    write: Real
    constant: Real | None
    base: Real | None

    @property
    def size(self) -> int:
        """n, the dimension of the states."""
        return int(self.write.shape[0])


def has_free_direction(model: Original) -> bool:
    """Whether everything reads the rows through layer norms, so that nothing sees the mean of their entries."""
    normed = all(
        layer.first is not None and (layer.feed_forward is None or layer.second is not None) for layer in model.layers
    )
    return model.norms_before and model.last is not None and model.vocabulary is not None and normed


def is_widened(model: Original, options: Options) -> bool:
    """Whether states get one more coordinate for a constant."""
    if has_free_direction(model):
        return False
    width = model.dimension
    return bool(width & (width - 1)) if options.widen is None else options.widen


class Lengths(NamedTuple):
    """What nothing but the success probability depends on: how long the constant part of a state is, and how large the
    constant by which a residual goes through a feed-forward, each as a multiple of a first guess."""

    constant: float = 1.0
    passing: float = 1.0


def frame_of(model: Original, inputs: Sequence[Real], options: Options, lengths: Lengths) -> Frame:
    """The states of a model. At ``lengths`` 1 the constant is as long as the rows of the ``inputs`` (root mean square),
    so that neither is lost beside the other."""
    width = model.dimension
    if has_free_direction(model):
        centring = np.eye(width) - 1 / width
        direction = np.full(width, width**-0.5)
        length = lengths.constant * _length([rows @ centring for rows in inputs])
        return Frame(centring, centring, direction / length, direction * length)
    if is_widened(model, options):
        write = np.eye(width + 1, width)
        direction = np.eye(width + 1)[width]
        length = lengths.constant * _length(inputs)
        return Frame(write.T, write, direction / length, direction * length)
    return Frame(np.eye(width), np.eye(width), None, None)


def _length(inputs: Sequence[Real]) -> float:
    rows = np.concatenate(list(inputs))
    length = float(np.sqrt((rows**2).sum(axis=1).mean()))
    return length if length > 0 else 1.0


@dataclass(frozen=True, eq=False)
class Affine:
    """matrix state + shift."""

    matrix: Real
    shift: Real

    def then(self, matrix: Real, bias: Real | None = None) -> Affine:
        """Matrix' (this) + bias."""
        shift = matrix @ self.shift
        return Affine(matrix @ self.matrix, shift if bias is None else shift + bias)


def normed(rows: Affine, norm: Norm | None, fixed: float | None) -> Affine:
    """A layer norm that divides by a ``fixed`` number, which is affine."""
    if norm is None or fixed is None:
        return rows
    gain = norm.gain / fixed
    width = len(gain)
    return rows.then(gain[:, None] * (np.eye(width) - 1 / width), norm.offset)


def folded_layers(
    model: Original, stand_ins: StandIns, frame: Frame, options: Options, lengths: Lengths
) -> tuple[list[dict[str, Any]], Affine]:
    """The layers of the section, and the last rows as the states after them have them."""
    offset = np.zeros(model.dimension)
    layers = []
    for place, (layer, stand_in) in enumerate(zip(model.layers, stand_ins.layers, strict=True)):
        is_output = model.vocabulary is None and place == len(model.layers) - 1
        folding = _Layer(model, layer, stand_in, frame, options, offset, lengths.passing)
        fields, offset = folding.fields(stand_ins.last if is_output else None, is_output)
        layers.append(fields)
    return layers, Affine(frame.read, offset)


def folded_vocabulary(model: Original, stand_ins: StandIns, frame: Frame, rows: Affine) -> Real:
    """Rows (M, n) whose products with the last states are the amplitudes of the words."""
    if model.vocabulary is None:
        raise ValueError("a model without a vocabulary has no words")
    read = normed(rows, model.last, stand_ins.last)
    if frame.constant is None or stand_ins.slope is None:
        return model.vocabulary @ read.matrix
    centred = model.vocabulary - model.vocabulary.mean(axis=0)
    bias = model.vocabulary_bias - model.vocabulary_bias.mean()
    logits = read.then(centred, bias)
    result: Real = stand_ins.slope * logits.matrix + np.outer(1 + stand_ins.slope * logits.shift, frame.constant)
    return result


class _Layer:
    """One layer, being folded. ``offset``: what has to be added to the rows that its input states stand for."""

    def __init__(
        self,
        model: Original,
        layer: Layer,
        stand_in: LayerStandIn,
        frame: Frame,
        options: Options,
        offset: Real,
        passing: float,
    ) -> None:
        self.model, self.layer, self.stand_in = model, layer, stand_in
        self.frame, self.options, self.offset, self.passing = frame, options, offset, passing

    def fields(self, last: float | None, is_output: bool) -> tuple[dict[str, Any], Real]:
        """The layer's fields, and the offset of the rows that its output states stand for."""
        heads, shift = self._heads()
        attended = Affine(self.frame.read, self.offset + shift)
        kernel = self.options.kernel.fields(self.stand_in.coefficients, self.layer.attention.temperature)
        fields: dict[str, Any] = {
            "attention": {"mask": self.model.mask, "scale": "mean", "kernel": kernel, "heads": heads},
            "residual": [1.0, 1.0],
        }
        hidden, out, written = self._written(attended)
        if is_output and self.model.last is not None:
            out = normed(Affine(out, np.zeros(len(out))), self.model.last, last).matrix
            written = normed(written, self.model.last, last)
        return self._completed(fields, hidden, out, written, is_output)

    def _completed(
        self, fields: dict[str, Any], hidden: Affine | None, out: Real, written: Affine, is_output: bool
    ) -> tuple[dict[str, Any], Real]:
        """The fields with the feed-forward that makes states of ``written``, rows, and of ``out`` f(``hidden``)."""
        frame = self.frame
        if self.model.norms_before and frame.constant is not None and not is_output:
            through, added, offset = np.eye(frame.size), np.zeros(frame.size), written.shift
        else:
            through, added = frame.write @ written.matrix, frame.write @ written.shift
            offset = np.zeros_like(written.shift)
            if frame.constant is not None and frame.base is not None:
                kept = np.zeros_like(frame.base) if is_output else frame.base
                through, added = through + np.outer(kept + added, frame.constant), np.zeros_like(added)
        if hidden is None:
            fields |= _linear(through, added)
        else:
            fields |= self._gated(hidden, frame.write @ out, through, added)
        return fields, offset

    def _heads(self) -> tuple[list[dict[str, Real]], Real]:
        """The heads, and what attention adds to the rows besides them: the biases of values and outputs."""
        attention, stand_in, frame = self.layer.attention, self.stand_in, self.frame
        rows = Affine(frame.read, self.offset)
        read = normed(rows, self.layer.first, stand_in.first) if self.model.norms_before else rows
        heads, shift = [], attention.output_bias
        for head, output in enumerate(attention.output):
            query = read.then(attention.query[head], attention.query_bias[head])
            key = read.then(attention.key[head], attention.key_bias[head] - stand_in.key_centre[head])
            value = read.then(attention.value[head], attention.value_bias[head] - stand_in.value_centre[head])
            heads.append(
                {
                    "query": self._with_constant(query),
                    "key": self._with_constant(key),
                    "value": self._with_constant(value),
                    "output": stand_in.factors[head] * frame.write @ output,
                }
            )
            shift = shift + output @ stand_in.value_centre[head]
        return heads, shift

    def _with_constant(self, rows: Affine) -> Real:
        if self.frame.constant is None:
            return rows.matrix
        result: Real = rows.matrix + np.outer(rows.shift, self.frame.constant)
        return result

    def _written(self, attended: Affine) -> tuple[Affine | None, Real, Affine]:
        """What the activation is given; the matrix behind it; and the rest of the layer's output rows, in terms of the
        states after attention."""
        layer, stand_in = self.layer, self.stand_in
        before = self.model.norms_before
        middle = attended if before else normed(attended, layer.first, stand_in.first)
        rest = middle
        hidden: Affine | None = None
        out = np.zeros((self.model.dimension, 0))
        if layer.feed_forward is not None:
            read = normed(attended, layer.second, stand_in.second) if before else middle
            hidden = read.then(layer.feed_forward.input, layer.feed_forward.input_bias)
            out = layer.feed_forward.output
            rest = Affine(middle.matrix, middle.shift + self._constant_output(layer.feed_forward))
        if not before:
            out = normed(Affine(out, np.zeros(len(out))), layer.second, stand_in.second).matrix
            rest = normed(rest, layer.second, stand_in.second)
        return hidden, out, rest

    def _constant_output(self, feed_forward: FeedForward) -> Real:
        """The bias of the output, and what the constant term of the activation's polynomial adds to it."""
        constant = self.stand_in.activation[0] if self.stand_in.activation else 0.0
        result: Real = feed_forward.output_bias + constant * feed_forward.output.sum(axis=1)
        return result

    def _gated(self, hidden: Affine, out: Real, through: Real, added: Real) -> dict[str, Any]:
        """Out f(hidden) + through state + added, the polynomial f as a product of its linear factors.

        A ``through`` that is a multiple of the identity is the residual; any other one, and what is ``added``, go
        through the factors after the first one as constants.
        """
        parts = factors(self.stand_in.activation)
        size = self.frame.size
        passing = self._passing(parts)
        scalar = _scalar(through)
        linear = np.zeros((0, size)) if scalar is not None else np.eye(size)
        constants = 1 if added.any() else 0
        shrink = passing ** -(len(parts) - 1)
        columns = [out, *([] if scalar is not None else [through * shrink]), *([added[:, None] * shrink] * constants)]
        rows = []
        for place, (factor, bias) in enumerate(parts):
            rest = np.zeros((constants, size))
            first = place == 0
            matrix = [factor * hidden.matrix, linear if first else np.zeros_like(linear), rest]
            entries = [
                factor * hidden.shift + bias,
                np.full(len(linear), 0.0 if first else passing),
                np.full(constants, 1.0 if first else passing),
            ]
            rows.append({"matrix": _real(np.concatenate(matrix)), "bias": _real(np.concatenate(entries))})
        return {
            "feed_forward": {
                "type": "gated",
                "factors": rows,
                "output": np.concatenate(columns, axis=1),
                "pass": passing,
            },
            "feed_forward_residual": [scalar or 0.0, 1.0],
        }

    def _passing(self, parts: Sequence[tuple[complex, complex]]) -> float:
        """About the size of the factors after the first one, so that neither they nor the residual set the norm."""
        if len(parts) == 1:
            return 1.0
        grid = np.linspace(-self.stand_in.preactivation, self.stand_in.preactivation, 201)
        sizes = [np.sqrt(np.mean(np.abs(factor * grid + bias) ** 2)) for factor, bias in parts[1:]]
        return float(self.passing * max(np.exp(np.mean(np.log(np.maximum(sizes, 1e-12)))), 1e-6))


def _linear(through: Real, added: Real) -> dict[str, Any]:
    """A layer without an activation whose output states are through state + added."""
    scalar = _scalar(through)
    if scalar is not None and not added.any():
        return {} if scalar == 1 else {"residual": [scalar, scalar]}
    size = len(through)
    factor = float(np.trace(through)) / max(size - 1, 1)
    if not added.any() and np.allclose(through, factor * (np.eye(size) - 1 / size), rtol=0, atol=1e-15 * abs(factor)):
        return {"residual": [factor, factor], "norm": "centre"}
    return {"feed_forward": {"type": "gated", "factors": [{"matrix": through, "bias": added}]}}


def _scalar(matrix: Real) -> float | None:
    """The factor of a multiple of the identity, None for any other matrix."""
    factor = float(matrix[0, 0])
    return factor if factor and np.array_equal(matrix, factor * np.eye(len(matrix))) else None


def _real(values: Numbers) -> Numbers:
    return np.ascontiguousarray(values.real) if not values.imag.any() else values
