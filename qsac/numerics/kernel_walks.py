"""Bounded polynomial kernels by a walk: parts of definite parity, the bound of each, and the angles of its phases.

A walk of D uses multiplies by P(s) of degree D and of D's parity, |P| <= 1 (:mod:`.signal_processing`). The real part
of P is taken with one qubit, whose two values take the phases and their opposites. A kernel of both parities is the sum
of two parts, one of D uses and one of D - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import remainder

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from qsac.numerics.bounded_polynomials import CAP, BoundedPolynomial
from qsac.numerics.signal_processing import phases_of, walk_angles

Real = NDArray[np.float64]

CANCELLING = 1e6
"""Coefficients that sum to more, for a kernel of at most 1, are not precise enough: double precision leaves 1e-10."""


class NoWalkError(ValueError):
    """There is no walk for a kernel; the text says why."""


@dataclass(frozen=True)
class WalkPart:
    """One parity of a kernel. ``bound``: what it is divided by. ``angles``: f_1 .. f_(D-1), in time order, of exp(i f
    (2 P - 1)) between the uses; ``last``: the angle at both ends together, with which the real part has its sign.

    Radians. The part with one use less has an angle 0 before the last use, which undoes half of the use before it.
    """

    bound: float
    angles: tuple[float, ...]
    last: float


@dataclass(frozen=True)
class KernelWalk:
    """``even`` and ``odd`` parts, None where there is nothing of this parity; ``uses`` D of the walk."""

    uses: int
    even: WalkPart | None
    odd: WalkPart | None

    @property
    def parts(self) -> tuple[WalkPart, ...]:
        """Those that there are, the even one first."""
        return tuple(part for part in (self.even, self.odd) if part is not None)

    @property
    def bound(self) -> float:
        """What the kernel is divided by: the sum of the parts' bounds, which is max |g| on [-1, 1], up to the cap, for
        a kernel of one parity."""
        return float(sum(part.bound for part in self.parts))


def together(walks: Sequence[KernelWalk | None]) -> tuple[KernelWalk, ...]:
    """Walks that are done at once, by the same uses: of those with fewer, the last ones undo each other. None is the
    walk that multiplies by 1."""
    uses = max(walk.uses for walk in walks if walk is not None)

    def longer(part: WalkPart | None) -> WalkPart | None:
        return part and replace(part, angles=(*part.angles, *[0.0] * (uses - 1 - len(part.angles))))

    still = KernelWalk(uses, WalkPart(1.0, (0.0,) * (uses - 1), 0.0), None)
    return tuple(still if walk is None else KernelWalk(uses, longer(walk.even), longer(walk.odd)) for walk in walks)


@lru_cache(maxsize=256)
def kernel_walk(coefficients: tuple[float, ...]) -> KernelWalk:
    """The walk of g(s) = sum_p ``coefficients``[p] s^p of degree 1 or more, the last one not zero.

    Raises :class:`NoWalkError` where double precision does not hold g, or no phases are found.
    """
    uses = len(coefficients) - 1
    even, odd = (None if terms is None else _part(terms, uses) for terms in _parities(coefficients))
    walk = KernelWalk(uses, even, odd)
    if sum(map(abs, coefficients)) > CANCELLING * walk.bound:
        raise NoWalkError(
            f"its coefficients sum to {sum(map(abs, coefficients)):.1e}, and it is at most {walk.bound:.1e}: double "
            "precision does not hold their differences"
        )
    return walk


def kernel_bound(coefficients: tuple[float, ...]) -> float:
    """The bound of a kernel's walk, without its phases."""
    found = [terms for terms in _parities(coefficients) if terms is not None]
    return float(sum(_largest(terms) / CAP if terms[1:].any() else abs(terms[0]) for terms in found))


def _parities(coefficients: tuple[float, ...]) -> tuple[Real | None, Real | None]:
    """The Chebyshev coefficients of the even part, and of the odd one, as many as its walk has uses and one more; None
    where all are zero."""
    uses = len(coefficients) - 1
    terms = chebyshev.poly2cheb(np.array(coefficients))
    even, odd = (
        np.where(np.arange(uses + 1) % 2 == parity, terms, 0.0)[: uses + 1 - (uses % 2 != parity)]
        if any(c for power, c in enumerate(coefficients) if power % 2 == parity)
        else None
        for parity in (0, 1)
    )
    return even, odd


def _part(terms: Real, uses: int) -> WalkPart:
    """The part of Chebyshev coefficients, (degree + 1,), of one parity, in a walk of so many uses."""
    degree = len(terms) - 1
    if not terms[1:].any():
        # A constant: uses and their adjoints cancel.
        return WalkPart(abs(float(terms[0])), (0.0,) * (uses - 1), 0.0 if terms[0] > 0 else np.pi)
    largest = _largest(terms)
    phases = _phases(CAP * terms / largest)
    angles = walk_angles(phases)[::-1]
    inner = (*angles[1:-1].tolist(), *[0.0] * (uses - degree))
    last = remainder(float(angles[0] + angles[-1] + degree * np.pi / 2), 2 * np.pi)
    return WalkPart(largest / CAP, inner, last)


def _phases(terms: Real) -> Real:
    """Phases of a polynomial that is at most the cap."""
    try:
        return phases_of(BoundedPolynomial(terms, 0.0))[0]
    except (RuntimeError, np.linalg.LinAlgError) as error:
        raise NoWalkError(str(error)) from error


def _largest(terms: Real) -> float:
    """The largest |sum_k terms[k] T_k(x)| on [-1, 1]: at the ends, or where the derivative is zero."""
    slopes = np.trim_zeros(chebyshev.chebder(terms), "b")
    roots = chebyshev.chebroots(slopes) if len(slopes) > 1 else np.zeros(0)
    inside = np.clip(roots[np.abs(roots.imag) < 1e-6].real, -1.0, 1.0)
    grid = np.cos(np.linspace(0.0, np.pi, 64 * len(terms)))
    return float(np.abs(chebyshev.chebval(np.concatenate((grid, inside)), terms)).max())
