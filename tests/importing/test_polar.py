"""One head as quantum attention: the nearest unitaries, and what they are off."""

from dataclasses import replace

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.importing.options import kernel_choice
from qsac.importing.original import Attention, Original, Real
from qsac.importing.polar import FAR, as_attention, nearest_unitary
from tests.importing.test_original import model_of
from tests.importing.trained import gpt2, torch

ROWS = np.random.default_rng(3).normal(size=(5, 4))


def _orthogonal(size: int, seed: int) -> Real:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]


def test_nothing_is_nearer_than_the_polar_factor() -> None:
    matrix = np.random.default_rng(1).normal(size=(4, 4))
    found = nearest_unitary(matrix)
    assert np.abs(found.unitary.T @ found.unitary - np.eye(4)).max() < 1e-14
    off = np.linalg.norm(matrix / found.factor - found.unitary)
    assert found.frobenius == pytest.approx(off / 2)
    assert found.spectral == pytest.approx(np.linalg.norm(matrix / found.factor - found.unitary, 2))
    others = [np.linalg.norm(matrix / found.factor - _orthogonal(4, seed)) for seed in range(200)]
    assert off < min(others)


def test_a_multiple_of_a_unitary_is_taken_as_it_is() -> None:
    unitary = _orthogonal(4, 2)
    found = nearest_unitary(3.5 * unitary)
    assert (found.factor, found.spectral, found.frobenius) == (pytest.approx(3.5), *[pytest.approx(0, abs=1e-14)] * 2)
    assert np.abs(found.unitary - unitary).max() < 1e-14


def test_a_direction_that_nothing_has_a_part_in_does_not_count() -> None:
    free = np.full(4, 0.5)
    basis = np.linalg.svd(free[None])[2][1:].T
    matrix = 2 * basis @ _orthogonal(3, 4) @ basis.T + 7 * np.outer(free, np.arange(4))
    found = nearest_unitary(matrix, free)
    assert found.spectral == pytest.approx(0, abs=1e-13)
    assert np.allclose(found.unitary @ free, free)
    assert found.factor == pytest.approx(2)
    assert nearest_unitary(matrix).spectral > 0.5


def test_zero_has_no_nearest_unitary() -> None:
    with pytest.raises(InvalidInputError, match="the score matrix of the head is zero") as caught:
        nearest_unitary(np.zeros((3, 3)), None, "score matrix")
    assert caught.value.code == "import.zero-matrix"


def _unitary_head(scale: float) -> Original:
    """A model whose one head has unitary matrices and no biases, and whose rows have length 1."""
    model = model_of(torch(), "torch", 1)
    given = model.layers[0].attention
    attention = Attention(
        query=scale * _orthogonal(4, 5)[None],
        key=_orthogonal(4, 6)[None],
        value=_orthogonal(4, 7)[None],
        output=_orthogonal(4, 8)[None],
        query_bias=0 * given.query_bias,
        key_bias=0 * given.key_bias,
        value_bias=0 * given.value_bias,
        output_bias=given.output_bias,
    )
    return replace(model, layers=(replace(model.layers[0], attention=attention),))


@pytest.mark.parametrize("mask", ["causal", "full"])
def test_a_head_of_unitaries_is_quantum_attention(mask: str) -> None:
    """With enough terms of the series nothing is left of the distance: row sums do not matter to a prediction."""
    model = replace(_unitary_head(2.0), mask=mask)
    rows = ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)
    off = []
    for degree in (1, 3, 10):
        fields, pieces, distance, advice = as_attention(model, 0, 0, rows, [rows], kernel_choice(degree), "head")
        assert distance.positions == (4 if mask == "causal" else 1)
        off.append(distance.total_variation)
        assert advice is None
    assert off[0] > 10 * off[1] > 100 * off[2]
    assert off[2] < 1e-9
    assert fields["attention"]["kernel"]["temperature"] == pytest.approx(1)
    assert [(piece.part, pytest.approx(piece.number, abs=1e-13)) for piece in pieces] == [
        ("score", 0),
        ("value", 0),
        ("lengths", 0),
    ]


def test_a_head_of_a_few_dimensions_is_far_from_unitary() -> None:
    model = model_of(gpt2(), "gpt2", 2)
    inputs = model.inputs(np.array([3, 0, 2, 1]))
    fields, pieces, distance, advice = as_attention(model, 0, 1, inputs, [inputs], kernel_choice(None), "head")
    numbers = {piece.part: piece for piece in pieces}
    assert numbers["score"].number > FAR
    assert "rank 2 at most, in 3 dimensions" in numbers["score"].of
    assert numbers["norm1"].fate == "taken"
    assert {numbers[f"{part}_bias"].fate for part in ("query", "key", "value")} == {"given up"}
    assert advice is not None
    assert 'section="transformer"' in advice
    assert distance.total_variation > 0.1
    assert np.allclose(fields["tokens"]["values"].mean(axis=1), 0)
