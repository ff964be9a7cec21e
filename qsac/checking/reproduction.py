"""Where an artifact was changed: its model is compiled again, and the documents are compared."""

from __future__ import annotations

import json
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.artifact.sealing import producer
from qsac.checking.report import Finding
from qsac.compiler.compilation import compile as compile_model
from qsac.compiler.options import Options
from qsac.errors import QsacError
from qsac.families.contract import Model
from qsac.files.differences import differences, shown
from qsac.machine.target import Target
from qsac.progress import Progress
from qsac.templates.file import compiled_again as template_again

_MOST = 8
"""Places that are named."""

_SAME_ANGLE = 1e-12
"""Half-turns by which angles may differ in a circuit that is compiled again: another machine may round differently."""

_ENTRIES_A_GATE, _SMALL = 8, 256
"""Entries of tokens for each gate of the circuit (and so many more) up to which the model is compiled again: a circuit
has at least a gate for two entries, and a small file must not cause a large compilation."""

_TITLE = "not as the model compiles to"


def changed_places(
    document: dict[str, Any], model: Model, target: Target, options: Options, progress: Progress | None
) -> list[Finding]:
    """Where the circuits and the program of an artifact's document differ from those of its model compiled again.

    Other versions may compile the model otherwise, and where an error budget was spent tokens that evolve are not
    known to do so from an artifact, which shows in the number of gates: then places are named only if they are few.
    """
    if model.entries > _ENTRIES_A_GATE * (_SMALL + _gates(document)):
        return []
    bound = document["options"].get("template") is True
    try:
        again = _compiled_again(model, target, options, bound, progress)
    except QsacError:
        return []
    other = json.loads(again.to_json())
    found, wanted = ({name: one.get(name) for name in ("circuits", "ir")} for one in (document, other))
    places = list(differences(found, wanted, "", _same_angle))
    alike = options.error_budget == 0 or _gates(document) == _gates(other)
    same = document.get("producer") == producer() and alike
    if not same and len(places) > _MOST:
        return []
    findings = [Finding(place, _TITLE, shown(one), shown(two)) for place, one, two in places[:_MOST]]
    if len(places) > _MOST:
        findings.append(Finding("/circuits", _TITLE, f"{len(places):,} places in all"))
    return findings


def _gates(document: dict[str, Any]) -> int:
    """How many gates the document's circuits have, whatever they are."""
    circuits = document.get("circuits")
    bodies = [one.get("circuit") for one in circuits if isinstance(one, dict)] if isinstance(circuits, list) else []
    lists = [body.get("commands") for body in bodies if isinstance(body, dict)]
    return sum(len(commands) for commands in lists if isinstance(commands, list))


def _compiled_again(model: Model, target: Target, options: Options, bound: bool, progress: Progress | None) -> Compiled:
    if bound:
        return template_again(model, target, options, progress).bind(verify=False, progress=progress)
    return compile_model(
        model,
        target,
        optimisation=options.optimisation,
        passes=options.passes,
        seed=options.seed,
        error_budget=options.error_budget,
        qubits=options.qubits,
        prefer=options.prefer,
        verify=False,
        progress=progress,
    )


def _same_angle(found: Any, wanted: Any) -> bool:
    """Whether two texts are angles that differ by rounding alone."""
    try:
        return abs(float(found) - float(wanted)) < _SAME_ANGLE
    except (TypeError, ValueError, OverflowError):
        return False
