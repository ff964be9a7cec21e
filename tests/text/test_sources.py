"""Texts of files: what they hold, and one clear error with its line for what they should not."""

import io
import json
import sys
from pathlib import Path

import pytest

from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.files import limits
from qsac.text.sources import given_texts, read_texts


def _file(folder: Path, name: str, content: str | bytes) -> str:
    place = folder / name
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(place)


def test_lines(tmp_path: Path) -> None:
    found = read_texts(_file(tmp_path, "a.txt", "\ufeffone text\n\n  another, with a comma \r\nlast"))
    assert found.texts == ("one text", "another, with a comma", "last")
    assert found.labels is None


def test_a_table_and_objects_hold_the_same(tmp_path: Path) -> None:
    table = 'id,label,text\n1,yes,"a, b\nc"\n\n2,no,"say ""so"""\n'
    lines = [{"text": "a, b\nc", "label": "yes", "id": 1}, {"label": "no", "text": 'say "so"'}]
    objects = "\n\n".join(map(json.dumps, lines))
    one = read_texts(_file(tmp_path, "a.csv", table))
    other = read_texts(_file(tmp_path, "a.jsonl", objects))
    assert one.texts == other.texts == ("a, b\nc", 'say "so"')
    assert one.labels == other.labels == ("yes", "no")
    numbers = read_texts(_file(tmp_path, "b.CSV", table), text_column="label", label_column="id")
    assert (numbers.texts, numbers.labels) == (("yes", "no"), ("1", "2"))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one\ntwo\n")))
    assert read_texts("-").texts == ("one", "two")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"text\none\n")))
    assert read_texts("-", form="csv").texts == ("one",)


def test_lists() -> None:
    assert given_texts([" a ", "b"], [1, "x"]).labels == ("1", "x")


@pytest.mark.parametrize(
    ("name", "content", "code", "place"),
    [
        ("a.txt", "", "features.no-texts", ""),
        ("a.txt", "\n  \n", "features.no-texts", ""),
        ("a.txt", b"fine\nab\xff", "file.not-utf8", "line 2"),
        ("a.doc", "x", "features.unknown-file-kind", ""),
        ("a", "x", "features.unknown-file-kind", ""),
        ("a.csv", "texts,label\nx,y\n", "features.unknown-column", "line 1"),
        ("a.csv", "text,text\nx,y\n", "features.invalid-table", "line 1"),
        ("a.csv", "text,label\nx,y\nz\n", "features.invalid-table", "line 3"),
        ("a.csv", 'text,label\n"x\ny",a\n"z,b\n', "features.invalid-table", "line 4"),
        ("a.csv", "text,label\n ,y\n", "features.empty-text", "line 2"),
        ("a.csv", "text,label\nx,\n", "field.wrong-length", "line 2"),
        ("a.csv", f"text,label\nx,{'y' * 101}\n", "field.wrong-length", "line 2"),
        ("a.csv", f"text\n{'x' * 140_000}\n", "features.invalid-table", "line 2"),
        ("a.csv", "text," + ",".join(map(str, range(1000))), "features.invalid-table", "line 1"),
        ("a.jsonl", '{"text": "x"}\n[1]\n', "json.not-an-object", "line 2"),
        ("a.jsonl", '{"text": "x"\n', "json.syntax", "line 1"),
        ("a.jsonl", '{"text": "x"}\n{"txt": "x"}\n', "features.unknown-column", "line 2"),
        ("a.jsonl", '{"text": 3}\n', "field.wrong-type", "line 1"),
        ("a.jsonl", '{"text": "x", "label": 0.5}\n', "field.wrong-type", "line 1"),
        ("a.jsonl", '{"text": "x", "label": true}\n', "field.wrong-type", "line 1"),
        ("a.jsonl", '{"text": "\\ud800"}\n', "features.half-a-character", "line 1"),
        ("a.jsonl", '{"text": "x", "label": 1}\n{"text": "y"}\n', "features.missing-label", "line 2"),
        ("a.jsonl", '{"text": "x"}\n{"text": "y", "label": 1}\n', "features.missing-label", "line 2"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    name: str, content: str | bytes, code: str, place: str, tmp_path: Path
) -> None:
    path = _file(tmp_path, name, content)
    with pytest.raises(InvalidInputError) as caught:
        read_texts(path)
    assert caught.value.code == code
    assert caught.value.source is not None
    assert caught.value.source == f"{path} {place}".strip()


def test_names_of_columns(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.csv", "text,Label\nx,y\n")
    assert read_texts(path).labels is None, "no column of labels was asked for"
    for options in ({"label_column": "label"}, {"text_column": "sentence"}):
        with pytest.raises(InvalidInputError) as caught:
            read_texts(path, **options)  # type: ignore[arg-type]
        assert caught.value.code == "features.unknown-column"
    with pytest.raises(InvalidInputError) as caught:
        read_texts(_file(tmp_path, "a.txt", "x"), label_column="label")
    assert caught.value.code == "features.unknown-column"


def test_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def code(name: str, content: str) -> str:
        with pytest.raises(DoesNotFitError) as caught:
            read_texts(_file(tmp_path, name, content))
        assert caught.value.source is not None
        return f"{caught.value.code} {caught.value.source.removeprefix(str(tmp_path / name)).strip()}".strip()

    assert code("long.txt", "a\n" + "x" * (limits.TEXT_CHARACTERS + 1)) == "capacity.data-too-large line 2"
    labels = "".join(f"t,{number}\n" for number in range(limits.CLASSES + 1))
    assert code("classes.csv", "text,label\n" + labels) == f"capacity.data-too-large line {limits.CLASSES + 2}"
    monkeypatch.setattr(limits, "TEXTS", 3)
    assert code("many.txt", "a\n" * 9) == "capacity.data-too-large line 4"
    monkeypatch.setattr(limits, "TEXT_FILE_BYTES", 5)
    assert code("large.txt", "abcdef") == "file.too-large"


@pytest.mark.parametrize(
    ("texts", "labels", "code"),
    [
        (["a"], ["x", "y"], "features.unequal-lengths"),
        (["a", 3], None, "field.wrong-type"),
        (["a", ""], None, "features.empty-text"),
        (["a"], [0.5], "field.wrong-type"),
        ([], None, "features.no-texts"),
    ],
)
def test_lists_are_checked_too(texts: list[str], labels: list[object] | None, code: str) -> None:
    with pytest.raises(QsacError) as caught:
        given_texts(texts, labels)
    assert caught.value.code == code
