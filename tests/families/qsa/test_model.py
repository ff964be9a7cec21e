"""The materialised model: subnormalisation, padding, kernels, phases, the canonical form."""

import hashlib
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from qsac.errors import QsacError
from qsac.families.contract import canonical_json
from qsac.families.reading import load, load_text
from qsac.families.unitary import Identity
from tests.cases import seeds
from tests.families.models import minimal, tfim, with_values
from tests.strategies import models, random_model


def test_defaults() -> None:
    model = load(minimal())
    assert (model.name, model.mask, model.readout.type) == ("model", "causal", "loss")
    assert model.kernel == (0.0, 1.0)
    assert isinstance(model.value, Identity)
    assert not model.phases_given
    assert model.phases.tolist() == [0, 0]
    assert (model.context, model.dimension, model.data_qubits, model.index_qubits) == (2, 2, 1, 1)
    assert (model.pairs, model.lam, model.degree) == (3, 1.0, 1)


def test_tokens_are_normalised_real_and_read_only() -> None:
    model = load(minimal())
    assert model.tokens.dtype == np.float64
    np.testing.assert_allclose(model.tokens, [[1, 0], [0.5**0.5, 0.5**0.5], [0, 1]], atol=1e-16)
    for array in (model.tokens, model.phases, model.given_tokens):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_pairs_without_imaginary_parts_are_real() -> None:
    model = load(with_values([[[1, 0], [2, 0.0]], [[0, 0], [1, -0.0]]]))
    assert model.tokens.dtype == np.float64
    assert model == load(with_values([[1, 2], [0, 1]]))


def test_complex_tokens() -> None:
    model = load(with_values([[[3, 4], [0, 0]], [[0, 0], [0, 2]]]))
    assert model.tokens.dtype == np.complex128
    np.testing.assert_allclose(model.tokens, [[0.6 + 0.8j, 0], [0, 1j]], atol=1e-15)


@pytest.mark.parametrize(("given", "padded"), [(2, 2), (3, 4), (4, 4), (5, 8), (9, 16)])
def test_padding(given: int, padded: int) -> None:
    values = np.random.default_rng(0).normal(size=(4, given))
    model = load(with_values(values))
    assert model.dimension == padded
    np.testing.assert_allclose(model.tokens[:, :given], values / np.linalg.norm(values, axis=1)[:, None], rtol=1e-15)
    assert not model.tokens[:, given:].any()


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e200, 1.7e308])
def test_scale_of_a_row_does_not_matter(scale: float) -> None:
    model = load(with_values([[scale, scale], [1, 0]]))
    np.testing.assert_allclose(model.tokens[0], [0.5**0.5, 0.5**0.5], rtol=1e-15)


@pytest.mark.parametrize(("context", "index_qubits"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (8, 3), (9, 4)])
def test_counts(context: int, index_qubits: int) -> None:
    rows = [[1, 0]] * (context + 1)
    assert load(with_values(rows)).index_qubits == index_qubits
    assert load(with_values(rows)).pairs == context * (context + 1) // 2
    assert load(with_values(rows, mask="full")).pairs == context**2


@pytest.mark.parametrize(
    ("kernel", "coefficients"),
    [
        ({"type": "monomial", "degree": 3}, (0, 0, 0, 1)),
        ({"type": "monomial", "degree": 0}, (1,)),
        ({"type": "polynomial", "coefficients": [1, -2, 0.5]}, (1, -2, 0.5)),
        ({"type": "polynomial", "coefficients": [0, 1, 0, 0]}, (0, 1)),
        ({"type": "softmax-taylor", "degree": 2}, (1, 2**0.5, 1)),
        ({"type": "softmax-taylor", "degree": 3, "temperature": 2}, (1, 2, 2, 8 / 6)),
    ],
)
def test_kernels(kernel: dict[str, Any], coefficients: tuple[float, ...]) -> None:
    model = load(minimal(kernel=kernel))
    assert model.kernel == pytest.approx(coefficients, rel=1e-15)
    assert model.lam == pytest.approx(sum(map(abs, coefficients)))


def test_default_temperature_is_of_the_padded_dimension() -> None:
    values = np.eye(5).tolist()
    model = load(with_values(values, kernel={"type": "softmax-taylor", "degree": 1}))
    assert model.kernel == (1.0, math.sqrt(8))
    assert model.canonical["attention"]["kernel"]["temperature"] == math.sqrt(8)


