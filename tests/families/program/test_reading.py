"""Mistakes in the section ``program``, each with its place."""

from typing import Any

import pytest

from qsac.errors import DoesNotFitError, InvalidInputError
from tests.families.program.models import layers, loaded, network, search, training

PAIRS = {"start": [0.1, 0.2], "center": [0.0, 0.1], "inputs": [[0.5, 1.0], [1.0, 0.0], [-0.8, 0.2]]}
"""Two parameters in place of one."""


def _without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


CASES = [
    (_without(search(), "tokens"), "field.missing", ""),
    (search(threshold=0.9), "field.out-of-range", "/program/threshold"),
    (search(threshold=-0.2), "field.out-of-range", "/program/threshold"),
    (search(part="real"), "field.unknown-choice", "/program/part"),
    (search(rows=[0, 4]), "field.out-of-range", "/program/rows/1"),
    (search(rows=[0, 0]), "program.repeated-number", "/program/rows/1"),
    (search(rows="some"), "field.wrong-type", "/program/rows"),
    (search(rest="keep"), "field.wrong-type", "/program/rest"),
    (search(oracle={"type": "overlap", "degree": 7}), "field.out-of-range", "/program/oracle/degree"),
    (search(oracle={"type": "quantum"}), "field.unknown-choice", "/program/oracle/type"),
    (search(oracle={"type": "table"}, strategy="sample"), "program.unused-field", "/program/oracle/type"),
    (search(treshold=0.5), "field.unknown", "/program/treshold"),
    (search(score={"type": "matrix", "entries": [[1, 0]]}), "unitary.wrong-dimension", "/program/score/entries"),
    (search(score={"type": "matrix", "entries": [[1, 1], [0, 1]]}), "unitary.not-unitary", "/program/score/entries"),
    (search(failure=0), "field.out-of-range", "/program/failure"),
    (search() | {"tokens": {"type": "inline", "values": [[1, 0], [0, 0]]}}, "tokens.zero-token", "/tokens/values/1"),
    (
        search() | {"tokens": {"type": "inline", "values": [[1, 0], [0, 2]], "normalise": False}},
        "tokens.not-normalised",
        "/tokens/normalise",
    ),
    (network() | {"tokens": search()["tokens"]}, "program.unused-field", "/tokens"),
    (network(inputs=[[1, 2, 3]]), "matrix.wrong-shape", "/program/layers/0/weights"),
    (network(inputs=[[[1, 0.5], [2, 0]]]), "program.complex-numbers", "/program/inputs"),
    (network(layers=[{"weights": [[1, 2]], "bias": [1, 2]}]), "field.wrong-length", "/program/layers/0/bias"),
    (network(layers=[{"weights": [[1, 2], [3]]}]), "field.wrong-length", "/program/layers/0/weights/1"),
    (
        network(layers=[{"weights": [[1, 2]]}, {"weights": [[1, 2]]}]),
        "matrix.wrong-shape",
        "/program/layers/1/weights",
    ),
    (network(estimate={"orders": [2, 3]}), "field.invalid", "/program/estimate/orders"),
    (network(estimate={"orders": [1, 0]}), "field.out-of-range", "/program/estimate/orders/1"),
    (
        network(train={"targets": [[1, 2, 3]], "rate": 0.1, "steps": 1}),
        "matrix.wrong-shape",
        "/program/train/targets",
    ),
    (network(layers=[{"weights": [[1e300, 1e300]]}], inputs=[[1e9, 1]]), "model.out-of-scale", "/program/layers/0"),
    (_without(layers(), "tokens"), "field.missing", ""),
    (
        layers(
            layers=[
                {
                    "attention": {"kernel": {"type": "monomial", "degree": 1}},
                    "feed_forward": [{"weights": [[1, 2], [3, 4], [5, 6]]}],
                }
            ]
        ),
        "matrix.wrong-shape",
        "/program/layers/0/feed_forward/0/weights",
    ),
    (layers() | {"tokens": {"type": "inline", "values": [[[1, 1], [0, 0]]]}}, "program.complex-numbers", "/tokens"),
    (
        layers(layers=[{"attention": {"kernel": {"type": "monomial", "degree": 1}}}])
        | {"tokens": {"type": "inline", "values": [[1, 0], [-1, 0]]}},
        "program.no-row-sum",
        "/program/layers/0/attention/normaliser",
    ),
    (training(center=[0.7, 0.1]), "field.wrong-length", "/program/center"),
    (training(inputs=[[0.5, 1.0]]), "matrix.wrong-shape", "/program/inputs"),
    (training(targets=[1.0]), "field.wrong-length", "/program/targets"),
    (training(mask=[False]), "field.invalid", "/program/mask"),
    (training(mask=[1]), "field.wrong-type", "/program/mask"),
    (training(order=8, steps=255, **PAIRS), "program.too-large", "/program/order"),
    (training(solver={"type": "qsvt", "degree": 4}), "field.out-of-range", "/program/solver/degree"),
    (training(model={"type": "polynomial", "terms": [[[1], 1.0]]}), "program.unused-field", "/program/inputs"),
    (training(rate=1e5, steps=255), "model.out-of-scale", "/program"),
]


