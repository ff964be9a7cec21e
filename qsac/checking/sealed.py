"""Documents of either kind: checked as what they are, or sealed again after a change that was meant."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from qsac.arguments import callback, flag
from qsac.artifact.compiled import Compiled
from qsac.artifact.reading import read_bytes
from qsac.artifact.sealing import FIELD, digest_of
from qsac.checking.artifacts import check_artifact_document, text_of
from qsac.checking.report import Report
from qsac.checking.templates import check_template_document
from qsac.errors import InvalidInputError, QsacError
from qsac.families.contract import Model
from qsac.families.reading import load, model_of
from qsac.files.strict_json import parse
from qsac.progress import Progress
from qsac.templates.file import parts
from qsac.templates.template import Template

KINDS = {"qsac_artifact": "artifact", "qsac_template": "template"}


def _document(data: bytes, source: str) -> dict[str, Any]:
    try:
        document = parse(data, source, "artifact")
    except QsacError as error:
        raise error.located(source) from None
    if not isinstance(document, dict) or not KINDS.keys() & document.keys():
        raise InvalidInputError(
            "this is neither an artifact nor a template",
            code="file.unknown-kind",
            source=source,
            wanted="a file that `qsac compile` wrote",
            help="a model file is checked with: qsac check MODEL",
        )
    return document


def check(
    data: bytes,
    source: str,
    *,
    model: Model | None = None,
    simulate: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Check an artifact's or a template's text: see :func:`check_artifact_document` and
    :func:`check_template_document`. It is parsed once."""
    document = _document(data, source)
    checker = check_template_document if "qsac_template" in document else check_artifact_document
    try:
        return checker(document, model=model, simulate=simulate, progress=progress)
    except QsacError as error:
        raise error.located(source) from None


def verify(
    compiled: Compiled | Template | str | os.PathLike[str],
    *,
    model: Model | Mapping[str, Any] | str | os.PathLike[str] | None = None,
    simulate: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Check a compiled program, a template, or the file of one, as ``qsac verify`` does.

    Everything in it is read, what can be recomputed is, and the circuit as stored is simulated (unless
    ``simulate`` is False) and compared with the closed form of its model. ``model`` is the one that it should be of.
    The report says what differs and where; it is not raised. Raises :class:`~qsac.errors.InvalidInputError` for a file
    that is neither an artifact nor a template.
    """
    if isinstance(compiled, Compiled):
        data, source = text_of(compiled), f"<{compiled.model.name}>"
    elif isinstance(compiled, Template):
        data, source = "".join(parts(compiled)).encode(), f"<{compiled.model.name}>"
    else:
        data, source = read_bytes(compiled), os.fspath(compiled)
    callback(progress, "progress")
    wanted = None if model is None else model_of(model)
    return check(data, source, model=wanted, simulate=flag(simulate, "simulate"), progress=progress)


def resealed(data: bytes, source: str) -> str:
    """The text of an artifact or a template with the digest, and the model's hash, that its content has.

    Nothing is checked, and the record of a verification is taken out: it was that of something else. Raises
    :class:`~qsac.errors.InvalidInputError` for what is neither.
    """
    document = _document(data, source)
    if isinstance(document.get("model"), dict):
        with suppress(QsacError):  # a model that cannot be read has no hash: readers say what is wrong with it
            document["sha256"] = load(document["model"]).sha256
    document.setdefault("producer", {})
    if "qsac_artifact" in document:
        document["verified"] = None
    document[FIELD] = digest_of(document)
    return json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n"
