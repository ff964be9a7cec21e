"""Whether a template is what its model, target and options compile to."""

from __future__ import annotations

import json
from typing import Any

from qsac.artifact.sealing import FIELD, check_digest, producer
from qsac.checking.report import Finding, Report
from qsac.errors import QsacError
from qsac.families.contract import Model
from qsac.files.differences import differences, same_text, shown
from qsac.files.strict_json import parse
from qsac.progress import Progress
from qsac.templates.file import asked_of, checked_version, compiled_again, parts, template_of
from qsac.templates.template import Template

_MOST = 8


def check_template(
    data: bytes, source: str, *, model: Model | None = None, simulate: bool = True, progress: Progress | None = None
) -> Report:
    """Check a template's text, which need not be trusted; ``source`` names it in errors. See
    :func:`check_template_document`."""
    try:
        document = parse(data, source, "template")
        return check_template_document(document, model=model, simulate=simulate, progress=progress)
    except QsacError as error:
        raise error.located(source) from None


def check_template_document(
    parsed: object, *, model: Model | None = None, simulate: bool = True, progress: Progress | None = None
) -> Report:
    """Check a template, parsed from JSON by :func:`~qsac.files.strict_json.parse`; it need not be trusted.

    A template is compiled from its model, options and target alone, so it is compiled again, and everything in it has
    to be the same; then its own binding is verified like any artifact, unless ``simulate`` is False. ``model`` is the
    one that it should be of. Raises :class:`~qsac.errors.InvalidInputError` for what is not a template at all.
    """
    document = checked_version(parsed)
    findings: list[Finding] = []
    try:
        check_digest(document, "template")
    except QsacError as error:
        findings.append(Finding.of(error))
    try:
        findings += _differences(document, compiled_again(*asked_of(document), progress))
        found = template_of(document)
    except QsacError as error:
        return Report("template", _name(document), (*findings, Finding.of(error)))
    if model is not None and model.sha256 != found.model.sha256:
        findings.append(Finding("/model", "the template is of another model", found.model.sha256, model.sha256))
    if findings or not simulate:
        return Report("template", found.model.name, tuple(findings))
    return _bound(found, progress)


def _differences(document: dict[str, Any], again: Template) -> list[Finding]:
    """Places where the document differs from the template compiled again; of a text its first line that differs."""
    wanted = json.loads("".join(parts(again)))
    if document.get("producer") != producer():
        wanted["producer"] = document.get("producer")
    found, other = ({name: value for name, value in one.items() if name != FIELD} for one in (document, wanted))
    return [
        Finding(pointer, "not as its model compiles to", *_first_line(one, two))
        for pointer, one, two in list(differences(found, other, "", same_text))[:_MOST]
    ]


def _first_line(found: Any, wanted: Any) -> tuple[str, str]:
    """Both values, or of two texts the first lines that differ."""
    if isinstance(found, str) and isinstance(wanted, str):
        lines = zip(found.split("\n"), wanted.split("\n"), strict=False)
        found, wanted = next(((one, other) for one, other in lines if one != other), (found, wanted))
    return shown(found), shown(wanted)


def _bound(found: Template, progress: Progress | None) -> Report:
    from qsac.checking.artifacts import check_artifact

    report = check_artifact(found.bind(verify=False).to_json().encode(), "", progress=progress)
    return Report(
        "template", report.name, report.findings, report.notes, report.compared, report.worst, report.too_wide
    )


def _name(document: dict[str, Any]) -> str:
    model = document.get("model")
    name = model.get("name") if isinstance(model, dict) else None
    return name if isinstance(name, str) else ""
