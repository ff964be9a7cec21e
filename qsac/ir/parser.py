"""The parser of a program's text form (see :mod:`qsac.ir.printer`). Text is untrusted input."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from dataclasses import MISSING, fields
from math import inf, isfinite
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from qsac.errors import InvalidInputError
from qsac.ir.catalogue import op_class, op_names
from qsac.ir.op import Data, Op, Register
from qsac.ir.printer import SHORTENED, VERSION
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.ir.verifier import ProgramError, verify
from qsac.near import perhaps
from qsac.numerics.product_formulas import Evolution

SIZE_LIMIT = 40
"""Most qubits of one register; a table can never be that large, and sizes are used as exponents."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(\[[0-9]+\])?")
_FIELD = re.compile(r"([a-z_]+)=")
_JSON = json.JSONDecoder()


class _Line:
    """One line of text, with its number for messages."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text

    def wrong(self, found: str, wanted: str) -> InvalidInputError:
        return InvalidInputError(
            "the IR text cannot be read",
            code="ir.syntax",
            pointer=f"line {self.number}",
            found=found,
            wanted=wanted,
        )

    def words(self, count: int, wanted: str) -> list[str]:
        words = self.text.split(" ", count)
        if len(words) <= count or not words[count]:
            raise self.wrong(self.text[:60], wanted)
        return words

    def name(self, word: str) -> str:
        if not _NAME.fullmatch(word):
            raise self.wrong(word[:60], "a name")
        return word

    def json(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise self.wrong(text[:60], "a JSON value") from None

    def fields(self, text: str) -> dict[str, Any]:
        """``name=JSON`` pairs separated by single spaces."""
        values: dict[str, Any] = {}
        place = 0
        while place < len(text):
            match = _FIELD.match(text, place)
            if match is None or match[1] in values:
                raise self.wrong(text[place : place + 60], "name=value, each name once")
            try:
                values[match[1]], place = _JSON.raw_decode(text, match.end())
            except (ValueError, RecursionError):
                raise self.wrong(text[match.end() : match.end() + 60], f"a JSON value for {match[1]}") from None
            if place < len(text) and text[place] != " ":
                raise self.wrong(text[place : place + 60], "a space between fields")
            place += 1
        return values


def parse_program(text: str) -> Program:
    """The verified program that :func:`~qsac.ir.printer.print_program` printed.

    Raises :class:`~qsac.errors.InvalidInputError` with the line of the first mistake; it is a
    :class:`~qsac.ir.verifier.ProgramError` if the program breaks a rule of the language.
    """
    lines = [_Line(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if lines and lines[0].text == SHORTENED:
        raise InvalidInputError(
            "IR text whose tables are shortened cannot be read",
            code="ir.elided-tables",
            pointer=f"line {lines[0].number}",
            found=SHORTENED,
            wanted="whole tables",
            help="print it without --elide-tables",
        )
    if len(lines) < 2 or lines[0].text != f"qsac-ir {VERSION}":
        raise InvalidInputError(
            "this is not IR text of a version known here",
            code="ir.unknown-version",
            pointer=f"line {lines[0].number}" if lines else None,
            found=lines[0].text[:60] if lines else "nothing",
            wanted=f"'qsac-ir {VERSION}' on the first line",
        )
    name, level = _header(lines[1])
    registers: list[Register] = []
    tables: dict[str, Table] = {}
    ops: list[Op] = []
    readouts: list[Readout] = []
    subnormalisations: list[float] = []
    readers: dict[str, Callable[[_Line], None]] = {
        "subnormalisation": lambda line: subnormalisations.append(_subnormalisation(line, subnormalisations)),
        "register": lambda line: registers.append(_register(line)),
        "table": lambda line: _table(line, tables),
        "evolution": lambda line: _evolution(line, tables),
        "op": lambda line: ops.append(_op(line)),
        "readout": lambda line: readouts.append(_readout(line)),
    }
    for line in lines[2:]:
        keyword = line.text.split(" ", 1)[0]
        if keyword not in readers:
            raise line.wrong(keyword[:60], f"one of {', '.join(readers)}")
        readers[keyword](line)
    program = Program(name, level, tuple(registers), tables, tuple(ops), tuple(readouts), *subnormalisations)
    try:
        verify(program)
    except ProgramError as error:
        if error.op is not None:
            error.pointer = f"line {[line.number for line in lines if line.text.startswith('op ')][error.op]}"
        error.source, error.wanted = None, "a program that keeps the rules of the language"
        raise
    return program


def parse_ops(text: str) -> tuple[Op, ...]:
    """The ops of a program's text, without its tables: they may be long, and the ops do not depend on them."""
    lines = (_Line(number, line) for number, line in enumerate(text.split("\n"), 1) if line.startswith("op "))
    return tuple(map(_op, lines))


