"""What a user has to run: a compiled program, an artifact's file, or a model that is compiled on the way."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qsac.arguments import file_path, shown
from qsac.artifact.cache import Cache
from qsac.artifact.compiled import SIZE_LIMIT, Compiled
from qsac.compiler.compilation import compile as compile_model
from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.reading import load, load_text
from qsac.files.source import read_file
from qsac.progress import Announce, Progress

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

DEFAULT_TARGET = "statevector"
"""What a model is compiled for and run on, unless a target is given."""

VERSION_FIELD = re.compile(rb'"qsac_artifact"\s*:')
"""What every artifact holds, though not at its beginning if another program wrote it anew."""

Program = Compiled | Model | Mapping[str, Any] | str | os.PathLike[str]


def program_of(program: Program) -> Model | Compiled:
    """The model or compiled program itself, the model in a dictionary, or what a file holds."""
    if isinstance(program, Model | Compiled):
        return program
    if isinstance(program, Mapping):
        return load(program)
    if isinstance(program, str | os.PathLike):
        return read_program(file_path(program, "program"))
    raise InvalidInputError(
        "the program is invalid",
        code="option.wrong-type",
        found=shown(program),
        wanted="a compiled program, a Model, a dictionary of a model, or the path of a model or an artifact",
    )


def read_program(path: str) -> Model | Compiled:
    """The model or the compiled program in a file: an artifact says that it is one."""
    data = read_file(path, SIZE_LIMIT, "model file")  # once: it may be a pipe
    return program_of_text(data, path, Path(path).parent if Path(path).is_file() else Path())


def program_of_text(data: bytes, source: str, folder: Path = Path()) -> Model | Compiled:
    """The model or the compiled program in a text; ``source`` names it in errors, paths in a model are relative to
    ``folder``."""
    return Compiled.parse(data, source) if VERSION_FIELD.search(data) else load_text(data, source, folder)


def compiled_of(
    program: Model | Compiled,
    target: AnyTarget | None = None,
    seed: int | None = None,
    *,
    cache: Cache | None = None,
    progress: Progress | None = None,
    verify: bool | None = False,
    announce: Announce | None = None,
) -> Compiled:
    """The compiled program itself, or the model compiled for ``target``, :data:`DEFAULT_TARGET` if not given."""
    if isinstance(program, Compiled):
        return program
    machine = DEFAULT_TARGET if target is None else target
    return compile_model(
        program,
        machine,
        seed=0 if seed is None else seed,
        verify=verify,
        cache=cache,
        progress=progress,
        announce=announce,
    )
