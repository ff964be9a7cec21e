"""What is measured of states, as functions for JAX."""

from __future__ import annotations

from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np

from qsac.families.steps.learning.stages import Row, sign_matrix
from qsac.families.steps.learning.traced_circuit import Traced
from qsac.families.steps.learning.traced_values import Numbers
from qsac.families.steps.model import Measured
from qsac.families.steps.normal_form import Circuit, FixedUnitary, Terms

Array: TypeAlias = Any

ENTRIES = 1 << 22
"""Most numbers of the matrix from probabilities to expectation values that are held at once."""

LEAST = 1e-24
"""In place of a smaller success probability: what is conditional on it stays finite."""

_BASES = {
    "X": np.array([[1, 1], [1, -1]], dtype=np.complex128) / np.sqrt(2),
    "Y": np.array([[1, -1j], [1, 1j]]) / np.sqrt(2),
}
"""From the eigenvectors of X and Y to those of Z."""


def grouped(observables: tuple[str, ...]) -> list[tuple[str, list[int]]]:
    """Observables that commute qubit by qubit together: the basis of each group, a letter a qubit, and the places of
    its observables. Greedy, in order."""
    groups: list[tuple[list[str], list[int]]] = []
    for place, observable in enumerate(observables):
        joined = next((group for group in groups if _commute(group[0], observable)), None)
        if joined is None:
            joined = (["I"] * len(observable), [])
            groups.append(joined)
        joined[0][:] = [own if letter == "I" else letter for letter, own in zip(joined[0], observable, strict=True)]
        joined[1].append(place)
    return [("".join(basis), places) for basis, places in groups]


def _commute(basis: list[str], observable: str) -> bool:
    """Whether a Pauli string has the basis's letter, or none, on every qubit that has one."""
    return all("I" in (own, letter) or letter == own for letter, own in zip(basis, observable, strict=True))


def lengths(state: Array) -> Array:
    """The squared lengths (B,) of states."""
    return jnp.sum(weights(state), axis=-1)


def weights(state: Array) -> Array:
    """|amplitude|^2."""
    return state.real**2 + state.imag**2


def observed(measured: Measured, state: Array) -> tuple[Array, Array]:
    """The measured numbers (B, G) of states (B, 2^n), and their success probabilities (B,)."""
    count = measured.circuit.qubits
    length = lengths(state)
    if measured.kind == "probabilities":
        found = probabilities(weights(state), measured.qubits, count)
    else:
        found = _expectations(measured.observables, state, count)
    if measured.circuit.projects:
        found = found / jnp.maximum(length, LEAST)[:, None].astype(found.dtype)
    return found, length


def probabilities(squares: Array, qubits: tuple[int, ...], count: int) -> Array:
    """The weights (B, 2^k) of the values of some qubits, the first most significant, of (B, 2^n)."""
    if qubits == tuple(range(count)):
        return squares
    rest = [qubit for qubit in range(count) if qubit not in qubits]
    tensor = squares.reshape(-1, *(2,) * count).transpose(0, *(1 + qubit for qubit in (*qubits, *rest)))
    return tensor.reshape(len(squares), 1 << len(qubits), -1).sum(-1)


def _expectations(observables: tuple[str, ...], state: Array, count: int) -> Array:
    found: list[Array] = []
    order: list[int] = []
    for basis, places in grouped(observables):
        squares = weights(in_basis(state, basis, count))
        at_once = max(1, ENTRIES >> count)
        for first in range(0, len(places), at_once):
            some = places[first : first + at_once]
            strings = [tuple(q for q, letter in enumerate(observables[place]) if letter != "I") for place in some]
            found.append(squares @ jnp.asarray(sign_matrix(strings, count), squares.dtype))
            order += some
    values = found[0] if len(found) == 1 else jnp.concatenate(found, axis=-1)
    return values if order == sorted(order) else values[:, np.argsort(order)]


def in_basis(state: Array, basis: str, count: int) -> Array:
    """States in the basis in which a group is diagonal."""
    row = Row()
    for qubit, letter in enumerate(basis):
        if letter in _BASES:
            row.gates[qubit] = [FixedUnitary((qubit,), _BASES[letter])]
    if not row.gates:
        return state
    nothing = Terms(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0))
    bare = Circuit(count, (), (), np.empty(0), nothing, nothing, 0, 0)
    empty = jnp.zeros(0, state.real.dtype)
    return Traced(bare).applied(row, state, Numbers(empty, empty[None], {}, empty[None]))
