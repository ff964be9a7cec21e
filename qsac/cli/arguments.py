"""What several commands take as arguments."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
