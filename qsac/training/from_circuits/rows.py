"""How the rows of a table move along a few fields, each with a shift rule of its own.

A field has for each row x_r of a table a unit vector e_r in the tangent space at x_r: a direction in which x_r can move
and stay a unit vector. Turned by an angle t the rows are cos(t/2) x_r + sin(t/2) e_r. Amplitudes are linear in the rows
of one load, so that probabilities are a + b cos t + c sin t. Where some rows stay, or a gate lets the load act in one
branch alone, there are terms of half the frequency.

The derivatives of rows by parameters, any tangent vectors, are sums of such fields. There is more than one way:

- ``by rows``: for each row an orthonormal basis of what its derivatives span, and for all rows together the signs of a
  Hadamard matrix;
- ``by turns``: Pauli strings P, with e_r = -i P x_r. A unitary that the rows have in common moves them so;
- ``by halves``: a direction G in the space of all rows together is half the sum of two fields, G + H and G - H, where H
  is orthogonal to G in each row and makes up the length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.files.numbers import Numbers
from qsac.numerics.pauli import pauli_product
from qsac.training.from_circuits.rules import FOUR, TWO, Rule, spread

Real = NDArray[np.float64]

MOST_STRINGS = 5
"""The most qubits whose Pauli strings are looked at."""


class Fields(NamedTuple):
    """Fields (m, R, D), zero where a row stays, and how the derivatives by P parameters are made of what they do to the
    rows per radian, (m, P)."""

    fields: Numbers
    weights: Real
    rule: Rule

    @property
    def evaluations(self) -> int:
        """How many bindings there are."""
        return len(self.fields) * len(self.rule)

    @property
    def variance(self) -> float:
        """The sum over all derivatives of their variances, for values of variance 1."""
        return float((self.weights**2).sum()) * spread(self.rule)


def fields_of(
    rows: Numbers,
    slopes: Numbers,
    columns: int | None = None,
    *,
    nothing: float,
    gated: bool,
    fixed: bool = False,
    shots: bool = False,
) -> Fields | None:
    """The fields of a table's unit ``rows`` (R, D) whose derivatives by P parameters are ``slopes`` (P, R, D).

    Nothing is in the columns after the first ``columns``, of all rows and all fields. Derivatives up to ``nothing``
    are rounding. ``gated``: the load acts in one branch alone. ``fixed``: rows without a derivative have to stay as
    they are. Of the ways there are, the one with the fewest bindings; with ``shots`` the one with
    the least product of bindings and variance, as that many shots are needed. None where all derivatives vanish.
    """
    taken = rows.shape[1] if columns is None else columns
    x, f = _reals(rows[:, :taken]), _reals(slopes[:, :, :taken])
    f = f - np.einsum("prn,rn->pr", f, x)[:, :, None] * x
    f = _without_global_phase(x, f, rows, gated=gated)
    if np.abs(f).max(initial=0.0) <= nothing:
        return None
    found = [
        Fields(_numbers(fields, rows), 2 * weights, FOUR if gated or not fields.any(axis=2).all() else TWO)
        for fields, weights in _ways(x, f, nothing, rows, gated=gated, fixed=fixed)
    ]
    return min(found, key=lambda one: (one.evaluations * one.variance if shots else one.evaluations, one.variance))


def turned(rows: Numbers, field: Numbers, angle: float) -> Numbers:
    """The rows (R, D) turned by an angle along a field, in radians."""
    moves = np.abs(field).max(axis=1, keepdims=True) > 0
    result: Numbers = np.where(moves, np.cos(angle / 2) * rows + np.sin(angle / 2) * field, rows)
    return result


def signs(size: int) -> Real:
    """The first rows and columns of a Hadamard matrix, (size, size): regular, and its inverse is small for any size."""
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix[:size, :size]


Way = tuple[Real, Real]
"""Fields (m, R, N) in real coordinates, and weights (m, P)."""


def _ways(x: Real, f: Real, nothing: float, rows: Numbers, *, gated: bool, fixed: bool) -> Iterator[Way]:
    active = np.flatnonzero(np.abs(f).max(axis=(0, 2)) > nothing)
    yield _by_rows(x, f, nothing, active)
    if len(active) < len(x) and not gated and not fixed:
        yield _by_rows(x, f, nothing, np.arange(len(x)))
    halves = None if fixed else _by_halves(x, f, nothing)
    if halves is not None:
        yield halves
    if not fixed and x.shape[1] == rows.shape[1] * (2 if np.iscomplexobj(rows) else 1):
        strings = _by_turns(f, nothing, active, rows, gated=gated)
        if strings is not None:
            yield strings


def _by_rows(x: Real, f: Real, nothing: float, moving: NDArray[np.intp]) -> Way:
    """Signs for the rows that move, times as many vectors of each as the row has that varies most."""
    spans = [_span(f[:, row], nothing) for row in moving]
    count = max(len(span) for span in spans)
    vectors = np.stack([_completed(span, x[row], count) for span, row in zip(spans, moving, strict=True)])
    parts = np.einsum("prn,ran->rap", f[:, moving], vectors)
    sign = signs(len(moving))
    weights = np.einsum("sr,rap->sap", np.linalg.inv(sign), parts)
    fields = np.zeros((len(moving), count, *x.shape))
    fields[:, :, moving] = np.einsum("rs,ran->sarn", sign, vectors)
    return _kept(fields.reshape(-1, *x.shape), weights.reshape(-1, f.shape[0]), nothing)


def _by_halves(x: Real, f: Real, nothing: float) -> Way | None:
    """Two fields for each direction of all rows together, one where all rows move by the same length."""
    directions = _span(f.reshape(len(f), -1), nothing).reshape(-1, *x.shape)
    fields, weights = [], []
    for direction in directions:
        longest = np.linalg.norm(direction, axis=1).max()
        unit = direction / longest
        missing = np.sqrt(np.clip(1 - np.sum(unit**2, axis=1), 0, None))
        share = np.einsum("prn,rn->p", f, direction) * longest
        if missing.max() < 1e-7:
            fields.append(unit / np.linalg.norm(unit, axis=1)[:, None])
            weights.append(share)
            continue
        if x.shape[1] < 3:
            return None  # there is no second direction
        other = np.stack([_orthogonal(row, part) for row, part in zip(x, unit, strict=True)])
        for sign in (1, -1):
            both = unit + sign * missing[:, None] * other
            fields.append(both / np.linalg.norm(both, axis=1)[:, None])
            weights.append(share / 2)
    return np.stack(fields), np.stack(weights)


def _by_turns(f: Real, nothing: float, active: NDArray[np.intp], rows: Numbers, *, gated: bool) -> Way | None:
    """The Pauli strings that the derivatives are sums of; None where they are not. The identity, which comes first, is
    a global phase where it turns all rows, and needs no field."""
    size = rows.shape[1].bit_length() - 1
    if size > MOST_STRINGS:
        return None
    real = not np.iscomplexobj(rows)
    turns = []
    for paulis in product("ixyz", repeat=size):
        if real and paulis.count("y") % 2 == 0:
            continue
        moved = -1j * rows[active] @ string(paulis).T
        turns.append(_reals(moved.real if real else moved))
    if not turns:
        return None
    strings = np.stack(turns)
    flat = strings.reshape(len(strings), -1)
    wanted = f[:, active].reshape(len(f), -1)
    weights = np.linalg.pinv(flat.T, rcond=1e-9) @ wanted.T
    if np.abs(flat.T @ weights - wanted.T).max() > 10 * nothing:
        return None
    fields = np.zeros((len(strings), *f.shape[1:]))
    fields[:, active] = strings
    global_phase = not real and not gated and len(active) == len(rows)
    return _kept(fields[global_phase:], weights[global_phase:], nothing)


def string(paulis: Iterable[str]) -> NDArray[np.complex128]:
    """A product of Paulis and identities; the identity itself on no qubit."""
    matrix: NDArray[np.complex128] = np.eye(1, dtype=np.complex128)
    for pauli in paulis:
        matrix = np.asarray(np.kron(matrix, np.eye(2) if pauli == "i" else pauli_product(pauli)), np.complex128)
    return matrix


def _kept(fields: Real, weights: Real, nothing: float) -> Way:
    """Without the fields that nothing is made of."""
    needed = np.abs(weights).max(axis=1) > nothing
    return fields[needed], weights[needed]


def _span(vectors: Real, nothing: float) -> Real:
    """An orthonormal basis (rank, N) of what the vectors (P, N) span."""
    _, values, basis = np.linalg.svd(vectors, full_matrices=False)
    return np.asarray(basis[values > nothing])


def _completed(span: Real, x: Real, count: int) -> Real:
    """The vectors of a span, (a, N), and more that are orthogonal to them and to x: ``count`` in all."""
    if len(span) == count:
        return span
    _, _, basis = np.linalg.svd(np.vstack([x[None], span]))
    return np.concatenate([span, basis[1 + len(span) :]])[:count]


def _orthogonal(x: Real, vector: Real) -> Real:
    """A unit vector orthogonal to two others, which are orthogonal to each other."""
    length = np.linalg.norm(vector)
    span = vector[None] / length if length > 1e-12 else np.zeros((0, len(x)))
    return np.asarray(_completed(span, x, len(span) + 1)[-1])


def _without_global_phase(x: Real, f: Real, rows: Numbers, *, gated: bool) -> Real:
    """The derivatives without what turns the phases of all rows alike, where that is a global phase."""
    if gated or not np.iscomplexobj(rows):
        return f
    half = x.shape[1] // 2
    phase = np.concatenate([-x[:, half:], x[:, :half]], axis=1)
    common = np.einsum("prn,rn->p", f, phase) / len(x)
    return np.asarray(f - common[:, None, None] * phase)


def _reals(numbers: NDArray[Any]) -> Real:
    """Real coordinates along the last axis: real parts, then imaginary parts."""
    if not np.iscomplexobj(numbers):
        return np.asarray(numbers, dtype=np.float64)
    return np.concatenate([numbers.real, numbers.imag], axis=-1)


def _numbers(fields: Real, rows: Numbers) -> Numbers:
    """Fields in real coordinates as vectors like the rows, filled up with zeros."""
    result: Numbers = np.zeros((len(fields), *rows.shape), dtype=rows.dtype)
    if np.iscomplexobj(rows):
        half = fields.shape[2] // 2
        result[:, :, :half] = fields[:, :, :half] + 1j * fields[:, :, half:]
    else:
        result[:, :, : fields.shape[2]] = fields
    return result
