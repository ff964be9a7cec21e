"""The inverse of a block encoding by a polynomial: which one, of which degree, and what comes out of it exactly.

X = M / alpha is encoded, alpha = 1 + |A|; its singular values lie in [1/kappa, 1]. An odd polynomial P near c/x there,
applied to the adjoint, takes r to P(X^dag) r = c alpha M^-1 r but for P's error (quantum singular value
transformation, arXiv 1806.01838).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.errors import DoesNotFitError
from qsac.numerics.bounded_polynomials import LARGEST_DEGREE, BoundedPolynomial, inverse_polynomial
from qsac.numerics.signal_processing import phases_of

if TYPE_CHECKING:
    from qsac.families.program.linearised.dynamics import Linearised

Real = NDArray[np.float64]

SHARE = 0.5
"""How much of the precision an automatic degree leaves to the polynomial; the rest is for shots."""

_HIGHEST = (LARGEST_DEGREE - 1) // 2
"""2 k + 1 is the degree of the k-th odd polynomial; this is the last one."""


@dataclass(frozen=True, eq=False)
class Inversion:
    """``alpha``: by what M is divided; ``condition``: kappa; ``factor``: c; ``polynomial``: P."""

    alpha: float
    condition: float
    factor: float
    polynomial: BoundedPolynomial

    @property
    def degree(self) -> int:
        return self.polynomial.degree

    @property
    def subnormalisation(self) -> float:
        """What amplitudes are multiplied by, with |r|, for the solution: 1 / (c alpha)."""
        return 1 / (self.factor * self.alpha)

    @cached_property
    def phases(self) -> Real:
        """Those of Re P, (D + 1,) in radians. Raises :class:`~qsac.errors.DoesNotFitError` where Newton's method does
        not find them."""
        try:
            return phases_of(self.polynomial)[0]
        except RuntimeError as error:
            raise DoesNotFitError(
                "the phases of the polynomial were not found",
                code="program.too-large",
                pointer="/program/solver/degree",
                found=str(error),
                wanted="a polynomial whose phases Newton's method finds",
                help='take another degree, or the solver "neumann"',
            ) from error

    def applied(self, matrix: Real, right: Real) -> Real:
        """P(X^dag) r of M = 1 - S (x) A, ``matrix`` being A (D, D) and ``right`` r (T', D): by the recurrence of
        Chebyshev polynomials of singular values, T_(k+1) = 2 X T_k - T_(k-1), X and its adjoint in turn."""
        before, current = right, self._adjoint(matrix, right)
        coefficients = self.polynomial.coefficients
        found = coefficients[1] * current
        for order in range(2, self.degree + 1):
            act = self._adjoint if order % 2 else self._forward
            before, current = current, 2 * act(matrix, current) - before
            if order % 2:
                found = found + coefficients[order] * current
        return np.asarray(found)

    def _forward(self, matrix: Real, rows: Real) -> Real:
        moved = rows.copy()
        moved[1:] -= rows[:-1] @ matrix.T
        return np.asarray(moved / self.alpha)

    def _adjoint(self, matrix: Real, rows: Real) -> Real:
        moved = rows.copy()
        moved[:-1] -= rows[1:] @ matrix
        return np.asarray(moved / self.alpha)


def inversion_of(system: Linearised) -> Inversion:
    """The polynomial of the degree that is asked for; or of the least one that takes at most :data:`SHARE` of the
    precision. Raises :class:`~qsac.errors.DoesNotFitError` where none of at most 127 does."""
    condition, alpha, degree = system.condition, 1 + system.norm, system.degree
    if degree is None:
        allowed = SHARE * system.precision / error_of_parameter(system, 1.0)
        degree = least_degree(condition, allowed)
    if degree is None:
        highest, factor = _inverse(2 * _HIGHEST + 1, condition)
        raise DoesNotFitError(
            "no polynomial inverts the history within the precision",
            code="program.too-large",
            pointer="/program/solver/degree",
            found=f"kappa {condition:.3g}: degree {highest.degree} leaves "
            f"{error_of_parameter(system, highest.error):.2g} of a parameter",
            wanted=f"at most {SHARE * system.precision:.2g}, half of the precision, by a degree up to "
            f"{highest.degree}: phases of higher ones are not found",
            help='take the solver "neumann", fewer steps or a coarser precision, or say the degree yourself',
        )
    polynomial, factor = _inverse(degree, condition)
    return Inversion(alpha, condition, factor, polynomial)


def error_of_parameter(system: Linearised, error: float) -> float:
    """A bound on what an error of the inverse, the largest |P(x)/c - 1/x|, costs a parameter at any instant."""
    return float(system.scale * np.linalg.norm(system.right) * error / (1 + system.norm))


@lru_cache(maxsize=256)
def least_degree(condition: float, allowed: float) -> int | None:
    """The least odd degree whose error of the inverse is at most ``allowed``; None where it is more than 127."""
    reached = 0
    while _error(reached, condition) > allowed:
        if reached == _HIGHEST:
            return None
        reached = min(2 * reached + 1, _HIGHEST)
    # The error falls with the degree: between half of it and this one.
    low, high = (reached - 1) // 2, reached
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _error(middle, condition) <= allowed else (middle, high)
    return 2 * high + 1


def _error(k: int, condition: float) -> float:
    return _inverse(2 * k + 1, condition)[0].error


@lru_cache(maxsize=256)
def _inverse(degree: int, condition: float) -> tuple[BoundedPolynomial, float]:
    # Reading, compiling and running each make a model of the same numbers anew.
    return inverse_polynomial(degree, condition)
