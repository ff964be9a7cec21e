"""Arguments and options of several commands: model files, artifacts, and `-` for standard input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from qsac.artifact.cache import Cache
    from qsac.artifact.compiled import Compiled
    from qsac.families.contract import Model
    from qsac.ir.program import Program

level_option = click.option(
    "-O", "optimisation", type=click.IntRange(0, 3), default=2, show_default=True, help="Optimisation level."
)
qubits_option = click.option(
    "--qubits", type=click.IntRange(1), help="The most qubits to use (default: all of the target's)."
)
prefer_option = click.option(
    "--prefer",
    type=click.Choice(("qubits", "depth")),
    default="qubits",
    show_default=True,
    help="What to minimise if the number of gates is equal.",
)
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of everything random (routing)."
)


def load_argument(model: str) -> Model:
    """The model that a command's MODEL argument names: a file, or `-` for standard input.

    Paths in a model from standard input are relative to the working directory.
    """
    from qsac.families.reading import load, load_text
    from qsac.files.limits import MODEL_FILE_BYTES
    from qsac.files.source import read_standard_input

    if model == "-":
        return load_text(read_standard_input(MODEL_FILE_BYTES, "model file"), "<stdin>")
    return load(model)


def read_argument(program: str) -> Model | Compiled:
    """The model or artifact that a command's MODEL|ARTIFACT argument names."""
    from qsac.compiler.running import program_of_text, read_program

    return program_of_text(_standard_input("artifact"), "<stdin>") if program == "-" else read_program(program)


def read_artifact(artifact: str) -> Compiled:
    """The compiled program that a command's ARTIFACT argument names."""
    from qsac.artifact.compiled import Compiled

    return Compiled.parse(_standard_input("artifact"), "<stdin>") if artifact == "-" else Compiled.load(artifact)


def read_document(argument: str) -> tuple[bytes, str]:
    """The bytes of an artifact or a template, and its name in messages."""
    from qsac.artifact.reading import read_bytes

    return (_standard_input("artifact"), "<stdin>") if argument == "-" else (read_bytes(argument), argument)


def read_ir(argument: str) -> Program:
    """The program in an IR file, or on standard input."""
    from qsac.errors import InvalidInputError, QsacError
    from qsac.files.limits import IR_FILE_BYTES
    from qsac.files.source import read_file, read_standard_input
    from qsac.ir.parser import parse_program

    named, what = "<stdin>" if argument == "-" else argument, "IR file"
    data = read_standard_input(IR_FILE_BYTES, what) if argument == "-" else read_file(argument, IR_FILE_BYTES, what)
    try:
        return parse_program(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(
            "the IR file is not UTF-8 text",
            code="file.not-utf8",
            source=named,
            pointer=f"line {line}",
            found=f"the byte 0x{data[error.start]:02x}",
            wanted="IR text, as qsac compile --emit ir writes it",
        ) from None
    except QsacError as error:
        raise error.located(named) from None


def open_cache(no_cache: bool) -> Cache | None:
    """The user's cache of compiled programs, unless ``no_cache``."""
    if no_cache:
        return None
    from qsac.artifact.cache import Cache
    from qsac.cli.messages import warn

    return Cache(warn=warn)


def read_json(argument: str, kind: str) -> object:
    """The value of a JSON file, strictly read; ``kind`` is the kind of file."""
    from qsac.files.limits import MODEL_FILE_BYTES
    from qsac.files.source import read_file
    from qsac.files.strict_json import parse

    if argument == "-":
        return parse(_standard_input(kind), "<stdin>", kind)
    return parse(read_file(argument, MODEL_FILE_BYTES, kind), argument, kind)


def _standard_input(kind: str) -> bytes:
    from qsac.artifact.compiled import SIZE_LIMIT
    from qsac.files.source import read_standard_input

    return read_standard_input(SIZE_LIMIT, kind)
