"""Circuits of a plan that are filled into the blocks of one of them are those that are compiled by themselves."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.compiler.alike import LEAST, Kinds, kind_of
from qsac.families.reading import load
from qsac.families.registry import family_of
from qsac.ir.program import Program
from qsac.pipeline.stages import check_rules


def _rows(rng: np.random.Generator, count: int, width: int) -> Any:
    return rng.normal(size=(count, width)).tolist()


def _network(neurons: int = 6, **fields: Any) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    layer = {"weights": _rows(rng, neurons, 3), "bias": rng.normal(size=neurons).tolist(), "activation": "tanh"}
    program = {"type": "feed-forward", "layers": [layer], "inputs": _rows(rng, 1, 3), "estimate": {"orders": [1, 2]}}
    return {"qsac": 1, "name": "network", "program": program | fields}


def _layers(method: str) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    attention = {"mask": "full", "kernel": {"type": "softmax-taylor", "degree": 2, "temperature": 1.0}}
    program = {
        "type": "layers",
        "layers": [{"attention": attention}],
        "tomography": {"method": method, "precision": 0.3},
    }
    return {"qsac": 1, "tokens": {"type": "inline", "values": _rows(rng, 4, 3)}, "program": program}


def _compiled(model: Any, target: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Compiled, list[int]]:
    """The compiled model, and the circuits that were compiled by themselves."""
    alone, places = Kinds._alone, []

    def counted(kinds: Kinds, place: int) -> Any:
        places.append(place)
        return alone(kinds, place)

    with monkeypatch.context() as patched:
        patched.setattr(Kinds, "_alone", counted)
        return qsac.compile(model, target), places


def _check_same(model: Any, target: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Whether circuits that are filled are byte for byte those that are not; which ones were not filled."""
    filled, places = _compiled(model, target, monkeypatch)
    with monkeypatch.context() as patched:
        patched.setattr("qsac.compiler.alike.LEAST", 1 << 20)
        single, every = _compiled(model, target, monkeypatch)
    assert every == list(range(len(single.circuits)))
    assert filled.to_json() == single.to_json()
    assert filled.verified is not None
    return places


@pytest.mark.parametrize("target", ["h2", "statevector"])
def test_neurons_are_filled_into_one_circuit_of_each_order(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    places = _check_same(load(_network()), target, monkeypatch)
    assert len(places) <= 6 < 12


@pytest.mark.parametrize("method", ["bases", "reference"])
def test_rows_of_layers_are_filled_into_one_circuit_of_each_setting(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(_layers(method))
    places = _check_same(model, "h2", monkeypatch)
    assert len(places) <= len(family_of(model).plan(model).circuits) // 2


def test_numbers_that_save_gates_are_of_another_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of zeros, and neurons that repeat an input, take fewer gates: they are not filled into others'."""
    fields = _network()
    layer = fields["program"]["layers"][0]
    layer["weights"][2], layer["bias"][2] = [0.5, 0.0, 0.0], 0.0
    layer["weights"][4], layer["bias"][4] = [0.5, 0.5, 0.5], 0.5
    model = load(fields)
    steps = family_of(model).plan(model).circuits
    kinds = [kind_of(step.program) for step in steps]
    named = {step.name: kind for step, kind in zip(steps, kinds, strict=True)}
    first = named["layer-0-input-0-neuron-0-order-1"]
    assert first == named["layer-0-input-0-neuron-1-order-1"]
    assert first != named["layer-0-input-0-neuron-2-order-1"]
    assert first != named["layer-0-input-0-neuron-4-order-1"]
    assert first != named["layer-0-input-0-neuron-0-order-2"]
    places = _check_same(model, "h2", monkeypatch)
    assert {place for place, step in enumerate(steps) if "neuron-2" in step.name or "neuron-4" in step.name} <= {
        *places
    }


def test_few_circuits_of_a_kind_are_compiled_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    _, places = _compiled(load(_network(neurons=LEAST - 1)), "h2", monkeypatch)
    assert len(places) == 2 * (LEAST - 1)


def test_rules_are_checked_of_programs_that_are_different(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes that look at every op return a new program of the same ops, of which nothing is asked again."""
    checked: list[Program] = []

    def counted(program: Program, stage: str) -> None:
        checked.append(program)
        check_rules(program, stage)

    monkeypatch.setattr("qsac.compiler.circuit_compilation.check_rules", counted)
    made: list[str] = []
    qsac.compile(load(_network(1)), "h2", after=lambda name, _: made.append(name))
    assert {"load-by-structure", "drop-controls", "merge-diagonals"} <= {*made}
    assert len(checked) == 2 * made.count("build")
    for one, other in pairwise(checked):
        assert not one.says_the_same(other)
