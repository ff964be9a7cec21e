"""Where a transformer's shots are lost, by layer and part (docs/transformer.md).

Of one layer that reads known rows the success probability is a product: what the scores leave of the rows' weights,
what the average over rows leaves of them, what the copies of a feed-forward leave when they are multiplied, and what is
read. Of several layers the loss of one is what lambda grows by because it stands below the others: lambda with the
layers up to it known, over lambda with those before it known, squared. These quotients are at most 1, and their product
is the success probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from qsac.families.places import Boundary, ByCircuit, Losses, Place
from qsac.families.transformer.affine import Affine, copies, outward, powers
from qsac.families.transformer.closed_form import head_blocks, shares
from qsac.families.transformer.lengths import Real, lengths_of
from qsac.families.transformer.model import Gated, Layer, Model
from qsac.families.transformer.normalisers import (
    Weights,
    centred,
    fidelity_normaliser,
    next_token_normalisers,
    outward_norm,
    products,
    spectral_norm,
    weights_of_lengths,
    weights_of_rows,
)
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.files.numbers import Numbers

ROW_ERROR = 0.05
"""The standard error of measured rows between layers, as a share of their lengths."""


def losses(model: Model) -> Losses:
    """Where the shots of every circuit are lost, if it is constructed by rows."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        asked = _Asked(model)
        layers = [_LayerLosses(model, place, asked) for place in range(len(model.layers))]
        places = [place for layer in layers for place in layer.places()]
        places += _readout_places(layers[-1], asked)
        return Losses(_numbers(asked.normalisers), tuple(places), _boundary(model, layers, asked))


class _Asked:
    """What the readout asks for: which positions each circuit is of, and what is read there."""

    def __init__(self, model: Model) -> None:
        self.model = model
        readout = model.readout
        self.places: NDArray[np.intp] | None = None
        self.words: Numbers | None = None
        self.normalisers = np.array([fidelity_normaliser(model)])
        if isinstance(readout, NextToken):
            self.places = np.array(readout.positions) - 1
            self.words = readout.vocabulary.conj()
            self.normalisers = next_token_normalisers(model)[self.places]

    def of(self, numbers: Real) -> Real:
        """Of numbers by position (N,) those of the circuits: that of its position, or the root of the mean square."""
        if self.places is not None:
            return np.asarray(numbers[self.places])
        scale = float(numbers.max()) or 1.0
        return np.array([np.sqrt(np.mean((numbers / scale) ** 2)) * scale])

    def at(self, numbers: Real) -> Real:
        """The same, for numbers that are told: of all positions the largest one."""
        return np.asarray(numbers[self.places] if self.places is not None else numbers.max(keepdims=True))

    @cached_property
    def reading_norm(self) -> float:
        """By what the numbers that are read are smaller than they are, besides Lambda of the last layer."""
        matrix = outward(self.model.layers[-1])
        if self.words is None:
            return outward_norm(self.model.layers[-1])
        return spectral_norm(self.words if matrix is None else self.words @ matrix)

    @cached_property
    def read(self) -> Real:
        """The lengths of what is read at each position, (N,)."""
        outputs = self.model.outputs
        return lengths_of(outputs if self.words is None else outputs @ self.words.T)


