"""From a model file, a text or a dictionary to a :class:`~qsac.families.contract.Model`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qsac.arguments import file_path, shown
from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.families.contract import Family, Model
from qsac.families.registry import family, sections
from qsac.files import limits, strict_json
from qsac.files.diagnosis import refuse
from qsac.files.pointer import kind, quoted
from qsac.files.python_values import plain
from qsac.files.source import read_file

VERSION = 1
DICT_SOURCE = "<dict>"
MODEL_FILE = "model file"


def load(model: str | os.PathLike[str] | Mapping[str, Any]) -> Model:
    """The model in a file, or given as the dictionary that the file would hold (NumPy arrays are taken as lists).

    Paths of token files are relative to the model file, or to the working directory for a dictionary.
    Raises :class:`~qsac.errors.QsacError` with the place as a JSON pointer for whatever breaks the contract.
    """
    if not isinstance(model, str | os.PathLike | Mapping):
        raise InvalidInputError(
            "the model must be a path or a dictionary",
            code="option.wrong-type",
            found=shown(model),
            wanted="the path of a model file, or a dictionary of the fields that it would hold",
        )
    if isinstance(model, Mapping):
        try:
            return _read_from(DICT_SOURCE, plain(dict(model)), Path())
        except QsacError as error:
            raise error.located(DICT_SOURCE) from None
    path = Path(file_path(model, "model"))
    return load_text(_read(path), str(path), path.parent)


def model_of(model: Model | str | os.PathLike[str] | Mapping[str, Any]) -> Model:
    """The model itself, or what :func:`load` reads."""
    return model if isinstance(model, Model) else load(model)


def load_text(text: str | bytes, source: str, folder: str | os.PathLike[str] = ".") -> Model:
    """The model in a JSON text. ``source`` is what diagnostics call it, ``folder`` what paths in it are relative to."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        check_model_size(len(data))
        return _read_from(source, strict_json.parse(data, source), Path(folder))
    except QsacError as error:
        raise error.located(source) from None


@contextmanager
def naming_source(model: Model) -> Iterator[None]:
    """Errors of the body that point into the model name the file that it was read from, as errors of reading do."""
    try:
        yield
    except QsacError as error:
        if model.source is not None and error.pointer is not None:
            error.located(model.source)
        raise


def check_model_size(found: int) -> None:
    """Whether a model file of ``found`` bytes may be parsed."""
    if found > limits.MODEL_FILE_BYTES:
        raise _too_large()


def _too_large() -> DoesNotFitError:
    return DoesNotFitError(
        "the model file is too large",
        code="file.too-large",
        found=f"more than {limits.size(limits.MODEL_FILE_BYTES)}, which may take fifty times that to parse",
        wanted=f"at most {limits.size(limits.MODEL_FILE_BYTES)}",
        help='give large token arrays as a file: "tokens": {"type": "file", "path": "tokens.npy"}',
    )


def _read(path: Path) -> bytes:
    try:
        return read_file(path, limits.MODEL_FILE_BYTES, MODEL_FILE)
    except DoesNotFitError as error:
        raise _too_large().located(error.source or str(path)) from None


def _check_version(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InvalidInputError(
            "the model is not a JSON object",
            code="json.not-an-object",
            found=kind(document),
            wanted='an object that begins with {"qsac": 1',
            help="`qsac schema` prints the format",
        )
    if "qsac" not in document:
        artifact = "qsac_artifact" in document
        if "qsac_template" in document:
            raise InvalidInputError(
                "this is a template, not a model",
                code="model.other-document",
                wanted="a model file",
                help="bind it first: qsac bind TEMPLATE",
            )
        raise InvalidInputError(
            "this is a compiled artifact, not a model" if artifact else "the version of the model's format is missing",
            code="model.other-document" if artifact else "model.no-version",
            wanted="a model file" if artifact else '"qsac": 1 among the fields of the model',
            help='the model that it was compiled from is its field "model"' if artifact else 'add "qsac": 1',
        )
    version = document["qsac"]
    if type(version) is not int or version < 1:
        raise InvalidInputError(
            "the version of the model's format is not known",
            code="model.unknown-version",
            pointer="/qsac",
            found=kind(version),
            wanted='"qsac": 1',
        )
    if version > VERSION:
        raise InvalidInputError(
            "the model is written in a newer format than this qsac knows",
            code="model.newer-version",
            pointer="/qsac",
            found=f"version {version}" if version < 10**9 else kind(version),
            wanted=f"version {VERSION}",
            help="install a newer qsac",
        )
    return document


def _read_from(source: str, document: object, folder: Path) -> Model:
    model = _read_fields(document, folder)
    # Models are frozen, and where one is from is nothing that it is compared by.
    object.__setattr__(model, "source", source)
    return model


def _read_fields(document: object, folder: Path) -> Model:
    fields = _check_version(document)
    chosen = _family(fields)
    try:
        given = chosen.fields.model_validate(fields)
    except ValidationError as error:
        raise refuse(error, chosen.contract) from None
    _check_name(str(getattr(given, "name", "")))
    return chosen.read(given, fields, folder)


def _family(fields: Mapping[str, Any]) -> Family:
    """The family whose section a model file has. Without one, it is refused by the first family."""
    known = sections()
    found = [section for section in known if section in fields]
    if len(found) > 1:
        raise InvalidInputError(
            "the model has the sections of several families",
            code="model.several-families",
            pointer=f"/{found[1]}",
            found=" and ".join(f'"{section}"' for section in found),
            wanted="one of them",
            help="make several models of it",
        )
    return family(found[0] if found else known[0])


def _check_name(name: str) -> None:
    unprintable = next((character for character in name if not character.isprintable()), None)
    if unprintable is None and not set(name) & {"/", "\\"} and name.strip() and not name.startswith("."):
        return
    raise InvalidInputError(
        "the name of the model cannot name a file",
        code="model.invalid-name",
        pointer="/name",
        found=quoted(name),
        wanted="printable characters without / and \\, not beginning with a dot",
        help="the artifact is called after it: NAME.qsac.json",
    )
