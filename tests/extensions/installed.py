"""What tests of other packages share."""

from __future__ import annotations

from collections.abc import Callable

from qsac.artifact.compiled import Compiled
from qsac.compiler import compilation as compiler
from tests.strategies import random_model

MODEL = random_model(16)
Install = Callable[..., None]


def compiled_with(passes: str, **options: object) -> Compiled:
    """A small model compiled with the named passes."""
    return compiler.compile(MODEL, "h1", passes=passes, **options)  # type: ignore[arg-type]
