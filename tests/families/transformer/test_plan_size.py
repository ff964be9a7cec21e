"""Estimates of other sizes: what is counted, what is sampled, and what is refused before memory is taken."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.compiler.estimation import _Counted, estimate
from qsac.compiler.interpolation import evenly, interpolated
from qsac.compiler.options import Options
from qsac.errors import DoesNotFitError, InvalidInputError, of_type
from qsac.families.registry import family
from qsac.families.transformer.model import Model
from qsac.families.transformer.plan_size import (
    ENTRIES,
    LOADS,
    NUMBERS,
    check_drawn,
    check_plan,
    largest_context,
    largest_dimension,
    plan_size,
)
from qsac.machine.registry import target
from tests.cases import ALL
from tests.families.transformer.models import loaded

VECTORS = Path(__file__).parent.parent.parent / "vectors" / "transformer"
PATHS = sorted(VECTORS.glob("*.json"))


def vector(path: Path) -> Model:
    return loaded(json.loads(path.read_text())["model"])


def of_layers(layers: int, *, heads: int = 1, degree: int = 1, tokens: int = 4) -> Model:
    rng = np.random.default_rng(1)
    layer: dict[str, Any] = {"attention": {"heads": [{}] * heads}, "residual": [0.5, 0.5]}
    if degree > 1:
        layer["feed_forward"] = {"type": "polynomial", "coefficients": [0, *[0.5] * degree]}
    return loaded(
        {
            "qsac": 1,
            "tokens": {"type": "inline", "values": rng.normal(size=(tokens, 2)).tolist()},
            "transformer": {"normalise": True, "layers": [layer] * layers},
            "readout": {"type": "next-token", "vocabulary": [[1, 0], [0, 1]]},
        }
    )


COUNTED = PATHS if ALL else [PATHS[0], PATHS[5], VECTORS / "gpt-N8-d4-h2-general-all.json"]
"""The last one has a circuit for each position: it takes the least time of those."""


@pytest.mark.parametrize("path", COUNTED, ids=lambda path: path.stem)
def test_large_sizes_are_counted(path: Path) -> None:
    found = estimate(vector(path), "h2", context=512, dimension=64)
    assert found.basis == "shape"
    assert found.counts["two_qubit_gates"] > 10_000
    assert (found.shape.tokens, found.shape.dimension) == (512, 64)
    sampled = "circuits were counted" in found.reason
    assert sampled == (found.shape.circuits > 32)
    if found.shape.circuits == 1 and found.exact:
        assert found.counts["one_qubit_gates"] is not None


def test_sampled_circuits_are_near_all_of_them() -> None:
    """Of 39 circuits 17 are counted; the sums are those of all to a hundredth."""
    model = vector(VECTORS / "gpt-N8-d4-h2-general-all.json")
    found = estimate(model, "h2", context=40)
    assert "17 of 39 circuits were counted" in found.reason
    assert not found.exact
    steps = family("transformer").generic(model, {"context": 40, "dimension": 4}).circuits
    counts = [_Counted(target("h2"), Options(), step.program).of_shape for step in steps]
    for name in ("two_qubit_gates", "one_qubit_gates", "measurements"):
        assert found.counts[name] == pytest.approx(sum(count[name] for count in counts), rel=0.02), name
    assert found.counts["qubits"] == max(count["qubits"] for count in counts)
    esp = np.log([count["error_free_probability"] for count in counts]).sum()
    assert np.log(found.counts["error_free_probability"]) == pytest.approx(esp, rel=0.02)


def test_places_are_even() -> None:
    assert evenly(5, 32) == [0, 1, 2, 3, 4]
    assert evenly(511, 3) == [0, 255, 510]
    places = evenly(511, 17)
    assert len(places) == 17
    assert (places[0], places[-1]) == (0, 510)


def test_what_is_between_lies_on_a_line() -> None:
    one = {"gates": 2, "depth": None, "cost": {"unit": "HQC", "fixed": 1.0}, "error_free_probability": 0.5}
    two = {"gates": 6, "depth": 3, "cost": {"unit": "HQC", "fixed": 2.0}, "error_free_probability": 0.125}
    found = interpolated([one, two], [0, 2])
    assert len(found) == 3
    assert found[1] == {
        "gates": 4,
        "depth": None,
        "cost": {"unit": "HQC", "fixed": 1.5},
        "error_free_probability": pytest.approx(0.25),
    }
    assert interpolated([one], [0]) == [one]


@pytest.mark.parametrize(("layers", "degree", "loads"), [(1, 1, 3), (6, 1, 729), (3, 2, 216), (2, 3, 81)])
def test_loads_multiply_from_layer_to_layer(layers: int, degree: int, loads: int) -> None:
    model = of_layers(layers, degree=degree)
    assert plan_size(model, 4, 2).loads == loads <= LOADS
    check_plan(model)


@pytest.mark.parametrize("model", [of_layers(7), of_layers(12), of_layers(5, degree=2)])
def test_too_many_layers_are_refused_before_anything_is_built(model: Model) -> None:
    tracemalloc.start()
    for what in (family("transformer").plan, lambda model: estimate(model, "h2")):
        with pytest.raises(DoesNotFitError, match="the layers are too many for a circuit") as caught:
            what(model)
        assert caught.value.code == "capacity.plan-too-large"
        assert caught.value.pointer == "/transformer/layers"
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
    # The closed form is not bounded by it.
    assert model.readout.closed_form(model).success_probability is not None


def test_loads_of_thousands_of_layers_are_told_in_few_digits() -> None:
    with pytest.raises(DoesNotFitError, match="the layers are too many for a circuit") as caught:
        check_plan(of_layers(10_000))
    assert "more than 10^15 loads of tokens" in caught.value.found


def test_tables_that_are_too_large_are_refused() -> None:
    """Keys of two layers are loaded by keys: the square of the tokens, and of the heads."""
    model = of_layers(2, heads=4)
    largest = largest_context(model, 1 << 16)
    assert plan_size(model, largest, 2).entries <= ENTRIES < plan_size(model, largest + 1, 2).entries
    check_drawn(model, largest, 2)
    with pytest.raises(DoesNotFitError, match="the tables of a circuit are too large"):
        check_drawn(model, largest + 1, 2)
    assert largest_context(of_layers(1), 1 << 16) == 1 << 16


def test_the_entries_are_about_those_of_the_program() -> None:
    """Never far fewer than there are: that is what bounds memory."""
    for path in PATHS:
        model = vector(path)
        context = 256
        plan = family("transformer").plan(family("transformer").drawn(model, {"context": context, "dimension": 16}))
        tables = plan.circuits[-1].program.tables.values()
        entries = sum(table.values.size for table in tables)
        assert plan_size(model, context, 16).entries > 0.4 * entries, path.stem


def _square(rows: int = 4) -> list[list[float]]:
    return (np.eye(4)[:rows] + 0.1).tolist()


@pytest.mark.parametrize(
    ("head", "feed_forward"),
    [
        ({"value": _square()}, None),
        ({"output": _square()}, None),
        ({"query": _square()}, None),
        ({"key": _square()}, None),
        ({"score": _square(), "value": _square(2), "output": np.ones((4, 2)).tolist()}, None),
        ({}, {"type": "polynomial", "input": _square(), "bias": [1, 2, 3, 4], "coefficients": [0, 1, 0.5]}),
        ({}, {"type": "polynomial", "output": _square(), "bias": [1, 2, 3, 4], "coefficients": [0, 1, 0.5]}),
        ({}, {"type": "gated", "factors": [{"matrix": _square(), "bias": [1, 2, 3, 4]}]}),
    ],
)
@pytest.mark.parametrize("dimension", [3, 5])
def test_matrices_whose_partner_is_left_out_are_square_in_every_dimension(
    head: dict[str, Any], feed_forward: dict[str, Any] | None, dimension: int
) -> None:
    """What is left out is the identity: a width that is even in the model does not stay even then."""
    layer: dict[str, Any] = {"attention": {"kernel": {"type": "linear"}, "heads": [head]}}
    if feed_forward is not None:
        layer["feed_forward"] = feed_forward
    rows = (np.eye(4)[:3] + 0.2).tolist()
    model = loaded(
        {
            "qsac": 1,
            "tokens": {"type": "inline", "values": rows},
            "transformer": {"layers": [layer]},
            "readout": {"type": "state-fidelity", "targets": rows},
        }
    )
    made = family("transformer").drawn(model, {"context": 3, "dimension": dimension})
    (drawn,) = of_type(made, Model).layers
    assert all(part.shape[1] == dimension for one in drawn.heads for part in (one.query, one.key, one.value))
    assert drawn.heads[0].output.shape == (dimension, len(drawn.heads[0].value))
    assert all(len(one.key) == len(one.query) for one in drawn.heads)
    assert len(drawn.heads[0].value) == dimension or "output" in head
    if dimension == 5 and feed_forward is None and "value" in head:
        assert estimate(model, "h2", dimension=dimension).counts["two_qubit_gates"] > 0


def test_sizes_are_bounded_by_each_other() -> None:
    model = vector(VECTORS / "gpt-N8-d4-h2-cubic.json")
    sizes = family("transformer").sizes(model)
    assert sizes["dimension"].most == largest_dimension(model, 1 << 12) < 1 << 12
    assert plan_size(model, 8, sizes["dimension"].most).numbers <= NUMBERS
    with pytest.raises(InvalidInputError, match="the dimension cannot be estimated"):
        estimate(model, "h2", dimension=sizes["dimension"].most + 1)
    tracemalloc.start()
    with pytest.raises(DoesNotFitError) as caught:
        estimate(model, "h2", context=sizes["context"].most, dimension=sizes["dimension"].most)
    assert caught.value.code == "capacity.plan-too-large"
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
