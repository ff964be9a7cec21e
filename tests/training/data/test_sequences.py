"""Sequences of words: sources that are known, and files."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import DoesNotFitError, QsacError
from qsac.families.learning import Given
from qsac.training.data.contract import Data
from qsac.training.data.sources import MarkovSource, markov_table


def _made(made: Callable[..., Data], kind: str, run_seed: int = 0, **more: Any) -> Data:
    own = {name: more.pop(name) for name in ("letters", "length", "held_out", "words", "concentration") if name in more}
    return made(run_seed, type="sequences", source={"type": kind, **own}, **more)


# Sources


def test_copying(made: Callable[..., Data]) -> None:
    data = _made(made, "copying")
    assert (data.train.shape, data.test.shape) == ((192, 9), (64, 9))
    for part in (data.train, data.test):
        np.testing.assert_array_equal(part[:, :5], part[:, 4:])
    heads = [tuple(row[:4]) for row in (*data.train.tolist(), *data.test.tolist())]
    assert sorted(heads) == list(product(range(4), repeat=4))
    assert data.optimum == pytest.approx(3 * np.log(4) / 8)
    assert data.given.labels == ("a", "b", "c", "d")
    other = _made(made, "copying", letters=3, length=2, held_out=0.5, context=4, train=3)
    assert (other.train.shape, other.test.shape) == ((3, 5), (4, 5))
    assert _made(made, "copying", length=1, letters=2, context=1).optimum == 0


def test_a_markov_source(made: Callable[..., Data]) -> None:
    table = markov_table(MarkovSource(type="markov"))
    # The source that the small GPT-2s of docs/examples have learned.
    np.testing.assert_array_equal(table, np.random.default_rng(0).dirichlet(np.full(4, 0.5), size=(4, 4)))
    data = _made(made, "markov", train=4000, test=1000)
    assert (data.train.shape, data.test.shape) == ((4000, 9), (1000, 9))
    counts = np.zeros((4, 4, 4))
    np.add.at(counts, (data.train[:, :-2], data.train[:, 1:-1], data.train[:, 2:]), 1)
    seen = counts.sum(2)
    shares = counts / seen[..., None]
    deviations = (shares - table) / np.sqrt(np.maximum(table * (1 - table), 1e-6) / seen[..., None])
    assert np.abs(deviations).max() < 5
    assert data.truth is not None
    rows = data.test.tolist()
    expected = [[0.25, *(table[row[k - 2], row[k - 1], row[k]] for k in range(2, 9))] for row in rows]
    np.testing.assert_allclose(data.truth, expected)
    # The table is the source's, the sequences are the seed's.
    other = _made(made, "markov", run_seed=1, train=4000, test=1000)
    assert other.optimum == pytest.approx(data.optimum, abs=0.03)
    assert other.digest != data.digest
    assert f"{data.optimum:.3f} nats" in dict(data.facts)["optimum"]
    assert _made(made, "markov", context=1).test.shape == (512, 2)


def test_a_grammar(made: Callable[..., Data]) -> None:
    data = _made(made, "grammar", context=12)
    labels = data.given.labels
    assert labels is not None
    assert data.truth is not None
    agreed = 0
    for row, truth in zip(data.test.tolist(), data.truth, strict=True):
        words = [labels[word] for word in row]
        subject = words[0]
        assert subject in ("she", "they")
        for before, word, chance in zip(words, words[1:], truth, strict=False):
            if word in ("she", "they"):
                assert before == "and"
                subject = word
            if word in ("sings", "sing"):
                assert (word == "sings") == (subject == "she")
                agreed += 1
            assert chance == (1 if word == "and" else 0.5)
    assert agreed > 1000


# Files


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Writes a file and gives fields that name it."""

    def write(name: str, content: Any, **source: Any) -> dict[str, Any]:
        path = tmp_path / name
        if name.endswith(".npy"):
            np.save(path, content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return {"type": "sequences", "source": {"type": "file", "path": name, **source}}

    return write


ROWS = [[0, 2, 1], [1, 1, 0], [2, 0, 0], [0, 1, 2], [2, 2, 2]]


@pytest.mark.parametrize("name", ["a.json", "a.npy", "a.csv"])
def test_numbers(made: Callable[..., Data], file: Callable[..., dict[str, Any]], name: str) -> None:
    content = "\n".join(",".join(map(str, row)) for row in ROWS) if name == "a.csv" else ROWS
    data = made(**file(name, content))
    assert (data.train.tolist(), data.test.tolist()) == (ROWS[:4], ROWS[4:])
    assert data.given == Given(3, None, labels=("0", "1", "2"))
    named = made(**file(name, content, labels=["x", "y", "z", "w"], test_share=0.4))
    assert named.given.labels == ("x", "y", "z", "w")
    assert len(named.test) == 2
    assert named.truth is None
    assert named.optimum is None


@pytest.mark.parametrize("name", ["a.json", "a.txt"])
def test_texts(made: Callable[..., Data], file: Callable[..., dict[str, Any]], name: str) -> None:
    rows = [["the", "cat", "sat"], ["a", "cat", "ran"], ["the", "a", "the"]]
    content = "\n\n".join(" ".join(row) for row in rows) if name == "a.txt" else rows
    data = made(**file(name, content))
    assert data.given.labels == ("a", "cat", "ran", "sat", "the")
    assert data.train.tolist() == [[4, 1, 3], [0, 1, 2]]
    labels = ["the", "a", "cat", "sat", "ran", "sang"]
    assert made(**file(name, content, labels=labels)).train.tolist() == [[0, 2, 3], [1, 2, 4]]


def test_long_sequences_are_cut(made: Callable[..., Data], file: Callable[..., dict[str, Any]]) -> None:
    uneven = [[0, 1, 2, 3, 4], [5, 6], [7, 8, 9]]
    data = made(**file("a.json", uneven), context=2)
    assert (data.train.tolist(), data.test.tolist()) == ([[0, 1, 2], [2, 3, 4]], [[7, 8, 9]])
    one = made(**file("a.json", list(range(10))), context=1)
    assert one.train.tolist() == [[k, k + 1] for k in range(7)]
    assert one.test.tolist() == [[8, 9]]


@pytest.mark.parametrize(
    ("name", "content", "given", "pointer", "code"),
    [
        ("a.json", [], {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", {"a": 1}, {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", [[0, 1], []], {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", [[0, 1], [0, "1"]], {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", [[0, 1], ["a", "b"]], {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", [[0, 1], 3], {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", [[0, -1]], {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", [[0, 2**70]], {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", [[True, False]], {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", [[0.5]], {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", [[0, 10**6]], {}, "/data/source/path", "capacity.data-too-large"),
        ("a.json", "[[0, 1], [0", {}, None, "json.syntax"),
        ("a.txt", " \n", {}, "/data/source/path", "data.wrong-shape"),
        ("a.npy", [[0.5, 1]], {}, "/data/source/path", "data.wrong-shape"),
        ("a.npy", [[-1, 1]], {}, "/data/source/path", "data.wrong-shape"),
        ("a.npy", np.zeros((2, 2, 2)), {}, "/data/source/path", "data.wrong-shape"),
        ("a.json", [[0, 1], [0, 1, 2]], {}, "/data/source/path", "data.unequal-lengths"),
        ("a.json", [[0], [1]], {}, "/data/source/path", "data.too-few-sequences"),
        ("a.json", [[0, 1, 2]], {}, "/data/context", "data.too-few-sequences"),
        ("a.json", ROWS, {"context": 3}, "/data/context", "data.too-few-sequences"),
        ("a.json", ROWS, {"train": 9}, "/data/train", "data.too-few-sequences"),
    ],
)
def test_files_that_cannot_be_used(
    refused: Callable[..., QsacError],
    file: Callable[..., dict[str, Any]],
    name: str,
    content: Any,
    given: dict[str, Any],
    pointer: str | None,
    code: str,
) -> None:
    error = refused(**file(name, content), **given)
    assert (error.pointer, error.code) == (pointer, code)


def test_labels_name_the_words(refused: Callable[..., QsacError], file: Callable[..., dict[str, Any]]) -> None:
    assert refused(**file("a.json", ROWS, labels=["x", "y"])).code == "words.unknown-word"
    assert refused(**file("a.json", ROWS, labels=["x", "y", "x"])).pointer == "/data/source/labels"
    error = refused(**file("a.txt", "cat sat\ncad sat", labels=["cat", "sat"]))
    assert (error.code, error.help) == ("words.unknown-word", 'did you mean "cat"?')


@pytest.mark.parametrize(
    ("source", "given"),
    [
        ({"type": "copying", "letters": 26, "length": 16}, {}),
        ({"type": "copying", "length": 8}, {"context": 2**30}),
        ({"type": "markov"}, {"train": 2**50}),
        ({"type": "markov"}, {"context": 2**50}),
        ({"type": "grammar"}, {"test": 2**50}),
    ],
)
def test_sizes_are_checked_first(
    refused: Callable[..., QsacError], source: dict[str, Any], given: dict[str, Any]
) -> None:
    assert isinstance(refused(type="sequences", source=source, **given), DoesNotFitError)


def test_more_than_there_are(refused: Callable[..., QsacError]) -> None:
    error = refused(type="sequences", source={"type": "copying"}, train=193)
    assert (error.pointer, error.code) == ("/data/train", "data.too-few-sequences")
