"""Over which sets of qubits the states of a table are products, whichever qubits these are.

Two qubits of a pure state that is no product over any cut between them become entangled where the others are projected
on product states, for almost all of these (Popescu and Rohrlich, Phys. Lett. A 166, 293 (1992); Gachechiladze and
Gühne, arXiv 1607.02948); two qubits on different sides of such a cut never do. So the finest partition over which a
state is a product is found from pairs of qubits alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

EXACT = 1e-14
"""Structure is taken where every amplitude has it up to this."""

_ENTANGLED = 1e-11
"""Pairs whose determinant, as a part of the squared norm, is larger are entangled. What is smaller by rounding and what
by the state is decided afterwards, by :data:`EXACT`."""

_DRAWS = 2
"""Product states on which the other qubits are projected."""

_PIVOT = 0.618
"""The first entry of at least this part of the largest one gets the phase 1: rounding does not choose another one."""

Parts = tuple[tuple[int, ...], ...]


class Factors(NamedTuple):
    """Rows as products: ``rows[f]``, shape (C, 2^k), are the states of the qubits ``parts[f]``, each with a positive
    pivot, and row c is their product times exp(i ``phases[c]``)."""

    parts: Parts
    rows: list[NDArray[Any]]
    phases: NDArray[np.float64]


def factors_of(rows: NDArray[Any]) -> Factors | None:
    """The finest product that all rows, shape (C, 2^n), of unit norm have in common; None where they have none.

    The partition of qubits does not depend on the row; places are 0 .. n-1, the first one most significant.
    """
    qubits = rows.shape[1].bit_length() - 1
    found = _partition(rows, qubits)
    while len(found) > 1:
        split = _split(rows, found)
        wrong = [part for part, rest in zip(found, _distances(rows, split), strict=True) if rest > EXACT]
        if not wrong:
            return split
        # Products up to more than rounding: what is none by itself belongs together.
        joined = tuple(sorted(place for part in wrong for place in part)) if len(wrong) > 1 else ()
        found = _ordered([part for part in found if part not in wrong] + [joined]) if joined else ((),)
    return None


def _partition(rows: NDArray[Any], qubits: int) -> Parts:
    """The partition of which the pairs speak: that of one row first, since most rows have none."""
    part_of = list(range(qubits))
    for some in (rows[:1], rows) if len(rows) > 1 else (rows,):
        for draw in range(_DRAWS):
            states = some.reshape(len(some), *(2,) * qubits)
            for second in reversed(range(1, qubits)):
                for first in range(second):
                    if part_of[first] != part_of[second] and _entangled(states, first, draw):
                        part_of = [part_of[first] if part == part_of[second] else part for part in part_of]
                states = _projected(states, second, draw)
        if len(set(part_of)) == 1:
            break
    return _ordered([place for place in range(qubits) if part_of[place] == part] for part in set(part_of))


def _ordered(parts: Iterable[Iterable[int]]) -> Parts:
    return tuple(sorted(tuple(sorted(part)) for part in parts))


def _entangled(states: NDArray[Any], first: int, draw: int) -> bool:
    """Whether a qubit and the last one, of states of shape (C, 2, .., 2), are entangled in some row where the others
    are projected."""
    for place in reversed(range(states.ndim - 2)):
        if place != first:
            states = _projected(states, place, draw)
    determinants = np.abs(states[:, 0, 0] * states[:, 1, 1] - states[:, 0, 1] * states[:, 1, 0])
    norms = np.sum(np.abs(states) ** 2, axis=(1, 2))
    return bool(np.any(determinants > _ENTANGLED * np.maximum(norms, np.finfo(float).tiny)))


def _projected(states: NDArray[Any], place: int, draw: int) -> NDArray[Any]:
    """States, shape (C, 2, .., 2), with a qubit projected on a state that nothing is special about, far from 0 and 1.

    The qubits after it are projected already, or the one after it is the last."""
    spread = (place * 0.6180339887498949 + draw * 0.4142135623730951 + 0.137) % 1.0
    angle = (0.55 + 0.5 * spread) * (1 if (3 * place + draw) % 4 < 2 else -1)
    halves = states.reshape(len(states) << place, 2, -1)
    projected = np.cos(angle) * halves[:, 0] + np.sin(angle) * halves[:, 1]
    return np.asarray(projected.reshape(len(states), *(2,) * (states.ndim - 2)))


def _split(rows: NDArray[Any], parts: Parts) -> Factors:
    """The factors of each part: what the row is beside its largest amplitude, refined by what that makes of the row."""
    count, qubits = len(rows), rows.shape[1].bit_length() - 1
    largest = np.argmax(np.abs(rows), axis=1)
    found = []
    for part in parts:
        matrix = _matrix(rows, qubits, part)
        within = np.zeros(count, dtype=np.intp)
        for place in part:
            within = 2 * within + (largest >> (qubits - 1 - place) & 1)
        beside = matrix[np.arange(count), within]
        factor = np.einsum("cij,cj->ci", matrix, beside.conj())
        found.append(positive(factor / np.linalg.norm(factor, axis=1, keepdims=True)))
    product = _product(found, parts, qubits)
    overlap = np.sum(product.conj() * rows, axis=1)
    return Factors(parts, found, np.angle(overlap))


def positive(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows with the phases that make the first large entry of each positive."""
    size = np.abs(rows)
    pivot = np.argmax(size > _PIVOT * size.max(axis=1, keepdims=True), axis=1)
    at = rows[np.arange(len(rows)), pivot]
    return np.asarray(rows * (at.conj() / np.abs(at))[:, None])


def made_real(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows that are real up to a phase each as real ones of unit norm, others as they are."""
    if not np.iscomplexobj(rows):
        return rows
    plain = positive(rows)
    if np.abs(plain.imag).max() > EXACT / 10:
        return rows
    return np.asarray(plain.real / np.linalg.norm(plain.real, axis=1, keepdims=True))


def _matrix(rows: NDArray[Any], qubits: int, part: Sequence[int]) -> NDArray[Any]:
    """Each row as a matrix of the part's values and those of the other qubits, shape (C, 2^k, 2^(n-k))."""
    rest = [place for place in range(qubits) if place not in part]
    split = rows.reshape(len(rows), *(2,) * qubits)
    return split.transpose(0, *(1 + place for place in (*part, *rest))).reshape(len(rows), 1 << len(part), -1)


def _product(factors: Sequence[NDArray[Any]], parts: Parts, qubits: int) -> NDArray[Any]:
    whole = factors[0]
    for factor in factors[1:]:
        whole = (whole[:, :, None] * factor[:, None, :]).reshape(len(whole), -1)
    places = [place for part in parts for place in part]
    split = whole.reshape(len(whole), *(2,) * qubits)
    return split.transpose(0, *(1 + places.index(place) for place in range(qubits))).reshape(len(whole), -1)


def _distances(rows: NDArray[Any], found: Factors) -> list[float]:
    """For each part, how far the rows are from products of it and of the rest; all of them small where the product of
    all parts is right."""
    qubits = rows.shape[1].bit_length() - 1
    whole = _product(found.rows, found.parts, qubits) * np.exp(1j * found.phases)[:, None]
    if np.max(np.abs(whole - rows)) <= EXACT:
        return [0.0] * len(found.parts)
    distances = []
    for part, factor in zip(found.parts, found.rows, strict=True):
        matrix = _matrix(rows, qubits, part)
        rest = np.einsum("ci,cij->cj", factor.conj(), matrix)
        distances.append(float(np.max(np.abs(matrix - factor[:, :, None] * rest[:, None]))))
    return distances
