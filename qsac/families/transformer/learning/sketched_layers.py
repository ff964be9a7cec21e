"""From the sketch of a layer to its part of an outline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families import schema as shared
from qsac.families.kernel import canonical_kernel, coefficients
from qsac.families.transformer import schema
from qsac.families.transformer.functions import fitted
from qsac.families.transformer.layers import norm_of
from qsac.families.transformer.learning import sketch
from qsac.families.transformer.learning.diagnosis import FACTOR, HEAD
from qsac.families.transformer.learning.drawing import Drawing, items
from qsac.families.transformer.learning.outline import Array, FixedKernel, Learned, Place, Tree, name_of
from qsac.files import limits
from qsac.files.pointer import counted, join, listed

RESIDUAL = (0.5, 0.5)
"""What learned residuals start from."""

_ROWS = ("query", "key", "value")


def layer(given: sketch.LayerSketch, place: Place, length: int, drawing: Drawing, *, rotary: bool) -> dict[str, Tree]:
    """The fields of a layer for sequences of ``length`` tokens. Raises :class:`~qsac.errors.InvalidInputError` with the
    place of what does not fit."""
    _, factors, norm = norm_of(given.norm, join("", *place, "norm"), length)
    fields: dict[str, Tree] = {
        "attention": _attention(given.attention, (*place, "attention"), drawing, rotary=rotary),
        "residual": drawing.residual(given.residual, (*place, "residual"), RESIDUAL),
        "norm": norm if factors is None else {"scale": factors},
    }
    after = (*place, "feed_forward_residual")
    past = given.feed_forward_residual
    if "feed_forward" not in given.model_fields_set:
        _check_past(past, after, "there is no feed-forward for a residual to go past")
        return fields | {"feed_forward_residual": [0.0, 1.0]}
    inner = (*place, "feed_forward")
    if isinstance(given.feed_forward, sketch.GatedSketch):
        fields["feed_forward"] = _gated(given.feed_forward, inner, drawing)
        return fields | {"feed_forward_residual": drawing.residual(past, after, RESIDUAL)}
    _check_past(past, after, "a residual cannot go past a polynomial feed-forward that is learned")
    return fields | {
        "feed_forward": _polynomial(given.feed_forward, inner, drawing),
        "feed_forward_residual": [0.0, 1.0],
    }


def _check_past(given: Any, place: Place, title: str) -> None:
    """Whether nothing goes past a feed-forward."""
    if given != [0, 1]:
        raise InvalidInputError(
            title,
            code="feed-forward.residual",
            pointer=join("", *place),
            wanted="[0, 1], or a gated feed-forward, which passes the residual on",
        )


# Attention


class _Head(NamedTuple):
    """A head's sketch with its sizes: e of queries and keys, f of values."""

    given: sketch.HeadSketch
    place: Place
    size: int
    value_size: int

    def shape(self, name: str, dimension: int) -> tuple[int, int]:
        """The shape of one of its matrices."""
        if name == "score":
            return dimension, dimension
        if name == "output":
            return dimension, self.value_size
        return (self.value_size if name == "value" else self.size), dimension


def _attention(given: sketch.AttentionSketch, place: Place, drawing: Drawing, *, rotary: bool) -> dict[str, Tree]:
    pointer = join("", *place, "heads")
    asked = items(given.heads, pointer, sketch.HeadSketch, HEAD)
    default = given.size if "size" in given.model_fields_set else _share(drawing.dimension, len(asked), rotary=rotary)
    heads = [_sized(head, (*place, "heads", number), default, drawing) for number, head in enumerate(asked)]
    if rotary:
        _check_pairs(heads, drawing.dimension)
    fields = [_fields(head, drawing) for head in heads]
    if given.constraint == "orthogonal":
        _join_heads(fields, heads, (*place, "heads"), drawing)
    return {
        "mask": given.mask,
        "scale": given.scale,
        "kernel": _kernel(given.kernel, (*place, "kernel"), heads, drawing),
        "heads": fields,
    }


