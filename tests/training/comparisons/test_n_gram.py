"""N-gram counts against their definition, one word after another."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.families.learning import Given
from qsac.training.comparisons import n_gram
from qsac.training.comparisons.making import kinds
from qsac.training.data.contract import Data


def defined(train: np.ndarray, history: tuple[int, ...], word: int, size: int) -> float:
    """P(word | history) by Witten and Bell, as it is written down."""
    runs = [
        tuple(row[place : place + len(history) + 1])
        for row in train.tolist()
        for place in range(len(row) - len(history))
    ]
    shorter = defined(train, history[1:], word, size) if history else 1 / size
    after = [run[-1] for run in runs if run[:-1] == history]
    if not after:
        return shorter
    different = len(set(after))
    return (after.count(word) + different * shorter) / (len(after) + different)


def test_probabilities_are_those_of_the_definition() -> None:
    random = np.random.default_rng(0)
    train, sequences = (random.integers(0, 5, (count, 6)) ** 2 % 7 for count in (8, 5))
    found = n_gram.probabilities(train, sequences, 9)
    for order, shares in enumerate(found):
        for row, words in enumerate(sequences.tolist()):
            for place in range(1, 6):
                history = tuple(words[max(0, place - order) : place])
                wanted = defined(train, history, words[place], 9)
                assert shares[row, place - 1] == pytest.approx(wanted, rel=1e-12)
    for order in range(3):
        every = np.stack([np.append(sequences[0, :2], word) for word in range(9)])
        assert n_gram.probabilities(train, every, 9)[order][:, -1].sum() == pytest.approx(1, rel=1e-12)


def data(**changes: Any) -> Data:
    random = np.random.default_rng(1)
    train, test = (np.tile(random.integers(0, 4, (count, 1)), (1, 5)) for count in (30, 10))
    made = Data(train=train, test=test, given=Given(5, None, labels=("a", "b", "c", "d")))
    return replace(made, **changes)


def test_the_rows_of_the_table() -> None:
    rows = {row.label: row for row in n_gram.counted(None, data())}  # type: ignore[arg-type]  # not looked at
    assert list(rows) == ["unigram", "bigram", "trigram"]
    assert all(row.size is None for row in rows.values())
    unigram, bigram, trigram = (row.metrics["test"]["cross_entropy"] for row in rows.values())
    assert unigram > 1.2
    assert bigram < 0.2
    assert trigram < bigram
    assert set(rows["unigram"].metrics) == {"train", "test"}


def test_the_source_is_a_row_where_it_is_known() -> None:
    known = data(truth=np.full((10, 4), 0.25), validation=data().test[:3].copy())
    *_, source = n_gram.counted(None, known)  # type: ignore[arg-type]  # not looked at
    assert source.label == "the source itself"
    assert source.metrics == {"test": {"cross_entropy": pytest.approx(math.log(4))}}
    assert set(n_gram.counted(None, known)[0].metrics) == {"train", "test", "validation"}  # type: ignore[arg-type]


def test_states_have_no_counts() -> None:
    states = np.tile([1.0, 0.0], (3, 4, 1))
    with pytest.raises(InvalidInputError) as raised:
        n_gram.counted(None, Data(states, states.copy(), Given(4, 2, real=True)))  # type: ignore[arg-type]
    assert raised.value.code == "train.unsuitable-comparison"


def test_large_vocabularies_are_counted_sparsely() -> None:
    words = np.arange(60_000, dtype=np.int64).reshape(-1, 6)
    _, bigram, trigram = n_gram.probabilities(words, words[:2], 65_536)
    np.testing.assert_allclose(bigram, 0.5, atol=1e-4)  # each context occurs once, with one word after it
    np.testing.assert_allclose(trigram[:, 1:], 0.75, atol=1e-4)


def test_it_is_found_by_its_name() -> None:
    assert {"n-gram", "transformer", "twin", "softmax"} <= set(kinds())
