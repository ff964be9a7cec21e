"""Artifacts, resealed: what is accepted has to run; whether it then says what it said before is counted, and whether
`qsac verify` notices is tested."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.errors import QsacError
from tests.fuzz import oracle, starts
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import SOME, Kind
from tests.fuzz.mutations import Document, Edit, bytes_mutated, mutated, text_of
from tests.fuzz.reseal import resealed

LARGEST = 12
"""Most qubits of a circuit that is simulated: what is mutated has up to six."""


@dataclass(frozen=True)
class Facts:
    """Which artifact of :func:`starts.compiled` it was."""

    index: int


def make(pick: Pick) -> Example:
    """In every second case it is a circuit that is changed: that is where the results come from."""
    documents = starts.circuits() if pick(2) else starts.artifacts()
    index = pick(len(documents))
    data, edits = _resealed(documents[index], pick, 2, fitting=bool(pick(2)))
    if pick(32) == 31:
        data, edit = bytes_mutated(data, pick)
        edits = (*edits, edit)
    return Example(documents[index].name, data, edits, Facts(index % len(starts.artifacts())))


def single(pick: Pick) -> Example:
    """One edit, mostly of a circuit, resealed: whatever it moves, one place is to blame."""
    documents = starts.circuits() if pick(5) else starts.artifacts()
    index = pick(len(documents))
    start = documents[index]
    return Example(start.name, *_resealed(start, pick, 1, fitting=True), Facts(index % len(starts.artifacts())))


def _resealed(start: Document, pick: Pick, most: int, *, fitting: bool) -> tuple[bytes, tuple[Edit, ...]]:
    mutant = mutated(start, pick, starts.words(), most, fitting=fitting)
    document = resealed(mutant.document, tuple(edit.pointer for edit in mutant.edits))
    return text_of(document), mutant.edits


def feed(example: Example) -> str:
    """``harmless``, or ``moves ..``: what an accepted change moves, which nobody is told of today."""
    compiled = Compiled.parse(example.data, "fuzzed.qsac.json")
    text = compiled.to_json()
    again = Compiled.parse(text.encode(), "again.qsac.json")
    if again.to_json() != text:
        raise WrongError("an accepted artifact is not itself after writing and reading it")
    if max(len(circuit.qubits) for circuit in compiled.circuits) > LARGEST:
        return "accepted, too wide to simulate"
    what = oracle.moved(original(example.facts.index), oracle.readings(compiled))
    return f"moves {what}" if what else "harmless"


@functools.cache
def original(index: int) -> oracle.Readings:
    return oracle.readings(starts.compiled()[index])


# -- qsac verify ---------------------------------------------------------------------------------------------------
# The hook for `qsac verify`: qsac.checking.check_artifact(data, source) -> Report. What is asked of a report stands in
# `checker` and `complaints` alone.


def checker() -> Callable[[bytes, str], Any]:
    """What `qsac verify` calls."""
    check: Callable[[bytes, str], Any] = importlib.import_module("qsac.checking").check_artifact
    return check


def complaints(data: bytes) -> tuple[str, ...]:
    """The pointers of all that the check finds; nothing where everything agrees."""
    try:
        report = checker()(data, "fuzzed.qsac.json")
    except QsacError as error:
        return (error.pointer or "",)
    return tuple(finding.pointer for finding in report.findings)


def verified(example: Example) -> str:
    """``found`` where a change moves a probability or a result, and `qsac verify` says so and names the place."""
    index = example.facts.index
    try:
        compiled = Compiled.parse(example.data, "fuzzed.qsac.json")
        after = oracle.readings(compiled)
    except QsacError:
        if not complaints(example.data):
            raise WrongError("verify finds nothing wrong with what is refused") from None
        raise
    what = oracle.moved(original(index), after)
    # A circuit may be right for another model as well: then the results are that model's, and nothing is wrong.
    of_model = any(edit.pointer.startswith("/model") for edit in example.edits)
    if what not in ("probabilities", "results") or (what == "results" and of_model):
        return "harmless"
    found = complaints(example.data)
    if not found:
        raise WrongError(f"verify does not notice that {what} are others")
    if not any(names(pointer, edit) for pointer in found for edit in example.edits):
        raise WrongError("verify does not name the place")
    return "found"


def names(pointer: str, edit: Edit) -> bool:
    """Whether a finding's pointer is the place of an edit: at least the gate, or the field of the circuit."""
    return any(_lies_in(pointer, _part(place)) for place in (edit.pointer, *edit.action.split(" ")[2:]))


def _part(pointer: str) -> str:
    """The gate that a place belongs to, or the list of gates; else the field of the circuit or of the artifact."""
    parts = pointer.split("/")
    if parts[1] != "circuits":
        return "/".join(parts[:2])
    return "/".join(parts[: 6 if parts[3:5] == ["circuit", "commands"] else 4])


def _lies_in(pointer: str, part: str) -> bool:
    return pointer == part or pointer.startswith(f"{part}/")


def is_itself(document: Document) -> bool:
    """Whether resealing leaves an artifact that nobody changed as it is."""
    return bool(json.loads(text_of(resealed(document.document))) == document.document)


KINDS = (
    Kind("artifacts", 50, SOME, make, feed, {"harmless": 0.1, "exit 2": 0.2}),
    Kind("verify", 50, SOME, single, verified, {"harmless": 0.05, "found": 0.02}),
)
