"""Solved ladders against their tables: states by the dense simulation of test_rotated_ladder."""

import hashlib
import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from qsac.numerics.ladder_orders import generic_gates, generic_pair_gates
from qsac.numerics.ladder_solving import solve_pair, solve_rows
from tests.cases import seeds, some
from tests.numerics.test_rotated_ladder import dense_states


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1)[:, None]


def random_table(seed, rows, size):
    parts = np.random.default_rng([seed, rows, size]).normal(size=(2, rows, size))
    return unit(parts[0] + 1j * parts[1])


def affine_function(values, rows):
    """values[0] + sum over c of values[1 + c] (bit c of i), bit 0 most significant, for i < rows."""
    m = len(values) - 1
    return np.array([values[0] + sum(values[1 + c] * (i >> (m - 1 - c) & 1) for c in range(m)) for i in range(rows)])


def check(solved, table, phases=None):
    assert solved is not None
    states = dense_states(solved.ladder, len(table))
    np.testing.assert_allclose(states, np.exp(1j * solved.phases)[:, None] * table, atol=2e-13)
    assert solved.residual < 1e-13
    if phases is None:
        assert solved.affine is None
    else:
        assert len(solved.affine) == 1 + solved.ladder.controls
        np.testing.assert_allclose(solved.phases, phases + affine_function(solved.affine, len(table)), atol=1e-12)


# (T, d): the gates of a table up to row phases, and with given ones up to an affine function of the index bits.
GATES = {
    (1, 2): (0, 0),
    (4, 2): (3, 4),
    (1, 8): (3, 3),
    (1, 16): (7, 7),
    (2, 4): (3, 3),
    (3, 4): (5, 5),
    (4, 4): (7, 8),
    (8, 4): (15, 16),
    (4, 8): (15, 15),
}


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(("rows", "size"), GATES)
def test_generic_tables_take_the_gates_that_are_foretold(rows, size, exact):
    foretold = generic_gates(rows, size.bit_length() - 1, exact=exact)
    assert foretold == GATES[rows, size][exact]
    table = random_table(1, rows, size)
    phases = np.random.default_rng(2).uniform(-3, 3, rows) if exact else None
    solved = solve_rows(table, exact=phases)
    check(solved, table, phases)
    assert solved.gates == foretold


# What the parameters alone forbid: T (2d - 2) numbers, 2 (toggles with index bits) + 4 (others) + 2n parameters.
@pytest.mark.parametrize(("rows", "size", "gates"), [(2, 4, 2), (4, 2, 2), (1, 8, 2), (2, 8, 6)])
def test_fewer_gates_than_the_count_of_parameters_allows_are_no_solution(rows, size, gates):
    assert solve_rows(random_table(3, rows, size), gates=gates) is None


def structured():
    generator = np.random.default_rng(5)
    basis = np.eye(4, dtype=complex)
    one = random_table(6, 1, 4)
    real = generator.normal(size=(8, 4)) + 0j
    without_column = random_table(7, 8, 4)
    without_column[:, 3] = 0
    ising = np.diag([-1.0, 1, 1, -1]) + 0.7 * (np.eye(4)[[2, 3, 0, 1]] + np.eye(4)[[1, 0, 3, 2]])
    values, vectors = np.linalg.eigh(ising)
    step = vectors @ np.diag(np.exp(-0.01j * values)) @ vectors.T
    trajectory = [random_table(8, 1, 4)[0]]
    for _ in range(7):
        trajectory.append(step @ trajectory[-1])
    return {
        "basis states": basis[[0, 3, 1, 2, 2, 0, 1, 3]],
        "one state, many times": np.repeat(one, 8, axis=0),
        "repeated rows": random_table(9, 3, 4)[[0, 1, 2, 1, 0, 0, 2, 1]],
        "real rows": unit(real),
        "a zero column": unit(without_column),
        "an Ising trajectory of small steps": np.array(trajectory),
        "uniform states with signs": (1 - 2 * (generator.integers(0, 2, (8, 4)))) / 2 + 0j,
    }


@pytest.mark.parametrize("name", structured())
def test_structured_tables_are_solved(name):
    table = structured()[name]
    solved = solve_rows(table)
    check(solved, table)
    assert solved.gates <= 17


def test_rows_that_nearly_agree_take_some_gates_more():
    table = unit(np.repeat(random_table(6, 1, 4), 8, axis=0) + 1e-8 * random_table(10, 8, 4))
    check(solve_rows(table), table)


