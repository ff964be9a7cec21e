"""The solver ``qsvt`` of linearised training: its bases, its polynomial, its circuits, and what is said of them."""

from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families.program.linearised.encoding import Encoding, bases_of
from qsac.families.program.linearised.inversion import least_degree
from qsac.numerics import signal_processing
from qsac.simulation.verification import of_program
from tests.cases import seeds
from tests.families.program.agreement import agree
from tests.families.program.by_shots import run_by_shots
from tests.families.program.generated import training as drawn
from tests.families.program.models import loaded, training, vector

EXPANDING = {"model": {"type": "polynomial", "terms": [[[2], -0.3], [[1], 0.2]]}, "start": [0.1], "center": [0.0]}
"""A loss without a minimum: |A| is above 1."""


def polynomial(name: str, degree: int | str = "auto", **program: Any) -> dict[str, Any]:
    given = vector(name)["model"]
    given["program"] |= {"solver": {"type": "qsvt", "degree": degree}, **program}
    return given


def expanding(**program: Any) -> dict[str, Any]:
    given = training(**EXPANDING, order=1, scale=1.0, steps=2)
    del given["program"]["inputs"], given["program"]["targets"], given["program"]["solver"]
    given["program"] |= program
    return given


# What it takes and gives


@pytest.mark.parametrize(
    ("degree", "infidelity", "success", "gates"),
    [(7, 2.7e-3, 0.2799, 180), (9, 1.3e-3, 0.2691, 232), (13, 4.0e-5, 0.2780, 336)],
)
def test_figures(degree: int, infidelity: float, success: float, gates: int) -> None:
    """26 gates a degree: 16 of the dilation, 2 of the rotation, 4 and 1 of the addition, and 4 of the phase between."""
    model = loaded(polynomial("training-1-order-2", degree))
    told = model.readout.closed_form(model)
    assert told.values["solver"]["infidelity"] <= infidelity
    assert told.metrics["success_probability"] == pytest.approx(success, abs=1e-4)
    assert told.metrics["success_probability"] > model.system.neumann()["success_probability"]
    compiled = qsac.compile(model, "h2", verify=False)
    assert max(part["two_qubit_gates"] for part in compiled.parts_stats) <= gates
    assert compiled.stats["qubits"] == 6
    assert compiled.stats["solver"] == told.values["solver"]


@pytest.mark.parametrize(("name", "degree"), [("training-1-order-2", 5), ("training-linear-2", 3)])
def test_three_answers(name: str, degree: int) -> None:
    """The values are those of the polynomial, whatever its error; interpreter and circuits give them to 1e-9."""
    given = polynomial(name, degree)
    assert agree(given) > 0
    model = loaded(given)
    system, closed = model.system, model.readout.closed_form(model).values
    assert np.abs(system.solved - system.history).max() > 0.01
    assert closed["history"] == system.history.tolist()
    assert closed["history_solved"] == system.solved.tolist()


def test_three_answers_of_wide_histories() -> None:
    """Four entries at eight instants, of which six are used: a basis that is mixed, and an ancilla for the last
    instant."""
    given = training(order=3, steps=5, solver={"type": "qsvt", "degree": 3})
    assert Encoding(loaded(given).system, ("t0", "t1", "t2"), ("y0", "y1")).overflows
    assert agree(given) > 0


def test_three_answers_of_generated_models() -> None:
    """Of 100 models one in fifty where not all are asked for."""
    for seed in seeds(100, first=7, one_of=50):
        given = drawn(seed)
        given["program"]["solver"] = {"type": "qsvt", "degree": 3}
        assert agree(given) > 0


def test_the_polynomial_is_of_the_singular_values() -> None:
    """P(X^dag) r by the recurrence is that by the singular values of the dense matrix."""
    for degree in (1, 7, 20 + 1):
        system = loaded(polynomial("training-2-order-2", degree)).system
        instants, size = system.history.shape
        matrix = np.eye(instants * size) - np.kron(np.diag(np.ones(instants - 1), -1), system.matrix)
        left, values, right = np.linalg.svd(matrix / (1 + system.norm))
        assert values.min() == pytest.approx(1 / system.condition)
        applied = right.T @ (system.inversion.polynomial(values) * (left.T @ system.right))
        found = system.solved.ravel() / system.subnormalisation
        np.testing.assert_allclose(found, applied, atol=1e-12)
        off = np.linalg.norm(system.solved - system.history) * system.scale
        assert off <= system.bias * (1 + 1e-9)


# The block encoding