def _share(dimension: int, heads: int, *, rotary: bool) -> int:
    """The size of a head by default: d over the number of heads, even where pairs are turned."""
    share = max(1, dimension // heads)
    return max(2, share - share % 2) if rotary else share


def _sized(given: sketch.HeadSketch, place: Place, default: int, drawing: Drawing) -> _Head:
    """A head with the sizes of what it gives, else those that it asks for."""
    asked = given.model_fields_set
    scored = asked & {"query", "key", "size"}
    if "score" in asked and scored:
        raise InvalidInputError(
            "a head is scored by one matrix or by query and key, not both",
            code="head.score-and-query",
            pointer=join("", *place, "score"),
            found=f"a head with {listed(sorted({*scored, 'score'}))}",
            wanted='"score" alone, or "query" and "key"',
        )
    size = given.size if "size" in asked else default
    inner = given.value_size if "value_size" in asked else size
    if "score" in asked:
        size = drawing.dimension
    elif "size" not in asked:
        size = _given_rows(given, ("query", "key"), drawing) or size
    if "value_size" not in asked:
        inner = _given_rows(given, ("value",), drawing) or _given_columns(given, drawing) or inner
    return _Head(given, place, size, inner)


def _given_rows(given: sketch.HeadSketch, names: Sequence[str], drawing: Drawing) -> int | None:
    """How many rows the first of some matrices has that is given; None where none is."""
    for name in names:
        matrix: Any = getattr(given, name)
        if matrix == "identity":
            return drawing.dimension
        if isinstance(matrix, list):
            return len(matrix)
    return None


def _given_columns(given: sketch.HeadSketch, drawing: Drawing) -> int | None:
    """How many columns the output has if it is given."""
    output: Any = given.output
    if output == "identity":
        return drawing.dimension
    return len(output[0]) if isinstance(output, list) and output and isinstance(output[0], list) else None


def _check_pairs(heads: Sequence[_Head], dimension: int) -> None:
    """Whether rotary positions can turn pairs of entries."""
    odd = next((head for head in heads if head.size % 2), None)
    if odd is not None:
        raise InvalidInputError(
            "rotary positions turn pairs of entries, and these queries have an odd number",
            code="position.odd-dimension",
            pointer=join("", *odd.place),
            found=f"queries of {odd.size:,} {'entry' if odd.size == 1 else 'entries'}",
            wanted='an even "size"',
            help=None if dimension > 1 else "use sinusoidal positions",
        )


def _fields(head: _Head, drawing: Drawing) -> dict[str, Tree]:
    names = ("score", "value", "output") if "score" in head.given.model_fields_set else (*_ROWS, "output")
    fields: dict[str, Tree] = {}
    for name in names:
        shape = head.shape(name, drawing.dimension)
        reason = f"the tokens have {drawing.dimension:,} entries"
        reason += f", and the head's {'queries' if name in ('query', 'key') else 'values'} {min(shape):,}"
        matrix = drawing.matrix(getattr(head.given, name), (*head.place, name), shape, reason, 1 / np.sqrt(shape[1]))
        if matrix is not None:
            fields[name] = matrix
    return fields


def _join_heads(fields: list[dict[str, Tree]], heads: Sequence[_Head], place: Place, drawing: Drawing) -> None:
    """Make the matrices that the heads learn one array each, which is orthogonal: queries, keys and values one below
    the other, outputs side by side, and each score by itself."""
    for name in (*_ROWS, "output"):
        axis = int(name == "output")
        learned = [number for number, one in enumerate(fields) if isinstance(one.get(name), Learned)]
        if not learned:
            continue
        joint, first = name_of((*place, name)), 0
        for number in learned:
            count = heads[number].shape(name, drawing.dimension)[axis]
            del drawing.learned[fields[number][name].name]
            fields[number][name] = Learned(joint, axis, first, count)
            first += count
        shape = (drawing.dimension, first) if axis else (first, drawing.dimension)
        drawing.learned[joint] = Array(shape, 1.0, drawing.is_complex, orthogonal=True)
    for one in fields:
        if isinstance(one.get("score"), Learned):
            score = one["score"].name
            drawing.learned[score] = Array(drawing.learned[score].shape, 1.0, drawing.is_complex, orthogonal=True)


def _kernel(given: sketch.Kernel, place: Place, heads: Sequence[_Head], drawing: Drawing) -> Tree:
    pointer = join("", *place)
    if isinstance(given, schema.LinearKernel):
        return FixedKernel((0.0, 1.0), {"type": "linear"})
    sizes = {head.size for head in heads}
    if isinstance(given, sketch.PolynomialKernelSketch):
        return _polynomial_kernel(given, place, max(sizes), drawing)
    if isinstance(given, shared.SoftmaxTaylorKernel) and len(sizes) > 1 and given.temperature is None:
        raise InvalidInputError(
            "the temperature has no default where the heads' queries differ in length",
            code="head.unequal-queries",
            pointer=pointer,
            found=f"queries of {listed(f'{size:,}' for size in sorted(sizes))} entries",
            wanted='"temperature": the default is the square root of that number',
        )
    return FixedKernel(coefficients(given, max(sizes), pointer), canonical_kernel(given, max(sizes)))


def _polynomial_kernel(given: sketch.PolynomialKernelSketch, place: Place, size: int, drawing: Drawing) -> Tree:
    """A polynomial kernel: given, or learned from its own coefficients or those of softmax on."""
    pointer = join("", *place)
    asked = given.model_fields_set
    _check_polynomial({"coefficients", "degree"} & asked, pointer, '"degree": 3')
    if "degree" in asked:
        exponential = shared.SoftmaxTaylorKernel(type="softmax-taylor", degree=given.degree)
        start = coefficients(exponential, size, pointer)
        return {"type": "polynomial", "coefficients": drawing.terms((*place, "coefficients"), start)}
    fixed = shared.PolynomialKernel(type="polynomial", coefficients=given.coefficients)
    start = coefficients(fixed, size, pointer)
    if given.trained:
        return {"type": "polynomial", "coefficients": drawing.terms((*place, "coefficients"), start)}
    return FixedKernel(start, canonical_kernel(fixed, size))


def _check_polynomial(asked: set[str], pointer: str, example: str) -> None:
    """Whether a polynomial is given in one way."""
    if len(asked) != 1:
        raise InvalidInputError(
            "a polynomial is given in one way",
            code="feed-forward.no-polynomial",
            pointer=pointer,
            found=listed(sorted(asked)) if asked else "nothing",
            wanted=f'"coefficients": [0, 1, 0, 1], or {example}, with which they are learned',
        )


# Feed-forwards


def _gated(given: sketch.GatedSketch, place: Place, drawing: Drawing) -> dict[str, Tree]:
    pointer = join("", *place, "factors")
    factors = items(given.factors, pointer, sketch.FactorSketch, FACTOR)
    limits.check_factors(len(factors), "number of factors", pointer)
    hidden = given.hidden if "hidden" in given.model_fields_set else drawing.dimension
    orthogonal = given.constraint == "orthogonal"
    made = []
    for number, factor in enumerate(factors):
        inner = (*place, "factors", number)
        matrix = drawing.inward(factor.matrix, (*inner, "matrix"), hidden, orthogonal=orthogonal)
        one = {"matrix": np.eye(drawing.dimension) if matrix is None else matrix}
        bias = drawing.vector(factor.bias, (*inner, "bias"), hidden)
        made.append(one if bias is None else one | {"bias": bias})
    fields: dict[str, Tree] = {"type": "gated", "factors": made, "pass": float(given.passing)}
    return fields | drawing.outward(given.output, (*place, "output"), hidden)


def _polynomial(given: sketch.PolynomialSketch, place: Place, drawing: Drawing) -> dict[str, Tree]:
    hidden = given.hidden if "hidden" in given.model_fields_set else drawing.dimension
    fields: dict[str, Tree] = {"type": "polynomial", "coefficients": _coefficients(given, place, drawing)}
    orthogonal = given.constraint == "orthogonal"
    matrix = drawing.inward(given.input, (*place, "input"), hidden, orthogonal=orthogonal)
    bias = drawing.vector(given.bias, (*place, "bias"), hidden)
    fields |= ({} if matrix is None else {"input": matrix}) | ({} if bias is None else {"bias": bias})
    return fields | drawing.outward(given.output, (*place, "output"), hidden)


def _coefficients(given: sketch.PolynomialSketch, place: Place, drawing: Drawing) -> Tree:
    """c_0 .. c_p of a feed-forward, c_0 = 0: given, or learned."""
    pointer = join("", *place)
    asked = {"coefficients", "degree", "function"} & given.model_fields_set
    _check_polynomial(asked, pointer, '"degree": 3')
    inner = (*place, "coefficients")
    if "degree" in asked:
        limits.check_factors(given.degree, "degree", f"{pointer}/degree")
        return drawing.terms(inner, (0.0, *(1 / power for power in range(1, given.degree + 1))))
    if "function" in asked:
        start, _ = fitted(given.function.name, given.function.degree, float(given.function.range))
    else:
        start = tuple(float(one) + 0.0 for one in given.coefficients)
        _check_coefficients(start, join("", *inner))
    return drawing.terms(inner, start) if given.trained else start


def _check_coefficients(given: tuple[float, ...], pointer: str) -> None:
    limits.check_factors(len(given) - 1, "degree", pointer)
    if given[0]:
        raise InvalidInputError(
            "the polynomial of a feed-forward has a constant term",
            code="feed-forward.constant",
            pointer=f"{pointer}/0",
            found=f"{given[0]:g}",
            wanted='0: use "bias", or a gated feed-forward',
        )
    if not any(given):
        raise InvalidInputError(
            "the polynomial of the feed-forward is zero",
            code="feed-forward.zero",
            pointer=pointer,
            found=counted(len(given), "coefficient"),
            wanted="at least one coefficient other than 0",
        )
