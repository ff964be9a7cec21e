"""The unitaries of :mod:`qsac.families.qsa.learning.unitaries` and the embedding, to be traced by JAX: functions of
stacks of what is learned."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from qsac.families.ansatz import ring_permutation
from qsac.families.qsa.learning.closed_form import TINY, squares
from qsac.families.qsa.learning.unitaries import Fixed, Form, Layered, Orthogonal
from qsac.families.spectral import adjoint, exponential, polar


def unitaries(forms: list[Form], learned: list[Any], precision: Any) -> list[jax.Array]:
    """The matrices of some forms, (d, d) each, by what each one has learned; forms of one kind are computed at once."""
    found: dict[int, Any] = {}
    groups: dict[Any, list[int]] = {}
    for number, form in enumerate(forms):
        groups.setdefault(_group(form, number), []).append(number)
    for numbers in groups.values():
        form = forms[numbers[0]]
        stack = None if isinstance(form, Fixed) else jnp.stack([jnp.asarray(learned[number]) for number in numbers])
        for number, matrix in zip(numbers, _matrices(form, stack, precision), strict=True):
            found[number] = matrix
    return [found[number] for number in range(len(forms))]


def _group(form: Form, number: int) -> Any:
    """What forms have in common that are computed at once."""
    if isinstance(form, Fixed):
        return number
    return form.kind, form.shape, form.rotations if isinstance(form, Layered) else getattr(form, "reflected", None)


def _matrices(form: Form, stack: Any, precision: Any) -> Any:
    if isinstance(form, Fixed):
        matrix = form.matrix(None)
        kind = jnp.result_type(precision, jnp.complex64) if np.iscomplexobj(matrix) else precision
        return [jnp.asarray(matrix, dtype=kind)]
    if isinstance(form, Layered):
        return layered(form.rotations, form.qubits, stack)
    if isinstance(form, Orthogonal):
        return orthogonal(stack) * form.signs.astype(stack.dtype)
    return free(stack)


def free(stack: jax.Array) -> jax.Array:
    """exp(i(A + A^dagger)/2), (K, d, d), of A by real and imaginary parts, (K, d, d, 2)."""
    matrices = stack[..., 0] + 1j * stack[..., 1]
    return exponential((matrices + adjoint(matrices)) / 2)


def orthogonal(stack: jax.Array) -> jax.Array:
    """exp((B - B^T)/2), (K, d, d), real."""
    return exponential(-0.5j * (stack - jnp.swapaxes(stack, -1, -2))).real


def layered(rotations: tuple[str, ...], qubits: int, stack: jax.Array) -> jax.Array:
    """The ansatz as matrices, (K, d, d), of angles (K, layers, n, rotations).

    A layer's rotations are two Kronecker products over the halves of the qubits, its ring of CX one gather.
    """
    gates = _gates(rotations, stack)
    half, dimension = qubits // 2, 2**qubits
    high = functools.reduce(_kronecker, [gates[:, :, qubit] for qubit in range(half)], jnp.ones((1, 1), gates.dtype))
    low = functools.reduce(_kronecker, [gates[:, :, qubit] for qubit in range(half, qubits)])
    high = jnp.broadcast_to(high, (*gates.shape[:2], *high.shape[-2:]))
    source = ring_permutation(qubits)
    count = len(stack)

    def layer(states: jax.Array, factors: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        first, second = factors
        split = states.reshape(count, first.shape[-1], second.shape[-1], dimension)
        turned = jnp.einsum("kxa,kabc->kxbc", first, split)
        turned = jnp.einsum("kyb,kxbc->kxyc", second, turned)
        return turned.reshape(states.shape)[:, source], None

    start = jnp.broadcast_to(jnp.eye(dimension, dtype=gates.dtype), (count, dimension, dimension))
    states, _ = jax.lax.scan(layer, start, (jnp.swapaxes(high, 0, 1), jnp.swapaxes(low, 0, 1)))
    return states


def _gates(rotations: tuple[str, ...], angles: jax.Array) -> jax.Array:
    """One qubit's gate, (.., 2, 2), of its angles (.., rotations)."""
    cosine, sine = jnp.cos(angles / 2), jnp.sin(angles / 2)
    real = set(rotations) <= {"ry"}
    result = None
    for number, axis in enumerate(rotations):
        c, s = cosine[..., number], sine[..., number]
        entries = _ENTRIES[axis](c, s)
        if not real:
            entries = [entry + 0j for entry in entries]
        gate = jnp.stack(entries, axis=-1).reshape(*c.shape, 2, 2)
        result = gate if result is None else gate @ result
    if result is None:
        raise TypeError("an ansatz has rotations")
    return result


_ENTRIES = {
    "rx": lambda c, s: [c, -1j * s, -1j * s, c],
    "ry": lambda c, s: [c, -s, s, c],
    "rz": lambda c, s: [c - 1j * s, jnp.zeros_like(c), jnp.zeros_like(c), c + 1j * s],
}
"""The entries of R_P(theta) by the cosine and the sine of theta / 2, row by row."""


def _kronecker(first: jax.Array, second: jax.Array) -> jax.Array:
    """The Kronecker products of matrices, (.., a, a) and (.., b, b)."""
    product = first[..., :, None, :, None] * second[..., None, :, None, :]
    *batch, a, b, _, _ = product.shape
    return product.reshape(*batch, a * b, a * b)


def embedded(learned: jax.Array) -> tuple[jax.Array, jax.Array]:
    """x_l, (M, d), the conjugated rows of the isometry nearest to what is learned, (M, d) or (M, d, 2) by real and
    imaginary parts; and the rows at length 1."""
    matrix = learned[..., 0] + 1j * learned[..., 1] if learned.ndim == 3 else learned
    states = jnp.conj(polar(matrix))
    lengths = jnp.sqrt(squares(jnp, states)[:, None] + TINY)
    return states, states / lengths