def check_pair(solved, loaded, uncomputed, phases=(None, None)):
    assert solved is not None
    check(solved.loaded, loaded @ solved.basis.T, phases[0])
    check(solved.uncomputed, uncomputed @ solved.basis.T, phases[1])
    states = dense_states(solved.loaded.ladder, len(loaded))
    others = dense_states(solved.uncomputed.ladder, len(uncomputed))
    a, b = solved.loaded.phases, solved.uncomputed.phases
    wanted = np.exp(1j * (a[:, None] - b)) * (loaded @ uncomputed.conj().T)
    np.testing.assert_allclose(states @ others.conj().T, wanted, atol=5e-13)


# (T_1, T_2, d): gates of both ladders, phases free, and with those of the first given.
PAIRS = {(4, 4, 4): (11, 13), (8, 8, 4): (27, 29), (4, 4, 8): (15, 17), (3, 5, 4): (12, 14), (4, 1, 4): (7, 8)}


@pytest.mark.parametrize(("tables", "exact"), some(product(PAIRS, [False, True]), 3))
def test_pairs_save_the_parameters_of_a_basis(tables, exact):
    one, other, size = tables
    loaded, uncomputed = random_table(11, one, size), random_table(12, other, size)
    phases = (np.random.default_rng(13).uniform(-3, 3, one) if exact else None, None)
    solved = solve_pair(loaded, uncomputed, phases=phases)
    check_pair(solved, loaded, uncomputed, phases)
    assert solved.gates <= PAIRS[one, other, size][exact]
    foretold = generic_pair_gates(one, other, size.bit_length() - 1, phases=(exact, False))
    assert solved.gates >= sum(foretold)


HOMES = {(4, 4): (0, 1), (8, 4): (1, 0, 1), (5, 4): (0, 1, 1), (8, 8): (0, 1, 1)}


@pytest.mark.parametrize(("shape", "exact"), some(product(HOMES, [False, True]), 5))
def test_index_bits_that_toggle_data_qubits_of_their_own_cost_one_gate_at_most(shape, exact):
    (rows, size), homes = shape, HOMES[shape]
    loaded, uncomputed = random_table(31, rows, size), random_table(32, rows, size)
    phases = (None, np.random.default_rng(33).uniform(-3, 3, rows) if exact else None)
    one = solve_rows(loaded, homes=homes)
    check(one, loaded)
    pair = solve_pair(loaded, uncomputed, phases=phases, homes=(homes, homes[::-1]))
    check_pair(pair, loaded, uncomputed, phases)
    bits = size.bit_length() - 2
    for ladder, given in ((one.ladder, homes), (pair.loaded.ladder, homes), (pair.uncomputed.ladder, homes[::-1])):
        assert all(target == given[place - bits] for place, target in ladder.pairs if place >= bits)
    assert one.gates <= generic_gates(rows, bits + 1, exact=False) + 1
    star = solve_pair(loaded, uncomputed, phases=phases)
    assert pair.gates <= star.gates + 2


def test_one_table_pairs_with_itself_and_with_one_of_lower_rank():
    table = random_table(14, 4, 4)
    check_pair(solve_pair(table, table), table, table)
    low = unit(random_table(15, 4, 2) @ random_table(16, 2, 4))
    check_pair(solve_pair(low, table), low, table)


@pytest.mark.parametrize("seed", seeds(3))
def test_nearby_tables_take_fewer_iterations_from_a_known_solution(seed):
    table = random_table(seed, 8, 4)
    near = unit(table + 1e-2 * random_table(seed + 100, 8, 4))
    phases = np.random.default_rng(seed).uniform(-3, 3, 8)
    for asked, changed in ((None, None), (phases, phases + 0.01)):
        cold = solve_rows(table, exact=asked)
        warm = solve_rows(near, exact=changed, start=cold.ladder)
        check(warm, near, changed)
        assert warm.starts == 0
        assert warm.iterations < cold.iterations
        assert warm.gates == cold.gates
    pair = solve_pair(table, near)
    again = solve_pair(near, table, start=pair)
    check_pair(again, near, table)
    assert again.loaded.starts == 0
    assert again.loaded.iterations < pair.loaded.iterations


def test_a_start_of_another_shape_is_no_start():
    start = solve_rows(random_table(17, 2, 4)).ladder
    table = random_table(18, 4, 4)
    solved = solve_rows(table, start=start)
    check(solved, table)
    assert solved.starts > 0


def digest():
    """The bytes of a single table and of a pair, large enough that BLAS would use threads."""
    single = solve_rows(random_table(19, 32, 4))
    pair = solve_pair(random_table(20, 8, 8), random_table(21, 8, 8))
    arrays = [single.ladder.theta, single.ladder.phi, pair.loaded.ladder.theta, pair.uncomputed.phases, pair.basis]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_bytes_depend_on_neither_the_process_nor_the_number_of_threads():
    code = "from tests.numerics.test_ladder_solving import digest; print(digest())"
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, "3" if os.environ.get(names[0]) == "1" else "1")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest()
