"""What stands for unitaries, isometries and kernels: as NumPy and as JAX compute it, and the way back."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.families.ansatz import Ansatz
from qsac.families.qsa.learning.kernels import Kernel, learned_kernel
from qsac.families.qsa.learning.outline import EmbeddingOutline
from qsac.families.qsa.learning.traced import embedded, unitaries
from qsac.families.qsa.learning.unitaries import (
    Fixed,
    Form,
    Free,
    Layered,
    Orthogonal,
    hermitian_logarithm,
    real_logarithm,
    started,
)
from qsac.families.spectral import exponential, polar
from qsac.families.unitary import Identity, Matrix
from tests.families.qsa.learners import compiled
from tests.strategies import random_unitary

Numbers = NDArray[Any]

FORMS: dict[str, Form] = {
    "free": Free(5),
    "orthogonal": Orthogonal(5),
    "reflected": Orthogonal(4, reflected=True),
    "one qubit": Layered(("rx", "ry", "rz"), 4, 1),
    "two qubits": Layered(("rz", "ry"), 3, 2),
    "three qubits": Layered(("rx", "ry", "rz"), 5, 3),
    "real layers": Layered(("ry",), 7, 4),
}


def random_rotation(rng: np.random.Generator, size: int) -> Numbers:
    matrix, _ = np.linalg.qr(rng.normal(size=(size, size)))
    if np.linalg.det(matrix) < 0:
        matrix[:, 0] *= -1
    return matrix


def deviation(matrix: Numbers) -> float:
    """How far the columns are from orthonormal ones."""
    return float(np.abs(matrix.conj().T @ matrix - np.eye(matrix.shape[1])).max())


@pytest.mark.parametrize("name", sorted(FORMS))
def test_matrices_are_unitary_and_the_same_in_jax(name: str) -> None:
    form = FORMS[name]
    learned = [scale * form.initial(np.random.default_rng(1)) for scale in (1, 300)]
    with jax.enable_x64(True):
        made = compiled(lambda numbers: unitaries([form, form], numbers, np.float64), learned)
        traced = [np.asarray(matrix) for matrix in made(learned)]
    for numbers, matrix in zip(learned, traced, strict=True):
        assert numbers.shape == form.shape
        assert deviation(matrix) < 1e-12
        assert matrix == pytest.approx(form.matrix(numbers), abs=1e-11)
        assert np.iscomplexobj(matrix) is not form.is_real
    assert not np.allclose(*traced)


def test_forms_of_several_kinds_are_computed_at_once_in_their_order() -> None:
    forms = [FORMS["one qubit"], Fixed(2, None, {}), Free(2), FORMS["one qubit"], Free(2)]
    learned = [None if form.kind == "fixed" else form.initial(np.random.default_rng(3)) for form in forms]
    with jax.enable_x64(True):
        found = compiled(lambda numbers: unitaries(forms, numbers, np.float64), learned)(learned)
    for form, numbers, matrix in zip(forms, learned, found, strict=True):
        assert np.asarray(matrix) == pytest.approx(form.matrix(numbers), abs=1e-12)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_what_was_learned_is_found_from_the_matrix(name: str) -> None:
    form = FORMS[name]
    learned = 3 * form.initial(np.random.default_rng(1))
    matrix = form.matrix(learned)
    unitary = Ansatz(form.rotations, learned) if isinstance(form, Layered) else Matrix(matrix)
    back = form.learned_of(unitary, matrix)
    assert back is not None
    assert form.matrix(back) == pytest.approx(matrix, abs=1e-12)
    assert form.written(learned)["type"] == ("hardware-efficient" if isinstance(form, Layered) else "matrix")


def test_what_a_form_cannot_be_is_said() -> None:
    rng = np.random.default_rng(0)
    rotation = random_rotation(rng, 4)
    turned = rotation * np.array([1, 1, 1, -1])
    assert Orthogonal(4).learned_of(Matrix(turned), turned) is None
    assert Orthogonal(4, reflected=True).learned_of(Matrix(rotation), rotation) is None
    unitary = random_unitary(rng, 4)
    assert Orthogonal(4).learned_of(Matrix(unitary), unitary) is None
    assert Free(4).learned_of(Identity(), np.eye(4)) == pytest.approx(0, abs=1e-12)
    layered = Layered(("ry",), 2, 2)
    assert layered.learned_of(Ansatz(("ry",), np.zeros((3, 2, 1))), np.eye(4)) is None
    assert layered.learned_of(Ansatz(("rx",), np.zeros((2, 2, 1))), np.eye(4)) is None
    assert layered.learned_of(Identity(), np.eye(4)) is None
    assert Fixed(4, None, {}).learned_of(Matrix(unitary), unitary) is None
    assert Fixed(4, unitary, {}).learned_of(Matrix(unitary), unitary) is not None


@pytest.mark.parametrize("real", [True, False])
def test_learning_starts_from_a_matrix(real: bool) -> None:
    rng = np.random.default_rng(4)
    for matrix in (random_rotation(rng, 4), random_rotation(rng, 4) * np.array([1, -1, 1, 1]), -np.eye(4), np.eye(4)):
        form = started(matrix, real=real)
        assert isinstance(form, Orthogonal if real else Free)
        assert form.matrix(form.initial(rng)) == pytest.approx(matrix, abs=1e-12)
    assert isinstance(started(random_unitary(rng, 4), real=True), Free)


def test_logarithms_of_special_matrices() -> None:
    """Half turns, equal and opposite eigenvalues, small angles."""
    rng = np.random.default_rng(5)
    basis = random_rotation(rng, 6)
    blocks = np.zeros((6, 6))
    for place, angle in enumerate((np.pi, 1e-9, np.pi - 1e-9)):
        cosine, sine = np.cos(angle), np.sin(angle)
        blocks[2 * place : 2 * place + 2, 2 * place : 2 * place + 2] = [[cosine, -sine], [sine, cosine]]
    for matrix in (basis @ blocks @ basis.T, np.eye(5), -np.eye(6), basis):
        logarithm = real_logarithm(matrix)
        assert logarithm == pytest.approx(-logarithm.T, abs=1e-12)
        assert Orthogonal(len(matrix)).matrix(logarithm) == pytest.approx(matrix, abs=1e-12)
        hermitian = hermitian_logarithm(matrix)
        assert hermitian == pytest.approx(hermitian.conj().T, abs=1e-12)


def test_exponentials_have_derivatives_where_eigenvalues_are_equal() -> None:
    rng = np.random.default_rng(6)
    vectors = random_unitary(rng, 5)
    change = rng.normal(size=(5, 5)) + 1j * rng.normal(size=(5, 5))
    change = change + change.conj().T
    with jax.enable_x64(True):
        tangent = compiled(lambda matrix: jax.jvp(exponential, (matrix,), (jnp.asarray(change),)), change)
        for values in ([0, 0, 0, 0, 0], [1, 1, 2, 2, 2.05], [0.3, 0.3 + 1e-7, 4, 40, 0.39]):
            matrix = (vectors * np.array(values)) @ vectors.conj().T
            _, slope = tangent(matrix)
            high, low = (np.asarray(tangent(matrix + step * change)[0]) for step in (1e-6, -1e-6))
            assert np.asarray(slope) == pytest.approx((high - low) / 2e-6, abs=1e-7)


@pytest.mark.parametrize(("rows", "columns"), [(6, 3), (3, 5), (4, 4)])
def test_polar_factors_have_derivatives_where_singular_values_are_equal(rows: int, columns: int) -> None:
    rng = np.random.default_rng(7)
    factor = random_unitary(rng, max(rows, columns))[:rows, :columns]
    change = rng.normal(size=(rows, columns)) + 1j * rng.normal(size=(rows, columns))
    with jax.enable_x64(True):
        tangent = compiled(lambda matrix: jax.jvp(polar, (matrix,), (jnp.asarray(change),)), change)
        _, slope = tangent(2 * factor)
        high, low = (np.asarray(tangent(2 * factor + step * change)[0]) for step in (1e-6, -1e-6))
    assert high == pytest.approx(factor, abs=1e-5)
    assert np.asarray(slope) == pytest.approx((high - low) / 2e-6, abs=1e-8)


@pytest.mark.parametrize("real", [True, False])
def test_embeddings_are_isometries(real: bool) -> None:
    embedding = EmbeddingOutline(tuple("abcdefg"), 3, real)
    learned = 5 * embedding.initial(np.random.default_rng(8))
    matrix = embedding.matrix(learned)
    assert deviation(matrix) < 1e-12
    assert np.iscomplexobj(matrix) is not real
    with jax.enable_x64(True):
        states, units = (np.asarray(array) for array in compiled(embedded, learned)(learned))
    assert states == pytest.approx(matrix.conj(), abs=1e-12)
    assert np.linalg.norm(units, axis=1) == pytest.approx(1, abs=1e-12)
    assert embedding.matrix(embedding.learned_of(matrix)) == pytest.approx(matrix, abs=1e-12)
    assert embedding.size == (15 if real else 33)
    started_from = EmbeddingOutline(tuple("abcdefg"), 3, real, matrix)
    assert started_from.matrix(started_from.initial(np.random.default_rng(0))) == pytest.approx(matrix, abs=1e-12)


def test_kernels_are_learned_where_they_may_be() -> None:
    whole = learned_kernel(4, 4.0)
    start = whole.initial()
    assert start.sum() == pytest.approx(1)
    assert start / start[0] == pytest.approx([1, 4, 8, 64 / 6, 256 / 24])
    assert whole.learned_of((0.0, 2.0)) == pytest.approx([0, 2, 0, 0, 0])
    assert whole.learned_of((0.0,) * 5 + (1.0,)) is None
    some = Kernel((0.0, 0.5, 0.0, -2.0), (1, 3), {})
    assert some.initial().tolist() == [0.5, -2.0]
    assert some.written(np.array([1.0, 3.0])) == {"type": "polynomial", "coefficients": [0.0, 1.0, 0.0, 3.0]}
    assert some.learned_of((0.0, 1.0, 0.0, 3.0)) == pytest.approx([1, 3])
    assert some.learned_of((1.0, 1.0)) is None
    fixed = Kernel((0.0, 0.0, 1.0), (), {"type": "monomial", "degree": 2})
    assert fixed.learned_of((0.0, 0.0, 1.0)) is not None
    assert fixed.learned_of((0.0, 1.0)) is None
    assert fixed.written(None) == {"type": "monomial", "degree": 2}
    assert learned_kernel(64, 64.0).initial().sum() == pytest.approx(1)
