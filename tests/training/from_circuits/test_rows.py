"""Fields of rows: sums of them are the derivatives, and their rules differentiate what circuits measure."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.training.from_circuits.rows import Fields, fields_of, signs, turned
from qsac.training.from_circuits.rules import FOUR, TWO

Array = NDArray[Any]


def _numbers(rng: np.random.Generator, shape: tuple[int, ...], real: bool) -> Array:
    values = rng.normal(size=shape)
    return values if real else values + 1j * rng.normal(size=shape)


def _unit(rows: Array) -> Array:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _tangent(rows: Array, slopes: Array) -> Array:
    return slopes - np.einsum("rn,prn->pr", rows.conj(), slopes).real[:, :, None] * rows


def _drawn(seed: int) -> tuple[Array, Array, bool]:
    """Rows, their derivatives, and whether the load is gated: tokens, common unitaries, and few parameters."""
    rng = np.random.default_rng(seed)
    real = bool(rng.integers(2))
    count, size = int(rng.integers(1, 8)), int(rng.choice([2, 4, 8]))
    rows = _unit(_numbers(rng, (count, size), real))
    kind = seed % 3
    if kind == 0:  # each row by itself
        slopes = _tangent(rows, _numbers(rng, (count * 2 * size, count, size), real))
    elif kind == 1:  # all rows by one unitary
        generators = _numbers(rng, (size * size, size, size), real)
        slopes = rows @ (generators - generators.conj().transpose(0, 2, 1)).transpose(0, 2, 1)
    else:  # two parameters, and rows that stay
        slopes = _tangent(rows, _numbers(rng, (2, count, size), real))
        slopes[:, rng.random(count) < 0.4] = 0.0
        slopes[:, 0] += _tangent(rows, _numbers(rng, (2, count, size), real))[:, 0]
    return rows, slopes, bool(rng.integers(2))


def _derivatives(found: Fields, rows: Array, probability: Any) -> Array:
    """By the rules."""
    total = np.zeros(found.weights.shape[1])
    for field, weights in zip(found.fields, found.weights, strict=True):
        total += weights * sum(w * probability(turned(rows, field, t)) for t, w in found.rule)
    return total


@pytest.mark.parametrize("shots", [False, True])
def test_rules_differentiate_whatever_is_quadratic_in_the_rows(shots: bool) -> None:
    """A probability is |a + B x|^2 with the rows x of one load; a is not zero where a gate lets another branch by."""
    kinds = set()
    for seed in range(90):
        rows, slopes, gated = _drawn(seed)
        rng = np.random.default_rng(seed + 1000)
        real = not np.iscomplexobj(rows)
        linear = _numbers(rng, (5, rows.size), real=real)
        # Without a gate nothing may depend on the phase that all rows have in common.
        constant = _numbers(rng, (5,), real=real) if gated else np.zeros(5)

        def probability(moved: Array, linear: Array = linear, constant: Array = constant) -> float:
            return float(np.linalg.norm(constant + linear @ moved.reshape(-1)) ** 2)

        found = fields_of(rows, slopes, nothing=1e-9, gated=gated, shots=shots)
        assert found is not None
        amplitudes = constant + linear @ rows.reshape(-1)
        exact = 2 * (amplitudes.conj() @ (slopes.reshape(len(slopes), -1) @ linear.T).T).real
        np.testing.assert_allclose(_derivatives(found, rows, probability), exact, rtol=1e-9, atol=1e-9)
        moved = turned(rows, found.fields[0], 1.234)
        np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 1.0, atol=1e-12)
        stays = bool((~found.fields.any(axis=2)).any())
        assert found.rule is (FOUR if gated or stays else TWO)
        kinds.add((seed % 3, real, gated))
    assert len(kinds) == 12


def test_a_common_unitary_takes_one_field_for_each_pauli_string() -> None:
    rng = np.random.default_rng(5)
    rows = _unit(_numbers(rng, (8, 4), False))
    generators = _numbers(rng, (16, 4, 4), False)
    slopes = rows @ (generators - generators.conj().transpose(0, 2, 1)).transpose(0, 2, 1)
    found = fields_of(rows, slopes, nothing=1e-9, gated=False)
    assert found is not None
    assert len(found.fields) == 15


def test_real_rows_of_two_entries_have_one_direction_each() -> None:
    rows = np.array([[1.0, 0.0], [0.6, 0.8]])
    slopes = np.array([[[0.0, 0.3], [0.0, 0.0]], [[0.0, 0.1], [-0.8, 0.6]]])
    found = fields_of(rows, slopes, nothing=1e-9, gated=False)
    assert found is not None
    assert found.rule is TWO
    assert len(found.fields) == 2
    np.testing.assert_allclose(np.einsum("mrd,mp->prd", found.fields, found.weights / 2), slopes, atol=1e-12)


def test_padding_stays_zero() -> None:
    rng = np.random.default_rng(0)
    rows, slopes = np.zeros((3, 4), complex), np.zeros((6, 3, 4), complex)
    rows[:, :3] = _unit(_numbers(rng, (3, 3), False))
    slopes[:, :, :3] = _tangent(rows[:, :3], _numbers(rng, (6, 3, 3), False))
    found = fields_of(rows, slopes, 3, nothing=1e-9, gated=False)
    assert found is not None
    assert not found.fields[:, :, 3].any()


def test_nothing_moves_where_nothing_depends_on_a_parameter() -> None:
    rows = np.eye(4)
    assert fields_of(rows, np.zeros((3, 4, 4)), nothing=1e-9, gated=False) is None


@pytest.mark.parametrize("size", range(1, 34))
def test_signs_are_regular(size: int) -> None:
    sign = signs(size)
    assert sign.shape == (size, size)
    assert set(np.unique(sign)) <= {-1.0, 1.0}
    assert (np.linalg.inv(sign) ** 2).sum() < 2.5  # 1 is the least: a Hadamard matrix
