"""From the fields of a layer to the layer: its heads, its norm and what combinations there are."""

from __future__ import annotations

from typing import Any

from qsac.errors import InvalidInputError
from qsac.families.kernel import canonical_kernel, coefficients
from qsac.families.matrices import Matrices
from qsac.families.schema import SoftmaxTaylorKernel
from qsac.families.transformer import schema
from qsac.families.transformer.feed_forward import feed_forward
from qsac.families.transformer.model import Head, Layer, Real
from qsac.files.numbers import Numbers, as_lists, number_list
from qsac.files.pointer import counted, describe, join, kind, listed, nearest

_ROW_NORMS = ("layer", "layernorm", "rms", "rmsnorm", "l2", "batch", "batchnorm", "unit")
"""Texts by which a norm of each row is asked for, whatever stands between and after their letters."""

Canonical = dict[str, Any]


def layer(
    given: schema.LayerFields, pointer: str, shape: tuple[int, ...], matrices: Matrices, rotary: float | None
) -> tuple[Layer, Canonical]:
    """The layer of these fields, and the same fields with every default explicit and no file left.

    ``shape`` is (N, d), ``rotary`` the base of rotary positions. A head matrix or a bias that is left out stays out of
    the canonical fields. Raises :class:`~qsac.errors.InvalidInputError` with the place of what does not fit.
    """
    tokens, dimension = shape
    place = f"{pointer}/attention"
    pairs = [
        _head(head, join(f"{place}/heads", number), dimension, matrices)
        for number, head in enumerate(given.attention.heads)
    ]
    heads = tuple(head for head, _ in pairs)
    if rotary is not None:
        _check_pairs(heads, f"{place}/heads")
    kernel, canonical = _kernel(given.attention.kernel, heads, f"{place}/kernel")
    residual = residual_factors(given.residual, f"{pointer}/residual")
    centre, factors, norm = norm_of(given.norm, f"{pointer}/norm", tokens)
    found, after, outer = feed_forward(given, pointer, dimension, matrices)
    made = Layer(
        given.attention.mask,
        given.attention.scale,
        kernel,
        heads,
        residual,
        centre,
        factors,
        found,
        after,
        walked=canonical.get("by") == "qsvt",
    )
    fields: Canonical = {
        "attention": {
            "mask": given.attention.mask,
            "scale": given.attention.scale,
            "kernel": canonical,
            "heads": [head for _, head in pairs],
        },
        "residual": list(residual),
        "norm": norm,
        **outer,
    }
    return made, fields


def _head(given: schema.HeadFields, pointer: str, dimension: int, matrices: Matrices) -> tuple[Head, Canonical]:
    asked = given.model_fields_set
    whole = f"the tokens have {dimension:,} entries"
    canonical: Canonical = {}

    def matrix(name: str, rows: int | None, columns: int | None, reason: str) -> Numbers:
        found = matrices.read(getattr(given, name), f"{pointer}/{name}", rows, columns, reason)
        canonical[name] = as_lists(found)
        return found

    identity = matrices.identity
    if "score" in asked:
        if asked & {"query", "key"}:
            raise InvalidInputError(
                "a head is scored by one matrix or by query and key, not both",
                code="head.score-and-query",
                pointer=f"{pointer}/score",
                found=f"a head with {listed(sorted(asked))}",
                wanted='"score", or "query" and "key"',
            )
        query, key = identity(dimension), matrix("score", dimension, dimension, whole)
    else:
        query = matrix("query", None, dimension, whole) if "query" in asked else identity(dimension)
        rows = len(query)
        said = f"{whole}, and the head's queries {rows:,}"
        if "key" in asked:
            key = matrix("key", rows, dimension, said)
        else:
            key = _identity_of(matrices, rows, dimension, f"{pointer}/query", "key", "queries")
    value = matrix("value", None, dimension, whole) if "value" in asked else identity(dimension)
    if "output" in asked:
        output = matrix("output", dimension, len(value), f"{whole}, and the head's values {len(value):,}")
    else:
        output = _identity_of(matrices, len(value), dimension, f"{pointer}/value", "output", "values")
    return Head(query, key, value, output), canonical


