"""Ising trajectories and those of any Hamiltonian: each is what a model file's tokens say."""

from collections.abc import Callable
from functools import reduce
from itertools import islice, pairwise

import numpy as np
import pytest
import scipy.linalg

from qsac.errors import DoesNotFitError, QsacError
from qsac.families.reading import load
from qsac.training.data import ising
from qsac.training.data.contract import Data
from qsac.training.data.drawing import Split
from tests.families.models import with_tokens

PAULIS = {"I": np.eye(2), "X": np.array([[0, 1], [1, 0]]), "Z": np.diag([1, -1]), "Y": np.array([[0, -1j], [1j, 0]])}


def _string(letters: str) -> np.ndarray:
    return reduce(np.kron, [PAULIS[letter] for letter in letters])


def _on(sites: int, letter: str, *at: int) -> str:
    return "".join(letter if site in at else "I" for site in range(sites))


@pytest.mark.parametrize("sites", [1, 3, 4])
@pytest.mark.parametrize("boundary", ["open", "periodic"])
@pytest.mark.parametrize("initial", ["haar", "zero", "plus"])
def test_a_trajectory_is_that_of_the_tokens(made: Callable[..., Data], sites: int, boundary: str, initial: str) -> None:
    given = {"sites": sites, "context": 6, "dt": 0.4, "boundary": boundary, "initial": initial, "train": 3, "test": 2}
    data = made(5, type="ising", validation=2, **given)
    fields = ising.fields.model_validate({"type": "ising", **given})
    parts = {Split.TRAIN: data.train, Split.TEST: data.test, Split.VALIDATION: data.validation}
    for split, part in parts.items():
        assert part is not None
        for (tokens, _), states in zip(ising.chains(fields, 5, split, len(part)), part, strict=True):
            assert 0.2 <= tokens.coupling <= 2
            assert 0.2 <= tokens.field <= 2
            model = load(with_tokens(**tokens.model_dump()))
            np.testing.assert_allclose(states, model.tokens, atol=1e-14)


def test_product_states_are_products_and_evolve(made: Callable[..., Data]) -> None:
    fixed = {"coupling": 1.1, "field": 0.6, "initial": "product", "sites": 3, "context": 4, "dt": 0.3}
    data = made(type="ising", train=20, test=2, **fixed)
    starts = data.train[:, 0]
    for axis in range(3):
        matrix = np.moveaxis(starts.reshape(20, 2, 2, 2), axis + 1, 1).reshape(20, 2, 4)
        assert np.linalg.svd(matrix, compute_uv=False)[:, 1].max() < 1e-12
    assert np.linalg.svd(data.train[:, 4].reshape(20, 2, 4), compute_uv=False)[:, 1].min() > 1e-3
    hamiltonian = -1.1 * (_string("ZZI") + _string("IZZ")) - 0.6 * sum(_string(_on(3, "X", q)) for q in range(3))
    step = scipy.linalg.expm(-0.3j * hamiltonian)
    np.testing.assert_allclose(data.train[:, 1:], data.train[:, :-1] @ step.T, atol=1e-12)
    angles = np.abs(starts.reshape(20, 2, 4)).sum(2)
    assert angles.std() > 0.05


def test_random_numbers_are_even(made: Callable[..., Data]) -> None:
    fields = ising.fields.model_validate({"type": "ising", "coupling": [-1, 3], "field": 0.5})
    chains = [tokens for tokens, _ in islice(ising.chains(fields, 0, Split.TRAIN, 2000), 2000)]
    couplings = np.array([tokens.coupling for tokens in chains])
    assert couplings.mean() == pytest.approx(1, abs=0.1)
    assert couplings.std() == pytest.approx(4 / 12**0.5, abs=0.1)
    assert {tokens.field for tokens in chains} == {0.5}
    assert len({tokens.seed for tokens in chains}) == 2000


def test_more_trajectories_leave_the_first_ones(made: Callable[..., Data]) -> None:
    few, many = (made(type="ising", sites=2, context=2, train=number, test=3) for number in (3, 7))
    np.testing.assert_array_equal(many.train[:3], few.train)
    np.testing.assert_array_equal(many.test, few.test)
    assert not np.allclose(few.train, few.test)


def test_observables_are_means(made: Callable[..., Data]) -> None:
    for boundary, bonds in (("open", 2), ("periodic", 3)):
        found = made(type="ising", sites=3, context=1, train=1, test=1, boundary=boundary).observables
        pairs = [(0, 1), (1, 2), (0, 2)][:bonds]
        np.testing.assert_allclose(found["m"], sum(_string(_on(3, "Z", q)) for q in range(3)) / 3)
        np.testing.assert_allclose(found["x"], sum(_string(_on(3, "X", q)) for q in range(3)) / 3)
        np.testing.assert_allclose(found["zz"], sum(_string(_on(3, "Z", *pair)) for pair in pairs) / bonds)
    assert set(made(type="ising", sites=1, context=1, train=1, test=1).observables) == {"m", "x"}


def test_persistence_is_said(made: Callable[..., Data]) -> None:
    data = made(type="ising", sites=2, context=3, train=1, test=5)
    fidelity = np.mean([abs(np.vdot(new, old)) ** 2 for row in data.test for old, new in pairwise(row)])
    assert f"{fidelity:.3f}" in dict(data.facts)["persistence"]