@pytest.mark.parametrize("size", [2, 4, 8, 16])
def test_bases(size: int) -> None:
    """A = V B C B^T diag(sigma) V^T, whatever the determinants, also where singular values are zero or alike."""
    rng = np.random.default_rng(size)
    square = rng.normal(size=(size, size))
    deficient = np.zeros((size, size))
    deficient[: size - 1, : size - 1] = square[1:, 1:]
    special = (np.eye(size), -np.eye(size), np.diag([-1.0, *np.ones(size - 1)]), np.zeros((size, size)))
    for matrix in (square, -square, square[::-1], deficient, *special):
        found = bases_of(matrix)
        turned = np.zeros((size, size))
        for place, angle in enumerate(found.turns):
            c, s = np.cos(angle), np.sin(angle)
            turned[2 * place : 2 * place + 2, 2 * place : 2 * place + 2] = [[c, -s], [s, c]]
        polar = found.mixing @ turned @ found.mixing.T
        np.testing.assert_allclose(found.right @ polar @ np.diag(found.values) @ found.right.T, matrix, atol=1e-12)
        np.testing.assert_allclose(found.mixing @ found.mixing.T, np.eye(size), atol=1e-12)
        assert np.linalg.det(found.mixing) == pytest.approx(1.0)
        assert np.abs(found.values).max() == pytest.approx(np.linalg.norm(matrix, 2))


# The degree


def test_the_degree_follows_from_the_precision() -> None:
    """The least degree whose bound is within half of the precision; the error itself is below its bound."""
    degrees = []
    for precision in (0.05, 0.01, 0.002):
        system = loaded(polynomial("training-1-order-2", precision=precision)).system
        told = system.solver_facts()
        assert told["error_of_theta"] <= told["error_of_theta_at_most"] <= precision / 2
        lower = loaded(polynomial("training-1-order-2", told["degree"] - 2, precision=precision)).system
        assert lower.bias > precision / 2
        degrees.append(told["degree"])
        shots = system_shots(system)
        assert system.bias + system.spread / np.sqrt(shots) == pytest.approx(precision, rel=0.01)
    assert degrees == sorted(set(degrees))


def system_shots(system: Any) -> int:
    model = loaded(polynomial("training-1-order-2", precision=system.precision))
    found: int = model.readout.shots(model, model.expected, 0.1)
    return found


def test_errors_by_degree_are_those_of_the_vectors() -> None:
    for name in ("training-1-order-2", "training-linear-2", "training-2-order-2"):
        wanted = vector(name)["expected"]["qsvt"]
        for degree in (5, 13):
            found = loaded(polynomial(name, degree)).system.solver_facts()["error_of_inverse"]
            assert found == pytest.approx(wanted["error_of_inverse_by_degree"][str(degree)], rel=0.02)
            assert loaded(polynomial(name, degree)).system.condition == pytest.approx(wanted["kappa"], rel=1e-9)


def test_a_degree_beyond_the_highest_is_refused_with_a_sentence() -> None:
    given = expanding(solver={"type": "qsvt"}, steps=40, precision=1e-4)
    model = loaded(given)
    closed = model.readout.closed_form(model)
    assert closed.values["theta_carleman"] == model.system.linearised.tolist()
    assert "no polynomial" in closed.warnings[0]
    with pytest.raises(DoesNotFitError) as caught:
        model.plan  # noqa: B018
    assert (caught.value.code, caught.value.pointer) == ("program.too-large", "/program/solver/degree")
    assert "127" in caught.value.wanted
    assert least_degree(1e4, 1e-3) is None
    for degree in (129, 2):
        with pytest.raises(InvalidInputError) as out:
            loaded(polynomial("training-1-order-2", degree))
        assert out.value.pointer == "/program/solver/degree"


def test_phases_that_are_not_found_are_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_processing, "_ITERATIONS", 1)
    model = loaded(polynomial("training-1-order-2", 5))
    with pytest.raises(DoesNotFitError) as caught:
        model.plan  # noqa: B018
    assert caught.value.pointer == "/program/solver/degree"


# Which solver


def test_the_solver_is_chosen_by_the_norm() -> None:
    contracting = training()
    del contracting["program"]["solver"]
    assert loaded(contracting).system.solver == "neumann"
    model = loaded(expanding())
    assert model.system.norm > 1
    assert model.system.solver == "qsvt"
    assert loaded(model.canonical).system.solver == "qsvt"
    assert loaded(expanding(solver={"type": "neumann"})).system.solver == "neumann"
    # Where no polynomial is good enough it is the product of the series.
    assert loaded(expanding(steps=40, precision=1e-4)).system.solver == "neumann"


# By shots


def test_parameters_are_read() -> None:
    """The errors that are told hold the exact solution of the linear system, whose distance is the polynomial's."""
    model = loaded(polynomial("training-1-order-2", 5))
    exact, system = model.system.linearised, model.system
    off = []
    for seed in range(40):
        result = run_by_shots(model, 4000, seed)
        found = np.array(result.values["theta_solved"])
        errors = np.array(result.value_errors["theta_solved"])
        assert (np.abs(found - exact) <= system.bias + 4 * (errors - system.bias)).all()
        off.append((found - system.theta_of(system.solved)) / (errors - system.bias))
    spread = np.sqrt(np.mean(np.square(off), axis=0))
    assert 0.3 < spread.max() < 1.4


def test_settings_differ_in_the_last_gate_alone() -> None:
    """What a Hadamard gate turns is the same state."""
    model = loaded(polynomial("training-1-order-2", 3))
    first, turned, *_ = model.plan.circuits
    assert len(model.plan.circuits) == 4
    assert of_program(first.program).given == pytest.approx(of_program(turned.program).given)
    assert of_program(first.program).given == pytest.approx(model.system.success)
