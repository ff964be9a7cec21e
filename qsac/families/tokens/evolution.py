"""Tokens as the states of a system of qubits under a given Hamiltonian.

H is a sum of Pauli strings, hbar = 1, the first letter the most significant qubit; token t is exp(-i H t dt) |initial>,
t = 0..T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, sin, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families import schema
from qsac.files import limits
from qsac.files.numbers import Numbers, finite_row
from qsac.files.pointer import counted, join, kind, quoted

KETS: dict[str, tuple[complex, complex]] = {
    "0": (1, 0),
    "1": (0, 1),
    "+": (sqrt(0.5), sqrt(0.5)),
    "-": (sqrt(0.5), -sqrt(0.5)),
    "r": (sqrt(0.5), 1j * sqrt(0.5)),
    "l": (sqrt(0.5), -1j * sqrt(0.5)),
}
"""The states of one qubit that a letter names; r and l are the eigenstates of Y for +1 and -1."""


@dataclass(frozen=True)
class Evolution:
    """What tokens are, where they are the states of an evolution: each is exp(-i H dt) times the one before it.

    H is the sum of ``coefficients`` times ``terms``, Pauli strings of the letters I, X, Y and Z.
    """

    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    dt: float


def hamiltonian_evolution(tokens: schema.HamiltonianTokens, pointer: str) -> Evolution:
    """The evolution of a model's Hamiltonian, its strings checked."""
    size = len(tokens.terms[0].paulis)
    limits.check_hamiltonian(size, len(tokens.terms), tokens.context, pointer)
    for place, term in enumerate(tokens.terms):
        where = join(pointer, "terms", place, "paulis")
        wrong = next((letter for letter in term.paulis if letter not in "IXYZ"), None)
        if wrong is not None:
            raise InvalidInputError(
                "a Pauli string has an invalid letter",
                code="hamiltonian.unknown-pauli",
                pointer=where,
                found=f"{quoted(wrong)} in {quoted(term.paulis)}",
                wanted="only I, X, Y and Z, one for each qubit",
                help="write capital letters" if wrong in "ixyz" else None,
            )
        if len(term.paulis) != size:
            raise InvalidInputError(
                "the Pauli strings differ in length",
                code="hamiltonian.unequal-lengths",
                pointer=where,
                found=f"{quoted(term.paulis)}: {counted(len(term.paulis), 'letter')}",
                wanted=f"{counted(size, 'letter')}, as in the first term: one for each qubit",
                help="write I for a qubit that the term does not act on",
            )
    return Evolution(
        tuple(term.paulis for term in tokens.terms), tuple(term.coefficient for term in tokens.terms), tokens.dt
    )


def hamiltonian_tokens(tokens: schema.HamiltonianTokens, pointer: str) -> Numbers:
    """The (T+1, 2^n) states, complex128, from the eigendecomposition of H."""
    evolution = hamiltonian_evolution(tokens, pointer)
    start = product_state(tokens.initial, len(evolution.terms[0]), join(pointer, "initial"))
    energies, vectors = np.linalg.eigh(hamiltonian_matrix(evolution.terms, evolution.coefficients))
    times = tokens.dt * np.arange(tokens.context + 1)
    states: Numbers = ((vectors.conj().T @ start) * np.exp(-1j * np.outer(times, energies))) @ vectors.T
    return states


def hamiltonian_matrix(terms: Sequence[str], coefficients: Sequence[float]) -> NDArray[np.complex128]:
    """The sum of Pauli strings, at least one and all of one length n, times their coefficients; (2^n, 2^n)."""
    dimension = 2 ** len(terms[0])
    matrix = np.zeros((dimension, dimension), dtype=np.complex128)
    for term, coefficient in zip(terms, coefficients, strict=True):
        _add(matrix, term, coefficient)
    return matrix


def product_state(given: object, qubits: int, pointer: str) -> NDArray[np.complex128]:
    """The state of a text of letters, or of a list of [theta, phi]; shape (2^qubits,)."""
    if not isinstance(given, str | list):
        raise InvalidInputError(
            "the initial state is neither a text nor a list",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted=f"{counted(qubits, 'letter')} among 0, 1, +, -, r, l, or {counted(qubits, 'pair')} [theta, phi]",
        )
    if len(given) != qubits:
        noun = "letter" if isinstance(given, str) else "pair"
        raise InvalidInputError(
            "the initial state does not fit the Hamiltonian",
            code="hamiltonian.wrong-state-length",
            pointer=pointer,
            found=counted(len(given), noun),
            wanted=f"{counted(qubits, noun)}, one for each letter of a Pauli string",
        )
    state: NDArray[np.complex128] = np.ones(1, dtype=np.complex128)
    for place, qubit in enumerate(given):
        state = np.asarray(np.kron(state, _ket(qubit, join(pointer, place))), dtype=np.complex128)
    return state


def _ket(given: Any, pointer: str) -> NDArray[np.complex128]:
    if isinstance(given, str):
        if given not in KETS:
            raise InvalidInputError(
                "the initial state has an invalid letter",
                code="hamiltonian.unknown-state",
                pointer=pointer.rpartition("/")[0],
                found=quoted(given),
                wanted="only 0, 1, +, -, r and l: eigenstates of Z, X and Y",
                help="any other product state can be written as a list of [theta, phi] pairs",
            )
        return np.array(KETS[given], dtype=np.complex128)
    if not isinstance(given, list) or len(given) != 2:
        raise InvalidInputError(
            "a qubit's state is not a pair of angles",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted="[theta, phi] in radians: cos(theta/2) |0> + e^(i phi) sin(theta/2) |1>",
        )
    angles = np.empty(2)
    finite_row(given, pointer, angles)
    theta, phi = angles.tolist()
    return np.array([cos(theta / 2), np.exp(1j * phi) * sin(theta / 2)], dtype=np.complex128)


def _add(matrix: NDArray[np.complex128], term: str, coefficient: float) -> None:
    """Add a Pauli string, times a coefficient, to a matrix."""
    index = np.arange(len(matrix))
    flips, values = 0, np.full(len(matrix), coefficient, dtype=np.complex128)
    for qubit, letter in enumerate(term):
        bit = len(term) - 1 - qubit
        sign = 1 - 2 * (index >> bit & 1)
        if letter in "XY":
            flips |= 1 << bit
        if letter == "Z":
            values *= sign
        elif letter == "Y":
            values *= 1j * sign
    matrix[index ^ flips, index] += values
