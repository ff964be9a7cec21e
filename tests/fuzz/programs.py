"""IR text for `qsac opt`: what is accepted comes back as it is, and passes make a program of it.

Its meaning is not compared: a text may promise what does not hold (that nothing is at an index without a row), and
passes may rely on it.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from qsac.cli.arguments import read_ir
from qsac.compiler.options import Options
from qsac.compiler.rewriting import rewrite
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from tests.fuzz import starts
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import SOME, Kind
from tests.fuzz.mutations import Document, bytes_mutated, mutated, text_of
from tests.fuzz.scratch import scratch

_FIELD = re.compile(r"([a-z_]+)=")
_JSON = json.JSONDecoder()

Facts = tuple[int, bool, str]
"""The optimisation level, whether to lower, and the target."""

TARGETS = ("h1", "ibm-fez")


def _lines(text: str) -> list[Any]:
    """A text as a document: of each line the words before its JSON, and its JSON, by field where there are fields."""
    return [_line(line) for line in text.splitlines()]


def _line(line: str) -> list[Any]:
    if line.startswith(("op ", "readout ")):
        line, _, origin = line.partition(" # ")
        keyword, name, rest = [*line.split(" ", 2), ""][:3]
        return [f"{keyword} {name}", _fields(rest), *([origin] if origin else [])]
    if line.startswith(("table ", "evolution ")):
        keyword, name, rest = line.split(" ", 2)
        return [f"{keyword} {name}", json.loads(rest)]
    if line.startswith("register "):
        keyword, name, size = line.split(" ")
        return [f"{keyword} {name}", int(size)]
    return [line]


def _fields(text: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    place = 0
    while match := _FIELD.match(text, place):
        values[match[1]], place = _JSON.raw_decode(text, match.end())
        place += 1
    return values


def _written(lines: Any) -> bytes:
    """The text of a document, whatever mutations made of it."""
    if not isinstance(lines, list):
        return text_of(lines)
    return b"\n".join(map(_written_line, lines)) + b"\n"


def _written_line(line: Any) -> bytes:
    if not isinstance(line, list) or not line or not isinstance(line[0], str):
        return text_of(line)
    parts = [line[0].encode("utf-8", "surrogatepass")]
    for part in line[1:2]:
        if isinstance(part, dict) and line[0].startswith(("op", "readout")):
            parts += [f"{name}=".encode("utf-8", "surrogatepass") + text_of(value) for name, value in part.items()]
        else:
            parts.append(text_of(part))
    parts += [b"# " + str(origin).encode("utf-8", "surrogatepass") for origin in line[2:]]
    return b" ".join(parts)


@functools.cache
def documents() -> tuple[Document, ...]:
    """The final programs of the artifacts, and their blocks."""
    made = []
    for (name, _, _), compiled in zip(starts.COMPILED, starts.compiled(), strict=True):
        first = compiled.programs[0]
        blocks = rewrite(first, "h1", Options(passes=""), lower=True).program
        for level, program in (("attention", first), ("block", blocks)):
            made.append(Document(f"{level} of {name}", _lines(print_program(program))))
    return tuple(made)


def make(pick: Pick) -> Example:
    every = documents()
    start = every[pick(len(every))]
    facts = pick(4), bool(pick(2)), TARGETS[pick(len(TARGETS))]
    mutant = mutated(start, pick, starts.words(), most=3)
    data, edits = _written(mutant.document), mutant.edits
    if pick(16) == 15:
        data, edit = bytes_mutated(data, pick)
        edits = (*edits, edit)
    return Example(mutant.start, data, edits, facts)


def feed(example: Example) -> str:
    level, lower, target = example.facts
    file = scratch("programs") / "program.ir"
    file.write_bytes(example.data)
    program = read_ir(str(file))
    again = parse_program(print_program(program))
    if again != program:
        raise WrongError("another program comes back")
    found = rewrite(program, target, Options(level), lower=lower and program.level == "attention").program
    parse_program(print_program(found))
    return "accepted"


KINDS = (Kind("programs", 150, SOME, make, feed, {"accepted": 0.1}),)
