"""The texts to learn from are what they are known to be, and counts smoothed as they should be."""

import hashlib
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.bench import corpus
from tests.bench.text_table import row, witten_bell

SOURCE = '''
from pythonbible.bible.bible import Bible

bible = Bible(
    Version.KING_JAMES,
    """
1. In the beginning [was] a text. 2. ( And it
was short.)

1. It ended.
""",
    {
        1001001: 1,
        1001002: 35,
        5002001: 60,
    },
    {
        1001001: 34,
        1001002: 59,
        5002001: 72,
    },
)
'''


def test_verses_are_read_from_the_source() -> None:
    assert list(corpus.verses(SOURCE)) == [
        (1, 1, "In the beginning was a text."),
        (1, 1, "(And it was short.)"),
        (5, 2, "It ended."),
    ]
    with pytest.raises(ValueError, match="ends"):
        list(corpus.verses(SOURCE.replace("1001002: 59", "1001003: 59")))


def test_the_excerpt_is_the_known_text() -> None:
    text = corpus.EXCERPT.read_bytes()
    assert hashlib.sha256(text).hexdigest() == corpus.DIGESTS[corpus.EXCERPT.name]
    assert 39_000 < len(text) < 41_000
    assert text.startswith(b"In the beginning God created the heaven and the earth.\n")


def test_what_is_not_the_known_text_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "ROOT", tmp_path)
    place = tmp_path / "corpus" / corpus.CORPUS.name
    with pytest.raises(SystemExit, match="would not be the text"):
        corpus.written(place, iter(["another text"]))
    assert not place.exists()
    monkeypatch.setitem(corpus.DIGESTS, place.name, hashlib.sha256(b"a text\n").hexdigest())
    assert not corpus.is_there(place)
    corpus.written(place, iter(["a text"]))
    assert corpus.is_there(place)
    place.write_text("changed")
    assert not corpus.is_there(place)


def test_witten_bell() -> None:
    rng = np.random.default_rng(0)
    train = rng.integers(4, size=(6, 9))
    every = np.array(list(product(range(5), repeat=3)))
    for order in (1, 2, 3):
        found = witten_bell(train, every, 5, order)[:, -1].reshape(25, 5)
        np.testing.assert_allclose(found.sum(1), 1)
        assert (found > 0).all()
    words = train[:, 1:].ravel().tolist()
    pairs = Counter(zip(train[:, :-1].ravel().tolist(), words, strict=True))
    counts = Counter(words)
    first = 2
    follow = {word: number for (before, word), number in pairs.items() if before == first}
    lower = [(counts[word] + len(counts) / 5) / (len(words) + len(counts)) for word in range(5)]
    total = sum(follow.values())
    expected = [(follow.get(word, 0) + len(follow) * lower[word]) / (total + len(follow)) for word in range(5)]
    asked = np.array([[first, word] for word in range(5)])
    np.testing.assert_allclose(witten_bell(train, asked, 5, 2)[:, 0], expected)


def test_a_row_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("abababab cd\n" * 2000)
    found = row(tmp_path / "t.txt", 0)
    assert found[:2] == ["5", "1.00"]
    unigram, bigram, trigram = map(float, found[2:5])
    assert unigram > bigram > trigram
    assert trigram < 0.5
