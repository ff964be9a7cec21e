"""What is learned of a value or a score unitary: real arrays, and what unitary they stand for.

The same for JAX is in :mod:`qsac.families.qsa.learning.traced`; a form's ``kind`` says which of its functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qsac.families.ansatz import Ansatz
from qsac.families.unitary import Identity, Unitary
from qsac.files.numbers import Numbers, as_lists
from qsac.numerics.schur_forms import blocks_of

SCALE = 0.1
"""Standard deviation of what is drawn. From 1 training takes longer, and ends higher."""

TOLERANCE = 1e-8
"""How far a fixed unitary may be from another one that counts as the same, entry by entry."""

Array = NDArray[np.float64]


class Form(Protocol):
    """One unitary of dimension d as learning sees it."""

    @property
    def kind(self) -> str:
        """Its name in a sketch: ``free``, ``orthogonal``, ``hardware-efficient``, or ``fixed`` where nothing is
        learned."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what is learned."""

    @property
    def size(self) -> int:
        """How many real numbers the unitary depends on."""

    @property
    def is_real(self) -> bool:
        """Whether its matrix is real, whatever is learned."""

    def initial(self, rng: np.random.Generator) -> Array:
        """Where learning starts."""

    def matrix(self, learned: Array | None) -> Numbers:
        """The unitary, (d, d)."""

    def written(self, learned: Array | None) -> dict[str, Any]:
        """The unitary's field in a model file."""

    def learned_of(self, unitary: Unitary, matrix: Numbers) -> Array | None:
        """What this form would have to have learned to be some unitary, whose matrix, (d, d), is given too; None where
        it can be no such unitary."""

    def described(self) -> str:
        """What it is, for people."""


@dataclass(frozen=True, eq=False)
class Fixed:
    """A unitary that stays as it is: ``entries``, None for the identity; ``fields``: its field in a model file."""

    dimension: int
    entries: Numbers | None
    fields: dict[str, Any]
    kind = "fixed"
    shape = ()
    size = 0

    @property
    def is_real(self) -> bool:
        return self.entries is None or not np.iscomplexobj(self.entries)

    def initial(self, rng: np.random.Generator) -> Array:
        raise TypeError("nothing of a fixed unitary is learned")

    def matrix(self, learned: Array | None) -> Numbers:
        return np.eye(self.dimension) if self.entries is None else self.entries

    def written(self, learned: Array | None) -> dict[str, Any]:
        return self.fields

    def learned_of(self, unitary: Unitary, matrix: Numbers) -> Array | None:
        same = np.abs(self.matrix(None) - matrix).max() < TOLERANCE
        return np.zeros(0) if same else None

    def described(self) -> str:
        return "the identity" if self.entries is None else f"a fixed {self.fields['type']}"


@dataclass(frozen=True, eq=False)
class Free:
    """exp(i(A + A^dagger)/2); A complex, (d, d, 2) by real and imaginary parts. ``start``: the unitary that learning
    starts from, or None to draw A."""

    dimension: int
    start: Numbers | None = None
    kind = "free"
    is_real = False

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.dimension, self.dimension, 2)

    @property
    def size(self) -> int:
        return self.dimension**2

    def initial(self, rng: np.random.Generator) -> Array:
        if self.start is None:
            return rng.normal(0, SCALE, self.shape)
        return _pairs(hermitian_logarithm(self.start))

    def matrix(self, learned: Array | None) -> Numbers:
        parts = _given(learned)
        matrix = parts[..., 0] + 1j * parts[..., 1]
        return exponential((matrix + matrix.conj().T) / 2)

    def written(self, learned: Array | None) -> dict[str, Any]:
        return matrix_fields(self.matrix(learned))

    def learned_of(self, unitary: Unitary, matrix: Numbers) -> Array | None:
        return _pairs(hermitian_logarithm(matrix))

    def described(self) -> str:
        return f"a free unitary of {self.size:,} numbers"


@dataclass(frozen=True, eq=False)
class Orthogonal:
    """exp((B - B^T)/2) R, real; B (d, d). R turns the last basis vector where the unitary that learning starts from has
    the determinant -1 (``reflected``), and is the identity else. ``start``: that unitary, or None to draw B."""

    dimension: int
    start: Numbers | None = None
    reflected: bool = False
    kind = "orthogonal"
    is_real = True

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.dimension, self.dimension)

    @property
    def size(self) -> int:
        return self.dimension * (self.dimension - 1) // 2

    @property
    def signs(self) -> Array:
        """The diagonal of R."""
        signs = np.ones(self.dimension)
        if self.reflected:
            signs[-1] = -1
        return signs

    def initial(self, rng: np.random.Generator) -> Array:
        if self.start is None:
            return rng.normal(0, SCALE, self.shape)
        return real_logarithm(self.start * self.signs)

    def matrix(self, learned: Array | None) -> Numbers:
        given = _given(learned)
        real: Numbers = np.ascontiguousarray(exponential(-0.5j * (given - given.T)).real) * self.signs
        return real

    def written(self, learned: Array | None) -> dict[str, Any]:
        return matrix_fields(self.matrix(learned))

    def learned_of(self, unitary: Unitary, matrix: Numbers) -> Array | None:
        if np.iscomplexobj(matrix) or (np.linalg.det(matrix) < 0) != self.reflected:
            return None
        return real_logarithm(matrix * self.signs)

    def described(self) -> str:
        return f"an orthogonal matrix of {self.size:,} numbers"


