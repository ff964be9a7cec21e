"""Kernels as polynomial coefficients: g(s) = sum_p c_p s^p."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families import schema
from qsac.families.walked_kernel import without_walk
from qsac.files import limits
from qsac.files.numbers import Numbers

BLOCK_ENTRIES = 2**21
"""Most scores that are held at once where all of them are looked at."""


def coefficients(kernel: schema.Kernel, dimension: int, pointer: str, *, by_walk: bool = False) -> tuple[float, ...]:
    """c_0..c_k of a kernel, c_k not 0: zeros after the last term that counts are dropped, so k is the true degree.

    ``dimension`` is that of the states that a score is of; its root is the default temperature. Raises if the degree is
    beyond the limits, all coefficients are zero, or their sum is beyond what double precision can square; and unless
    ``by_walk``, for one that is asked for by a walk.
    """
    if not by_walk and isinstance(kernel, schema.PolynomialKernel) and kernel.by == "qsvt":
        raise without_walk(pointer)
    if isinstance(kernel, schema.MonomialKernel):
        limits.check_degree(kernel.degree, f"{pointer}/degree")
        return (0.0,) * kernel.degree + (1.0,)
    if isinstance(kernel, schema.PolynomialKernel):
        limits.check_degree(len(kernel.coefficients) - 1, f"{pointer}/coefficients")
        values = tuple(float(c) for c in kernel.coefficients)
        if not any(values):
            raise InvalidInputError(
                "all coefficients of the kernel are zero",
                code="kernel.zero",
                pointer=f"{pointer}/coefficients",
                wanted="at least one coefficient other than 0",
                help="a kernel that is zero attends to nothing",
            )
        return _scaled_sensibly(_trimmed(values), f"{pointer}/coefficients")
    limits.check_degree(kernel.degree, f"{pointer}/degree")
    temperature = temperature_of(kernel, dimension)
    try:
        values = tuple(temperature**p / math.factorial(p) for p in range(kernel.degree + 1))
    except OverflowError:
        values = (1.0, math.inf)
    return _scaled_sensibly(_trimmed(values), f"{pointer}/temperature")


def temperature_of(kernel: schema.SoftmaxTaylorKernel, dimension: int) -> float:
    """The factor of s in the exponential: as given, or the root of ``dimension``."""
    given: float | None = kernel.temperature
    return math.sqrt(dimension) if given is None else float(given)


def canonical_kernel(kernel: schema.Kernel, dimension: int) -> dict[str, Any]:
    """A kernel's field, every default explicit."""
    if isinstance(kernel, schema.PolynomialKernel):
        by = {} if kernel.by == "copies" else {"by": kernel.by}
        return {"type": kernel.type, "coefficients": [float(c) for c in kernel.coefficients], **by}
    if isinstance(kernel, schema.MonomialKernel):
        return {"type": kernel.type, "degree": kernel.degree}
    return {"type": kernel.type, "degree": kernel.degree, "temperature": temperature_of(kernel, dimension)}


def kernel_values(scores: Numbers, kernel: NDArray[np.float64]) -> Numbers:
    """g(s), entry by entry (Horner)."""
    result: Numbers = np.full_like(scores, kernel[-1])
    for coefficient in kernel[-2::-1]:
        result = result * scores + coefficient
    return result


def kernel_blocks(
    queries: Numbers, keys: Numbers, kernel: NDArray[np.float64], *, causal: bool, shift: int = 0
) -> Iterator[tuple[slice, Numbers]]:
    """g(<query_j|key_i>) of rows (T, e), some positions j at a time: which, and an array (positions, keys), 0 where a
    key is not seen. Keys that none of them sees are left out at the end. A key is seen as many places later as
    ``shift`` says, and not at all where there are no such places."""
    tokens = len(queries)
    step = max(1, BLOCK_ENTRIES // tokens)
    for start in range(0, tokens, step):
        rows = slice(start, min(start + step, tokens))
        stop = max((rows.stop if causal else tokens) - shift, 0)
        weights = kernel_values(queries[rows].conj() @ keys[:stop].T, kernel)
        if causal:
            weights = np.where(np.arange(start, rows.stop)[:, None] >= np.arange(stop) + shift, weights, 0)
        yield rows, weights


def formula(coefficients: tuple[float, ...], variable: str) -> str:
    """A polynomial as text: ``1 + 2 s - 0.5 s^2``."""
    text = ""
    for power, coefficient in enumerate(coefficients):
        if not coefficient:
            continue
        sign = ("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")
        factor = "" if power == 0 else variable if power == 1 else f"{variable}^{power}"
        size = f"{abs(coefficient):.4g}"
        text += sign + (factor if factor and size == "1" else f"{size} {factor}".rstrip())
    return text


def _trimmed(values: tuple[float, ...]) -> tuple[float, ...]:
    last = max(p for p, c in enumerate(values) if c)
    return tuple(c + 0.0 for c in values[: last + 1])


def _scaled_sensibly(values: tuple[float, ...], pointer: str) -> tuple[float, ...]:
    total = sum(abs(c) for c in values)
    if not 1 / limits.KERNEL_SCALE <= total <= limits.KERNEL_SCALE:
        raise out_of_scale("the kernel's coefficients are", total, pointer)
    return values


def out_of_scale(what: str, total: float, pointer: str) -> InvalidInputError:
    """``what``, the sum of whose absolute coefficients is ``total``, is beyond what double precision can square."""
    return InvalidInputError(
        f"{what} out of scale",
        code="kernel.out-of-scale",
        pointer=pointer,
        found=f"coefficients whose absolute values sum to {total:.1e}" if math.isfinite(total) else "an overflow",
        wanted=f"a sum between {1 / limits.KERNEL_SCALE:.0e} and {limits.KERNEL_SCALE:.0e}",
        help="only the ratios of the coefficients matter to the metrics: scale them to about 1",
    )
