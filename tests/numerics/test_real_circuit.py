"""Angles of real circuits for an isometry."""

import numpy as np
import pytest

from qsac.numerics.real_circuit import RealCircuit, isometry_angles
from tests.cases import seeds

CIRCUIT = RealCircuit(3, ((0, 1), (1, 2), (0, 1), (0, 2)))


def _applied(circuit: RealCircuit, angles: np.ndarray, state: np.ndarray) -> np.ndarray:
    """What the circuit makes of a state, gate by gate on its tensor."""
    tensor = state.reshape((2,) * circuit.size)

    def turn(qubit: int, angle: float) -> None:
        nonlocal tensor
        cos, sin = np.cos(angle / 2), np.sin(angle / 2)
        turned = np.tensordot([[cos, -sin], [sin, cos]], tensor, ([1], [qubit]))
        tensor = np.moveaxis(turned, 0, qubit)

    for qubit in range(circuit.size):
        turn(qubit, angles[qubit])
    for place, (first, second) in enumerate(circuit.pairs):
        both = tuple(1 if qubit in (first, second) else slice(None) for qubit in range(circuit.size))
        tensor = tensor.copy()
        tensor[both] *= -1
        turn(first, angles[circuit.size + 2 * place])
        turn(second, angles[circuit.size + 2 * place + 1])
    return tensor.reshape(-1)


@pytest.mark.parametrize("seed", seeds(12))
@pytest.mark.parametrize("inputs", [(), (1,), (2, 0)])
def test_an_isometry_that_the_circuit_makes_is_found(inputs: tuple[int, ...], seed: int) -> None:
    generator = np.random.default_rng(seed)
    angles = generator.uniform(0, 2 * np.pi, 3 + 2 * len(CIRCUIT.pairs))
    values = np.arange(1 << len(inputs))
    places = sum((values >> (len(inputs) - 1 - at) & 1) << (2 - qubit) for at, qubit in enumerate(inputs)) + 0 * values
    states = np.array([_applied(CIRCUIT, angles, np.eye(8)[place]) for place in places])
    near = angles + generator.normal(scale=0.05, size=len(angles))
    found = isometry_angles(CIRCUIT, inputs, states, near)
    made = np.array([_applied(CIRCUIT, found, np.eye(8)[place]) for place in places])
    sign = np.sign(np.sum(made * states))
    np.testing.assert_allclose(sign * made, states, atol=1e-14)


def test_what_the_circuit_does_not_make_is_an_error() -> None:
    """Three qubits of which one is never joined to the others make no GHZ state."""
    ghz = np.zeros((1, 8))
    ghz[0, [0, 7]] = 0.5**0.5
    with pytest.raises(RuntimeError):
        isometry_angles(RealCircuit(3, ((0, 1), (0, 1))), (), ghz, np.full(7, 0.3))