def _header(line: _Line) -> tuple[str, Literal["attention", "block"]]:
    keyword, _, rest = line.text.partition(" ")
    name, _, level = rest.rpartition(" ")
    value = line.json(name) if keyword == "program" and name else None
    if not isinstance(value, str) or level not in ("attention", "block"):
        raise line.wrong(line.text[:60], 'program "NAME" attention, or block')
    return value, "attention" if level == "attention" else "block"


def _subnormalisation(line: _Line, before: list[float]) -> float:
    _, text = line.words(1, "subnormalisation NUMBER")
    value = _checked(line, "subnormalisation", line.json(text), float)
    if before or not value > 0:
        raise line.wrong(text[:60], "one number above 0, once")
    return float(value)


def _register(line: _Line) -> Register:
    _, name, size = line.words(2, "register NAME SIZE")
    if not size.isascii() or not size.isdigit() or not 1 <= int(size[:4]) <= SIZE_LIMIT or len(size) > 2:
        raise line.wrong(size[:60], f"a size from 1 to {SIZE_LIMIT}")
    return Register(line.name(name), int(size))


def _table(line: _Line, tables: dict[str, Table]) -> None:
    _, name, values = line.words(2, "table NAME VALUES")
    if line.name(name) in tables:
        raise line.wrong(name, "a table that is not there yet")
    tables[name] = _read_table(line, line.json(values))


def _evolution(line: _Line, tables: dict[str, Table]) -> None:
    _, name, text = line.words(2, "evolution TABLE VALUES")
    table = tables.get(name)
    if table is None or table.source is not None or len(table.shape) != 2:
        raise line.wrong(name[:60], "a table of rows that is there already, and has no evolution yet")
    values = line.json(text)
    hints = get_type_hints(Evolution)
    if not isinstance(values, dict) or set(values) != set(hints):
        raise line.wrong(text[:60], f"an object of {', '.join(hints)}")
    source = Evolution(**{key: _checked(line, key, values[key], hint) for key, hint in hints.items()})
    problem = source.problem(table.shape[1].bit_length() - 1)
    if problem is not None:
        raise line.wrong(problem, "Pauli strings that fit the rows, and finite numbers")
    tables[name] = Table(table.values, source)


def _read_table(line: _Line, values: Any) -> Table:
    try:
        table = Table.from_json(values)
    except (ValueError, TypeError):
        raise line.wrong("values that are not an array of numbers", "nested lists of numbers of equal length") from None
    if not np.all(np.isfinite(table.values)):
        raise line.wrong("a number that is not finite", "finite numbers")
    return table


def _readout(line: _Line) -> Readout:
    _, metric, rest = line.words(2, "readout METRIC given=[...] success=[...]")
    values = line.fields(rest)
    if set(values) - {"index"} != {"given", "success"}:
        raise line.wrong(rest[:60], "given=[...] success=[...], and index=[...] where the readout has one")
    given, success, index = (
        _checked(line, name, values.get(name, []), tuple[str, ...]) for name in ("given", "success", "index")
    )
    return Readout(line.name(metric), given, success, index)


def _op(line: _Line) -> Op:
    text, _, origin = line.text.partition(" # ")
    name, _, rest = text.removeprefix("op ").partition(" ")
    kind = op_class(name)
    if kind is None:
        raise line.wrong(name[:60], perhaps(name, op_names(), f"one of the {len(op_names())} ops"))
    hints = _hints(name)
    values = line.fields(rest)
    known = {field.name: field for field in fields(kind) if field.name != "origin"}
    for key in values:
        if key not in known:
            raise line.wrong(key[:60], perhaps(key, known, f"one of {name}'s fields {', '.join(known)}"))
    missing = [key for key, field in known.items() if field.default is MISSING and key not in values]
    if missing:
        raise line.wrong(f"no field {missing[0]}", f"{name} with all of {', '.join(missing)}")
    read = {key: _checked(line, key, value, hints[key]) for key, value in values.items()}
    return kind(**read, origin=origin)


@functools.cache
def _hints(name: str) -> dict[str, Any]:
    """The types of the fields of the op of a name."""
    return get_type_hints(op_class(name))


def _checked(line: _Line, key: str, value: Any, hint: Any) -> Any:
    """The value as the field's type: a plain type, a Literal, a tuple of plain types, one or a tuple, or Table."""
    if hint is Table:
        return _read_table(line, value)
    if hint == Data:
        hint = tuple[str, ...] if isinstance(value, list) else str
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise line.wrong(f"{key} is no list", "a list")
        return tuple(_checked(line, key, entry, get_args(hint)[0]) for entry in value)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise line.wrong(f"{key}={value!r}"[:60], f"one of {', '.join(map(str, get_args(hint)))}")
        return value
    if hint is float and type(value) in (int, float):
        try:
            number = float(value)
        except OverflowError:
            number = inf
        if not isfinite(number):
            raise line.wrong(f"{key} with a number that is not finite", "finite numbers")
        return number
    if type(value) is not hint:
        raise line.wrong(f"{key}={value!r}"[:60], f"a value of type {hint.__name__}")
    return value