class _LayerLosses:
    """One layer, read by the layers after it as if the ones before were known."""

    def __init__(self, model: Model, place: int, asked: _Asked) -> None:
        self._model, self._asked, self._place = model, asked, place
        self.layer: Layer = model.layers[place]
        self.states = model.steps[place - 1].output if place else model.inputs
        self.output = model.steps[place].output
        made = copies(self.layer, model.dimension)
        self.known = weights_of_rows(self.layer, self.states, model.rotary)
        attention = model.steps[place].attention
        factors = [affine.of(attention) + affine.bias for affine in made]
        self._partial = _partial_lengths(self.layer, factors)
        self._first, self.made = lengths_of(factors[0]), made

    @property
    def inside(self) -> Real:
        """The lengths of the product of the copies, (N,)."""
        return self._partial[-1]

    @cached_property
    def alone(self) -> Real:
        """Lambda_f with known rows, (N,)."""
        return products(self.layer, self.known)

    def above(self, numbers: Real) -> Real:
        """Lambda_f of the last layer, (N,), where this layer's is ``numbers``, (N,)."""
        layer = self.layer
        for after in self._model.layers[self._place + 1 :]:
            numbers = products(after, weights_of_lengths(after, numbers * outward_norm(layer)))
            layer = after
        return numbers

    def places(self) -> Iterator[Place]:
        """The layer's, the residual row first."""
        title = f"layer {self._place + 1}"
        yield from self._rows(title)
        lambdas = [copy.total for copy in self.known]
        scored = _scored(self.layer, self.made[0], self.states, self.known[0], self._model.rotary)
        inner = _over(self.inside, self._first)
        stages = [self.alone]
        if isinstance(self.layer.feed_forward, Gated):
            for copy in range(1, len(lambdas)):
                done = _over(self._partial[copy], self._first) * lambdas[0]
                stages.append(done * np.prod(lambdas[copy + 1 :], axis=0))
        elif self.layer.feed_forward is not None:
            stages.append(inner * lambdas[0])
        before = len(stages)
        stages += [inner * scored, self.inside]
        found = [self._asked.of(self.above(stage)) for stage in stages]
        quotients = [_squared(_over(after, one)) for one, after in pairwise(found)]
        yield from self._attention(title, quotients[before - 1], quotients[before])
        yield from self._feed_forward(title, quotients[: before - 1])
        yield from self._reading(title, found[-1])

    def _rows(self, title: str) -> Iterator[Place]:
        """Parts of lambda of the first copy, as it is in the circuit."""
        first = self._model.weights[self._place][0]
        yield Place(f"{title}: residual row", _numbers(self._at(first, first.direct)))
        for number, row in enumerate(first.heads, 1):
            yield Place(f"{title}: head {number}", _numbers(self._at(first, row)))

    def _at(self, copy: Weights, row: Real) -> Real:
        """Of the circuits' positions; of all of them together where lambda is largest."""
        places = self._asked.places
        return row[places] if places is not None else row[[int(np.argmax(copy.total))]]

    def _attention(self, title: str, scores: Real, average: Real) -> Iterator[Place]:
        number = self._place + 1
        lams = self._model.weights[self._place][0].lams
        if lams is None:
            reason = "queries and keys of little overlap take part with all of their lengths"
            yield Place(f"{title}: scores", None, _factors(scores), f"the scores of layer {number}", reason)
        else:
            most = float(np.max(self._asked.at(lams)))
            reason = f"the kernel's terms add up to {most:.3g}, and few scores reach that"
            lambdas = _numbers(self._asked.at(lams))
            yield Place(f"{title}: kernel", lambdas, _factors(scores), f"the kernel of layer {number}", reason)
        reason = "the rows that it averages cancel each other"
        if not self.layer.residual[0]:
            reason = "the layer has no residual, and the tokens' values cancel each other"
        yield Place(f"{title}: average", None, _factors(average), f"the average of layer {number}", reason)

    def _feed_forward(self, title: str, quotients: Sequence[Real]) -> Iterator[Place]:
        subject = f"the feed-forward of layer {self._place + 1}"
        actual = self._model.weights[self._place]
        if not isinstance(self.layer.feed_forward, Gated):
            for quotient in quotients:
                lambdas = _numbers(self._asked.at(products(self.layer, actual)))
                yield Place(f"{title}: feed-forward", lambdas, _factors(quotient), subject, _why(powers(self.layer)))
            return
        for number, quotient in enumerate(quotients, 2):
            reason = "the copies that it multiplies are seldom large in the same entries"
            if not np.any(self.made[number - 1].bias):
                reason = "it is a product whose factors have no bias"
            lambdas = _numbers(self._asked.at(actual[number - 1].total))
            yield Place(f"{title}: feed-forward copy {number}", lambdas, _factors(quotient), subject, reason)

    def _reading(self, title: str, before: Real) -> Iterator[Place]:
        """What the layer after it loses because its lengths are bounded by the norms of matrices."""
        if self._place + 1 == len(self._model.layers):
            return
        after = self._model.layers[self._place + 1]
        known = weights_of_rows(after, self.output, self._model.rotary)
        further = _LayerLosses(self._model, self._place + 1, self._asked).above(products(after, known))
        quotient = _squared(_over(self._asked.of(further), before))
        subject = f"what layer {self._place + 2} reads"
        reason = "its matrices, or the output matrix before them, are far from unitary"
        norm = None if self.layer.feed_forward is None else _same(outward_norm(self.layer), len(quotient))
        yield Place(f"{title}: read by layer {self._place + 2}", norm, _factors(quotient), subject, reason)


