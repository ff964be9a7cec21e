"""Whether an artifact is what it says: everything is read, recomputed, and compared with the model as stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.artifact.reading import checked_version, compiled_of, model_of
from qsac.artifact.sealing import FIELD, check_digest, producer
from qsac.checking.circuits import check_circuit
from qsac.checking.numbers import approximation, check_numbers
from qsac.checking.parts import parts_of
from qsac.checking.report import Finding, Report
from qsac.checking.reproduction import changed_places
from qsac.checking.statistics import check_options, check_statistics, read_options
from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.families.contract import Model
from qsac.files.differences import differences, shown
from qsac.files.strict_json import parse
from qsac.ir.printer import print_program
from qsac.machine.described import described_target
from qsac.machine.registry import target, target_names
from qsac.machine.target import Target, describe
from qsac.progress import Progress


def check_artifact(
    data: bytes,
    source: str,
    *,
    model: Model | None = None,
    simulate: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Check an artifact's text, which need not be trusted; ``source`` names it in errors. See
    :func:`check_artifact_document`."""
    return check_artifact_document(_parsed(data, source), model=model, simulate=simulate, progress=progress)


def check_artifact_document(
    parsed: object, *, model: Model | None = None, simulate: bool = True, progress: Progress | None = None
) -> Report:
    """Check an artifact, parsed from JSON by :func:`~qsac.files.strict_json.parse`; it need not be trusted.

    Everything is read: the IR, the options and passes, the target, maps and groups. Statistics are recomputed;
    gate set, coupling, maps and readout are checked; the circuit as stored is simulated, unless ``simulate`` is False,
    and compared with the closed form of its model, or with its program where an error budget was spent. ``model`` is
    the one that it should be of. Raises :class:`~qsac.errors.InvalidInputError` for what is not an artifact at all.
    """
    document = checked_version(parsed)
    findings: list[Finding] = []
    try:
        check_digest(document, "artifact")
    except QsacError as error:
        findings.append(Finding.of(error))
    try:
        compiled = compiled_of(document)
    except QsacError as error:
        name = document["model"].get("name") if isinstance(document.get("model"), dict) else None
        findings += [Finding.of(error), *_places(document, progress)]
        return Report("artifact", name if isinstance(name, str) else "", tuple(findings))
    notes: list[str] = []
    findings += _rewritten(document, compiled)
    findings += _of_model(compiled, model)
    machine, wrong = _target(compiled, notes)
    findings += wrong
    options, wrong = check_options(compiled)
    findings += wrong
    if compiled.producer != producer():
        versions = ", ".join(f"{name} {version}" for name, version in compiled.producer.items())
        notes.append(f"it was compiled with other versions: {versions or 'it does not say which'}")
    compared, worst, too_wide = None, None, None
    if machine is not None and options is not None:
        findings += [finding for part in parts_of(compiled) for finding in check_circuit(part, machine)]
        if simulate:
            try:
                numbers = check_numbers(compiled, machine, options, progress)
                compared, worst, too_wide = numbers.compared, numbers.worst, numbers.too_wide
                findings += numbers.findings
                notes += approximation(compiled)
            except DoesNotFitError as error:
                too_wide = error.found or error.title
        findings += check_statistics(compiled, machine, options)
    return Report("artifact", compiled.model.name, tuple(findings), tuple(notes), compared, worst, too_wide)


def text_of(compiled: Compiled) -> bytes:
    """The artifact of a compiled program, which may have been put together by hand.

    Raises :class:`~qsac.errors.InvalidInputError` for one that cannot be written.
    """
    for place, circuit in enumerate(compiled.circuits):
        wanted = circuit.out_of_range()
        if wanted is not None:
            raise InvalidInputError(
                "the circuit's gates are invalid",
                code="circuit.invalid-gates",
                pointer=f"/circuits/{place}",
                wanted=wanted,
            )
    try:
        return compiled.to_json().encode()
    except IndexError:
        raise InvalidInputError(
            "a readout, a profile or a map of the circuit is invalid",
            code="circuit.invalid-places",
            pointer="/circuits",
            wanted="qubits and bits of the circuit",
        ) from None


def _places(document: dict[str, Any], progress: Progress | None) -> list[Finding]:
    """Where a document that cannot be read as a whole was changed, if what it was compiled from can be read."""
    try:
        model = model_of(document)
        machine, options = described_target(document.get("target")), read_options(document.get("options"))
    except QsacError:
        return []
    return changed_places(document, model, machine, options, progress)


def _parsed(data: bytes, source: str) -> object:
    try:
        return parse(data, source, "artifact")
    except QsacError as error:
        raise error.located(source) from None


def _rewritten(document: dict[str, Any], compiled: Compiled) -> Iterator[Finding]:
    """Whether the artifact, written again, is the same: this finds whatever the reader passes over."""
    again = json.loads(compiled.to_json())
    found, wanted = ({name: value for name, value in one.items() if name != FIELD} for one in (document, again))
    for pointer, one, other in differences(found, wanted):
        yield Finding(pointer, "not as qsac writes it", shown(one), shown(other))
    for part, ir, step in zip(parts_of(compiled), compiled.irs, compiled.plan.circuits, strict=True):
        if part.program.name != step.program.name:
            yield Finding(
                part.ir_pointer, "the program of another model", shown(part.program.name), shown(step.program.name)
            )
        text = print_program(part.program)
        if text != ir:
            lines = zip(ir.split("\n"), text.split("\n"), strict=False)
            one, other = next(((one, other) for one, other in lines if one != other), ("", ""))
            yield Finding(part.ir_pointer, "not as qsac prints it", one[:80], other[:80])


def _of_model(compiled: Compiled, model: Model | None) -> Iterator[Finding]:
    if model is None or model.sha256 == compiled.model.sha256:
        return
    places = list(differences(compiled.model.canonical, model.canonical, "/model"))
    places.sort(key=lambda place: place[0] == "/model/name")  # what it is called says least
    for pointer, found, wanted in places[:8]:
        yield Finding(pointer, "the artifact is of another model", shown(found), shown(wanted))


def _target(compiled: Compiled, notes: list[str]) -> tuple[Target | None, list[Finding]]:
    """The target of the artifact, which has to be as this qsac knows it, if it knows one of that name."""
    try:
        described = described_target(compiled.target)
    except QsacError as error:
        return None, [Finding.of(error)]
    if described.name not in target_names():
        notes.append(
            f"the target {described.name} is not one that this qsac knows: its data are taken as they are here"
        )
        return described, []
    try:
        known = target(described.name)
    except QsacError as error:
        notes.append(f"the target {described.name} cannot be loaded: {error.title}")
        return described, []
    changed = [
        Finding(pointer, f"not the target {described.name} as this qsac knows it", shown(found), shown(wanted))
        for pointer, found, wanted in differences(compiled.target, describe(known), "/target")
    ]
    return described, changed[:8]
