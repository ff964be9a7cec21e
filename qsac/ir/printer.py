"""The text form of a program: deterministic, one declaration or op a line, read back by :mod:`qsac.ir.parser`.

::

    qsac-ir 2
    program "tfim-4" attention
    register key 3
    table context [[1.0,0.0],...]
    evolution context {"terms":["zz","xi"],"coefficients":[-1.0,-0.8],"dt":0.35}
    op load-tokens data="value" index=["key"] table="context" # /tokens
    readout fidelity given=["key"] success=["value"]

An ``evolution`` line says what takes each row of a table to the next. Values are JSON; fields that have their default
are left out; what follows ``#`` is the op's origin in the model. A line ``subnormalisation 1.5`` follows the program's
where that is not 1.

With its tables shortened, ``table context <9 x 4 complex numbers: 0.7+0.1j, ..>``, a program is for reading only: the
first line says so, and the parser refuses it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, asdict, fields
from typing import Any, overload

from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table

VERSION = 2


SHORTENED = f"qsac-ir {VERSION}, tables shortened"
"""The first line of a text that is for reading only."""

_SHORT = 8
"""Numbers of a table that is never shortened."""

_FIRST = 4
"""Numbers that are left of a table that is."""


def print_program(program: Program, *, elide_tables: bool = False) -> str:
    """The program as text, ending in a newline. Equal programs give equal text; numbers are exact.

    ``elide_tables`` shortens tables of more than a few numbers, for reading: such text cannot be read back.
    """
    table_text = _shortened if elide_tables else _json
    lines = [SHORTENED if elide_tables else f"qsac-ir {VERSION}", f"program {_json(program.name)} {program.level}"]
    if program.subnormalisation != 1:
        lines.append(f"subnormalisation {_json(program.subnormalisation)}")
    lines += [f"register {register.name} {register.size}" for register in program.registers]
    lines += [f"table {name} {table_text(program.tables[name])}" for name in sorted(program.tables)]
    lines += [
        f"evolution {name} {_json(asdict(source))}"
        for name in sorted(program.tables)
        if (source := program.tables[name].source) is not None
    ]
    lines += [_op_text(op, table_text) for op in program.ops]
    for readout in program.readouts:
        index = f" index={_json(readout.index)}" if readout.index else ""
        lines.append(f"readout {readout.metric} given={_json(readout.given)} success={_json(readout.success)}{index}")
    return "\n".join(lines) + "\n"


class Texts(Sequence[str]):
    """The texts of some programs, each printed when it is first asked for."""

    def __init__(self, programs: Iterable[Program]) -> None:
        self._parts: list[Program | str] = list(programs)

    def __len__(self) -> int:
        return len(self._parts)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...

    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return tuple(self)[place]
        part = self._parts[place]
        if isinstance(part, Program):
            part = self._parts[place] = print_program(part)
        return part

    def __eq__(self, other: object) -> bool:
        """Equal to any sequence of the same texts."""
        return isinstance(other, Texts | tuple | list) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def _op_text(op: Op, value_text: Callable[[Any], str]) -> str:
    parts = [f"op {op.name}"]
    for field in fields(op):
        value = getattr(op, field.name)
        if field.name == "origin" or (field.default is not MISSING and value == field.default):
            continue
        parts.append(f"{field.name}={value_text(value)}")
    if op.origin:
        parts.append(f"# {op.origin}")
    return " ".join(parts)


def _json(value: Any) -> str:
    if isinstance(value, Table):
        value = value.to_json()
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _shortened(value: Any) -> str:
    """A value as it stands in text whose tables are shortened."""
    if not isinstance(value, Table) or value.values.size <= _SHORT:
        return _json(value)
    kind = "real" if value.real else "complex"
    first = ", ".join(f"{number:.4g}" for number in value.values.flat[:_FIRST])
    return f"<{' x '.join(map(str, value.shape))} {kind} numbers: {first}, ..>"
