"""Derivatives from circuits against those of the closed form, which knows no circuit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.registry import family_of
from qsac.families.transformer.examples import examples as transformers
from qsac.machine.registry import target
from qsac.training.from_circuits.derivative import planned
from qsac.training.from_circuits.differentiation import differentiate
from qsac.training.from_circuits.templates import Templates
from qsac.training.from_circuits.weights import Goal
from tests.training.from_circuits.models import (
    Models,
    Real,
    closed_form,
    derivatives,
    drawn,
    with_tokens,
    with_unitaries,
)

LINEAR = {"type": "monomial", "degree": 1}
SQUARE = {"type": "monomial", "degree": 2}
MIXED = {"type": "polynomial", "coefficients": [0.4, -1.0, 0.7]}


def _agrees(models: Models, at: Real, metric: str, **options: Any) -> float:
    found = differentiate(models, at, metric, **options)
    assert found.value == pytest.approx(closed_form(models, at, metric), abs=1e-10)
    assert found.value_error == 0
    assert not found.covariance.any()
    exact = derivatives(models, at, metric)
    np.testing.assert_allclose(found.gradient, exact, atol=1e-6 * max(1.0, np.abs(exact).max()))
    return float(np.abs(exact).max())


@pytest.mark.parametrize(
    ("context", "dimension", "kernel", "options", "metric"),
    [
        (1, 2, LINEAR, {}, "loss"),
        (2, 2, MIXED, {}, "loss"),
        (2, 3, LINEAR, {}, "loss_a"),
        (4, 4, LINEAR, {}, "cross_entropy"),
        (3, 4, MIXED, {"real": True}, "loss"),
        (3, 2, MIXED, {"ansatz": 2, "real": True}, "loss"),
        (2, 2, SQUARE, {"ansatz": 1, "phases": None}, "fidelity"),
    ],
)
def test_unitaries(context: int, dimension: int, kernel: dict[str, Any], options: dict[str, Any], metric: str) -> None:
    """V and W, in tables of loads, whatever the kernel; their phases in the loss are optimal ones."""
    models, at = with_unitaries(drawn(context + dimension, context, dimension, kernel, **options))
    assert _agrees(models, at, metric) > 0.01


@pytest.mark.parametrize(
    ("context", "kernel", "real", "metric"),
    [(2, LINEAR, False, "loss"), (2, MIXED, True, "cross_entropy")],
)
def test_tokens(context: int, kernel: dict[str, Any], real: bool, metric: str) -> None:
    """A token is in the context and among the targets, in each load of each copy."""
    models, at = with_tokens(drawn(context, context, 2, kernel, real=real))
    assert _agrees(models, at, metric) > 0.01


def test_angles_of_gates() -> None:
    """Without folding an ansatz is gates, which are gated by the degrees of a polynomial."""
    models, at = with_unitaries(drawn(5, 2, 4, MIXED, ansatz=1))
    assert _agrees(models, at, "loss", fold=False) > 0.01


def test_phases_are_parameters_too() -> None:
    model, phases = drawn(6, 3, 2, LINEAR, phases=[0.3, -0.4, 1.2]), np.array([0.3, -0.4, 1.2])
    assert _agrees(lambda vector: family_of(model).bound(model, {"phases": vector}), phases, "loss") > 0.01


def test_other_gates_give_the_same() -> None:
    models, at = with_unitaries(drawn(2, 2, 2, LINEAR))
    one, other = (differentiate(models, at, "loss", machine) for machine in ("statevector", "h2"))
    np.testing.assert_allclose(one.gradient, other.gradient, atol=1e-9)


def test_transformers() -> None:
    """Each position has a circuit of its own; their cross entropy is a classical step."""
    model: Any = next(one for one in transformers() if one.name == "words")
    assert len(model.expected) > 1
    models, at = with_tokens(model)
    assert _agrees(models, at, "cross_entropy") > 0.01


def test_numbers_that_happen_to_be_real() -> None:
    """The identity is real; its derivatives are not."""
    model, rows = drawn(3, 2, 2, LINEAR), np.random.default_rng(0).normal(size=(3, 2))
    bound: Any = family_of(model).bound(model, {"tokens": rows, "value": np.eye(2)})
    assert bound.value.is_real
    assert not np.iscomplexobj(bound.tokens)

    def models(vector: Real) -> Model:
        generator = np.array([[vector[0], vector[1] - 1j * vector[2]], [vector[1] + 1j * vector[2], -vector[0]]])
        return family_of(model).bound(model, {"value": expm(1j * generator), "tokens": rows})

    assert _agrees(models, np.zeros(3), "loss_a") > 0.01


def test_how_many_circuits_there_are() -> None:
    """Two for each Pauli string of each load: V has one load, W as many as the kernel has factors."""
    models, at = with_unitaries(drawn(1, 8, 2, SQUARE))
    plan = planned(models, at, Templates(target("statevector")))
    assert plan.bindings == 1 + 2 * 3 * (1 + 2)
    models, at = with_unitaries(drawn(1, 2, 2, LINEAR, ansatz=1))
    plan = planned(models, at, Templates(target("statevector"), fold=False))
    assert plan.bindings == 1 + 2 * 6


@pytest.mark.parametrize("machine", ["statevector", "aer"])
def test_shots_by_position(machine: str) -> None:
    """The loss's circuit does not measure positions; for a cross entropy it is cut where they are observed."""
    models, at = with_unitaries(drawn(3, 3, 2, LINEAR, ansatz=1))
    exact = derivatives(models, at, "cross_entropy")
    found = differentiate(models, at, "cross_entropy", machine, shots=4000, seed=2)
    assert abs(found.value - closed_form(models, at, "cross_entropy")) < 4 * found.value_error < 0.5
    errors = np.sqrt(np.diag(found.covariance))
    assert (np.abs(found.gradient - exact) < 4 * errors + 1e-12).all()
    assert np.linalg.norm(errors) < np.linalg.norm(exact)


def test_a_metric_that_does_not_exist() -> None:
    models, at = with_tokens(drawn(1, 2, 2, LINEAR))
    with pytest.raises(InvalidInputError) as caught:
        differentiate(models, at, "perplexity", shots=100)
    assert caught.value.code == "train.unmeasured-objective"
    orthogonal = np.array([1.0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0])
    model = drawn(1, 2, 2, LINEAR)

    def models_of_identity(vector: Real) -> Model:
        rows = np.ascontiguousarray(vector.reshape(3, 4)).view(np.complex128)
        return family_of(model).bound(model, {"tokens": rows, "value": np.eye(2), "score": np.eye(2)})

    with pytest.raises(InvalidInputError, match="does not exist") as caught:
        differentiate(models_of_identity, orthogonal, Goal("loss"))
    assert caught.value.code == "train.unresolved-gradient"