@pytest.mark.parametrize(("given", "code", "pointer"), CASES, ids=[f"{code} {place}" for _, code, place in CASES])
def test_mistakes_are_named(given: Any, code: str, pointer: str) -> None:
    kind = DoesNotFitError if code.endswith("too-large") else InvalidInputError
    with pytest.raises(kind) as caught:
        loaded(given)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
    assert caught.value.wanted or caught.value.help


TERMS = [[[1, 0], 1.0], [[1], 2.0], [[1, 1.5], 2.0], [[1, 1], "x"]]


@pytest.mark.parametrize("place", [1, 2, 3])
def test_terms_are_checked(place: int) -> None:
    given = training(
        start=[0.1, 0.2], center=[0.0, 0.0], model={"type": "polynomial", "terms": [TERMS[0], TERMS[place]]}
    )
    given["program"] = _without(given["program"], "inputs", "targets")
    with pytest.raises(InvalidInputError) as caught:
        loaded(given)
    assert caught.value.pointer == "/program/model/terms/1"


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        (search(oracle={"type": "digital"}), "/program/oracle/type"),
        (search(index="superposed", mask="causal"), "/program/mask"),
        (search(index="superposed", oracle={"type": "table"}), "/program/index"),
        (search(rows=[0], mask="causal"), "/program/rows"),
        (network(index="superposed"), "/program/index"),
        (network(layers=[{"weights": [[1, 2], [0, 0]]}]), "/program/layers/0/weights/1"),
        (layers(index="superposed"), "/program/index"),
        (
            layers(
                layers=[
                    {
                        "attention": {"kernel": {"type": "softmax-taylor", "degree": 2}},
                        "feed_forward": [{"weights": [[1, 2], [0, 0]]}],
                    }
                ],
                feed_forward_by="inner-products",
            ),
            "/program/layers/0/feed_forward/0/weights/1",
        ),
        (training(order=6, **PAIRS), "/program/order"),
        (training(order=6, solver={"type": "qsvt", "degree": 3}, **PAIRS), "/program/order"),
    ],
)
def test_what_has_no_circuits_is_refused_and_has_a_closed_form(given: Any, pointer: str) -> None:
    model = loaded(given)
    assert model.readout.closed_form(model).values
    with pytest.raises(InvalidInputError) as caught:
        model.plan  # noqa: B018
    assert (caught.value.code, caught.value.pointer) == ("program.not-compiled", pointer)


def test_long_trainings_are_refused() -> None:
    model = loaded(network(train={"targets": [[0.1, 0.2]], "rate": 0.1, "steps": 10000}))
    with pytest.raises(DoesNotFitError) as caught:
        model.plan  # noqa: B018
    assert (caught.value.code, caught.value.pointer) == ("program.too-large", "/program/train/steps")
