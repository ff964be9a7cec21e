"""What an import gives: the model, what became of each piece, and how it is written."""

from __future__ import annotations

import io
import json
import os
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from qsac.arguments import file_path
from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.reading import load
from qsac.files.numbers import Numbers, as_lists
from qsac.files.writing import write_file, write_whole
from qsac.importing.report import Distance, Piece

INLINE_ENTRIES = 4096
"""How many numbers a model file may hold; the matrices of larger models go into a .npz file beside it."""

_MATRICES = {"embedding", "values", "query", "key", "score", "value", "output", "matrix", "input"}
_MATRICES |= {"vocabulary", "targets"}
"""Fields of the section ``transformer`` that may name a file."""


@dataclass(frozen=True, eq=False)
class Imported:
    """A model that was made from a trained one.

    ``fields``: the model file, with NumPy arrays in place of lists. ``pieces``: what became of each piece of the
    original. ``distance``: how far the closed form is from the original on the given inputs. ``unused``: names of
    arrays that were not read. ``advice``: a sentence where another section would fit better, else None.
    """

    fields: dict[str, Any] = field(repr=False)
    pieces: tuple[Piece, ...]
    distance: Distance
    unused: tuple[str, ...]
    advice: str | None

    @property
    def name(self) -> str:
        """The name of the model."""
        return str(self.fields["name"])

    @cached_property
    def model(self) -> Model:
        """The model, as :func:`qsac.load` reads it from the file that :meth:`save` writes."""
        return loaded(self.fields)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file, whole or not at all, instead of an existing file of that name.

        The matrices of a model of more than :data:`INLINE_ENTRIES` numbers go into a .npz file beside it, of the same
        name. Raises :class:`~qsac.errors.InvalidInputError` where a file cannot be written.
        """
        place = Path(file_path(path, "output"))
        beside = place.with_suffix(".npz")
        document, arrays = written(self.fields, beside.name)
        if arrays:
            if beside == place:
                raise InvalidInputError(
                    "the model file has the name of the file of its matrices",
                    code="output.invalid-path",
                    source=str(place),
                    wanted="a name that ends with .json",
                )
            _write_arrays(beside, arrays)
        write_whole(place, [text(document)])

    def to_json(self) -> str:
        """The model file's text, every matrix in it."""
        return text(written(self.fields, None)[0])

    def to_dict(self) -> dict[str, Any]:
        """What ``qsac import --json`` prints: the name, pieces, distance, unused arrays and advice, JSON-ready."""
        return {
            "name": self.name,
            "pieces": [asdict(piece) for piece in self.pieces],
            "distance": self.distance.to_dict(),
            "unused": list(self.unused),
            "advice": self.advice,
        }


def loaded(fields: dict[str, Any]) -> Model:
    """The model of fields with arrays. Those of large models go through a file, as lists take many times the memory."""
    if entries(fields) <= INLINE_ENTRIES or "transformer" not in fields:
        return load(fields)
    with TemporaryDirectory() as folder:
        place = Path(folder) / "model.json"
        document, arrays = written(fields, "model.npz")
        _write_arrays(place.with_suffix(".npz"), arrays)
        write_whole(place, [text(document)])
        return load(place)


def text(document: dict[str, Any]) -> str:
    """The text of a model file."""
    return json.dumps(document, allow_nan=False) + "\n"


def written(fields: dict[str, Any], beside: str | None) -> tuple[dict[str, Any], dict[str, Numbers]]:
    """The document of fields with arrays, and what goes into the file ``beside``, which may be nothing.

    Without the name of such a file, everything is in the document.
    """
    large = entries(fields) > INLINE_ENTRIES
    arrays: dict[str, Numbers] = {}
    named = beside if large and "transformer" in fields else None
    document = _document(fields, (), named, arrays)
    return document, arrays


def _document(value: Any, path: tuple[str, ...], beside: str | None, arrays: dict[str, Numbers]) -> Any:
    if isinstance(value, dict):
        return {name: _document(item, (*path, name), beside, arrays) for name, item in value.items()}
    if isinstance(value, list):
        return [_document(item, (*path, str(place)), beside, arrays) for place, item in enumerate(value)]
    if not isinstance(value, np.ndarray):
        return value
    inline_tokens = path == ("tokens", "values")  # rows of tokens in a file are another kind of tokens
    if beside is None or value.ndim != 2 or path[-1] not in _MATRICES or inline_tokens:
        return as_lists(value)
    name = ".".join(path)
    arrays[name] = value
    return {"path": beside, "array": name}


def entries(value: Any) -> int:
    """How many numbers the arrays in fields hold."""
    if isinstance(value, np.ndarray):
        return int(value.size)
    items: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(entries, items))


def _write_arrays(place: Path, arrays: dict[str, Numbers]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its named arguments are arrays, of whatever name
    try:
        write_file(Path(os.path.realpath(place)), [buffer.getvalue()])
    except OSError as error:
        raise InvalidInputError(
            "the output cannot be written",
            code="output.unwritable",
            source=str(place),
            found=(error.strerror or str(error)).lower(),
        ) from None
