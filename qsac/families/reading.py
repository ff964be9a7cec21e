"""From a model file, a text or a dictionary to a :class:`~qsac.families.qsa.model.Model`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.families import schema
from qsac.families.qsa.kernel import coefficients, temperature_of
from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts import build_readout
from qsac.families.tokens.sequence import normalised, padded_dimension, token_evolution, token_values
from qsac.families.unitary import build_unitary
from qsac.files import limits, strict_json
from qsac.files.arguments import file_path, shown
from qsac.files.diagnosis import refuse
from qsac.files.numbers import number_list
from qsac.files.pointer import counted, kind, nearest, quoted
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
            found=shown(model),
            wanted="the path of a model file, or a dictionary of the fields that it would hold",
        )
    if isinstance(model, Mapping):
        try:
            return _build(plain(dict(model)), Path())
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
        return _build(strict_json.parse(data, source), Path(folder))
    except QsacError as error:
        raise error.located(source) from None


def check_model_size(found: int) -> None:
    """Whether a model file of ``found`` bytes may be parsed."""
    if found > limits.MODEL_FILE_BYTES:
        raise _too_large()


def _too_large() -> DoesNotFitError:
    return DoesNotFitError(
        "the model file is too large",
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
            found=kind(document),
            wanted='an object that begins with {"qsac": 1',
            help="`qsac schema` prints the format",
        )
    if "qsac" not in document:
        artifact = "qsac_artifact" in document
        if "qsac_template" in document:
            raise InvalidInputError(
                "this is a template, not a model", wanted="a model file", help="bind it first: qsac bind TEMPLATE"
            )
        raise InvalidInputError(
            "this is a compiled artifact, not a model" if artifact else "the version of the model's format is missing",
            wanted="a model file" if artifact else '"qsac": 1 among the fields of the model',
            help='the model that it was compiled from is its field "model"' if artifact else 'add "qsac": 1',
        )
    version = document["qsac"]
    if type(version) is not int or version < 1:
        raise InvalidInputError(
            "the version of the model's format is not known", pointer="/qsac", found=kind(version), wanted='"qsac": 1'
        )
    if version > VERSION:
        raise InvalidInputError(
            "the model is written in a newer format than this qsac knows",
            pointer="/qsac",
            found=f"version {version}" if version < 10**9 else kind(version),
            wanted=f"version {VERSION}",
            help="install a newer qsac",
        )
    return document


def _build(document: object, folder: Path) -> Model:
    fields = _check_version(document)
    try:
        given = schema.ModelFile.model_validate(fields)
    except ValidationError as error:
        raise refuse(error) from None
    _check_name(given.name)
    values = token_values(given.tokens, folder)
    dimension = padded_dimension(values.shape[1])
    attention = given.attention
    kernel = coefficients(attention.kernel, dimension, "/attention/kernel")
    value, canonical_value = build_unitary(attention.value, "/attention/value", values.shape[1], dimension)
    score, canonical_score = build_unitary(attention.score, "/attention/score", values.shape[1], dimension)
    tokens = normalised(values, dimension)
    readout, canonical_readout = build_readout(given.readout, attention.mask, tokens, values.shape[1], folder)
    phases: Any = None
    if "phases" in fields["attention"]:
        phases = _phases(fields["attention"]["phases"], "/attention/phases", len(values) - 1)
    canonical: dict[str, Any] = {
        "qsac": VERSION,
        "name": given.name,
        "attention": {
            "type": attention.type,
            "mask": attention.mask,
            "kernel": _canonical_kernel(attention.kernel, dimension),
            "value": canonical_value,
            "score": canonical_score,
        },
        "readout": canonical_readout,
    }
    if phases is not None:
        canonical["attention"]["phases"] = phases if isinstance(phases, str) else phases.tolist()
    return Model(
        name=given.name,
        tokens=tokens,
        mask=attention.mask,
        kernel=kernel,
        value=value,
        score=score,
        readout=readout,
        given_tokens=values,
        given_phases=phases,
        fields=canonical,
        evolution=token_evolution(given.tokens),
    )


def _canonical_kernel(kernel: schema.Kernel, dimension: int) -> dict[str, Any]:
    if isinstance(kernel, schema.PolynomialKernel):
        return {"type": kernel.type, "coefficients": [float(c) for c in kernel.coefficients]}
    if isinstance(kernel, schema.MonomialKernel):
        return {"type": kernel.type, "degree": kernel.degree}
    return {"type": kernel.type, "degree": kernel.degree, "temperature": temperature_of(kernel, dimension)}


def _check_name(name: str) -> None:
    unprintable = next((character for character in name if not character.isprintable()), None)
    if unprintable is None and not set(name) & {"/", "\\"} and name.strip() and not name.startswith("."):
        return
    raise InvalidInputError(
        "the name of the model cannot name a file",
        pointer="/name",
        found=quoted(name),
        wanted="printable characters without / and \\, not beginning with a dot",
        help="the artifact is called after it: NAME.qsac.json",
    )


def _phases(given: object, pointer: str, context: int) -> np.ndarray[Any, np.dtype[np.float64]] | str:
    if given == "optimal" and isinstance(given, str):
        return "optimal"
    if not isinstance(given, list):
        guess = isinstance(given, str) and nearest(given, ["optimal"])
        raise InvalidInputError(
            '"phases" is neither a list nor "optimal"',
            pointer=pointer,
            found=kind(given),
            wanted=f'{counted(context, "number")} (radians), or "optimal"',
            help='did you mean "optimal"?' if guess else "leave the field out for no phases",
        )
    phases = number_list(given, pointer, context, "one for each context token, in radians")
    phases.flags.writeable = False
    return phases
