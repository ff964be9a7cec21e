"""Rotated ladders against a dense simulation, gate by gate."""

import numpy as np
import pytest

from qsac.numerics.ladder_circuit import LadderCircuit
from qsac.numerics.ladder_orders import ladder_places, leaf_homes, square_homes, toggled_by
from qsac.numerics.rotated_ladder import RotatedLadder

Z = np.diag([1.0, -1.0])
X = np.array([[0.0, 1.0], [1.0, 0.0]])


def on(size, *factors):
    """The Kronecker product of the given (qubit, matrix), and of ones."""
    product = np.eye(1)
    given = dict(factors)
    for qubit in range(size):
        product = np.kron(product, given.get(qubit, np.eye(2)))
    return product


def exponential(angle, involution):
    """exp(-i angle P / 2) with P^2 = 1."""
    return np.cos(angle / 2) * np.eye(len(involution)) - 1j * np.sin(angle / 2) * involution


def dense_states(ladder, rows):
    """The columns (i, 0) of the unitary on index bits and data qubits, cut to the block of i, for each row i."""
    n, m = ladder.qubits, ladder.controls
    size = n + m
    unitary = np.eye(1 << size)
    angles = zip(ladder.theta, ladder.phi, strict=True)

    def phased_x(qubit):
        nonlocal unitary
        theta, phi = next(angles)
        rz = exponential(phi, on(size, (m + qubit, Z)))
        unitary = rz @ exponential(theta, on(size, (m + qubit, X))) @ rz.conj() @ unitary

    for qubit in range(n):
        phased_x(qubit)
    for place, target in zip(ladder.places, ladder.toggled or (n - 1,) * len(ladder.places), strict=True):
        partner = m + place if place < n - 1 else place - (n - 1)
        unitary = exponential(np.pi / 2, on(size, (partner, Z), (m + target, Z))) @ unitary
        phased_x(target)
        if place < n - 1:
            phased_x(place)
    assert next(angles, None) is None
    for qubit, angle in enumerate(ladder.alpha):
        unitary = exponential(angle, on(size, (m + qubit, Z))) @ unitary
    blocks = unitary.reshape(1 << m, 1 << n, 1 << m, 1 << n)
    return np.array([blocks[row, :, row, 0] for row in range(rows)])


def random_ladder(qubits, controls, places, toggled, seed):
    generator = np.random.default_rng(seed)
    count = qubits + sum(2 if place < qubits - 1 else 1 for place in places)
    angles = generator.uniform(-np.pi, np.pi, (2, count))
    return RotatedLadder(qubits, controls, places, *angles, generator.uniform(-np.pi, np.pi, qubits), toggled)


CASES = [
    (1, 0, (), (), 1),
    (1, 3, (2, 1, 0, 2), (), 7),
    (2, 3, (0, 3, 0, 2, 1, 0), (), 8),
    (3, 2, (1, 0, 3, 1, 2, 0), (), 3),
    (4, 0, (2, 1, 0, 2, 1), (), 1),
    (2, 3, (0, 3, 0, 2, 1, 0), (1, 0, 1, 0, 1, 1), 8),
    (3, 2, (0, 2, 1, 3, 2, 0, 3), (1, 0, 2, 0, 2, 2, 1), 4),
    (4, 1, (3, 0, 1, 3, 2, 3, 0), (0, 1, 2, 2, 3, 1, 3), 2),
]


@pytest.mark.parametrize(("qubits", "controls", "places", "toggled", "rows"), CASES)
def test_states_agree_with_a_dense_simulation(qubits, controls, places, toggled, rows):
    ladder = random_ladder(qubits, controls, places, toggled, 7)
    np.testing.assert_allclose(ladder.states(rows), dense_states(ladder, rows), atol=1e-14)


