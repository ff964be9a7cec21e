"""The text form of a program: deterministic, one declaration or op a line, read back by :mod:`qsac.ir.parser`.

::

    qsac-ir 1
    program "tfim-4" attention
    register key 3
    table context [[1.0,0.0],...]
    evolution context {"terms":["zz","xi"],"coefficients":[-1.0,-0.8],"dt":0.35}
    op load-tokens data="value" index=["key"] table="context" # /tokens
    readout fidelity given=["key"] success=["value"]

An ``evolution`` line says what takes each row of a table to the next. Values are JSON; fields that have their default
are left out; what follows ``#`` is the op's origin in the model. A line ``normalisation 1.5`` follows the program's
where that is not 1.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, fields
from typing import Any

from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table

VERSION = 1


def print_program(program: Program) -> str:
    """The program as text, ending in a newline. Equal programs give equal text; numbers are exact."""
    lines = [f"qsac-ir {VERSION}", f"program {_json(program.name)} {program.level}"]
    if program.normalisation != 1:
        lines.append(f"normalisation {_json(program.normalisation)}")
    lines += [f"register {register.name} {register.size}" for register in program.registers]
    lines += [f"table {name} {_json(program.tables[name])}" for name in sorted(program.tables)]
    lines += [
        f"evolution {name} {_json(asdict(source))}"
        for name in sorted(program.tables)
        if (source := program.tables[name].source) is not None
    ]
    lines += [print_op(op) for op in program.ops]
    for readout in program.readouts:
        index = f" index={_json(readout.index)}" if readout.index else ""
        lines.append(f"readout {readout.metric} given={_json(readout.given)} success={_json(readout.success)}{index}")
    return "\n".join(lines) + "\n"


def print_op(op: Op) -> str:
    """One op as a line of text."""
    parts = [f"op {op.name}"]
    for field in fields(op):
        value = getattr(op, field.name)
        if field.name == "origin" or (field.default is not MISSING and value == field.default):
            continue
        parts.append(f"{field.name}={_json(value)}")
    if op.origin:
        parts.append(f"# {op.origin}")
    return " ".join(parts)


def _json(value: Any) -> str:
    if isinstance(value, Table):
        value = value.to_json()
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
