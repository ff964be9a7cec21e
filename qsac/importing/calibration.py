"""What stands in for softmax, layer norms, activations and logits, fitted to what a model computes on given inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize_scalar

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.files.limits import TOKEN_ENTRIES, size
from qsac.importing.options import ActivationFit, Options
from qsac.importing.original import (
    ACTIVATIONS,
    Layer,
    LayerStandIn,
    LayerTrace,
    Norm,
    Original,
    Real,
    StandIns,
    Trace,
    mixing_weights,
    polynomial,
    seen,
)
from qsac.importing.polynomials import GRID, fitted

_LARGEST = 1e30
_STEEPEST = 8.0
"""Largest slope that is tried for a word's amplitude: its square then changes e^16-fold where logits change by 1."""


@dataclass(frozen=True, eq=False)
class Calibrated:
    """The stand-ins, and how well each fits.

    ``scores``: of each layer the largest |s| times the temperature, that is the range on which the exponential is
    replaced. ``rows_off``: of each layer and norm, by how much fixed division makes rows longer or shorter (root mean
    square). ``weights_off``: of each layer the mean total variation between softmax weights and those by a polynomial,
    and by how much a fixed denominator puts the sums of weights off 1 (root mean square).
    ``activation_off``: of each layer the largest error of the polynomial on its range.
    """

    stand_ins: StandIns
    scores: tuple[float, ...]
    rows_off: tuple[tuple[float | None, float | None], ...]
    last_off: float | None
    weights_off: tuple[tuple[float, float], ...]
    activation_off: tuple[float | None, ...]


def calibrated(model: Original, traces: Sequence[Trace], options: Options, constant: bool) -> Calibrated:
    """Stand-ins for every part of the model, from what it computed. ``constant``: whether its states have a coordinate
    that is constant, so that queries, keys, values and logits can have constant parts."""
    layers, scores, rows_off, weights_off, activation_off = [], [], [], [], []
    for place, layer in enumerate(model.layers):
        found = [trace.layers[place] for trace in traces]
        first, first_off = _divisor(layer.first, [one.before_first for one in found])
        second, second_off = _divisor(layer.second, [one.before_second for one in found])
        stand_in, reach = _attention(model, layer, found, options, constant)
        activation, off, limit = _activation(model, layer, found, options.feed_forward)
        layers.append(replace(stand_in, first=first, second=second, activation=activation, preactivation=limit))
        scores.append(reach)
        rows_off.append((first_off, second_off))
        weights_off.append(_weights_off(model, layer, layers[-1], found))
        activation_off.append(off)
    last, last_off = _divisor(model.last, [trace.before_last for trace in traces])
    slope, loss = _head(model, traces, constant)
    return Calibrated(
        StandIns(tuple(layers), last, slope, loss),
        tuple(scores),
        tuple(rows_off),
        last_off,
        tuple(weights_off),
        tuple(activation_off),
    )


def _divisor(norm: Norm | None, rows: list[Real]) -> tuple[float | None, float | None]:
    """The number s that is best in place of the deviations s_j, sum_j (1 - s_j / s)^2 least, and the root of the mean
    of that."""
    if norm is None:
        return None, None
    deviations = np.concatenate([norm.deviations(one) for one in rows])
    fixed = float((deviations**2).sum() / deviations.sum())
    return fixed, float(np.sqrt(np.mean((1 - deviations / fixed) ** 2)))


def _attention(
    model: Original, layer: Layer, traces: list[LayerTrace], options: Options, constant: bool
) -> tuple[LayerStandIn, float]:
    """What stands in for the softmax, without the layer's norms and activation; and the largest |s| t, t the
    temperature."""
    attention = layer.attention
    offset = layer.first.offset if layer.first is not None and model.norms_before else np.zeros(model.dimension)
    if constant:
        key_centre = np.concatenate([one.keys for one in traces], axis=1).mean(axis=1)
        value_centre = np.concatenate([one.values for one in traces], axis=1).mean(axis=1)
        query_loss = np.zeros_like(attention.query_bias)
    else:
        key_centre = attention.key @ offset + attention.key_bias
        value_centre = attention.value @ offset + attention.value_bias
        query_loss = attention.query @ offset + attention.query_bias
    scores = []
    for one in traces:
        queries, keys = one.queries - query_loss[:, None], one.keys - key_centre[:, None]
        scores.append(queries @ keys.transpose(0, 2, 1))
    allowed = [seen(model, one.shape[1]) for one in scores]
    reach = max(float(np.abs(one[:, mask]).max()) for one, mask in zip(scores, allowed, strict=True))
    coefficients = options.kernel.coefficients(attention.temperature, reach)
    sums = np.concatenate(
        [
            np.where(mask, polynomial(coefficients, one), 0).sum(axis=2) / mask.sum(axis=1)
            for one, mask in zip(scores, allowed, strict=True)
        ],
        axis=1,
    )
    squares = (sums**2).sum(axis=1)
    factors = np.where(squares > 0, sums.sum(axis=1) / np.where(squares > 0, squares, 1), 1.0)
    stand_in = LayerStandIn(
        first=None,
        second=None,
        coefficients=coefficients,
        factors=factors,
        key_centre=key_centre,
        value_centre=value_centre,
        query_loss=query_loss,
        activation=(),
        preactivation=0.0,
    )
    return stand_in, reach * attention.temperature


