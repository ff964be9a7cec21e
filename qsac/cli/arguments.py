"""What several commands take as arguments: model files, artifacts, and `-` for standard input."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qsac.artifact import Compiled
    from qsac.cache import Cache
    from qsac.model import Model

_VERSION_FIELD = re.compile(rb'"qsac_artifact"\s*:')
"""What every artifact holds, though not at its beginning if another program wrote it anew."""


def load_argument(model: str) -> Model:
    """The model that a command's MODEL argument names: a file, or `-` for standard input.

    Paths in a model from standard input are relative to the working directory.
    """
    from qsac.model import load, load_text
    from qsac.model.limits import MODEL_FILE_BYTES
    from qsac.model.source import read_standard_input

    if model == "-":
        return load_text(read_standard_input(MODEL_FILE_BYTES, "model file"), "<stdin>")
    return load(model)


def read_argument(program: str) -> Model | Compiled:
    """The model or artifact that a command's MODEL|ARTIFACT argument names. It is read but once: it may be a pipe."""
    from qsac.artifact import SIZE_LIMIT, Compiled
    from qsac.model import load_text
    from qsac.model.source import read_file

    if program == "-":
        data, source, folder = _standard_input("artifact"), "<stdin>", Path()
    else:
        data = read_file(program, SIZE_LIMIT, "model file")
        source, folder = program, Path(program).parent if Path(program).is_file() else Path()
    if _VERSION_FIELD.search(data):
        return Compiled.parse(data, source)
    return load_text(data, source, folder)


def read_artifact(artifact: str) -> Compiled:
    """The compiled program that a command's ARTIFACT argument names."""
    from qsac.artifact import Compiled

    return Compiled.parse(_standard_input("artifact"), "<stdin>") if artifact == "-" else Compiled.load(artifact)


def open_cache(no_cache: bool) -> Cache | None:
    """The user's cache of compiled programs, unless it is not wanted."""
    if no_cache:
        return None
    from qsac.cache import Cache
    from qsac.cli.messages import warn

    return Cache(warn=warn)


def read_json(argument: str, kind: str) -> object:
    """The value of a JSON file, strictly read; ``kind`` says what file it is."""
    from qsac.model.limits import MODEL_FILE_BYTES
    from qsac.model.source import read_file
    from qsac.model.strict_json import parse

    if argument == "-":
        return parse(_standard_input(kind), "<stdin>", kind)
    return parse(read_file(argument, MODEL_FILE_BYTES, kind), argument, kind)


def _standard_input(kind: str) -> bytes:
    from qsac.artifact import SIZE_LIMIT
    from qsac.model.source import read_standard_input

    return read_standard_input(SIZE_LIMIT, kind)