@pytest.mark.parametrize(("qubits", "controls", "places", "toggled", "rows"), CASES)
def test_a_circuit_has_the_ladders_states_up_to_affine_phases_and_returns_the_ladder(
    qubits, controls, places, toggled, rows
):
    ladder = random_ladder(qubits, controls, places, toggled, 8)
    circuit = LadderCircuit(qubits, places, rows, toggled)
    assert circuit.controls == controls
    gates = circuit.gates(ladder)
    states = circuit.prefixes(gates)[-1, :, 0].conj().T
    wanted = dense_states(ladder, rows)
    phases = np.sum(wanted.conj() * states, axis=1)
    np.testing.assert_allclose(states, phases[:, None] * wanted, atol=1e-14)
    # An affine function of the bits has no second differences.
    for low, high in ((1, 2), (1, 4), (2, 4)):
        if low + high < rows:
            ratio = phases[low + high] * phases[0] * (phases[low] * phases[high]).conj()
            assert ratio == pytest.approx(1, abs=1e-13)
    np.testing.assert_allclose(circuit.ladder(gates).states(rows), ladder.states(rows), atol=1e-14)


@pytest.mark.parametrize("toggled", [(), (2, 1, 0, 2, 1)])
def test_gates_with_rotations_about_z_become_phased_x_and_final_rz(toggled):
    circuit = LadderCircuit(3, (1, 0, 3, 1, 2), 4, toggled)
    gates = circuit.random(np.random.default_rng(3))
    states = circuit.prefixes(gates)[-1, :, 0].conj().T
    overlaps = np.abs(np.sum(states.conj() * dense_states(circuit.ladder(gates), 4), axis=1))
    np.testing.assert_allclose(overlaps, 1, atol=1e-14)


@pytest.mark.parametrize(
    ("qubits", "places", "toggled", "rows"),
    [
        (1, (1, 0, 1), (), 4),
        (3, (1, 0, 3, 1, 2, 0), (), 3),
        (3, (0, 2, 1, 3, 2, 0, 3), (1, 0, 2, 0, 2, 2, 1), 4),
    ],
)
def test_derivatives_agree_with_differences(qubits, places, toggled, rows):
    circuit = LadderCircuit(qubits, places, rows, toggled)
    gates = circuit.random(np.random.default_rng(4))
    prefixes = circuit.prefixes(gates)
    found = circuit.derivatives(prefixes)
    step = 1e-6
    for parameter in range(circuit.parameters):
        move = np.zeros(circuit.parameters)
        move[parameter] = step
        up, down = (circuit.prefixes(circuit.moved(gates, sign * move))[-1, :, 0].conj() for sign in (1, -1))
        pulled = np.einsum("xai,xi->ai", prefixes[-1], (up - down) / (2 * step))
        np.testing.assert_allclose(found[parameter], pulled, atol=1e-8)


@pytest.mark.parametrize("qubits", [1, 2, 3, 4])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7, 8, 16])
def test_every_control_is_toggled_where_the_gates_suffice(rows, qubits):
    controls = (rows - 1).bit_length()
    for gates in range(2 * (controls + qubits - 1), 40):
        places = ladder_places(rows, qubits, gates)
        partners = set(range(qubits - 1 + controls))
        assert set(places) == partners
        assert len(places) == (gates if partners else 0)


@pytest.mark.parametrize("qubits", [2, 3, 4])
@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6])
def test_index_bits_have_homes_among_the_data_qubits(bits, qubits):
    """On a square lattice none of those in a row has more of them than it has other neighbours, while there are enough;
    in a heavy-hex lattice the one in the middle has none."""
    around = [home for uncomputes in (False, True) for home in square_homes(qubits, bits, uncomputes=uncomputes)]
    assert len(around) == 2 * bits
    if bits <= qubits + 1:
        most = {0: 3, 1: 3} | dict.fromkeys(range(2, qubits), 2)
        assert all(around.count(home) <= most[home] for home in around)
    leaves = leaf_homes(qubits, bits)
    assert list(leaves) == sorted(leaves)
    assert set(leaves) <= set(range(max(qubits - 1, 2)))


def test_data_qubits_meet_the_last_one_wherever_index_bits_have_their_homes():
    assert toggled_by((2, 0, 3, 1, 4), 3, (0, 2, 1)) == (0, 2, 2, 2, 1)
    assert toggled_by((2, 0, 3, 1, 4), 3, ()) == ()
