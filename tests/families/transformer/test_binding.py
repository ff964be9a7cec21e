"""Other numbers in place of a model's own."""

from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.families.transformer.binding import parameters, with_numbers_of
from qsac.families.transformer.examples import examples
from tests.families.transformer.models import changed, loaded, minimal

HEAD = "/transformer/layers/0/attention/heads/0"


def test_what_can_be_bound() -> None:
    found = parameters(loaded(minimal()))
    assert {name: one.shape for name, one in found.items()} == {
        "tokens": (3, 2),
        "layers.0.heads.0.query": (1, 2),
        "layers.0.heads.0.key": (1, 2),
        "layers.0.feed_forward.factors.0.matrix": (2, 2),
        "readout.vocabulary": (3, 2),
    }
    assert not any(one.complex for one in found.values())


def test_other_numbers_make_the_other_model() -> None:
    query = [[0.25, -0.75]]
    bound = with_numbers_of(loaded(minimal()), {"layers.0.heads.0.query": np.array(query)})
    assert bound == loaded(changed(f"{HEAD}/query", query))
    rows = [[1, 2], [3, 4], [5, 6]]
    assert with_numbers_of(loaded(minimal()), {"tokens": rows}) == loaded(changed("/tokens/embedding", rows))


def test_every_parameter_of_every_example_is_bound() -> None:
    names: set[str] = set()
    for model in examples():
        rng = np.random.default_rng(1)
        for name, one in parameters(model).items():
            values: Any = rng.normal(size=one.shape)
            if one.complex:
                values = values + 1j * rng.normal(size=one.shape)
            bound = with_numbers_of(model, {name: values})
            assert bound != model, name
            assert np.abs(bound.outputs - model.outputs).max() > 1e-9 or name.startswith("readout"), name
            assert {key: own.shape for key, own in parameters(bound).items()} == {
                key: own.shape for key, own in parameters(model).items()
            }
            names.add(name.rpartition(".")[2])
    assert names == {
        "tokens", "query", "key", "value", "score", "output", "matrix", "bias", "vocabulary", "targets", "values"
    }  # fmt: skip


def test_its_own_numbers_leave_a_model_as_it_is() -> None:
    for model in examples():
        assert with_numbers_of(model, {"tokens": model.given_tokens}) == model


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("layers.0.heads.0.qery", [[1, 0]], "template.unknown-parameter"),
        ("layers.0.heads.0.value", [[1, 0]], "template.unknown-parameter"),
        ("layers.0.heads.0.query", [[1, 0], [0, 1]], "template.wrong-shape"),
        ("layers.0.heads.0.query", [[1j, 0]], "template.complex-tokens"),
        ("layers.0.heads.0.query", [["a", "b"]], "array.not-numbers"),
        ("tokens", [[1, 0]], "template.wrong-shape"),
        ("tokens", [[1, 0], [1]], "tokens.unequal-rows"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, value: Any, code: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        with_numbers_of(loaded(minimal()), {name: value})
    assert raised.value.code == code