def _readout_places(last: _LayerLosses, asked: _Asked) -> Iterator[Place]:
    circuits = len(asked.normalisers)
    if asked.places is None:
        mean, most = asked.of(_inner(asked.model)), asked.normalisers / (asked.reading_norm or 1.0)
        reason = "lambda is that of the position where it is largest"
        yield Place("positions", None, _factors(_squared(_over(mean, most))), "the register of positions", reason)
    read = asked.of(asked.read)
    quotient = np.where(read > 0, _over(read, asked.of(last.inside) * asked.reading_norm), 0.0)
    reason = "the vocabulary is long in directions that the states seldom have"
    if asked.words is None:
        reason = "the output matrix is far from unitary"
    norm = _same(asked.reading_norm, circuits)
    yield Place("readout", norm, _factors(_squared(quotient)), "the readout", reason)


def _inner(model: Model) -> Real:
    """Lambda_f of the last layer as the circuit has it, (N,)."""
    return products(model.layers[-1], model.weights[-1])


def _partial_lengths(layer: Layer, factors: Sequence[Numbers]) -> list[Real]:
    """The lengths of the products of the first copies, (N,) each; the last one's is of what the feed-forward makes."""
    if not isinstance(layer.feed_forward, Gated):
        inside = np.polynomial.polynomial.polyval(factors[0], np.array(powers(layer)))
        return [lengths_of(inside)]
    found, product = [], np.ones_like(factors[0])
    for factor in factors:
        product = product * factor
        found.append(lengths_of(product))
    return found


def _scored(layer: Layer, affine: Affine, states: Numbers, known: Weights, rotary: float | None) -> Real:
    """Lambda with the values that the kernel has in place of the largest that it may have, (N,)."""
    rho, sigma = layer.residual
    direct = affine.of(centred(layer, rho * states))
    common = abs(sigma) * shares(layer, len(states))
    if layer.factors is not None:
        direct, common = direct * layer.factors[:, None], common * layer.factors
    total = lengths_of(direct + affine.bias)
    for head in layer.heads if sigma else ():
        values = lengths_of(affine.of(centred(layer, states @ head.value.T @ head.output.T)))
        for rows, weights in head_blocks(layer, head, states, rotary):
            total[rows] += common[rows] * (np.abs(weights) @ values[: weights.shape[1]])
    return np.minimum(total, known.total)


def _why(coefficients: Sequence[float]) -> str:
    """Why a polynomial of a feed-forward loses shots."""
    if not coefficients[1]:
        return "its polynomial has no linear term"
    return "the other terms of its polynomial cost as much as the linear one, and give less"


def _boundary(model: Model, layers: Sequence[_LayerLosses], asked: _Asked) -> Boundary | None:
    """What measuring between the layers takes; None for one layer, and where a row is zero."""
    if len(layers) == 1:
        return None
    causal = all(layer.layer.mask == "causal" for layer in layers[1:])
    last = model.tokens if asked.places is None or not causal else int(asked.places.max()) + 1
    numbers = model.dimension * (2 if np.iscomplexobj(model.outputs) else 1)
    shots = 0.0
    for layer in layers[:-1]:
        lengths = lengths_of(layer.output)
        share = np.where(lengths > 0, _squared(_over(lengths, layer.alone * outward_norm(layer.layer))), 0.0)[:last]
        shots += float(np.sum(numbers / (ROW_ERROR**2 * share)))
    alone = asked.of(layers[-1].alone)
    if asked.places is None:
        alone = np.array([float(layers[-1].alone.max())])
    success = float(np.mean(_squared(_over(asked.of(asked.read), alone * asked.reading_norm))))
    return Boundary(last, ROW_ERROR, shots, success) if isfinite(shots) and success else None


def _over(part: Real, whole: Real) -> Real:
    """Quotients; 1 where there is nothing left to lose."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 1.0)


def _squared(quotients: Real) -> Real:
    """A factor of the success probability; rounding makes none larger than 1."""
    return np.clip(np.nan_to_num(quotients, nan=0.0), 0.0, 1.0) ** 2


def _same(number: float, circuits: int) -> ByCircuit:
    return _numbers(np.full(circuits, number))


def _numbers(values: Real) -> ByCircuit:
    return tuple(value if isfinite(value) else None for value in values.tolist())


def _factors(values: Real) -> ByCircuit:
    return tuple(values.tolist())
