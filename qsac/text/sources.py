"""Texts and their labels from files of anyone: a line each (.txt), tables (.csv), or JSON objects (.jsonl)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qsac.errors import InvalidInputError, QsacError
from qsac.files import limits
from qsac.files.pointer import counted, describe, listed, nearest, quoted
from qsac.files.source import read_file, read_standard_input
from qsac.files.strict_json import parse

FORMATS = ("txt", "csv", "jsonl")
TEXT, LABEL = "text", "label"
"""What columns and fields are called unless a name is given."""

_WHAT = "file of texts"
_COLUMNS = 1000
_LABEL_CHARACTERS = 100


@dataclass(frozen=True)
class Texts:
    """Texts in their order, none of them blank; ``labels``, one for each, or None where there are none. ``source`` is
    where they are from, for messages."""

    texts: tuple[str, ...]
    labels: tuple[str, ...] | None
    source: str


@dataclass(frozen=True)
class _Line:
    """A text, its label, and the line that it begins in, from 1."""

    text: str
    label: str | None
    number: int


def read_texts(
    path: str, *, form: str | None = None, text_column: str | None = None, label_column: str | None = None
) -> Texts:
    """The texts of a file, or of standard input (``-``), which has a text in each line unless ``form`` says otherwise.

    The form of a file is that of its ending. In a .txt file blank lines are passed over. A .csv file begins with the
    names of its columns; ``text_column`` and ``label_column`` name those that are read (``text``, and ``label`` if
    there is one), also as the fields of the objects of a .jsonl file. Raises
    :class:`~qsac.errors.InvalidInputError` with the line of what is wrong, :class:`~qsac.errors.DoesNotFitError` for
    what is too large.
    """
    source = "<stdin>" if path == "-" else path
    form = form or _form(path)
    if path == "-":
        data = read_standard_input(limits.TEXT_FILE_BYTES, _WHAT)
    else:
        data = read_file(path, limits.TEXT_FILE_BYTES, _WHAT)
    if form == "txt" and (text_column, label_column) != (None, None):
        raise InvalidInputError(
            "a file with a text in each line has no columns",
            code="features.unknown-column",
            source=source,
            found=f"a column {quoted(text_column or label_column or '')}",
            wanted="a .csv or .jsonl file, or no name of a column",
        )
    text = _decoded(data, source)
    columns = _Columns(text_column or TEXT, label_column or LABEL, label_column is not None, source)
    lines = {"txt": _plain, "csv": _table, "jsonl": _objects}[form](text, columns)
    return _checked(lines, source)


def given_texts(texts: Sequence[str], labels: Sequence[object] | None) -> Texts:
    """Texts that Python code has, checked as those of files are."""
    source = "<texts>"
    if labels is not None and len(labels) != len(texts):
        raise InvalidInputError(
            "there are not as many labels as texts",
            code="features.unequal-lengths",
            found=f"{counted(len(texts), 'text')} and {counted(len(labels), 'label')}",
            wanted="a label for each text",
        )
    return _checked(_given(texts, labels, source), source)


@dataclass(frozen=True)
class _Columns:
    text: str
    label: str
    asked: bool
    """Whether the column of labels was asked for: then it has to be there."""
    source: str

    def missing(self, name: str, there: Sequence[str], line: int) -> InvalidInputError:
        guess = nearest(name, there)
        option = "--text-column" if name == self.text else "--label-column"
        return InvalidInputError(
            "there is no such column" if name == self.label else "there is no column of texts",
            code="features.unknown-column",
            source=f"{self.source} line {line:,}",
            found=f"no {quoted(name)} among {listed(map(quoted, there)) or 'no columns'}",
            wanted=f"a column {quoted(name)}, or {option} with the name of another",
            help=f"did you mean {quoted(guess)}?" if guess else None,
        )


def _form(path: str) -> str:
    suffix = Path(path).suffix.lower().removeprefix(".")
    if path == "-":
        return "txt"
    if suffix in FORMATS:
        return suffix
    raise InvalidInputError(
        "the kind of the file of texts is not known",
        code="features.unknown-file-kind",
        source=path,
        found=f"a name that ends with {quoted(Path(path).suffix)}" if suffix else "a name without an ending",
        wanted="a file name that ends with .txt, .csv or .jsonl, or --format",
    )


def _decoded(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(
            "the file of texts is not UTF-8 text",
            code="file.not-utf8",
            source=f"{source} line {line:,}",
            found=f"the byte 0x{data[error.start]:02x} at position {error.start:,}",
            wanted="text in UTF-8",
            help="save the file as UTF-8",
        ) from None


def _plain(text: str, columns: _Columns) -> Iterator[_Line]:
    for number, line in enumerate(io.StringIO(text), 1):
        if line.strip():
            yield _Line(line.strip(), None, number)


def _table(text: str, columns: _Columns) -> Iterator[_Line]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = [name.strip() for name in next(rows, [])]
        places = _places(header, columns)
        while True:
            line = rows.line_num + 1
            row = next(rows, None)
            if row is None:
                return
            if row:  # a blank line is no row
                yield _row(row, header, places, columns, line)
    except csv.Error as error:
        raise InvalidInputError(
            "the table cannot be read",
            code="features.invalid-table",
            source=f"{columns.source} line {line:,}",
            found=str(error).split("\n")[0],
            wanted="rows of comma-separated values, texts with commas or quotes in double quotes",
        ) from None


def _row(row: list[str], header: list[str], places: tuple[int, int | None], columns: _Columns, line: int) -> _Line:
    if len(row) != len(header):
        raise InvalidInputError(
            "a row has another number of columns than the first line",
            code="features.invalid-table",
            source=f"{columns.source} line {line:,}",
            found=counted(len(row), "column"),
            wanted=counted(len(header), "column"),
            help="put texts that have commas in them into double quotes",
        )
    text, label = places
    return _Line(row[text], None if label is None else row[label], line)


def _places(header: list[str], columns: _Columns) -> tuple[int, int | None]:
    """Which column has the texts, and which the labels, if any."""
    if len(header) > _COLUMNS or len(set(header)) < len(header):
        many = len(header) > _COLUMNS
        raise InvalidInputError(
            "the table has too many columns" if many else "two columns have one name",
            code="features.invalid-table",
            source=f"{columns.source} line 1",
            found=counted(len(header), "column") if many else listed(map(quoted, header)),
            wanted=f"at most {_COLUMNS:,} columns, each with a name of its own, in the first line",
        )
    for name, needed in ((columns.text, True), (columns.label, columns.asked)):
        if needed and name not in header:
            raise columns.missing(name, header, 1)
    return header.index(columns.text), header.index(columns.label) if columns.label in header else None


def _objects(text: str, columns: _Columns) -> Iterator[_Line]:
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.strip():
            continue
        where = f"{columns.source} line {number:,}"
        fields = _parsed(line.strip(), where)
        if not isinstance(fields, dict):
            raise InvalidInputError(
                "a line is not a JSON object",
                code="json.not-an-object",
                source=where,
                found=describe(fields),
                wanted=f'{{"{columns.text}": "..", "{columns.label}": ".."}}',
            )
        for name, needed in ((columns.text, True), (columns.label, columns.asked)):
            if needed and name not in fields:
                raise columns.missing(name, list(fields), number)
        found, label = fields[columns.text], fields.get(columns.label)
        if not isinstance(found, str):
            raise _no_text(found, where)
        yield _Line(found, None if label is None else _label(label, where), number)


def _parsed(line: str, where: str) -> object:
    try:
        return parse(line.encode("utf-8"), where, "line")
    except QsacError as error:
        error.source = where  # the reader counts lines of a whole file
        raise


def _given(texts: Sequence[object], labels: Sequence[object] | None, source: str) -> Iterator[_Line]:
    for number, text in enumerate(texts):
        where = f"{source} number {number:,}"
        if not isinstance(text, str):
            raise _no_text(text, where)
        yield _Line(text, None if labels is None else _label(labels[number], where), number)


def _no_text(found: object, where: str) -> InvalidInputError:
    return InvalidInputError(
        "a text is not a text",
        code="field.wrong-type",
        source=where,
        found=describe(found),
        wanted="a text",
    )


def _label(label: object, where: str) -> str:
    """A label as the name of its class: texts and whole numbers may be labels."""
    if isinstance(label, str):
        return label
    if hasattr(label, "__index__") and not isinstance(label, bool):
        return str(label.__index__())
    raise InvalidInputError(
        "a label is neither a text nor a whole number",
        code="field.wrong-type",
        source=where,
        found=describe(label),
        wanted="the name or the number of a class",
    )


def _checked(lines: Iterator[_Line], source: str) -> Texts:
    """The texts of all lines. What is too much is refused when it is met."""
    texts: list[str] = []
    labels: list[str | None] = []
    classes: set[str] = set()
    for line in lines:
        where = f"{source} {'number' if source == '<texts>' else 'line'} {line.number:,}"
        label = None if line.label is None else line.label.strip()
        try:
            limits.check_texts(len(texts) + 1, len(line.text))
            _check_line(line.text, label)
            if labels and (label is None) is not (labels[0] is None):
                raise _some_labels(label)
            if label is not None:
                classes.add(label)
                limits.check_classes(len(classes))
        except QsacError as error:
            error.pointer = None
            raise error.located(where) from None
        texts.append(line.text.strip())
        labels.append(label)
    if not texts:
        raise InvalidInputError(
            "there are no texts",
            code="features.no-texts",
            source=source,
            found="no line that holds something",
            wanted="a text in each line",
        )
    return Texts(tuple(texts), tuple(map(str, labels)) if labels[0] is not None else None, source)


def _check_line(text: str, label: str | None) -> None:
    if not text.strip():
        raise InvalidInputError(
            "a text is empty",
            code="features.empty-text",
            wanted="at least one character that is not a blank",
            help="remove the row, or write what it stands for",
        )
    if not _is_whole(text) or not _is_whole(label or ""):
        raise InvalidInputError(
            "a text has half a character",
            code="features.half-a-character",
            found="a lone surrogate",
            wanted="whole characters",
        )
    if label is not None and not 0 < len(label) <= _LABEL_CHARACTERS:
        raise InvalidInputError(
            "a label is empty" if not label else "a label is too long",
            code="field.wrong-length",
            found=f"{counted(len(label), 'character')}",
            wanted=f"1 to {_LABEL_CHARACTERS} characters",
        )


def _is_whole(text: str) -> bool:
    """Whether a text has no half of a character, as JSON can write them."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _some_labels(label: str | None) -> InvalidInputError:
    return InvalidInputError(
        "some texts have a label and some have none",
        code="features.missing-label",
        found="no label, while those before have one" if label is None else "a label, while those before have none",
        wanted="a label for each text, or for none",
    )
