"""Single states by libraries, and loaders that others have run on hardware, against what they have to load."""

import numpy as np
import pytest

from tests.bench import attention_loaders, measure, optimisers, preparations, states
from tests.bench.attention_loaders import made
from tests.bench.equivalence import measured
from tests.bench.others_loaders import chances, products, qcrank, read


@pytest.mark.parametrize(("bits", "columns"), [(1, 1), (2, 3), (3, 3), (3, 4)])
def test_qcrank_stores_its_numbers(bits, columns):
    """2^n_a CX for each number's qubit, and as deep as one of them where there are no more than address qubits."""
    values = np.random.default_rng([bits, columns]).uniform(-1, 1, size=(1 << bits, columns))
    circuit = qcrank(values)
    np.testing.assert_allclose(read(chances(measured(circuit), bits + columns), bits), values, atol=1e-12)
    assert optimisers.two_qubit_gates(circuit) == columns << bits
    assert optimisers.two_qubit_depth(circuit) == -(-columns // bits) << bits


def test_products_are_multiplied():
    pairs = np.random.default_rng(1).uniform(-1, 1, size=(8, 2))
    circuit = products(pairs)
    np.testing.assert_allclose(read(chances(measured(circuit), 5), 3)[:, 1], pairs.prod(axis=1), atol=1e-12)
    assert optimisers.two_qubit_gates(circuit) == 2 * 8 + 1


def test_dot_products_are_scores():
    rows = attention_loaders.tokens(4, 4)
    sums = attention_loaders._pairs(rows)[: 10 * 4].prod(axis=1).reshape(10, 4).sum(axis=1)
    np.testing.assert_allclose(sums, (rows @ rows.T)[np.tril_indices(4)], atol=1e-14)


@pytest.mark.parametrize("what", ["qsac", "qcrank-columns"])
def test_routed_loaders_load_the_same(what):
    assert made(what, 4, 2, "ibm-kingston", 1).deviation < 1e-9


@pytest.mark.parametrize("how", ["qsac-2", "qiskit", "tket"])
@pytest.mark.parametrize("kind", states.KINDS)
def test_a_state_is_prepared(how, kind):
    wanted = states.amplitudes(kind, 3)
    assert np.linalg.norm(wanted) == pytest.approx(1)
    circuit = preparations.WAYS[how](wanted)
    assert preparations.deviation(circuit, wanted) < states.TOLERANCE
    assert preparations.deviation(circuit, states.amplitudes("complex", 3)) > 0.01 or kind == "complex"


def test_states_have_the_structure_that_they_are_named_after():
    kinds = {kind: states.amplitudes(kind, 4) for kind in states.KINDS}
    ranks = {kind: np.linalg.matrix_rank(state.reshape(4, 4), tol=1e-9) for kind, state in kinds.items()}
    assert ranks["product"] == ranks["uniform"] == 1
    assert ranks["rank 2"] == ranks["GHZ"] == ranks["W"] == 2
    assert ranks["complex"] == ranks["real"] == 4
    assert np.count_nonzero(kinds["sparse"]) == 4


def test_what_is_not_installed_is_named():
    outcome = measure.run("state", 60, kind="complex", qubits=2, how="qsac-2")
    assert outcome.result["gates"] == 1
    missing = states._remarks({("complex", 3, "qclib"): measure.Outcome(None, "not installed: qclib")})
    assert "qclib, complex, n = 3: not installed: qclib" in missing