def test_any_hamiltonian_evolves(made: Callable[..., Data]) -> None:
    terms = [{"paulis": "XY", "coefficient": 0.7}, {"paulis": "ZI", "coefficient": -0.4}, {"paulis": "YZ"}]
    matrix = 0.7 * _string("XY") - 0.4 * _string("ZI") + _string("YZ")
    for initial in ("haar", "product", "0+", [[0.3, 0.1], [1.2, -2]]):
        data = made(type="hamiltonian", terms=terms, context=5, dt=0.3, initial=initial, train=4, test=2)
        step = scipy.linalg.expm(-0.3j * matrix)
        np.testing.assert_allclose(data.train[:, 1:], data.train[:, :-1] @ step.T, atol=1e-12)
        assert (np.abs(data.train[0, 0] - data.train[1, 0]).max() < 1e-12) == (initial not in ("haar", "product"))
    tokens = {"type": "hamiltonian", "terms": [{**terms[2], "coefficient": 1.0}], "initial": "0+", "dt": 0.3}
    one = made(**{**tokens, "terms": [terms[2]]}, context=5, train=1, test=1)
    np.testing.assert_allclose(one.train[0], load(with_tokens(**tokens, context=5)).tokens, atol=1e-14)


def test_terms_share_parameters_and_trajectories_do_not(made: Callable[..., Data]) -> None:
    terms = [{"paulis": _on(3, "Z", q, q + 1), "coefficient": -1, "parameter": "J"} for q in range(2)]
    terms += [{"paulis": _on(3, "X", q), "coefficient": -1, "parameter": "h"} for q in range(3)]
    sizes = {"context": 3, "dt": 0.35, "train": 30, "test": 1}
    data = made(type="hamiltonian", terms=terms, parameters={"J": [0.2, 2], "h": [0.2, 2]}, **sizes)
    zz, x = 2 * data.observables["zz"], 3 * data.observables["x"]
    found = []
    for (
        states
    ) in data.train:  # the J and h with which -i dx = H x dt: a fit to the first step's logarithm is not unique
        energies = [np.einsum("td,de,te->t", states.conj(), part, states).real for part in (zz, x)]
        changes = np.diff(energies, axis=1)
        ratio = -changes[0] / changes[1]  # J zz + h x is conserved
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-7)
        found.append(ratio[0])
    assert len(np.unique(np.round(found, 6))) == 30
    assert 0.1 <= min(found) < 1 < max(found) <= 10
    fixed = made(type="hamiltonian", terms=terms, parameters={"J": 1.3, "h": 0.7}, **sizes)
    same = made(type="ising", sites=3, coupling=1.3, field=0.7, **sizes)
    np.testing.assert_allclose(fixed.train, same.train, atol=1e-12)


TERMS = [{"paulis": "XY"}]
SHAPE = {"type": "hamiltonian", "context": 2, "dt": 0.1}


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"terms": [{"paulis": "XQ"}]}, "/data/terms/0/paulis", "hamiltonian.unknown-pauli"),
        ({"terms": [*TERMS, {"paulis": "X"}]}, "/data/terms/1/paulis", "hamiltonian.unequal-lengths"),
        ({"terms": TERMS, "initial": "har"}, "/data/initial", "hamiltonian.wrong-state-length"),
        ({"terms": TERMS, "initial": "0?"}, "/data/initial", "hamiltonian.unknown-state"),
        ({"terms": [{"paulis": "X", "coefficient": [1]}]}, "/data/terms/0/coefficient", "field.wrong-length"),
        ({"terms": TERMS, "parameters": {"a/b": [2, 1]}}, "/data/parameters/a~1b", "data.unused-parameter"),
        (
            {"terms": [{"paulis": "X", "parameter": "J"}], "parameters": {"j": 1}},
            "/data/terms/0/parameter",
            "data.unknown-parameter",
        ),
        (
            {"terms": [{"paulis": "X", "parameter": "a/b"}], "parameters": {"a/b": [1, None]}},
            "/data/parameters/a~1b/1",
            "field.wrong-type",
        ),
    ],
)
def test_what_is_wrong_with_a_hamiltonian(
    refused: Callable[..., QsacError], fields: dict[str, object], pointer: str, code: str
) -> None:
    error = refused(**SHAPE, **fields)
    assert (error.pointer, error.code) == (pointer, code)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"type": "ising", "sites": 2**40}, "/data/sites"),
        ({"type": "ising", "context": 2**40}, "/data/context"),
        ({"type": "ising", "train": 2**40}, "/data"),
        ({"type": "ising", "sites": 12, "train": 64, "test": 1, "context": 1}, "/data"),
        ({**SHAPE, "terms": [{"paulis": "X" * 1000}]}, "/data/terms/0/paulis"),
        ({**SHAPE, "terms": [{"paulis": "X" * 10, "coefficient": [0, 1]}], "train": 1000}, "/data"),
        ({**SHAPE, "terms": [{"paulis": "X"}], "test": 2**50}, "/data"),
    ],
)
def test_sizes_are_checked_first(refused: Callable[..., QsacError], fields: dict[str, object], pointer: str) -> None:
    error = refused(**fields)
    assert isinstance(error, DoesNotFitError)
    assert error.pointer == pointer
