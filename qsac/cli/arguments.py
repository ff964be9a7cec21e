"""What several commands take as arguments: model files, artifacts, and `-` for standard input."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qsac.artifact.cache import Cache
    from qsac.artifact.compiled import Compiled
    from qsac.families.contract import Model


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
    """The bytes of an artifact or a template, and what messages call it."""
    from qsac.artifact.reading import read_bytes

    return (_standard_input("artifact"), "<stdin>") if argument == "-" else (read_bytes(argument), argument)


def open_cache(no_cache: bool) -> Cache | None:
    """The user's cache of compiled programs, unless it is not wanted."""
    if no_cache:
        return None
    from qsac.artifact.cache import Cache
    from qsac.cli.messages import warn

    return Cache(warn=warn)


def read_json(argument: str, kind: str) -> object:
    """The value of a JSON file, strictly read; ``kind`` says what file it is."""
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
