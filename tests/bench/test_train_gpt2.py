"""The examples of the page on importing: what was trained is what is imported, and the page's figures are theirs."""

from functools import cache

import jax
import numpy as np
import pytest

import qsac
from tests.bench import train_gpt2
from tests.bench.measure import ROOT
from tests.bench.train_gpt2 import sentences

EXAMPLES = ROOT / "docs" / "examples"

loss = jax.jit(train_gpt2.loss)


@cache
def _imported(name: str) -> qsac.Imported:
    words = np.loadtxt(EXAMPLES / "markov.csv", delimiter=",", dtype=int)
    return qsac.from_arrays(EXAMPLES / f"{name}.safetensors", heads=2, inputs=words)


def test_the_trained_model_is_the_original() -> None:
    from safetensors.numpy import load_file

    arrays = load_file(EXAMPLES / "gpt2-markov.safetensors")
    words = np.loadtxt(EXAMPLES / "markov.csv", delimiter=",", dtype=int)
    assert _imported("gpt2-markov").distance.original_cross_entropy == pytest.approx(float(loss(arrays, words)))


def test_training_to_be_imported_pays() -> None:
    from safetensors.numpy import load_file

    names = ("gpt2-markov", "gpt2-markov-even")
    plain, even = (load_file(EXAMPLES / f"{name}.safetensors") for name in names)
    price = float(loss(even, sentences(512, 2)) - loss(plain, sentences(512, 2)))
    assert 0.08 < price < 0.11
    off = [_imported(name).distance.total_variation for name in names]
    assert off[0] > 12 * off[1] > 0.1


def test_the_sentences_are_those_of_the_source() -> None:
    words = np.loadtxt(EXAMPLES / "markov.csv", delimiter=",", dtype=int)
    assert np.array_equal(words, sentences(20, 7)[:, :-1])
