"""What several commands take as arguments: model files, artifacts, and `-` for standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qsac.artifact import Compiled
    from qsac.cache import Cache
    from qsac.model import Model


def load_argument(model: str) -> Model:
    """The model that a command's MODEL argument names: a file, or `-` for standard input.

    Paths in a model from standard input are relative to the working directory.
    """
    from qsac.model import load, load_text
    from qsac.model.limits import MODEL_FILE_BYTES

    if model == "-":
        return load_text(sys.stdin.buffer.read(MODEL_FILE_BYTES + 1), "<stdin>")
    return load(model)


def read_argument(program: str) -> Model | Compiled:
    """The model or artifact that a command's MODEL|ARTIFACT argument names."""
    from qsac.running import program_of_text, read_program

    return program_of_text(_standard_input(), "<stdin>") if program == "-" else read_program(program)


def read_artifact(artifact: str) -> Compiled:
    """The compiled program that a command's ARTIFACT argument names."""
    from qsac.artifact import Compiled

    return _parsed(_standard_input(), "<stdin>") if artifact == "-" else Compiled.load(artifact)


def read_document(argument: str) -> tuple[bytes, str]:
    """The bytes of an artifact or a template, and what messages call it."""
    from qsac.artifact_file import read_bytes

    return (_standard_input(), "<stdin>") if argument == "-" else (read_bytes(argument), argument)


def open_cache(no_cache: bool) -> Cache | None:
    """The user's cache of compiled programs, unless it is not wanted."""
    if no_cache:
        return None
    from qsac.cache import Cache
    from qsac.cli.messages import warn

    return Cache(warn=warn)


def read_json(argument: str, kind: str) -> object:
    """The value of a JSON file, strictly read; ``kind`` says what file it is."""
    from qsac.errors import InvalidInputError
    from qsac.model.limits import MODEL_FILE_BYTES
    from qsac.model.strict_json import parse

    if argument == "-":
        return parse(_standard_input(), "<stdin>", kind)
    place = Path(argument)
    if place.is_dir():
        raise InvalidInputError("this is a folder, not a file", source=argument, help="name a file in it")
    if not place.exists():
        raise InvalidInputError("there is no such file", source=argument, help="check the path")
    if place.stat().st_size > MODEL_FILE_BYTES:
        raise InvalidInputError(
            "the file is too large to read", source=argument, wanted=f"at most {MODEL_FILE_BYTES:,} bytes"
        )
    return parse(place.read_bytes(), argument, kind)


def _standard_input() -> bytes:
    from qsac.artifact import SIZE_LIMIT

    return sys.stdin.buffer.read(SIZE_LIMIT + 1)


def _parsed(data: bytes, source: str) -> Compiled:
    from qsac.artifact import Compiled

    return Compiled.parse(data, source)
