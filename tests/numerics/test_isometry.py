"""Spans of two states, taken to one qubit: checked by a simulation of the ladders' gates one by one."""

import numpy as np
import pytest

from qsac.numerics.disentangling import Ladder, Turn
from qsac.numerics.isometry import cleared, price
from tests import structured_states as states

KINDS = ["complex", "real", "half of it zero", "two basis states", "tiny entries", "controlled"]


def span(rng: np.random.Generator, qubits: int, kind: str) -> np.ndarray:
    size = 1 << qubits
    columns = rng.normal(size=(size, 2)) + (0 if kind == "real" else 1j * rng.normal(size=(size, 2)))
    if kind == "half of it zero":
        columns[: size // 2] = 0
    elif kind == "two basis states":
        columns = np.eye(size)[:, rng.choice(size, 2, replace=False)]
    elif kind == "tiny entries":
        columns[rng.random(columns.shape) < 0.5] *= 1e-12
    elif kind == "controlled":
        basis = np.linalg.qr(rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2)))[0]
        columns = np.stack([np.kron(one, states.generic(rng, qubits - 1)) for one in basis], axis=1)
        columns = columns @ np.linalg.qr(rng.normal(size=(2, 2)))[0]
    return np.linalg.qr(columns)[0].astype(complex)


def ladder_matrix(step: Ladder, qubits: int) -> np.ndarray:
    """PhasedX(theta_0, phi_0), exp(-i pi/4 Z Z), PhasedX(theta_1, phi_1), .., controls in Gray order, as a matrix."""
    matrix = np.eye(1 << qubits, dtype=complex)
    values = np.arange(1 << qubits)

    def sign(place: int) -> np.ndarray:
        return 1 - 2 * (values >> (qubits - 1 - place) & 1)

    gray = [number ^ number >> 1 for number in range(len(step.theta) + 1)]
    for number, (theta, phi) in enumerate(zip(step.theta, step.phi, strict=True)):
        if number:
            bit = (gray[number] ^ gray[number - 1]).bit_length() - 1
            control = step.controls[len(step.controls) - 1 - bit]
            matrix = np.exp(-0.25j * np.pi * sign(control) * sign(step.target))[:, None] * matrix
        cosine, sine = np.cos(theta / 2), -1j * np.sin(theta / 2) * np.exp(1j * phi)
        matrix = on_qubit(np.array([[cosine, -sine.conj()], [sine, cosine]]), step.target, qubits) @ matrix
    return matrix


def on_qubit(gate: np.ndarray, place: int, qubits: int) -> np.ndarray:
    return np.kron(np.kron(np.eye(1 << place), gate), np.eye(1 << (qubits - 1 - place)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("qubits", [2, 3, 4])
def test_the_span_ends_on_one_qubit(qubits: int, kind: str) -> None:
    rng = np.random.default_rng([qubits, KINDS.index(kind)])
    columns = span(rng, qubits, kind)
    found = cleared(columns, range(qubits))
    state = columns
    for step in found.steps:
        gate = on_qubit(step.matrix, step.place, qubits) if isinstance(step, Turn) else ladder_matrix(step, qubits)
        np.testing.assert_allclose(gate @ gate.conj().T, np.eye(1 << qubits), atol=1e-13)
        state = gate @ state
    kept = np.moveaxis(state.reshape(*(2,) * qubits, 2), found.kept, 0).reshape(2, -1, 2)
    np.testing.assert_allclose(kept[:, 1:], 0, atol=4e-15)
    np.testing.assert_allclose(kept[:, 0].conj().T @ kept[:, 0], np.eye(2), atol=1e-14)
    gates = sum(step.gates for step in found.steps)
    one = qubits == 2 and kind in ("controlled", "half of it zero", "two basis states")
    assert gates == (1 if one else price(qubits))
    assert price(qubits) == {2: 2, 3: 8, 4: 22}[qubits]


def test_the_qubits_may_stand_anywhere() -> None:
    rng = np.random.default_rng(9)
    columns = span(rng, 3, "complex")
    usual, moved = cleared(columns, range(3)), cleared(columns, [5, 1, 7])
    assert moved.kept == (5, 1, 7)[usual.kept]
    assert [step.gates for step in moved.steps] == [step.gates for step in usual.steps]
    assert {step.target for step in moved.steps if isinstance(step, Ladder)} <= {5, 1, 7}
