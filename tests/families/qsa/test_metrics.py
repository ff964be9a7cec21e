"""Metrics against their definitions, and when they do not exist."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from qsac.families import kernel
from qsac.families.qsa import metrics as metrics_module
from qsac.families.qsa.metrics import METRIC_NAMES, Metrics, PrefixLoss, closed_form, metrics_from_probabilities
from qsac.families.qsa.model import Model
from qsac.families.reading import load
from tests.cases import seeds
from tests.families.models import minimal, with_values
from tests.shares import Share
from tests.strategies import models, random_model


def _by_definition(model: Model) -> dict[str, float]:
    """Algorithm.md, word for word, with loops."""
    x, context = model.tokens, model.context
    V, W = model.value.matrix(model.dimension), model.score.matrix(model.dimension)
    overlaps, norms = [], []
    for j in range(context):
        z = np.zeros(model.dimension, dtype=complex)
        for i in range(j + 1 if model.mask == "causal" else context):
            s = np.vdot(x[j], W @ x[i])
            z += sum(c * s**p for p, c in enumerate(model.kernel)) * (V @ x[i])
        overlaps.append(np.vdot(x[j + 1], z))
        norms.append(np.linalg.norm(z))
    A, w = np.array(overlaps), np.array(norms)
    phased, total = abs(np.sum(np.exp(1j * model.phases) * A)) ** 2, np.sum(w**2)
    lam, N, f = model.lam, model.pairs, np.abs(A) / w
    F, token = phased / (context * total), np.sum(np.abs(A) ** 2) / total
    values = {
        "fidelity": F,
        "loss": -math.log(F),
        "token_fidelity": token,
        "loss_a": -math.log(token),
        "renyi_divergence": -math.log(F) + math.log(token),
        "cross_entropy": -np.mean(np.log(f**2)),
        "renyi_half": -2 * math.log(np.mean(f)),
        "mu": phased / (lam * N) ** 2,
        "zeta": total / (lam**2 * context * N),
        "nu": np.sum(np.abs(A) ** 2) / (lam**2 * context * N),
        "success_probability": total / (lam**2 * context * N),
    }
    if model.kernel == (0.0, 1.0) and model.mask == "causal":
        sums = np.cumsum([np.kron(row, row) for row in x[:-1]], axis=0)
        values["prefix_loss"] = -math.log(abs(np.mean(A / np.linalg.norm(sums, axis=1))) ** 2)
    return values


@pytest.mark.parametrize("seed", seeds(80, one_of=3))
def test_definitions(seed: int) -> None:
    model = load(random_model(seed))
    metrics = closed_form(model)
    for name, expected in _by_definition(model).items():
        assert metrics[name] == pytest.approx(expected, rel=1e-9, abs=1e-11), name


def _null(metrics: Metrics) -> set[str]:
    return {name for name, value in metrics.values.items() if value is None}


def _assert_same(metrics: Metrics, expected: Metrics) -> None:
    assert _null(metrics) == _null(expected)
    for name in set(METRIC_NAMES) - _null(expected):
        assert metrics[name] == pytest.approx(expected[name], rel=1e-10, abs=1e-12), name


@pytest.mark.parametrize("seed", seeds(20, one_of=3))
def test_blocks_of_rows_do_not_matter(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = closed_form(load(random_model(seed)))
    for module in (kernel, metrics_module):
        monkeypatch.setattr(module, "BLOCK_ENTRIES", 2)
    # A model of its own, as models keep their overlaps.
    blocks = closed_form(load(random_model(seed)))
    np.testing.assert_allclose(blocks.overlaps, whole.overlaps, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(blocks.norms, whole.norms, rtol=1e-12, atol=1e-14)
    _assert_same(blocks, whole)


@given(models())
def test_never_nan_and_always_explained(given_model: dict[str, Any]) -> None:
    metrics = closed_form(load(given_model))
    assert tuple(metrics.values) == METRIC_NAMES
    for name, value in metrics.values.items():
        if value is None:
            assert any(name in warning for warning in metrics.warnings), name
        else:
            assert math.isfinite(value)
            assert value >= 0
    for name in ("fidelity", "token_fidelity", "zeta"):
        assert metrics[name] is None or metrics[name] <= 1


def test_optimal_phases_are_optimal() -> None:
    with Share(0.4) as share:

        @given(models(max_context=5))
        def holds(given_model: dict[str, Any]) -> None:
            attention = {name: field for name, field in given_model["attention"].items() if name != "phases"}
            plain = closed_form(load({**given_model, "attention": attention}))
            best = closed_form(load({**given_model, "attention": {**attention, "phases": "optimal"}}))
            if not plain["zeta"]:
                assert best["fidelity"] is plain["fidelity"] is None
                return
            share.saw(best["fidelity"] > plain["fidelity"] + 1e-9)
            assert best["fidelity"] >= plain["fidelity"] - 1e-12
            total = np.abs(best.overlaps).sum() ** 2 / (len(best.norms) * (best.norms**2).sum())
            assert best["fidelity"] == pytest.approx(total, abs=1e-10)

        holds()


def _texts(metrics: Metrics) -> str:
    return "\n".join(metrics.warnings)


CONDITIONAL = {"fidelity", "loss", "token_fidelity", "loss_a", "renyi_divergence", "cross_entropy", "renyi_half"}
FLIP = {"type": "matrix", "entries": [[[0, 0], [1, 0]], [[1, 0], [0, 0]]]}


def test_no_prediction_at_all() -> None:
    metrics = closed_form(load(with_values([[1, 0], [1, 0]], score=FLIP)))
    assert _null(metrics) == CONDITIONAL | {"prefix_loss"}
    assert (metrics["zeta"], metrics["mu"], metrics["nu"], metrics["success_probability"]) == (0, 0, 0, 0)
    assert "no shot is accepted" in _texts(metrics)


def test_no_prediction_up_to_rounding() -> None:
    third = 2 * math.pi / 3
    rows = [[1, 0], [math.cos(third), math.sin(third)]]
    turn = [[[0, 0], [-1, 0]], [[1, 0], [0, 0]]]
    model = load(with_values([rows[1], rows[0]], score={"type": "matrix", "entries": turn}))
    metrics = closed_form(model)
    assert metrics["zeta"] == 0
    assert _null(metrics) == CONDITIONAL | {"prefix_loss"}


def test_one_prediction_is_zero() -> None:
    # s_11 = <x_1|FLIP|x_1> = 0: nothing is predicted for j = 1
    metrics = closed_form(load(with_values([[1, 0], [1, 1], [1, 0]], score=FLIP)))
    assert _null(metrics) == {"cross_entropy", "renyi_half"}
    assert "zero for j = 1" in _texts(metrics)


def test_one_overlap_is_zero() -> None:
    metrics = closed_form(load(with_values([[1, 0], [0, 1], [0, 1]])))
    assert _null(metrics) == {"cross_entropy"}
    assert "A_j is zero for j = 1" in _texts(metrics)
    assert metrics["renyi_half"] == pytest.approx(-2 * math.log(0.5))


def test_every_overlap_is_zero() -> None:
    metrics = closed_form(load(with_values([[1, 0], [0, 1]])))
    assert _null(metrics) == {"loss", "loss_a", "renyi_divergence", "cross_entropy", "renyi_half", "prefix_loss"}
    assert metrics["fidelity"] == metrics["token_fidelity"] == metrics["mu"] == metrics["nu"] == 0


def test_overlaps_that_cancel() -> None:
    # A = (1, 1) with phases 0 and pi: the fidelity is a rounding error that must not become a loss of 74
    metrics = closed_form(load(with_values([[1, 0], [1, 0], [1, 0]], mask="full", phases=[0, math.pi])))
    assert _null(metrics) == {"loss", "renyi_divergence", "prefix_loss"}
    assert metrics["fidelity"] == 0
    assert metrics["token_fidelity"] == 1
    assert "cancel" in _texts(metrics)


def test_perfect_prediction() -> None:
    metrics = closed_form(load(with_values([[1, 0], [1, 0], [1, 0]])))
    for name in ("loss_a", "cross_entropy", "renyi_half"):
        assert str(metrics[name]) == "0.0", name
    # the loss has a penalty on norms that differ: w = (1, 2)
    assert metrics["fidelity"] == pytest.approx(0.9)


def test_prefix_sum_that_vanishes() -> None:
    # x_1 (x) x_1 + x_2 (x) x_2 = 0 for x_2 = i x_1
    metrics = closed_form(load(with_values([[[1, 0], [0, 0]], [[0, 1], [0, 0]], [[1, 0], [1, 0]]])))
    assert metrics["prefix_loss"] is None
    assert "zero for j = 2" in _texts(metrics)


@pytest.mark.parametrize("attention", [{"mask": "full"}, {"kernel": {"type": "monomial", "degree": 2}}])
def test_prefix_loss_elsewhere(attention: dict[str, Any]) -> None:
    metrics = closed_form(load(minimal(**attention)))
    assert metrics["prefix_loss"] is None
    assert "causal mask only" in _texts(metrics)


@pytest.mark.parametrize("scale", [1e-90, 1, 1e90])
def test_scale_of_the_kernel_does_not_matter(scale: float) -> None:
    kernel = {"type": "polynomial", "coefficients": [0.5 * scale, -scale, 2 * scale]}
    metrics = closed_form(load({**random_model(3), "attention": minimal(kernel=kernel)["attention"]}))
    reference = {"type": "polynomial", "coefficients": [0.5, -1, 2]}
    expected = closed_form(load({**random_model(3), "attention": minimal(kernel=reference)["attention"]}))
    _assert_same(metrics, expected)
    np.testing.assert_allclose(metrics.norms, scale * expected.norms, rtol=1e-12)


def test_probabilities_above_one_by_rounding() -> None:
    values, warnings = metrics_from_probabilities(
        zeta=1 + 1e-15,
        fidelity=1 + 1e-15,
        token_fidelity=1 - 1e-16,
        weight_share=np.array([1.0]),
        overlap_share=np.array([1 + 1e-15]),
        context=1,
        pairs=1,
        prefix=PrefixLoss(None, None),
    )
    assert warnings == []
    assert all(value is None or 0 <= value <= 1 for value in values.values())
    assert values["fidelity"] == values["zeta"] == 1
