"""From the fields of a feed-forward to the feed-forward."""

from __future__ import annotations

from typing import Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.matrices import Matrices
from qsac.families.transformer import schema
from qsac.families.transformer.functions import Fit, fitted
from qsac.families.transformer.model import Factor, FeedForward, Gated, Polynomial
from qsac.files import limits
from qsac.files.numbers import Numbers, as_lists, exactly_real
from qsac.files.pointer import describe, join, kind

TOLERANCE = 1e-9
"""How far output times input may be from the identity where a residual is merged into the polynomial."""

Canonical = dict[str, Any]
Residual = tuple[float, float]


def feed_forward(
    given: schema.LayerFields, pointer: str, dimension: int, matrices: Matrices
) -> tuple[FeedForward | None, Residual, Canonical]:
    """The feed-forward of a layer's fields, the residual past it, and these fields with every default explicit.

    A residual past a polynomial is merged into it: the one that is returned is then (0, 1). Raises
    :class:`~qsac.errors.InvalidInputError` for what does not fit, and for a residual that has nowhere to go.
    """
    rho, sigma = (float(factor) for factor in given.feed_forward_residual)
    place = f"{pointer}/feed_forward_residual"
    if not (rho or sigma):
        raise InvalidInputError(
            "both factors are zero, so that the layer gives nothing but zeros",
            code="layer.zero",
            pointer=place,
            found="[0, 0]",
            wanted="at least one factor other than 0",
        )
    if "feed_forward" not in given.model_fields_set:
        if (rho, sigma) != (0.0, 1.0):
            raise InvalidInputError(
                "there is no feed-forward for a residual to go past",
                code="feed-forward.residual",
                pointer=place,
                found=f"[{rho:g}, {sigma:g}]",
                wanted="[0, 1] in a layer without a feed-forward",
                help='give the factors of the attention as "residual"',
            )
        return None, (rho, sigma), {"feed_forward_residual": [rho, sigma]}
    inner = f"{pointer}/feed_forward"
    if isinstance(given.feed_forward, schema.GatedFeedForward):
        gated, fields = _gated(given.feed_forward, inner, dimension, matrices)
        return gated, (rho, sigma), {"feed_forward": fields, "feed_forward_residual": [rho, sigma]}
    found, fields = _polynomial(given.feed_forward, inner, dimension, matrices)
    canonical = {"feed_forward": fields, "feed_forward_residual": [rho, sigma]}
    if not rho:
        return found, (rho, sigma), canonical
    _check_merging(found, place)
    merged = [sigma * coefficient for coefficient in found.coefficients]
    merged[1] += rho
    if not any(merged):
        raise _zero(place, f"[{rho:g}, {sigma:g}], which cancels the polynomial")
    return _with(found, tuple(merged)), (0.0, 1.0), canonical


def _gated(given: schema.GatedFeedForward, pointer: str, dimension: int, matrices: Matrices) -> tuple[Gated, Canonical]:
    limits.check_factors(len(given.factors), "number of factors", f"{pointer}/factors")
    whole = f"the tokens have {dimension:,} entries"
    factors, canonical = [], []
    width: int | None = None
    for number, factor in enumerate(given.factors):
        place = join(f"{pointer}/factors", number)
        reason = whole if width is None else f"{whole}, and the first factor {width:,} rows"
        matrix = matrices.read(factor.matrix, f"{place}/matrix", width, dimension, reason)
        width = len(matrix)
        bias, written = _bias(factor, place, width, matrices)
        factors.append(Factor(matrix, bias))
        canonical.append({"matrix": as_lists(matrix)} | written)
    output, written = _output(given, pointer, dimension, len(factors[0].matrix), matrices)
    fields = {"type": given.type, "factors": canonical, **written, "pass": float(given.passing)}
    return Gated(tuple(factors), output, float(given.passing)), fields


def _polynomial(
    given: schema.PolynomialFeedForward, pointer: str, dimension: int, matrices: Matrices
) -> tuple[Polynomial, Canonical]:
    fields: Canonical = {"type": given.type}
    if "input" in given.model_fields_set:
        whole = f"the tokens have {dimension:,} entries"
        inward = matrices.read(given.input, f"{pointer}/input", None, dimension, whole)
        fields["input"] = as_lists(inward)
    else:
        inward = matrices.identity(dimension)
    bias, written = _bias(given, pointer, len(inward), matrices)
    coefficients, fit = _coefficients(given, pointer)
    fields |= written | {"coefficients": list(coefficients)}
    output, written = _output(given, pointer, dimension, len(inward), matrices)
    last = max(power for power, coefficient in enumerate(coefficients) if coefficient)
    return Polynomial(inward, bias, coefficients[: last + 1], output, fit), fields | written


