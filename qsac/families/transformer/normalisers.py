"""By what a circuit's amplitudes are smaller than the numbers of the model (docs/transformer.md).

An affine copy t = C a_J + b is an average over rows: one for each seen token of each head, and one, called direct, for
the residual and the bias. Its amplitudes are t / Lambda, with Lambda the sum of the rows' weights:

    Lambda = |rho C P u_J + b| lam / |g(S)| + sum_h sum_{i seen} |sigma omega_J| lam' |C P M_h u_i|,    M_h = O_h V_h

where lam' = |c_1| |Q_h u_J| |K_h u_i| and lam / |g(S)| = 1 for a linear kernel, and lam' = lam = sum_p |c_p| S^p with
S = max_h |Q_h u_J| max_hi |K_h u_i| for others. In later layers the lengths of rows are bounds: the norms of the
matrices times the normaliser of the layer before.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from qsac.families.transformer.affine import Affine, copies, outward, powers
from qsac.families.transformer.closed_form import shares
from qsac.families.transformer.lengths import Real, lengths_of
from qsac.families.transformer.model import Layer, Model, turned
from qsac.families.walked_kernel import scale_of_kernel
from qsac.files.numbers import Numbers

SMALL = 1e-9
"""A kernel whose value is smaller than this share of lam is taken to be zero there."""


class Weights(NamedTuple):
    """The weights of the rows of one copy, by position: ``direct`` (N,), and the sum of each head's (H, N). ``lams``:
    (N,) lam of the kernel, None of a linear one."""

    direct: Real
    heads: Real
    lams: Real | None = None

    @property
    def total(self) -> Real:
        """Lambda of every position, (N,)."""
        total: Real = self.direct + self.heads.sum(axis=0)
        return total


def next_token_normaliser(model: Model, position: int) -> float:
    """By what the words' amplitudes after a position, from 1, are smaller than <e_l|o>."""
    return float(next_token_normalisers(model)[position - 1])


def next_token_normalisers(model: Model) -> Real:
    """The same for every position, (N,): ||E* R|| times Lambda of the last layer."""
    from qsac.families.transformer.readouts.next_token import NextToken

    if not isinstance(model.readout, NextToken):
        raise TypeError("only the readout next-token has a vocabulary")
    matrix = outward(model.layers[-1])
    words = model.readout.vocabulary.conj()
    with np.errstate(over="ignore", invalid="ignore"):
        return _bounded(spectral_norm(words if matrix is None else words @ matrix) * _inner(model))


def fidelity_normaliser(model: Model) -> float:
    """By what the amplitudes of all positions at once are smaller than o_j / sqrt(N)."""
    layer = model.layers[-1]
    largest = [float(copy.total.max()) for copy in model.weights[-1]]
    return _product(layer, largest) * outward_norm(layer)


def self_score(kernel: tuple[float, ...], scale: float) -> float:
    """The score s of the direct row: 1, or where g(S) is zero the s in (-1, 1) with the largest |g(s S)|.

    ``scale`` is S. 1 too where g is zero for all s.
    """
    scaled = np.array(kernel) * scale ** np.arange(len(kernel))
    if abs(scaled.sum()) >= SMALL * np.abs(scaled).sum():
        return 1.0
    scores = np.arange(-8, 8) / 8
    values = np.abs(np.polynomial.polynomial.polyval(scores, scaled))
    return float(scores[np.argmax(values)])


