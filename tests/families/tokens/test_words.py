"""How a text is split into words, and what is said of one that is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qsac
from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.families.tokens.words import ListedWords, numbered
from tests.families.models import with_tokens

ROWS = [[1, 0], [0, 1], [0, 0]]


def text(**fields: Any) -> dict[str, Any]:
    return with_tokens(**{"type": "text", "words": ["a", "bee", "c"], "embedding": ROWS, "text": "a bee a", **fields})


def refused(**fields: Any) -> QsacError:
    with pytest.raises(QsacError) as caught:
        qsac.load(
            {**text(), "tokens": {name: value for name, value in text(**fields)["tokens"].items() if value != "-"}}
        )
    return caught.value


def test_words_stand_between_white_space() -> None:
    words = ListedWords(("to", "be", "or", "not"))
    assert words.split(" to be\tor\n\nnot to  be ", "/") == [0, 1, 2, 3, 0, 1]
    assert words.joined([0, 1, 2]) == "to be or"


def test_characters_are_not_separated() -> None:
    words = ListedWords(("a", "b", " ", "\n"))
    assert words.split("ab a\nb", "/") == [0, 1, 2, 0, 3, 1]
    assert words.joined([0, 2, 1]) == "a b"


def test_words_with_blanks_stand_in_a_list() -> None:
    words = ListedWords(("New York", "is", " "))
    assert words.joined([0, 1]) == ["New York", "is"]
    assert numbered(["New York", " ", "is"], words, "/") == [0, 2, 1]


@given(st.data())
def test_what_is_written_is_read(data: st.DataObject) -> None:
    letters = st.characters(exclude_categories=["Cs"])
    words = data.draw(st.lists(st.text(letters, min_size=1, max_size=3), min_size=2, max_size=6, unique=True))
    sequence = data.draw(st.lists(st.integers(0, len(words) - 1), min_size=2, max_size=8))
    known = ListedWords(tuple(words))
    written: Any = known.joined(sequence)
    assert numbered(written, known, "/") == sequence


def test_an_unknown_word_is_named_with_its_place() -> None:
    error = refused(text="a bee\na bees")
    assert (error.code, error.pointer) == ("text.unknown-word", "/tokens/text")
    assert error.found == '"bees", word 4 of the text, in line 2'
    assert error.help == "perhaps bee"
    error = refused(text=["a", "bee", "d"])
    assert (error.code, error.pointer, error.found) == ("text.unknown-word", "/tokens/text/2", '"d"')
    error = refused(words=["a", "b", "c"], text="a b")
    assert error.found == '" ", word 2 of the text'
    assert "blanks and line breaks are words too" in str(error.help)


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"words": ["a", "bee", "a"]}, "words.repeated", "/tokens/words/2"),
        ({"words": ["a"]}, "words.too-few", "/tokens/words"),
        ({"words": []}, "words.too-few", "/tokens/words"),
        ({"words": ["a", "", "c"]}, "field.wrong-length", "/tokens/words/1"),
        ({"words": ["a", 2, "c"]}, "field.wrong-type", "/tokens/words/1"),
        ({"words": ["a", "\ud83d", "c"]}, "field.wrong-type", "/tokens/words/1"),
        ({"words": "a bee c"}, "field.wrong-type", "/tokens/words"),
        ({"words": {"path": "t.json", "other": 1}}, "field.wrong-type", "/tokens/words"),
        ({"words": {"path": "nothing.json"}}, "file.missing", "/tokens/words/path"),
        ({"words": {"path": "../t.json"}}, "file.outside-folder", "/tokens/words/path"),
        ({"words": "-"}, "field.missing", "/tokens"),
        ({"words": ["a", "bee"]}, "field.wrong-length", "/tokens/embedding"),
        ({"embedding": "-"}, "field.missing", "/tokens"),
        ({"embedding": []}, "field.wrong-type", "/tokens/embedding"),
        ({"embedding": 3}, "field.wrong-type", "/tokens/embedding"),
        ({"embedding": {"array": "a"}}, "matrix.invalid-file", "/tokens/embedding"),
        ({"embedding": {"path": "rows.npy"}}, "file.missing", "/tokens/embedding/path"),
        ({"embedding": [[1], [0], [0]]}, "tokens.dimension-too-small", "/tokens/embedding/0"),
        ({"embedding": [[1, 0], [0, 1], [0]]}, "tokens.unequal-rows", "/tokens/embedding/2"),
        ({"embedding": [[1, 0], [0, None], [0, 0]]}, "field.wrong-type", "/tokens/embedding/1/1"),
        ({"embedding": [[1, 0], [0, 1], [0, 1e-3]]}, "embedding.not-an-isometry", "/tokens/embedding"),
        ({"embedding": [[1, 0], [0, 1e200], [0, 0]]}, "embedding.not-an-isometry", "/tokens/embedding"),
        ({"embedding": np.eye(3, 4).tolist()}, "embedding.not-an-isometry", "/tokens/embedding"),
        ({"text": "-"}, "text.not-one", "/tokens"),
        ({"path": "text.txt"}, "text.not-one", "/tokens/path"),
        ({"text": "-", "path": "text.txt"}, "file.missing", "/tokens/path"),
        ({"text": "-", "path": "/etc/passwd"}, "file.outside-folder", "/tokens/path"),
        ({"text": 3}, "field.wrong-type", "/tokens/text"),
        ({"text": ["a", 3]}, "field.wrong-type", "/tokens/text/1"),
        ({"text": "a"}, "tokens.too-few", "/tokens/text"),
        ({"text": ""}, "tokens.too-few", "/tokens/text"),
        ({"text": "a bee c"}, "tokens.zero-token", "/tokens/text"),
        ({"vocabulary": ["a"]}, "field.unknown", "/tokens/vocabulary"),
    ],
)
def test_mistakes_are_named(fields: dict[str, Any], code: str, pointer: str) -> None:
    error = refused(**fields)
    assert isinstance(error, InvalidInputError)
    assert (error.code, error.pointer) == (code, pointer)


def test_by_how_much_an_embedding_is_no_isometry() -> None:
    error = refused(embedding=[[1, 0], [0, 1], [0, 0.1]])
    assert error.found == "E^dagger E differs from the identity by up to 0.01"


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    for fields, code, pointer in (
        ({"words": [str(number) for number in range(2**16 + 1)]}, "capacity.data-too-large", "/tokens/words"),
        ({"text": "a " * (2**16 + 2)}, "capacity.sequence-too-long", "/tokens/text"),
    ):
        error = refused(**fields)
        assert isinstance(error, DoesNotFitError)
        assert (error.code, error.pointer) == (code, pointer)


def test_files_of_texts(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wanted = qsac.load(text(text=["a", "bee", "a"]))
    for content in (b"a bee a", b"a bee a\n", b"\xef\xbb\xbfa\r\nbee\r\na\r\n"):
        (tmp_path / "text.txt").write_bytes(content)
        tokens = {name: value for name, value in text(path="text.txt")["tokens"].items() if name != "text"}
        assert qsac.load({**text(), "tokens": tokens}) == wanted
    (tmp_path / "text.txt").write_bytes(b"a bee \xff")
    error = refused(text="-", path="text.txt")
    assert (error.code, error.pointer) == ("file.not-utf8", "/tokens/path")
    monkeypatch.setattr("qsac.files.limits.TEXT_FILE_BYTES", 4)
    error = refused(text="-", path="text.txt")
    assert (error.code, error.pointer) == ("file.too-large", "/tokens/path")