def _coefficients(given: schema.PolynomialFeedForward, pointer: str) -> tuple[tuple[float, ...], Fit | None]:
    """c_0 .. c_p as given or fitted, c_0 = 0."""
    asked = given.model_fields_set & {"coefficients", "function"}
    if len(asked) != 1:
        raise InvalidInputError(
            "a polynomial is given by its coefficients or by a function",
            code="feed-forward.no-polynomial",
            pointer=f"{pointer}/function" if asked else pointer,
            found="both" if asked else "neither",
            wanted='"coefficients": [0, c_1, ..], or "function": {"name": "gelu", "degree": 2, "range": 1}',
        )
    if "function" in asked:
        return fitted(given.function.name, given.function.degree, float(given.function.range))
    place = f"{pointer}/coefficients"
    coefficients = tuple(float(coefficient) + 0.0 for coefficient in given.coefficients)
    limits.check_factors(len(coefficients) - 1, "degree", place)
    if coefficients[0]:
        raise InvalidInputError(
            "the polynomial of a feed-forward has a constant term",
            code="feed-forward.constant",
            pointer=f"{place}/0",
            found=kind(given.coefficients[0]),
            wanted="0: a constant is no product of the state's amplitudes, and would be lost as they are padded",
            help='use "bias", or a gated feed-forward',
        )
    if not any(coefficients):
        raise _zero(place, describe(given.coefficients))
    return coefficients, None


def _zero(pointer: str, found: str) -> InvalidInputError:
    return InvalidInputError(
        "the polynomial of the feed-forward is zero",
        code="feed-forward.zero",
        pointer=pointer,
        found=found,
        wanted="at least one coefficient other than 0",
    )


def _check_merging(found: Polynomial, pointer: str) -> None:
    """Whether a residual past a polynomial feed-forward can be made a part of it."""
    product = found.output @ found.input
    deviation = float(np.abs(product - np.eye(len(product))).max())
    if found.bias.any() or not deviation <= TOLERANCE:
        raise InvalidInputError(
            "a residual cannot go past this polynomial feed-forward",
            code="feed-forward.residual",
            pointer=pointer,
            found="a bias that is not zero"
            if found.bias.any()
            else f"output times input, which differs from the identity by up to {deviation:.2g}",
            wanted="[0, 1], or an output that is the inverse of the input, and no bias: the residual is then a part of "
            "the coefficient of x",
            help='use a gated feed-forward, which passes the residual on ("pass")',
        )


def _with(found: Polynomial, coefficients: tuple[float, ...]) -> Polynomial:
    last = max(power for power, coefficient in enumerate(coefficients) if coefficient)
    return Polynomial(found.input, found.bias, coefficients[: last + 1], found.output, found.fit)


def _bias(
    given: schema.FactorFields | schema.PolynomialFeedForward, pointer: str, width: int, matrices: Matrices
) -> tuple[Numbers, Canonical]:
    if "bias" not in given.model_fields_set:
        return exactly_real(np.zeros(width)), {}
    bias = matrices.vector(given.bias, f"{pointer}/bias", width, "one for each row of the matrix")
    return bias, {"bias": as_lists(bias)}


def _output(
    given: schema.GatedFeedForward | schema.PolynomialFeedForward,
    pointer: str,
    dimension: int,
    width: int,
    matrices: Matrices,
) -> tuple[Numbers, Canonical]:
    whole = f"the tokens have {dimension:,} entries, and the feed-forward {width:,} rows inside"
    if "output" in given.model_fields_set:
        output = matrices.read(given.output, f"{pointer}/output", dimension, width, whole)
        return output, {"output": as_lists(output)}
    if width != dimension:
        raise InvalidInputError(
            '"output" cannot be left out of this feed-forward',
            code="matrix.wrong-shape",
            pointer=pointer,
            found=f"{width:,} rows inside, while the tokens have {dimension:,} entries",
            wanted='"output" too: left out it is the identity, which needs as many rows as entries',
        )
    return matrices.identity(dimension), {}