def weights(model: Model) -> tuple[tuple[Weights, ...], ...]:
    """The weights of every copy of every layer; :attr:`Model.weights` keeps them. Infinite where they overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _weights(model)


def _weights(model: Model) -> tuple[tuple[Weights, ...], ...]:
    found = [weights_of_rows(model.layers[0], model.inputs, model.rotary)]
    for before, layer in pairwise(model.layers):
        found.append(weights_of_lengths(layer, products(before, found[-1]) * outward_norm(before)))
    return tuple(found)


def weights_of_rows(layer: Layer, states: Numbers, rotary: float | None) -> tuple[Weights, ...]:
    """The weights of every copy of a layer that reads known rows, (N, d)."""
    return tuple(_first(layer, affine, states, rotary) for affine in copies(layer, states.shape[1]))


def weights_of_lengths(layer: Layer, lengths: Real) -> tuple[Weights, ...]:
    """The weights of every copy of a layer that reads rows of which only the ``lengths`` are known, (N,)."""
    return tuple(_later(layer, affine, lengths) for affine in copies(layer, layer.heads[0].query.shape[1]))


def _inner(model: Model) -> Real:
    """Lambda_f of the last layer, before its R, (N,)."""
    return products(model.layers[-1], model.weights[-1])


def products(layer: Layer, found: tuple[Weights, ...]) -> Real:
    """Lambda_f by position, (N,): the copies' normalisers multiplied, or a polynomial's sum_p |c_p| Lambda^p."""
    return np.array([_product(layer, list(row)) for row in zip(*(one.total for one in found), strict=True)])


def _product(layer: Layer, lengths: list[float]) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        if len(lengths) > 1:
            return float(np.prod(lengths))
        terms = [abs(c) * np.float64(lengths[0]) ** power for power, c in enumerate(powers(layer)) if c]
        return float(np.sum(terms))


def outward_norm(layer: Layer) -> float:
    """||R||, 1 without a feed-forward."""
    matrix = outward(layer)
    return 1.0 if matrix is None else spectral_norm(matrix)


def spectral_norm(matrix: Numbers) -> float:
    """The largest singular value; infinite where a number is not finite."""
    return float(np.linalg.norm(matrix, 2)) if np.isfinite(matrix).all() else np.inf


def _first(layer: Layer, affine: Affine, states: Numbers, rotary: float | None) -> Weights:
    """The weights of a copy of the first layer, whose rows are known."""
    queries, keys, values = (np.empty((len(layer.heads), len(states))) for _ in range(3))
    for place, head in enumerate(layer.heads):
        queries[place] = lengths_of(turned(states @ head.query.T, rotary))
        keys[place] = lengths_of(turned(states @ head.key.T, rotary))
        values[place] = lengths_of(affine.of(centred(layer, states @ head.value.T @ head.output.T)))
    direct = affine.of(centred(layer, layer.residual[0] * states))
    if layer.factors is not None:
        direct = direct * layer.factors[:, None]
    return _joined(layer, lengths_of(direct + affine.bias), queries, keys, values)


def _later(layer: Layer, affine: Affine, lengths: Real) -> Weights:
    """The weights of a copy of a later layer, whose rows are known to be no longer than ``lengths``, (N,)."""
    dimension = layer.heads[0].query.shape[1]
    plain = centred(layer, np.eye(dimension))
    queries, keys, values = (np.empty((len(layer.heads), len(lengths))) for _ in range(3))
    for place, head in enumerate(layer.heads):
        queries[place], keys[place] = spectral_norm(head.query) * lengths, spectral_norm(head.key) * lengths
        values[place] = spectral_norm(affine.of(centred(layer, head.value.T @ head.output.T))) * lengths
    factors = np.ones(len(lengths)) if layer.factors is None else layer.factors
    direct = abs(layer.residual[0]) * factors * spectral_norm(affine.of(plain)) * lengths + np.linalg.norm(affine.bias)
    return _joined(layer, direct, queries, keys, values)


def _joined(layer: Layer, direct: Real, queries: Real, keys: Real, values: Real) -> Weights:
    """The weights from the lengths of the direct row (N,), and of queries, keys and values, each (H, N)."""
    tokens = len(direct)
    common = abs(layer.residual[1]) * shares(layer, tokens)
    if layer.factors is not None:
        common = common * layer.factors
    if layer.kernel[:-1] == (0.0,):
        heads = common * abs(layer.kernel[1]) * queries * _seen(layer, keys * values)
        return Weights(_bounded(direct), _bounded(heads))
    longest = keys.max(axis=0)
    reach = np.maximum.accumulate(longest) if layer.mask == "causal" else np.full(tokens, longest.max())
    scales = queries.max(axis=0) * reach
    lams, growth = np.array([_kernel_scale(layer, float(scale)) for scale in scales]).T
    return Weights(_bounded(direct * growth), _bounded(common * lams * _seen(layer, values)), _bounded(lams))


def _kernel_scale(layer: Layer, scale: float) -> tuple[float, float]:
    """lam, and lam / |g(S)|: 1 where there is no score."""
    kernel = layer.kernel
    scaled = np.array(kernel) * scale ** np.arange(len(kernel))
    lam = scale_of_kernel(kernel, scale, walked=layer.walked)
    value = abs(float(np.polynomial.polynomial.polyval(self_score(kernel, scale), scaled)))
    return lam, lam / value if value else 1.0


def _seen(layer: Layer, numbers: Real) -> Real:
    """The sums over the keys that each position sees, (H, N)."""
    if layer.mask == "causal":
        return np.cumsum(numbers, axis=1)
    return np.broadcast_to(numbers.sum(axis=1, keepdims=True), numbers.shape)


def _bounded(numbers: Real) -> Real:
    """Infinity in place of what overflowed on the way: no shot is ever accepted."""
    return np.nan_to_num(numbers, nan=np.inf, posinf=np.inf)


def centred(layer: Layer, rows: Numbers) -> Numbers:
    """P x for every row x, (any number, d)."""
    return rows - rows.mean(axis=1, keepdims=True) if layer.centre else rows
