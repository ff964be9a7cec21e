"""Pauli strings as permutations of basis states with phases, and values of registers by basis state.

Of n qubits 0 .. n-1 the first is the most significant bit of a basis state's number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Basis = NDArray[np.intp]


KEPT = 12
"""Most qubits for which permutations are kept: 512 of each kind take 50 MB at most."""


def register_values(qubits: tuple[int, ...], count: int) -> Basis:
    """For each basis state of ``count`` qubits the value of some of them, the first most significant."""
    return _kept_values(qubits, count) if count <= KEPT else _values(qubits, count)


def _values(qubits: tuple[int, ...], count: int) -> Basis:
    basis = np.arange(1 << count)
    value = np.zeros_like(basis)
    for qubit in qubits:
        value = 2 * value + (basis >> (count - 1 - qubit) & 1)
    value.flags.writeable = False
    return value


def mask(qubits: tuple[int, ...], count: int) -> int:
    """Ones at some of ``count`` qubits."""
    return sum(1 << (count - 1 - qubit) for qubit in qubits)


_kept_values = lru_cache(maxsize=512)(_values)


def pauli_parts(paulis: str, qubits: tuple[int, ...], count: int) -> tuple[Basis, NDArray[np.complex128]]:
    """For P, the product of ``paulis`` ("x", "zx", ..) on ``qubits``: where each amplitude of P psi comes from, and its
    factor."""
    return (_kept_parts if count <= KEPT else _parts)(paulis, qubits, count)


def _parts(paulis: str, qubits: tuple[int, ...], count: int) -> tuple[Basis, NDArray[np.complex128]]:
    basis = np.arange(1 << count)
    factors = np.ones(1 << count, dtype=np.complex128)
    for letter, qubit in zip(paulis, qubits, strict=True):
        one = basis >> (count - 1 - qubit) & 1
        if letter == "z":
            factors = factors * np.where(one, -1, 1)
        elif letter == "y":
            factors = factors * np.where(one, 1j, -1j)
    flips = mask(tuple(qubit for letter, qubit in zip(paulis, qubits, strict=True) if letter in "xy"), count)
    return basis ^ flips, factors


_kept_parts = lru_cache(maxsize=512)(_parts)


def pauli_applied(states: NDArray[Any], paulis: str, qubits: tuple[int, ...], count: int) -> NDArray[np.complex128]:
    """P psi for states (.., 2^count)."""
    source, factors = pauli_parts(paulis, qubits, count)
    result: NDArray[np.complex128] = factors * states[..., source]
    return result


def clifford_applied(
    states: NDArray[np.complex128], name: str, qubits: tuple[int, ...], count: int
) -> NDArray[np.complex128]:
    """States (.., 2^count) after a gate h x y z s sdg cx cy cz swap; of controlled ones the first qubit controls."""
    if name in ("x", "y", "z"):
        return pauli_applied(states, name, qubits, count)
    if name == "h":
        both = pauli_applied(states, "x", qubits, count) + pauli_applied(states, "z", qubits, count)
        halved: NDArray[np.complex128] = np.sqrt(0.5) * both
        return halved
    if name in ("s", "sdg"):
        return np.where(register_values(qubits, count), 1j if name == "s" else -1j, 1) * states
    if name == "swap":
        exchanged = [pauli_applied(states, letter * 2, qubits, count) for letter in "xyz"]
        result: NDArray[np.complex128] = (states + exchanged[0] + exchanged[1] + exchanged[2]) / 2
        return result
    turned = pauli_applied(states, name[1], qubits[1:], count)
    return np.where(register_values(qubits[:1], count), turned, states)