@dataclass(frozen=True, eq=False)
class Layered:
    """The hardware-efficient ansatz; angles (layers, n, rotations). ``start``: those that learning starts from, or None
    to draw them."""

    rotations: tuple[str, ...]
    layers: int
    qubits: int
    start: Array | None = None
    kind = "hardware-efficient"

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.layers, self.qubits, len(self.rotations))

    @property
    def size(self) -> int:
        return self.layers * self.qubits * len(self.rotations)

    @property
    def is_real(self) -> bool:
        return set(self.rotations) <= {"ry"}

    def initial(self, rng: np.random.Generator) -> Array:
        return rng.normal(0, SCALE, self.shape) if self.start is None else self.start.copy()

    def matrix(self, learned: Array | None) -> Numbers:
        return Ansatz(self.rotations, _given(learned)).matrix(2**self.qubits)

    def written(self, learned: Array | None) -> dict[str, Any]:
        return {
            "type": self.kind,
            "rotations": list(self.rotations),
            "layers": self.layers,
            "parameters": _given(learned).tolist(),
        }

    def learned_of(self, unitary: Unitary, matrix: Numbers) -> Array | None:
        if not isinstance(unitary, Ansatz) or unitary.rotations != self.rotations:
            return None
        return np.array(unitary.parameters) if unitary.parameters.shape == self.shape else None

    def described(self) -> str:
        return f"an ansatz of {self.layers:,} layers and {self.size:,} angles"


def form_of(unitary: Unitary, dimension: int, *, real: bool) -> Form:
    """The form in which a model's unitary is learned from its own numbers on; the identity stays. ``real``: whether the
    model is to stay real where this matrix is."""
    if isinstance(unitary, Identity):
        return Fixed(dimension, None, {"type": "identity"})
    if isinstance(unitary, Ansatz):
        rotations, angles = unitary.rotations, np.array(unitary.parameters)
        return Layered(rotations, unitary.layers, unitary.qubits, angles)
    return started(unitary.entries[:dimension, :dimension], real=real)


def started(matrix: Numbers, *, real: bool) -> Free | Orthogonal:
    """The form of a matrix that learning starts from: one that stays real if the model is to, and the matrix is."""
    if real and not np.iscomplexobj(matrix):
        return Orthogonal(len(matrix), matrix, bool(np.linalg.det(matrix) < 0))
    return Free(len(matrix), matrix)


def matrix_fields(matrix: Numbers) -> dict[str, Any]:
    """The field of a matrix in a model file."""
    return {"type": "matrix", "entries": as_lists(matrix.astype(np.complex128))}


def exponential(matrix: Numbers) -> Numbers:
    """exp(iH) of a Hermitian matrix, (d, d)."""
    values, vectors = np.linalg.eigh(matrix)
    result: Numbers = (vectors * np.exp(1j * values)) @ vectors.conj().T
    return result


def hermitian_logarithm(matrix: Numbers) -> Numbers:
    """H with exp(iH) a unitary, (d, d), eigenvalues in (-pi, pi]."""
    from scipy.linalg import schur

    # the triangle of a normal matrix is diagonal but for rounding
    triangle, vectors = schur(matrix.astype(np.complex128), output="complex")
    found: Numbers = (vectors * np.angle(np.diagonal(triangle))) @ vectors.conj().T
    return found


def real_logarithm(matrix: Numbers) -> Array:
    """The skew-symmetric K with exp(K) a real unitary of determinant 1, (d, d)."""
    from scipy.linalg import schur

    blocks, vectors = schur(np.asarray(matrix, dtype=np.float64), output="real")
    logarithm = np.zeros_like(blocks)
    starts, single = blocks_of(blocks)
    for place in starts:
        block = blocks[place : place + 2, place : place + 2]
        angle = np.arctan2(block[1, 0] - block[0, 1], np.trace(block))
        logarithm[place + 1, place], logarithm[place, place + 1] = angle, -angle
    alone = [place for place in single if blocks[place, place] < 0]
    for one, other in zip(alone[::2], alone[1::2], strict=True):  # half a turn for each two eigenvalues -1
        logarithm[other, one], logarithm[one, other] = np.pi, -np.pi
    found: Array = vectors @ logarithm @ vectors.T
    return found


def _pairs(matrix: Numbers) -> Array:
    return np.stack([matrix.real, matrix.imag], axis=-1).astype(np.float64)


def _given(learned: Array | None) -> Array:
    if learned is None:
        raise TypeError("what is learned of this unitary is missing")
    return np.asarray(learned, dtype=np.float64)
