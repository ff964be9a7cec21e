"""What differs between two programs of the IR: registers, ops, tables, readouts."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import asdict, fields, is_dataclass
from difflib import SequenceMatcher
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Op
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.views.differences.report import Difference


def program_differences(a: Program, b: Program, tolerance: float, circuit: str | None) -> Iterator[Difference]:
    """What differs, numbers only beyond the ``tolerance``."""
    told = partial(Difference, circuit=circuit)
    if a.level != b.level:
        yield told("ops", "level", a.level, b.level)
    if abs(a.subnormalisation - b.subnormalisation) > tolerance:
        yield told("readouts", "subnormalisation", a.subnormalisation, b.subnormalisation)
    sizes, other = ({register.name: register.size for register in one.registers} for one in (a, b))
    for name in dict.fromkeys((*sizes, *other)):
        if sizes.get(name) != other.get(name):
            yield told("registers", name, sizes.get(name), other.get(name))
    yield from _ops(a, b, tolerance, told)
    for name in sorted({*a.tables, *b.tables}):
        found = _tables(a.tables.get(name), b.tables.get(name), tolerance)
        if found is not None:
            yield told("tables", name, *found)
    meanings = [{one.metric: asdict(one) for one in program.readouts} for program in (a, b)]
    for metric in dict.fromkeys((*meanings[0], *meanings[1])):
        one, two = (meaning.get(metric) for meaning in meanings)
        if one != two:
            yield told("readouts", metric, *(json.loads(json.dumps(value)) for value in (one, two)))


def _ops(a: Program, b: Program, tolerance: float, told: Any) -> Iterator[Difference]:
    """Ops that only one has, in order, and numbers of ops that both have."""
    lines = [_lines(program) for program in (a, b)]
    keys = [[_key(op) for op in program.ops] for program in (a, b)]
    matcher = SequenceMatcher(None, keys[0], keys[1], autojunk=False)
    for what, first, last, start, stop in matcher.get_opcodes():
        if what == "equal":
            for place, (one, two) in enumerate(zip(a.ops[first:last], b.ops[start:stop], strict=True), first):
                for name, *values in _numbers_apart(one, two, tolerance):
                    yield told("ops", f"{name} of op {place}, {one.name}", *values)
            continue
        for place in range(first, last):
            yield told("ops", f"op {place}", lines[0][place], None)
        for place in range(start, stop):
            yield told("ops", f"op {place}", None, lines[1][place])


def _lines(program: Program) -> list[str]:
    text = print_program(program, elide_tables=True)
    return [line.removeprefix("op ") for line in text.splitlines() if line.startswith("op ")]


def _key(op: Op) -> Hashable:
    """What makes two ops the same one: all but their numbers, and where they are from."""
    own = [field.name for field in fields(op) if field.name not in ("origin", "sources", "slots")]
    return op.name, *((name, value) for name in own if not _numeric(value := getattr(op, name)))


def _numeric(value: Any) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(isinstance(entry, float) for entry in value)
    return isinstance(value, Table | float)


def _numbers_apart(a: Op, b: Op, tolerance: float) -> Iterator[tuple[str, str, str]]:
    for field in fields(a):
        one, two = getattr(a, field.name), getattr(b, field.name)
        if not _numeric(one) or not _numeric(two):
            continue
        found = _tables(_table(one), _table(two), tolerance)
        if found is not None:
            yield field.name, *found


def _table(value: Any) -> Table:
    return value if isinstance(value, Table) else Table(np.atleast_1d(np.asarray(value)))


def _tables(a: Table | None, b: Table | None, tolerance: float) -> tuple[str, str] | tuple[Any, Any] | None:
    """Two tables in words, where they differ: by shape, or by how many entries and the most."""
    if a is None or b is None:
        return None if a is b else (_shape(a), _shape(b))
    if a.shape != b.shape:
        return _shape(a), _shape(b)
    if a.source != b.source:
        return (f"{_shape(a)}, {_source(a)}", f"{_shape(b)}, {_source(b)}")
    apart = np.abs(a.values - b.values)
    beyond = ~(apart <= tolerance)
    if not beyond.any():
        return None
    place = np.unravel_index(np.argmax(np.where(beyond, np.nan_to_num(apart, nan=np.inf), -1)), apart.shape)
    at = f"[{', '.join(map(str, place))}]"
    number = int(beyond.sum())
    said = f"{number:,} {'entry differs' if number == 1 else 'entries differ'}, most at {at}: "
    return said + _number(a.values, place), _number(b.values, place)


def _shape(table: Table | None) -> str | None:
    if table is None:
        return None
    return f"{' x '.join(map(str, table.shape))} {'real' if table.real else 'complex'} numbers"


def _source(table: Table) -> str:
    if table.source is None:
        return "of no known origin"
    return f"by {json.dumps(asdict(table.source))}" if is_dataclass(table.source) else "of another origin"


def _number(values: NDArray[Any], place: Sequence[Any]) -> str:
    return f"{values[tuple(place)]:.12g}"