def _weights_off(
    model: Original, layer: Layer, stand_in: LayerStandIn, traces: list[LayerTrace]
) -> tuple[float, float]:
    """The mean total variation between softmax weights and those by the polynomial, row sums kept; and by how much the
    sums of rows are off 1 without, root mean square."""
    off, sums = [], []
    for one in traces:
        queries = one.queries - stand_in.query_loss[:, None]
        given = layer.attention, stand_in, queries, one.keys, seen(model, one.queries.shape[1])
        weights = mixing_weights(*given, kinds={"exponential"})
        off.append(np.abs(weights - one.weights).sum(axis=2).ravel() / 2)
        sums.append(mixing_weights(*given).sum(axis=2).ravel())
    rms = float(np.sqrt(np.mean((np.concatenate(sums) - 1) ** 2)))
    return float(np.concatenate(off).mean()), rms


def _activation(
    model: Original, layer: Layer, traces: list[LayerTrace], fit: ActivationFit
) -> tuple[tuple[float, ...], float | None, float]:
    """The polynomial c_0..c_p of least squares on [-r, r], its largest error there, and r."""
    if layer.feed_forward is None:
        return (), None, 0.0
    before = [one.before_activation for one in traces if one.before_activation is not None]
    limit = fit.range if fit.range is not None else max(float(np.abs(one).max()) for one in before)
    limit = max(limit, 1e-6)
    function = ACTIVATIONS[model.activation]
    coefficients = fitted(function, fit.degree, limit) if fit.coefficients is None else fit.coefficients
    grid = np.linspace(-limit, limit, GRID)
    return coefficients, float(np.abs(polynomial(coefficients, grid) - function(grid)).max()), limit


def _head(model: Original, traces: Sequence[Trace], constant: bool) -> tuple[float | None, Real]:
    """The slope of a word's amplitude over its logit that brings the squares nearest to the softmax: the mean of
    sum_l sqrt(P_l Q_l) over all positions is largest. And the constant part of the logits, where it is given up."""
    if model.vocabulary is None:
        return None, np.zeros(0)
    offset = model.last.offset if model.last is not None else np.zeros(model.dimension)
    if not constant:
        return None, model.vocabulary @ offset + model.vocabulary_bias
    logits = np.concatenate([trace.logits for trace in traces if trace.logits is not None])
    logits = logits - logits.mean(axis=1, keepdims=True)
    roots = np.exp((logits - logits.max(axis=1, keepdims=True)) / 2)
    roots /= np.linalg.norm(roots, axis=1, keepdims=True)

    def apart(slope: float) -> float:
        amplitudes = np.abs(1 + slope * logits)
        return -float(((roots * amplitudes).sum(axis=1) / np.linalg.norm(amplitudes, axis=1)).mean())

    grid = np.geomspace(1e-3, _STEEPEST, 60)
    best = int(np.argmin([apart(slope) for slope in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(apart, bounds=(low, high), method="bounded")
    return float(found.x), np.zeros(len(model.vocabulary))


def check_scale(traces: Sequence[Trace]) -> None:
    """Whether the model computes numbers of a sensible size on these inputs. Raises
    :class:`~qsac.errors.InvalidInputError`."""
    for trace in traces:
        seen_numbers = [trace.outputs, *([] if trace.logits is None else [trace.logits])]
        for layer in trace.layers:
            seen_numbers += [layer.queries, layer.keys, layer.values, layer.before_second]
            seen_numbers += [] if layer.before_activation is None else [layer.before_activation]
        if not all(np.abs(numbers).max() < _LARGEST for numbers in seen_numbers):
            raise InvalidInputError(
                "the numbers of the original model are too large to be computed with",
                code="model.out-of-scale",
                found=f"numbers beyond {_LARGEST:.0e}, or an overflow, on the given inputs",
                wanted="weights and inputs of which the model makes numbers of about 1",
                help="check that each matrix is read with the right shape: --names says how",
            )


def check_work(model: Original, lengths: Sequence[int]) -> None:
    """Whether the scores of all inputs may be held in memory. Raises :class:`~qsac.errors.DoesNotFitError`."""
    heads = max(layer.attention.query.shape[0] for layer in model.layers)
    words = 0 if model.vocabulary is None else len(model.vocabulary)
    needed = len(model.layers) * heads * sum(length**2 for length in lengths) + words * sum(lengths)
    if needed > TOKEN_ENTRIES:
        raise DoesNotFitError(
            "the inputs are too many or too long",
            code="capacity.array-too-large",
            found=f"{needed:,} scores and logits, which take {size(8 * needed)}",
            wanted=f"at most {TOKEN_ENTRIES:,}",
            help="give fewer or shorter inputs",
        )
