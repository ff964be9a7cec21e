"""Phases of quantum signal processing, by Newton's method with an analytic Jacobian.

P(s) = <0| e^(i p_0 Z) prod_k W(s) e^(i p_k Z) |0> with W(s) = [[s, i c], [i c, s]], c = sqrt(1 - s^2); k = 1 .. D.
For a real polynomial f of definite parity and |f| < 1 there are symmetric phases p_k = p_(D-k) with Re P = f (Dong,
Meng, Whaley, Lin, arXiv 2002.11649). From p = (pi/4, 0, .., 0, pi/4), where Re P = 0, Newton's method reaches them
while f is scaled up in steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.bounded_polynomials import BoundedPolynomial

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

STEPS = (0.25, 0.5, 0.75, 0.9, 1.0)
"""By what f is multiplied, one after another."""

RESIDUAL = 1e-12
"""The largest |Re P - f| at the Chebyshev points that phases are taken with."""

_ITERATIONS = 30


def signal(phases: Real, points: Real) -> Complex:
    """P at the points, for phases of shape (D + 1,) in radians; shape (points,)."""
    first, _ = _products(phases, points)
    return np.asarray(first[-1][:, 0], dtype=np.complex128)


def phases_of(polynomial: BoundedPolynomial) -> tuple[Real, float]:
    """Symmetric phases with Re P = the polynomial, shape (D + 1,) in radians, and the largest residual at the Chebyshev
    points that decide it. Raises RuntimeError where Newton's method does not reach :data:`RESIDUAL`."""
    degree = polynomial.degree
    free = degree // 2 + 1
    points = np.cos((2 * np.arange(1, free + 1) - 1) * np.pi / (4 * free))
    wanted = polynomial(points)
    half = np.zeros(free)
    half[0] = np.pi / 4
    for step in STEPS:
        half = _newton(half, degree, points, step * wanted)
    phases = _mirrored(half, degree)
    residual = float(np.abs(signal(phases, points).real - wanted).max())
    if not residual < RESIDUAL:
        raise RuntimeError(f"the phases of a polynomial of degree {degree} were not found: residual {residual:.2g}")
    return phases, residual


def walk_angles(phases: Real) -> Real:
    """The angles f_0 .. f_D of the projector phases exp(i f (2 Pi - 1)) of a walk of reflections: R = [[s, c], [c, -s]]
    is -i e^(i pi Z / 4) W(s) e^(i pi Z / 4)."""
    angles = phases - np.pi / 2
    angles[[0, -1]] += np.pi / 4
    return np.asarray(angles, dtype=np.float64)


def _newton(half: Real, degree: int, points: Real, wanted: Real) -> Real:
    best, kept = np.inf, half
    for _ in range(_ITERATIONS):
        values, jacobian = _with_jacobian(half, degree, points)
        missing = wanted - values
        residual = float(np.abs(missing).max())
        if residual >= best:
            break
        best, kept = residual, half
        half = half + np.linalg.solve(jacobian, missing)
    return kept


def _with_jacobian(half: Real, degree: int, points: Real) -> tuple[Real, Real]:
    """Re P at the points, and its derivatives by the free phases, shape (points, free)."""
    phases = _mirrored(half, degree)
    before, after = _products(phases, points)
    # The derivative by p_k puts i Z behind the factor e^(i p_k Z): row <0| up to it, column |0> after it.
    left = np.stack(before)
    full = (left[:, :, 0] * after[:, :, 0] - left[:, :, 1] * after[:, :, 1]) * 1j
    by_phase = full.real.T
    places = np.arange(degree + 1)
    jacobian = np.zeros((len(points), len(half)))
    for place in places:
        jacobian[:, min(place, degree - place)] += by_phase[:, place]
    return before[-1][:, 0].real, jacobian


def _mirrored(half: Real, degree: int) -> Real:
    places = np.arange(degree + 1)
    return np.asarray(half[np.minimum(places, degree - places)], dtype=np.float64)


def _products(phases: Real, points: Real) -> tuple[list[Complex], Complex]:
    """The row <0| e^(i p_0 Z) W .. e^(i p_k Z) for each k, shape (points, 2) each, and the column of what is after
    e^(i p_k Z) on |0>, shape (D + 1, points, 2)."""
    s = points.astype(np.complex128)
    c = 1j * np.sqrt(np.maximum(1 - points**2, 0.0))
    turns = np.exp(1j * phases)
    row = np.zeros((len(points), 2), dtype=np.complex128)
    row[:, 0] = turns[0]
    rows = [row]
    for turn in turns[1:]:
        row = np.stack(((row[:, 0] * s + row[:, 1] * c) * turn, (row[:, 0] * c + row[:, 1] * s) * turn.conj()), axis=1)
        rows.append(row)
    column = np.zeros((len(points), 2), dtype=np.complex128)
    column[:, 0] = 1.0
    columns = [column]
    for turn in turns[:0:-1]:
        up, down = column[:, 0] * turn, column[:, 1] * turn.conj()
        column = np.stack((s * up + c * down, c * up + s * down), axis=1)
        columns.append(column)
    return rows, np.stack(columns[::-1])
