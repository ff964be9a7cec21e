"""Unitaries and isometries as functions of arbitrary matrices, to be traced and differentiated by JAX.

Both derivatives are those of the spectral decomposition as a whole, not of its factors (Daleckii and Krein 1965): they
are finite where eigenvalues or singular values are equal.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp


@jax.custom_jvp
def exponential(matrix: jax.Array) -> jax.Array:
    """exp(iH) of Hermitian matrices H, (.., d, d), complex: unitary to rounding, however large H is."""
    values, vectors = jnp.linalg.eigh(matrix)
    found: jax.Array = (vectors * _half_turns(values)[..., None, :] ** 2) @ adjoint(vectors)
    return found


@exponential.defjvp
def _exponential_tangent(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    """For H = Q diag(l) Q^dagger: Q (F * (Q^dagger dH Q)) Q^dagger with the divided differences of e^{il}, F_ab = i h_a
    h_b sin(t)/t, h = e^{il/2}, t = (l_a - l_b)/2."""
    (matrix,), (change,) = primals, tangents
    values, vectors = jnp.linalg.eigh(matrix)
    inverse = adjoint(vectors)
    half = _half_turns(values)
    rows, columns = half[..., :, None], half[..., None, :]
    distance = (values[..., :, None] - values[..., None, :]) / 2
    near = jnp.abs(distance) < _NEAR
    apart = jnp.where(near, 1, distance)
    differences = jnp.where(near, _sine_share(distance), (rows * jnp.conj(columns)).imag / apart)
    moved = vectors @ (1j * rows * columns * differences * (inverse @ change @ vectors)) @ inverse
    return (vectors * half[..., None, :] ** 2) @ inverse, moved


_NEAR = 0.1


def _half_turns(values: jax.Array) -> jax.Array:
    """e^{il/2}."""
    return jax.lax.complex(jnp.cos(values / 2), jnp.sin(values / 2))


def _sine_share(t: jax.Array) -> jax.Array:
    """sin(t)/t for |t| < 0.1, to 1e-17."""
    square = t * t
    return 1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72)))


@jax.custom_jvp
def polar(matrix: jax.Array) -> jax.Array:
    """The nearest matrix with orthogonal rows, or columns where it has more rows, of length 1. (r, c), of full rank."""
    left, _, right = jnp.linalg.svd(matrix, full_matrices=False)
    return left @ right


@polar.defjvp
def _polar_tangent(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    """For A = U S V^dagger with as many rows as columns or more, P = U V^dagger: dP = U W V^dagger + (1 - U U^dagger)
    dA V S^-1 V^dagger, W_ij = (E - E^dagger)_ij / (s_i + s_j), E = U^dagger dA V."""
    (matrix,), (change,) = primals, tangents
    wide = matrix.shape[0] < matrix.shape[1]
    if wide:
        matrix, change = adjoint(matrix), adjoint(change)
    left, sizes, right = jnp.linalg.svd(matrix, full_matrices=False)
    inner = adjoint(left) @ change @ adjoint(right)
    turned = left @ ((inner - adjoint(inner)) / (sizes[:, None] + sizes)) @ right
    moved = (change @ adjoint(right) - left @ inner) / sizes @ right
    factor, tangent = left @ right, turned + moved
    return (adjoint(factor), adjoint(tangent)) if wide else (factor, tangent)


def adjoint(matrix: jax.Array) -> jax.Array:
    """The conjugate transposes of matrices, (.., r, c)."""
    return jnp.conj(jnp.swapaxes(matrix, -1, -2))
