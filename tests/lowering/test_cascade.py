"""Cascades against what they promise: gate by gate they take every row to |0>, degenerate tables included."""

import numpy as np
import pytest

from qsac.ir.blocks import UniformlyControlledGate
from qsac.ir.op import Scope
from qsac.ir.table import Table
from qsac.lowering.cascade import GateLevel, RotationLevel, complex_cascade, real_cascade

SHAPES = [(1, 2), (1, 8), (2, 4), (8, 4), (64, 4), (4, 64), (256, 8)]
KINDS = ["generic", "half padded", "small numbers", "basis states", "equal rows"]


def rows_of(kind: str, shape: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng([*shape, KINDS.index(kind)])
    rows = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    if kind == "half padded":
        rows[shape[0] // 2 :] = np.eye(shape[1])[0]
    elif kind == "small numbers":
        # Many zeros and equal numbers: pairs of norm zero, and diagonals that are not determined.
        rows = np.round(rows)
        rows[~rows.any(axis=1)] = np.eye(shape[1])[0]
    elif kind == "basis states":
        rows = np.eye(shape[1], dtype=complex)[rng.integers(shape[1], size=shape[0])]
    elif kind == "equal rows":
        rows[:] = rows[0]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_complex_levels_unload_every_row_up_to_the_phases_returned(kind, shape):
    rows = rows_of(kind, shape)
    levels, left = complex_cascade(rows)
    controls = shape[0].bit_length() - 1
    state = rows
    for level, (theta, phi) in reversed(list(enumerate(levels))):
        names = tuple(f"c{place}" for place in range(controls + level))
        gate = UniformlyControlledGate(names, "t", Table(theta), Table(phi))
        turned = np.einsum("xab,xb->xa", gate.matrices(Scope({}, {})), state.reshape(-1, 2))
        np.testing.assert_allclose(turned[:, 1], 0, atol=1e-12)
        state = turned[:, 0]
    phases = state * np.exp(-1j * left)
    np.testing.assert_allclose(phases, phases[0], atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_real_levels_load_every_row(kind, shape):
    rows = rows_of(kind, shape).real
    rows[~rows.any(axis=1)] = np.eye(shape[1])[0]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    levels = real_cascade(rows)
    state = rows.astype(complex)
    for level, step in reversed(list(enumerate(levels))):
        if isinstance(step, RotationLevel):
            half = -step.angles[:, None, None] / 2
            gates = np.cos(half) * np.eye(2) + np.sin(half) * np.array([[0, -1], [1, 0]])
            turned = np.einsum("xab,xb->xa", gates, state.reshape(-1, 2))
            np.testing.assert_allclose(turned[:, 1], 0, atol=1e-12)
            state = turned[:, 0]
            continue
        names = tuple(f"c{c}" for c in range((shape[0] * 2 ** (level - 1) - 1).bit_length()))
        gate = UniformlyControlledGate(names, "t", Table(step.theta), Table(step.phi)).matrices(Scope({}, {}))
        pairs = state.reshape(-1, 4) @ BELL.T
        pairs = np.einsum("xab,xbc->xac", gate[: len(pairs)], pairs.reshape(-1, 2, 2)).reshape(-1, 4)
        turned = (pairs @ BELL.conj()).reshape(-1, 2, 2)
        np.testing.assert_allclose(turned[:, :, 1], 0, atol=1e-12)
        np.testing.assert_allclose(turned.imag, 0, atol=1e-12)
        state = turned[:, :, 0].reshape(-1)
    np.testing.assert_allclose(state / state[0], 1, atol=1e-11)


@pytest.mark.parametrize(
    ("shape", "gates"), [((8, 4), 8 + 1 + 7), ((32, 16), 32 * 8 + 2), ((2, 4), 2 + 2), ((1, 8), 4)]
)
def test_real_levels_take_half_the_gates(shape, gates):
    rows = rows_of("generic", shape).real
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    levels = real_cascade(rows)
    assert sum(len(step[0]) + 1 if isinstance(step, GateLevel) else len(step[0]) - 1 for step in levels) == gates


HADAMARD = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
PHASE = np.diag([1, 1j])
CX = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
BELL = CX @ np.kron(HADAMARD @ PHASE, PHASE)
