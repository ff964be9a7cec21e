"""Pauli strings that reverse time: K H K = -H where K anticommutes with every term of H (Construction, section 8)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

FREEDOM = 12
"""Directions of the solution space that are searched for a light string."""


def reversal(terms: Sequence[str]) -> str:
    """A Pauli string that anticommutes with every term if there is one, else with as many as come first.

    Each term is a linear equation over GF(2) for the 2 n bits of K; an equation that contradicts those before it is
    left out. Long terms come first, as they cost most where K does not reverse them. Of the solutions the one with the
    fewest letters is taken, then the first in the alphabet; terms that are the identity are left out.
    """
    size = len(terms[0])
    rows: list[tuple[int, int, int]] = []
    for term in sorted(terms, key=lambda term: term.count("i")):
        vector, value = _swapped(term), 1
        for pivot, row, bit in rows:
            if vector & pivot:
                vector, value = vector ^ row, value ^ bit
        if vector:
            pivot = vector & -vector
            rows = [(p, r ^ vector, b ^ value) if r & pivot else (p, r, b) for p, r, b in rows]
            rows.append((pivot, vector, value))
    pivots = sum(pivot for pivot, _, _ in rows)
    particular = sum(pivot for pivot, _, bit in rows if bit)
    free = [1 << place for place in range(2 * size) if not pivots >> place & 1]
    kernel = [bit | sum(pivot for pivot, row, _ in rows if row & bit) for bit in free[:FREEDOM]]
    solutions = []
    for chosen in product((False, True), repeat=len(kernel)):
        solution = particular
        for vector, take in zip(kernel, chosen, strict=True):
            solution ^= vector if take else 0
        solutions.append(_string(solution, size))
    return min(solutions, key=lambda string: (size - string.count("i"), string))


def _swapped(term: str) -> int:
    """The row of a term's equation: its z bits where K has x bits, its x bits where K has z bits."""
    vector = 0
    for letter in term:
        vector = vector << 2 | (letter in "zy") << 1 | (letter in "xy")
    return vector


def _string(bits: int, size: int) -> str:
    """The Pauli string of 2 n bits, x before z, qubit by qubit."""
    return "".join("izxy"[bits >> 2 * (size - 1 - qubit) & 3] for qubit in range(size))
