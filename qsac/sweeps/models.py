"""The models of a sweep: a document, and places in it that are varied."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from qsac.errors import InvalidInputError, QsacError
from qsac.families.reading import load_text
from qsac.files.inside import inside
from qsac.files.pointer import describe, listed, nearest, quoted
from qsac.files.strict_json import walk
from qsac.sweeps.tasks import text_of

_NAMING = ("path", "words", "tokenizer")
"""The fields of a model whose texts may name files."""

_KEPT = 16
"""Models with files that are kept, for the points that share them."""


class BaseModel:
    """The ``document`` of a model in ``folder``. One that names files is taken in its canonical form, which holds what
    they say: a worker needs no file. Every other one is taken as it is written, so that its task says the same on every
    machine."""

    def __init__(self, document: Mapping[str, Any], folder: Path) -> None:
        self.document, self.folder = document, folder
        self._known: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._names_files = _names_files(document, folder)

    def of(self, changes: Sequence[tuple[tuple[str, ...], Any]]) -> Mapping[str, Any]:
        """The document with a value at each path."""
        model: Any = self.document
        for path, value in changes:
            model = _with(model, path, value)
        named = self._names_files or any(_names_files({_field(path): value}, self.folder) for path, value in changes)
        return self._alone(model) if named else model

    def _alone(self, model: Mapping[str, Any]) -> Mapping[str, Any]:
        text = text_of(model)
        if text not in self._known:
            found: Mapping[str, Any] = model
            with suppress(QsacError):  # the worker says what is wrong with it
                found = load_text(text, "the model", self.folder).canonical
            self._known[text] = found
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(text)
        return self._known[text]


def _with(value: Any, path: Sequence[str], new: Any) -> Any:
    """A document with another value at a path, whose containers are there; the old one stays as it is."""
    if not path:
        return new
    first, *rest = path
    if isinstance(value, list):
        place = int(first)
        return [*value[:place], _with(value[place], rest, new), *value[place + 1 :]]
    return {**value, first: _with(value.get(first), rest, new)}


def _field(path: Sequence[str]) -> str:
    """The innermost field's name on the way to a place."""
    return next((part for part in reversed(path) if not part.isdigit()), "")


def _names_files(model: object, folder: Path) -> bool:
    for path, value in walk(model):
        field = next((part for part in reversed(path) if isinstance(part, str)), None)
        if field in _NAMING and isinstance(value, str):
            with suppress(InvalidInputError):
                inside(value, folder, "")
                return True
    return False


def check_place(document: object, path: Sequence[str], pointer: str, field: str) -> None:
    """Whether a path leads to a place in a model: what holds its last part has to be there, an item of a list too.

    ``pointer`` is where the plan says so. Raises :class:`~qsac.errors.InvalidInputError`.
    """
    value = document
    for depth, part in enumerate(path):
        last = depth == len(path) - 1
        known = [str(place) for place in range(len(value))] if isinstance(value, list) else []
        known = list(value) if isinstance(value, dict) else known
        if part in known:
            value = value[int(part)] if isinstance(value, list) else value[part]  # type: ignore[index]  # a dict
            continue
        if last and isinstance(value, dict):
            return
        guess = nearest(part, known)
        at = "/" + "/".join(path[:depth]) if depth else "the model"
        raise InvalidInputError(
            "the axis leads to no place in the model",
            code="sweep.no-such-place",
            pointer=pointer,
            found=quoted(field),
            wanted=f"at {at}: {listed(known)}" if known else f"at {at} there is {describe(value)}",
            help=f'did you mean "{guess}"?' if guess else None,
        )
