"""Reading JSON strictly: what Python's reader lets pass but the contract does not is refused with its place."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from qsac.errors import InvalidInputError, printable
from qsac.files.pointer import join

_TRAILING = {
    "}": "Illegal trailing comma before end of object",
    "]": "Illegal trailing comma before end of array",
}
"""What Python says of a comma before such a bracket, from 3.13 on."""

_WANTED = {
    "Expecting value": "a value: a number, a text in double quotes, a list, an object, true, false or null",
    "Expecting ',' delimiter": "a comma, or the bracket that closes the list or object",
    "Expecting ':' delimiter": "a colon between a field's name and its value",
    "Expecting property name enclosed in double quotes": "a field's name in double quotes",
    _TRAILING["}"]: "no comma after the last field",
    _TRAILING["]"]: "no comma after the last item",
    "Unterminated string starting at": "a text that ends with a double quote on the same line",
    "Invalid control character at": "no tab or line break inside a text: write \\t or \\n",
    "Extra data": "nothing after the model's closing brace",
}


@dataclass(frozen=True)
class _Constant:
    """A literal that Python's reader accepts but JSON does not have: NaN, Infinity, -Infinity."""

    literal: str


class _Repeated(dict[str, object]):
    """An object that has a field twice; ``name`` is the field."""

    name: str


def parse(data: bytes, source: str, what: str = "model file") -> object:
    """The document in ``data`` (UTF-8, with or without byte order mark); ``what`` it is, for messages.

    Raises :class:`~qsac.errors.InvalidInputError` for anything but one JSON value without repeated fields, NaN or
    Infinity, not nested deeper than Python's reader can follow.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(
            f"the {what} is not UTF-8 text",
            code="file.not-utf8",
            source=f"{source} line {line}",
            found=f"the byte 0x{data[error.start]:02x} at position {error.start:,}",
            wanted="JSON in UTF-8",
            help="save the file as UTF-8; arrays in NumPy's format are named in a model file by "
            '"tokens": {"type": "file", "path": ...}'
            if what == "model file"
            else "save the file as UTF-8",
        ) from None
    if not text.strip():
        raise _empty(source, what)
    suspects: list[object] = []
    try:
        document = _decode(text, suspects)
    except json.JSONDecodeError as error:
        raise _syntax_error(error, source, what) from None
    except RecursionError:
        raise too_deep("", source, what) from None
    except ValueError:
        raise InvalidInputError(
            f"a number in the {what} has too many digits",
            code="json.too-many-digits",
            source=source,
            wanted="numbers of at most 17 significant digits: more are not kept",
        ) from None
    if suspects:
        _refuse_suspects(document, source)
    return document


def _empty(source: str, what: str) -> InvalidInputError:
    if what != "model file":
        return InvalidInputError(
            f"the {what} is empty",
            code="json.empty",
            source=source,
            wanted="a JSON object",
        )
    return InvalidInputError(
        "the model file is empty",
        code="json.empty",
        source=source,
        wanted='a JSON object that begins with {"qsac": 1',
        help="`qsac schema` prints the format",
    )


def _decode(text: str, suspects: list[object]) -> object:
    def constant(literal: str) -> _Constant:
        suspects.append(literal)
        return _Constant(literal)

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        result = dict(items)
        if len(result) == len(items):
            return result
        repeated = _Repeated(result)
        seen: set[str] = set()
        repeated.name = next(name for name, _ in items if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        suspects.append(repeated)
        return repeated

    # Nothing that is made here is garbage: looking for some would take four times as long as the reading.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    finally:
        if collecting:
            gc.enable()


def _of_any_python(error: json.JSONDecodeError) -> json.JSONDecodeError:
    """The error as newer versions of Python have it: they point at a trailing comma, not at the bracket after it."""
    before = error.doc[: error.pos].rstrip()
    message = _TRAILING.get(error.doc[error.pos : error.pos + 1])
    if message is None or not before.endswith(","):
        return error
    return json.JSONDecodeError(message, error.doc, len(before) - 1)


def _syntax_error(error: json.JSONDecodeError, source: str, what: str) -> InvalidInputError:
    error = _of_any_python(error)
    message = re.sub(r": .*| \(.*", "", error.msg)
    rest = error.doc[error.pos : error.pos + 24].split("\n")[0].rstrip()
    end = "the end of the file" if error.pos >= len(error.doc.rstrip()) else "the end of the line"
    if message.startswith(("Invalid \\", "Invalid escape")):
        wanted = 'one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX after a backslash'
    else:
        wanted = _WANTED.get(message, message[:1].lower() + message[1:])
    return InvalidInputError(
        f"the {what} is not valid JSON",
        code="json.syntax",
        source=f"{source} line {error.lineno} column {error.colno}",
        found=printable(rest) or end,
        wanted=wanted,
        help=_syntax_help(error, rest),
    )


def _syntax_help(error: json.JSONDecodeError, rest: str) -> str | None:
    if rest.startswith(("//", "/*", "#")):
        return "JSON has no comments: remove it"
    if rest.startswith("'"):
        return "JSON wants double quotes, not single ones"
    if re.match(r"(True|False|None)\b", rest):
        return f"JSON writes it {'null' if rest.startswith('None') else rest.split()[0].strip(',}]').lower()}"
    if error.msg in _TRAILING.values():
        return "remove the comma before the closing bracket"
    return None


def _refuse_suspects(document: object, source: str) -> None:
    """Refuse the first constant or repeated field, outer ones first, with its place."""
    for path, value in walk(document):
        if isinstance(value, _Repeated):
            raise InvalidInputError(
                f'the field "{join("", value.name)[1:]}" is given twice',
                code="field.repeated",
                source=source,
                pointer=join("", *path, value.name),
                wanted="each field once",
                help="remove one of the two",
            )
        if isinstance(value, _Constant):
            raise InvalidInputError(
                f"{value.literal} is not a number",
                code="number.not-finite",
                source=source,
                pointer=join("", *path),
                found=value.literal,
                wanted="a finite number",
                help="JSON has no NaN and no Infinity: find out where it came from",
            )


def walk(document: object) -> Iterator[tuple[list[str | int], object]]:
    """Every value of a document with the way to it, outer ones first. The way is one list, changed on the way: nothing
    is kept of the millions of values beside it."""
    path: list[str | int] = []
    yield path, document
    open_items = [_items(document)]
    while open_items:
        for part, value in open_items[-1]:
            path.append(part)
            yield path, value
            if isinstance(value, dict | list):
                open_items.append(_items(value))
                break
            path.pop()
        else:
            open_items.pop()
            if path:
                path.pop()


def _items(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, dict):
        return iter(value.items())
    return iter(enumerate(value)) if isinstance(value, list) else iter(())


def too_deep(pointer: str, source: str | None, what: str = "model file") -> InvalidInputError:
    """The diagnostic for lists and objects that are nested beyond all need."""
    return InvalidInputError(
        f"the {what} is nested too deeply",
        code="json.too-deep",
        source=source,
        pointer="/".join(pointer.split("/")[:6]) or None,
        wanted="lists and objects no deeper than it needs: six levels"
        if what != "model file"
        else "lists and objects no deeper than a model needs: six levels",
    )
