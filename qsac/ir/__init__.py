"""The intermediate representation: ops and blocks, programs, their verifier, text form and interpreter.

One representation, two levels. The attention level says what is computed on registers named in the words of attention
(``query``, ``key``, ``value``, ``score[c]``, ``degree[c]``); the block level says how, on allocated qubits. Both share
:class:`~qsac.ir.program.Program`, its rules and its semantics.

Public are :func:`parse` and :func:`print`, which stand for the text form. What they need is imported when they are
called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qsac.ir.program import Program


def parse(text: str) -> Program:
    """The program that a text says, of either level, checked against every rule of the language.

    The text is what :func:`print` and ``qsac compile --emit ir`` write. Raises
    :class:`~qsac.errors.InvalidInputError` for anything else, with the line of the first mistake.
    """
    from qsac.errors import InvalidInputError
    from qsac.ir.parser import parse_program

    if not isinstance(text, str):
        raise InvalidInputError(
            "IR text must be a text",
            code="option.wrong-type",
            found=type(text).__name__,
            wanted="str",
        )
    return parse_program(text)


def print(program: Program, *, elide_tables: bool = False) -> str:
    """A program as text that :func:`parse` reads back to an equal one. Equal programs give equal text.

    ``elide_tables`` shortens tables of more than a few numbers, for reading only: :func:`parse` refuses such text.
    Raises :class:`~qsac.errors.InvalidInputError` for what is no program.
    """
    from qsac.arguments import flag, shown
    from qsac.errors import InvalidInputError
    from qsac.ir.printer import print_program
    from qsac.ir.program import Program

    if not isinstance(program, Program):
        raise InvalidInputError(
            "only a program has IR text",
            code="option.wrong-type",
            found=shown(program),
            wanted="a qsac.ir.program.Program",
        )
    return print_program(program, elide_tables=flag(elide_tables, "elide_tables"))