def _identity_of(matrices: Matrices, rows: int, dimension: int, pointer: str, missing: str, what: str) -> Numbers:
    """The identity for a matrix that is left out, which the other one has to be square for."""
    if rows == dimension:
        return matrices.identity(dimension)
    raise InvalidInputError(
        f'"{missing}" cannot be left out of this head',
        code="matrix.wrong-shape",
        pointer=pointer,
        found=f"{what} of {rows:,} entries, while the tokens have {dimension:,}",
        wanted=f'"{missing}" too: left out it is the identity, which needs {what} of {dimension:,} entries',
    )


def _check_pairs(heads: tuple[Head, ...], pointer: str) -> None:
    """Whether rotary positions can turn pairs of entries."""
    odd = next((place for place, head in enumerate(heads) if len(head.query) % 2), None)
    if odd is not None:
        raise InvalidInputError(
            "rotary positions turn pairs of entries, and these queries have an odd number",
            code="position.odd-dimension",
            pointer=join(pointer, odd),
            found=f"queries of {counted(len(heads[odd].query), 'entry').replace('entrys', 'entries')}",
            wanted="queries and keys of an even number of entries",
            help='add a row of zeros to "query" and "key", or use sinusoidal positions',
        )


def _kernel(given: schema.Kernel, heads: tuple[Head, ...], pointer: str) -> tuple[tuple[float, ...], Canonical]:
    if isinstance(given, schema.LinearKernel):
        return (0.0, 1.0), {"type": "linear"}
    lengths = {len(head.query) for head in heads}
    if isinstance(given, SoftmaxTaylorKernel) and len(lengths) > 1 and given.temperature is None:
        raise InvalidInputError(
            "the temperature has no default where the heads' queries differ in length",
            code="head.unequal-queries",
            pointer=pointer,
            found=f"queries of {listed(f'{length:,}' for length in sorted(lengths))} entries",
            wanted='"temperature": the default is the square root of that number',
        )
    dimension = max(lengths)
    return coefficients(given, dimension, pointer, by_walk=True), canonical_kernel(given, dimension)


def residual_factors(given: list[float], pointer: str) -> tuple[float, float]:
    """The two factors of a residual, not both zero."""
    first, second = (float(factor) for factor in given)
    if not (first or second):
        raise InvalidInputError(
            "both factors are zero, so that the layer gives nothing but zeros",
            code="layer.zero",
            pointer=pointer,
            found="[0, 0]",
            wanted="at least one factor other than 0",
        )
    return first, second


def norm_of(given: object, pointer: str, tokens: int) -> tuple[bool, Real | None, Any]:
    """Whether rows are centred, the factors of the rows, and the canonical field."""
    if isinstance(given, dict):
        if set(given) != {"scale"}:
            raise InvalidInputError(
                "a norm that is an object has the field scale alone",
                code="field.unknown" if "scale" in given else "field.missing",
                pointer=pointer,
                found=describe(given),
                wanted='{"scale": [..]} with one positive number for each token',
            )
        place = f"{pointer}/scale"
        numbers = number_list(given["scale"], place, tokens, "one for each token")
        for number, factor in enumerate(numbers):
            if factor <= 0:
                raise InvalidInputError(
                    "a factor of a fixed scale is not positive",
                    code="field.out-of-range",
                    pointer=join(place, number),
                    found=kind(float(factor)),
                    wanted="more than 0",
                )
        numbers.flags.writeable = False
        return False, numbers, {"scale": numbers.tolist()}
    if not isinstance(given, str):
        raise InvalidInputError(
            "the norm is neither a text nor an object",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted='"none", "centre" or {"scale": [..]}',
        )
    if given in ("none", "centre"):
        return given == "centre", None, given
    plain = given.lower().replace("-", "").replace("_", "").replace(" ", "").removesuffix("norm")
    if plain in _ROW_NORMS or f"{plain}norm" in _ROW_NORMS:
        raise InvalidInputError(
            "rows cannot be divided by their own lengths between layers",
            code="layer.row-norm",
            pointer=pointer,
            found=describe(given),
            wanted='"none", "centre" or {"scale": [..]}: its norms are results of the circuit',
            help='use "normalise" before the first layer, "centre", or a fixed scale; after the last layer lengths are '
            "free, as no probability depends on them",
        )
    guess = nearest(given, ("none", "centre"))
    raise InvalidInputError(
        "there is no such norm",
        code="field.unknown-choice",
        pointer=pointer,
        found=describe(given),
        wanted='"none", "centre" or {"scale": [..]}',
        help=f'did you mean "{guess}"?' if guess else None,
    )
