"""The finest product of states, against products that were put together."""

import numpy as np
import pytest

from qsac.numerics.product_structure import factors_of, made_real
from tests import structured_states as states
from tests.cases import seeds


@pytest.mark.parametrize("seed", seeds(120))
def test_the_partition_is_found_whatever_the_order_of_the_qubits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    qubits, rows, real = int(rng.integers(2, 9)), int(rng.integers(1, 4)), bool(seed % 2)
    parts = states.partition(rng, qubits, int(rng.integers(1, qubits + 1)))
    table = np.array(
        [states.product([states.generic(rng, len(part), real=real) for part in parts], parts) for _ in range(rows)]
    )
    found = factors_of(table)
    wanted = {frozenset(part) for part in parts}
    if len(parts) == 1:
        assert found is None
        return
    assert found is not None
    assert {frozenset(part) for part in found.parts} == wanted
    for row in range(rows):
        whole = states.product([some[row] for some in found.rows], found.parts) * np.exp(1j * found.phases[row])
        np.testing.assert_allclose(whole, table[row], atol=1e-15 * 2**qubits)


def test_rows_that_are_products_over_different_sets_are_none_together() -> None:
    rng = np.random.default_rng(1)
    first = states.product([states.generic(rng, 2), states.generic(rng, 2)], [(0, 1), (2, 3)])
    second = states.product([states.generic(rng, 2), states.generic(rng, 2)], [(0, 2), (1, 3)])
    assert factors_of(np.array([first, second])) is None
    alone = factors_of(second[None])
    assert alone is not None
    assert alone.parts == ((0, 2), (1, 3))


@pytest.mark.parametrize("qubits", [2, 3, 5, 8])
def test_entangled_qubits_of_which_no_pair_is_correlated_stay_together(qubits: int) -> None:
    # In a chain of CZ on |+..+> most pairs have a maximally mixed state; in GHZ states no two are in a pure one.
    for state in (states.chain(qubits), states.ghz(qubits)):
        assert factors_of(state[None]) is None


def test_a_zero_amplitude_and_a_tiny_one_are_told_apart() -> None:
    product = np.kron([0.6, 0.8], [1.0, 0.0])
    assert factors_of(product[None]) is not None
    tiny = product + np.array([0, 0, 0, 1e-12])
    assert factors_of(tiny[None] / np.linalg.norm(tiny)) is None


def test_the_same_state_comes_with_the_same_phase_in_every_row() -> None:
    rng = np.random.default_rng(2)
    fixed = states.generic(rng, 2)
    table = np.array([np.kron(states.generic(rng, 1), fixed) for _ in range(20)])
    found = factors_of(table)
    assert found is not None
    np.testing.assert_allclose(found.rows[1], np.broadcast_to(found.rows[1][0], (20, 4)), atol=1e-14)


def test_real_up_to_a_phase() -> None:
    rng = np.random.default_rng(3)
    rows = np.array([states.generic(rng, 2, real=True) for _ in range(4)])
    turned = rows * np.exp(1j * rng.normal(size=(4, 1)))
    assert not np.iscomplexobj(made_real(turned))
    np.testing.assert_allclose(np.abs(np.sum(made_real(turned) * rows, axis=1)), 1, atol=1e-14)
    assert np.iscomplexobj(made_real(turned + 1e-9j * turned[::-1]))