def test_phases() -> None:
    assert load(minimal(phases=[0.5, -1])).phases.tolist() == [0.5, -1]
    zeros = load(minimal(phases=[0, 0]))
    assert zeros.phases_given
    assert zeros != load(minimal())
    optimal = load(minimal(phases="optimal"))
    assert optimal.phases_given
    assert optimal.canonical["attention"]["phases"] == "optimal"
    # overlaps 1/sqrt(2) and 1 are real and positive
    np.testing.assert_allclose(optimal.phases, 0, atol=1e-15)


def test_canonical_model_is_complete() -> None:
    model = load(
        tfim(context=2)
        | {
            "attention": {
                "type": "overlap",
                "kernel": {"type": "softmax-taylor", "degree": 2},
                "value": {
                    "type": "hardware-efficient",
                    "layers": 1,
                    "parameters": {"init": "normal", "scale": 0.5, "seed": 4},
                },
                "score": {"type": "identity"},
            }
        }
    )
    canonical = model.canonical
    assert canonical["tokens"]["type"] == "inline"
    assert np.array(canonical["tokens"]["values"]).shape == (3, 4, 2)
    assert canonical["attention"]["mask"] == "causal"
    assert canonical["readout"] == {"type": "loss"}
    value = canonical["attention"]["value"]
    assert value["rotations"] == ["rx", "ry", "rz"]
    assert value["parameters"] == np.random.default_rng(4).normal(0, 0.5, (1, 2, 3)).tolist()
    assert "phases" not in canonical["attention"]


def test_sha256_is_of_the_canonical_text() -> None:
    model = load(minimal())
    text = json.dumps(model.canonical, sort_keys=True, separators=(",", ":"))
    assert canonical_json(model.canonical) == text
    assert model.sha256 == hashlib.sha256(text.encode()).hexdigest()
    # Fixed for good: artifacts carry it.
    assert model.sha256 == "90586fb6caa1ab8edb762235eeb391567a3ad387ae0758a667b2518ae9613bc1"


@pytest.mark.parametrize("seed", seeds(60, one_of=3))
def test_canonical_form_is_a_fixed_point(seed: int) -> None:
    model = load(random_model(seed))
    again = load_text(canonical_json(model.canonical), "canonical.json")
    assert canonical_json(again.canonical) == canonical_json(model.canonical)
    assert again.tokens.tobytes() == model.tokens.tobytes()
    assert again.phases.tobytes() == model.phases.tobytes()
    assert again.kernel == model.kernel
    assert again == model
    assert hash(again) == hash(model)


@given(models())
def test_canonical_form_is_a_fixed_point_for_degenerate_models(given_model: dict[str, Any]) -> None:
    model = load(given_model)
    assert load(model.canonical).sha256 == model.sha256
    np.testing.assert_allclose(np.linalg.norm(model.tokens, axis=1), 1, rtol=1e-14)


def test_whole_numbers_and_decimals_are_the_same() -> None:
    assert load(with_values([[1, 0], [0, 1]])) == load(with_values([[1.0, 0.0], [0.0, 1.0]]))


def test_numpy_values_in_a_dictionary() -> None:
    values = np.array([[1, 1j], [0, 1]])
    model = load(with_values(values, phases=(np.float64(0.5),)))
    assert model == load(with_values([[[1, 0], [0, 1]], [[0, 0], [1, 0]]], phases=[0.5]))
    values[0] = 0
    assert model.canonical["tokens"]["values"][0] == [[1.0, 0.0], [0.0, 1.0]]


def test_a_dictionary_is_not_changed() -> None:
    given_model = minimal(kernel={"type": "softmax-taylor", "degree": 1})
    text = json.dumps(given_model)
    load(given_model)
    assert json.dumps(given_model) == text


def test_text_and_byte_order_mark() -> None:
    text = json.dumps(minimal())
    assert load_text(text, "x") == load_text(b"\xef\xbb\xbf" + text.encode(), "x")


@pytest.mark.parametrize("source", ["model.json", None])
def test_errors_name_their_source(source: str | None) -> None:
    broken = minimal(mask="none")
    with pytest.raises(QsacError) as caught:
        load_text(json.dumps(broken), source) if source else load(broken)
    assert caught.value.source == (source or "<dict>")
    assert caught.value.pointer == "/attention/mask"


def test_names_that_are_not_text() -> None:
    with pytest.raises(QsacError, match="name is not a text"):
        load({**minimal(), 3: 4})  # type: ignore[dict-item]


def test_a_dictionary_that_contains_itself() -> None:
    loop = minimal()
    loop["tokens"]["values"] = loop
    with pytest.raises(QsacError, match="nested too deeply"):
        load(loop)
