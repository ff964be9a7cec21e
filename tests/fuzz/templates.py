"""Templates, resealed: what is accepted is bound to its own model, and then verified."""

from __future__ import annotations

import json

from qsac.artifact.compiled import Compiled
from qsac.errors import CheckFailedError
from qsac.export.circuit_dict import to_json
from qsac.templates.file import read
from tests.fuzz import starts
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import SOME, Kind
from tests.fuzz.mutations import bytes_mutated, mutated, text_of
from tests.fuzz.reseal import resealed


def make(pick: Pick) -> Example:
    documents = starts.templates()
    mutant = mutated(documents[pick(len(documents))], pick, starts.words(), fitting=bool(pick(2)))
    data, edits = text_of(resealed(mutant.document, tuple(edit.pointer for edit in mutant.edits))), mutant.edits
    if pick(32) == 31:
        data, edit = bytes_mutated(data, pick)
        edits = (*edits, edit)
    return Example(mutant.start, data, edits)


def feed(example: Example) -> str:
    """``harmless``, or ``moves results`` where only the verification of a binding notices, if it is asked for."""
    template = read(example.data, "fuzzed.qsac-template.json")
    compiled = template.bind(verify=False)
    json.dumps(compiled.stats, allow_nan=False)
    try:
        checked = template.bind(verify=True)
    except CheckFailedError:
        return "moves results"
    if not checked.verified or _circuit(checked) != _circuit(compiled):
        raise WrongError("two bindings of a template differ")
    return "harmless"


def _circuit(compiled: Compiled) -> str:
    return "".join(part for circuit in compiled.circuits for part in to_json(circuit))


KINDS = (Kind("templates", 30, SOME, make, feed, {"harmless": 0.03}),)
