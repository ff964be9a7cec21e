"""Fixed parities, against all masks tried one by one."""

import numpy as np
import pytest

from qsac.numerics.parities import fewest
from tests import structured_states as states
from tests.cases import seeds


def fixed_masks(state: np.ndarray, *, flips: bool) -> list[int]:
    """All masks but 0 whose parity is fixed, by definition."""
    values = np.arange(len(state))
    found = []
    for mask in range(1, len(state)):
        if flips:
            turned = state[values ^ mask]
            fixed = min(np.abs(turned - state).max(), np.abs(turned + state).max()) < 1e-13
        else:
            parities = np.bitwise_count(values[np.abs(state) > 1e-13] & mask) % 2
            fixed = len(set(parities.tolist())) == 1
        if fixed:
            found.append(mask)
    return found


def affine(rng: np.random.Generator, qubits: int, dimension: int) -> np.ndarray:
    """Random amplitudes on a random affine subspace."""
    generators = rng.integers(1, 1 << qubits, size=dimension)
    values = {int(rng.integers(1 << qubits))}
    for generator in generators:
        values |= {value ^ int(generator) for value in values}
    return states.on(qubits, sorted(values), rng.normal(size=len(values)) + 1j * rng.normal(size=len(values)))


@pytest.mark.parametrize("seed", seeds(24, one_of=3))
def test_the_parity_on_the_fewest_qubits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    qubits = int(rng.integers(2, 6))
    state = affine(rng, qubits, int(rng.integers(1, qubits + 1)))
    if seed % 2:
        for place in range(qubits):
            state = np.einsum("ij,ajb->aib", [[1, 1], [1, -1]], state.reshape(1 << place, 2, -1)).reshape(-1)
        state /= np.linalg.norm(state)
    masks = {flips: fixed_masks(state, flips=flips) for flips in (False, True)}
    found = fewest(state.reshape((2,) * qubits))
    if not any(masks.values()):
        assert found is None
        return
    assert found is not None
    mask = sum(1 << (qubits - 1 - place) for place in found.places)
    assert mask in masks[found.flips]
    assert len(found.places) == min(mask.bit_count() for some in masks.values() for mask in some)


def test_a_generic_state_has_none() -> None:
    assert fewest(states.generic(np.random.default_rng(0), 4).reshape((2,) * 4)) is None


def test_a_state_that_is_even_about_its_middle() -> None:
    found = fewest(states.gaussian(5).reshape((2,) * 5))
    assert found is not None
    assert found.flips
    assert found.places == (0, 1, 2, 3, 4)
