"""The closed forms of all four programs: against vectors with every intermediate."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.numerics.search_schedule import dearness, missed
from tests.families.program.models import VECTORS, layers, loaded, network, training, vector

POLYNOMIALS = ("error_by_degree", "error_of_inverse_by_degree")


def test_there_are_vectors() -> None:
    assert len(VECTORS) == 12


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vectors(path: Path) -> None:
    found = json.loads(path.read_text())
    model = loaded(found["model"])
    result = model.readout.closed_form(model)
    compared = _compared(json.loads(json.dumps(result.values, allow_nan=False)), found["expected"], path.stem)
    assert compared > 20
    crowded = getattr(model.system, "crowded", ())
    assert len(result.warnings) == bool(crowded)
    assert len(list(model.readout.rows(model, result))) == model.readout.row_count(model, result) > 0


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_canonical_model_is_the_same_model(path: Path) -> None:
    model = loaded(json.loads(path.read_text())["model"])
    again = loaded(model.canonical)
    assert again.canonical == model.canonical
    assert again.sha256 == model.sha256


def _compared(found: Any, wanted: Any, place: str) -> int:
    """How many numbers were compared: to 1e-9, errors of polynomials to 2%, schedules by what they cost."""
    if place.endswith("/schedule"):
        return _same_schedules(found, wanted, 2 if "complex" in place else 3)
    if isinstance(wanted, dict):
        return sum(_compared(found[name], value, f"{place}/{name}") for name, value in wanted.items())
    if isinstance(wanted, list):
        assert len(found) == len(wanted), place
        return sum(
            _compared(one, other, f"{place}/{at}") for at, (one, other) in enumerate(zip(found, wanted, strict=True))
        )
    if isinstance(wanted, str) or wanted is None:
        assert found == wanted, place
        return 0
    if any(name in place for name in POLYNOMIALS):
        assert found == pytest.approx(wanted, rel=0.02), place
    else:
        assert found == pytest.approx(wanted, abs=1e-9, rel=1e-9), place
    return 1


def _same_schedules(found: dict[str, dict[str, int]], wanted: dict[str, dict[str, int]], most: int) -> int:
    """Any schedule at most as dear as the vector's, that keeps to its failure."""
    assert found.keys() == wanted.keys()
    for keys, shots in wanted.items():
        one, other = ({int(r): n for r, n in given.items()} for given in (found[keys], shots))
        assert dearness(one) <= dearness(other)
        assert missed(one, int(keys), most) <= 0.0100001
    return len(wanted)


def test_training_follows_the_gradient() -> None:
    """A step of descent against differences of the loss."""
    given = vector("feed-forward-train")["model"]
    given["program"]["train"] |= {"steps": 1, "rate": 1.0}
    model = loaded(given)
    after = model.system.trained()["layers"]
    step = 1e-6
    for layer, row in ((0, 2), (1, 0)):
        for name, place in (("weights", (row, 1)), ("bias", (row,))):
            losses = []
            for sign in (1, -1):
                changed = json.loads(json.dumps(model.canonical))
                target = changed["program"]["layers"][layer][name]
                for part in place[:-1]:
                    target = target[part]
                target[place[-1]] += sign * step
                losses.append(loaded(changed).system.trained()["losses"][0])
            slope = (losses[0] - losses[1]) / (2 * step)
            own, new = model.canonical["program"]["layers"][layer][name], after[layer][name]
            for part in place:
                own, new = own[part], new[part]
            assert own - new == pytest.approx(slope, rel=1e-5)


def test_row_sums_make_rows_stochastic() -> None:
    """With the identity for value, every row is a mean of the keys' directions."""
    model = loaded(layers())
    (attention, _), rows = model.system.steps[0], model.system.rows
    weights = attention.kernel / attention.kernel.sum(axis=1, keepdims=True)
    directions = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(attention.attention, weights @ directions, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_carleman_converges(order: int) -> None:
    """One parameter, R = 0.61: about a factor of 19 an order over 12 steps."""
    errors = [7.0e-3, 3.5e-4, 1.9e-5, 1.3e-6]
    model = loaded(training(order=order, steps=12))
    found = model.readout.closed_form(model).values
    assert found["truncation_error"] == pytest.approx(errors[order - 1], rel=0.1)
    assert found["R"] == pytest.approx(0.6117, abs=1e-4)


def test_parameters_are_masked_and_the_scale_is_chosen() -> None:
    given = vector("training-2-order-2")["model"]
    given["program"]["mask"] = [True, False]
    del given["program"]["scale"]
    model = loaded(given)
    found = model.readout.closed_form(model).values
    assert found["parameters"] == [0]
    assert len(found["theta"][0]) == 1
    best = model.system.norm
    for factor in (0.8, 1.25):
        other = json.loads(json.dumps(model.canonical))
        other["program"]["scale"] *= factor
        assert loaded(other).system.norm > best


def test_a_loss_by_its_terms_is_the_neuron_s() -> None:
    model = loaded(training())
    terms = model.system.loss.listed()
    given = training(model={"type": "polynomial", "terms": terms})
    del given["program"]["inputs"], given["program"]["targets"]
    np.testing.assert_allclose(loaded(given).system.history, model.system.history, atol=1e-12)


def test_precision_is_planned_backwards() -> None:
    """Half the precision takes higher orders or more shots."""
    wide, narrow = (loaded(network(estimate={"orders": "auto"}, precision=p)).system for p in (0.2, 0.02))
    assert wide.automatic
    assert narrow.loads > wide.loads
