"""Target files: what is accepted is a machine that a small model is compiled for, or that it does not fit."""

from __future__ import annotations

import json

from qsac.compiler.compilation import compile as compile_model
from qsac.errors import DoesNotFitError
from qsac.machine.read import parse_target
from qsac.machine.target import describe
from qsac.native.circuit import GATES
from tests.fuzz import starts
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import MANY, SOME, Kind
from tests.fuzz.mutations import bytes_mutated, mutated, text_of


def make(pick: Pick) -> Example:
    documents = starts.machines()
    mutant = mutated(documents[pick(len(documents))], pick, starts.words(), most=3, fitting=pick(3) == 2)
    data, edits = text_of(mutant.document), mutant.edits
    if pick(16) == 15:
        data, edit = bytes_mutated(data, pick)
        edits = (*edits, edit)
    return Example(mutant.start, data, edits)


def feed(example: Example) -> str:
    machine = parse_target(example.data, "machine.json")
    json.dumps(describe(machine), allow_nan=False)
    texts = (machine.name, machine.vendor, machine.description, machine.errors.source if machine.errors else "")
    if not all(text.isprintable() for text in texts):
        raise WrongError("a text of the target is not printable")
    return "accepted"


def compiled(example: Example) -> str:
    """As :func:`feed`, then the smallest model is compiled for it, verified, with gates that the machine has."""
    machine = parse_target(example.data, "machine.json")
    if machine.coupling is not None and (machine.qubits or 0) > 32:
        return "accepted, not compiled"
    try:
        made = compile_model(starts.MODELS["single"], machine, optimisation=1, verify=True)
    except DoesNotFitError:
        return "accepted, not compiled"
    if not {GATES[kind].name for kind in made.circuits[0].kind.tolist()} <= set(machine.gates):
        raise WrongError("compiled to gates that the machine does not have")
    if machine.qubits is not None and len(made.circuits[0].qubits) > machine.qubits:
        raise WrongError("compiled to more qubits than the machine has")
    json.dumps(made.stats, allow_nan=False)
    return "accepted"


KINDS = (
    Kind("targets", 150, MANY, make, feed, {"accepted": 0.05}, one_of=2),
    Kind("compiled-targets", 60, SOME, make, compiled, {"accepted": 0.05}),
)
