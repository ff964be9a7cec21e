"""How large a plan is, told before any of it is made.

The tables of tokens that a circuit loads multiply from layer to layer: each copy of a layer's feed-forward loads the
states of the layer before as keys, queries and values.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, prod
from typing import NamedTuple

from qsac.errors import DoesNotFitError
from qsac.families.transformer.affine import powers
from qsac.families.transformer.model import Gated, Layer, Model
from qsac.families.transformer.readouts.next_token import NextToken

LOADS = 1500
"""Most loads of tokens in one circuit. Measured: 1,296, of four layers with two copies each, are counted in 20 s and
0.7 GiB."""

ENTRIES = 1 << 25
"""Most entries of one circuit's tables. Measured: 40 bytes each while they are made, 1.3 GiB."""

NUMBERS = 1 << 23
"""Most numbers of a model that is drawn to be counted. Measured: 60 bytes each while it is made, half a GiB."""


class PlanSize(NamedTuple):
    """``loads`` of tokens in one circuit, ``entries`` of its tables, about, and the ``numbers`` of the model."""

    loads: int
    entries: int
    numbers: int


def plan_size(model: Model, context: int, dimension: int) -> PlanSize:
    """Of a model of that size, whose other widths are in proportion to the dimension."""
    grown = dimension / model.dimension
    several = len(model.layers) > 1
    entries = sum(_copies(layer) * 2 * (3 if several else 1) * _rows(layer, context, grown) for layer in model.layers)
    if several or not isinstance(model.readout, NextToken):
        # Keys are loaded by other keys, or by the position in a register: a row of weights for each of them.
        entries += 3 * max(len(layer.heads) for layer in model.layers) ** 2 * context**2
    numbers = sum(_weights(layer, grown) for layer in model.layers) + dimension * _states(model, context)
    return PlanSize(prod(3 * _copies(layer) for layer in model.layers), ceil(entries), ceil(numbers))


def check_plan(model: Model) -> None:
    """Refuse a plan whose circuits are too large to be built. Raises :class:`~qsac.errors.DoesNotFitError`."""
    found = plan_size(model, model.tokens, model.dimension)
    _check(found, model.tokens, model.dimension)


def check_drawn(model: Model, context: int, dimension: int) -> None:
    """The same for a model of another size, which is drawn."""
    found = plan_size(model, context, dimension)
    _check(found, context, dimension)
    if found.numbers > NUMBERS:
        raise DoesNotFitError(
            "a model of this size holds more numbers than are drawn to be counted",
            code="capacity.plan-too-large",
            found=f"about {found.numbers:,} numbers, with {context:,} tokens of dimension {dimension:,}",
            wanted=f"at most {NUMBERS:,}",
            help="estimate a smaller dimension or a shorter context",
        )


def largest_context(model: Model, most: int) -> int:
    """The longest context that a model of its dimension is drawn with, at most ``most``, at least its own."""
    return _largest(model.tokens, most, lambda context: _is_drawable(model, context, model.dimension))


def largest_dimension(model: Model, most: int) -> int:
    """The same of the dimension, with the model's own context."""
    return _largest(model.dimension, most, lambda dimension: _is_drawable(model, model.tokens, dimension))


def _check(found: PlanSize, context: int, dimension: int) -> None:
    if found.loads > LOADS:
        # Of thousands of layers the number has thousands of digits.
        loads = f"about {found.loads:,}" if found.loads < 10**15 else "more than 10^15"
        raise DoesNotFitError(
            "the layers are too many for a circuit",
            code="capacity.plan-too-large",
            pointer="/transformer/layers",
            found=f"{loads} loads of tokens: each layer multiplies them by three, and by the copies that its "
            "feed-forward takes",
            wanted=f"at most {LOADS:,}",
            help="fewer layers, or feed-forwards of lower degree; qsac check --metrics says what the model predicts",
        )
    if found.entries > ENTRIES:
        raise DoesNotFitError(
            "the tables of a circuit are too large",
            code="capacity.plan-too-large",
            pointer="/transformer/layers",
            found=f"about {found.entries:,} entries, for {context:,} tokens of dimension {dimension:,}",
            wanted=f"at most {ENTRIES:,}",
            help="fewer heads, a shorter context or a smaller dimension",
        )


def _is_drawable(model: Model, context: int, dimension: int) -> bool:
    found = plan_size(model, context, dimension)
    return found.entries <= ENTRIES and found.numbers <= NUMBERS


def _largest(own: int, most: int, fits: Callable[[int], bool]) -> int:
    """The largest whole number from ``own`` to ``most`` that fits, by bisection; ``own`` where none does."""
    least = own
    most = max(own, most)
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if fits(middle) else (least, middle - 1)
    return least


def _copies(layer: Layer) -> int:
    """The affine copies that one state of a layer takes."""
    return len(powers(layer)) - 1


def _rows(layer: Layer, context: int, grown: float) -> float:
    """Entries of the tables of one copy: scores and values of every token and head."""
    score = max(len(head.query) for head in layer.heads)
    return (len(layer.heads) * context + 1) * (_inside(layer) + score) * grown


def _inside(layer: Layer) -> int:
    found = layer.feed_forward
    width: int = layer.heads[0].query.shape[1]
    if found is None:
        return width
    passed = width if isinstance(found, Gated) and layer.feed_forward_residual[0] else 0
    return int(found.output.shape[1]) + passed


def _weights(layer: Layer, grown: float) -> float:
    matrices = [part for head in layer.heads for part in (head.query, head.key, head.value, head.output)]
    found = layer.feed_forward
    if isinstance(found, Gated):
        matrices += [found.output, *(factor.matrix for factor in found.factors)]
    elif found is not None:
        matrices += [found.input, found.output]
    return sum(matrix.size for matrix in matrices) * grown**2


def _states(model: Model, context: int) -> int:
    """The rows that have the dimension: tokens or words, positions, and what the readout compares with."""
    tokens = context if model.sequence is None else len(model.given_tokens)
    added = context if model.fields["transformer"]["position"]["type"] == "add" else 0
    compared = model.readout.words if isinstance(model.readout, NextToken) else context
    return context + tokens + added + compared
