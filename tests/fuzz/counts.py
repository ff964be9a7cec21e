"""Counts from elsewhere: what is accepted comes to probabilities, of as many shots as there were."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable
from typing import Any

import qsac
from qsac.files.strict_json import parse
from qsac.native.circuit import NativeCircuit
from tests.fuzz import starts
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import MANY, Kind
from tests.fuzz.mutations import Document, bytes_mutated, is_plain, mutated, text_of

KEYS = 6

Facts = tuple[int, str | None, Any]
"""Which compiled program, the order that is asked for, and the document where its text is plain."""


def pytket_key(circuit: NativeCircuit, bits: str) -> str:
    return bits


def tuple_key(circuit: NativeCircuit, bits: str) -> str:
    return str(tuple(map(int, bits)))


def qiskit_key(circuit: NativeCircuit, bits: str) -> str:
    """The last register first, blanks between registers."""
    groups: dict[str, str] = {}
    for (register, _), bit in zip(circuit.bits, bits, strict=True):
        groups[register] = bit + groups.get(register, "")
    return " ".join(reversed(groups.values()))


WRITERS: tuple[tuple[Callable[[NativeCircuit, str], str], str | None], ...] = (
    (pytket_key, "pytket"),
    (tuple_key, None),
    (qiskit_key, "qiskit"),
    (pytket_key, None),
    (pytket_key, "qiskit"),
)
"""How keys are written, and which order is asked for with them."""


@functools.cache
def documents() -> tuple[tuple[Document, int, str | None], ...]:
    """Counts of a few outcomes for each compiled program, as each of the tools writes them."""
    drawn = random.Random(9)
    made = []
    for index, compiled in enumerate(starts.compiled()):
        writer, order = WRITERS[index % len(WRITERS)]
        found = {}
        for circuit in compiled.circuits:
            outcomes = ["0" * len(circuit.bits)]
            outcomes += ["".join(drawn.choice("0001") for _ in circuit.bits) for _ in range(KEYS - 1)]
            found[circuit.name] = {writer(circuit, bits): drawn.randrange(1, 500) for bits in outcomes}
        counts: dict[str, Any] = found if len(found) > 1 else found[compiled.circuits[0].name]
        made.append((Document(f"{writer.__name__} of {starts.COMPILED[index][0]}", counts), index, order))
    return tuple(made)


def make(pick: Pick) -> Example:
    every = documents()
    start, index, order = every[pick(len(every))]
    words = (*start.document, *starts.words())
    mutant = mutated(start, pick, words, most=3)
    data, edits = text_of(mutant.document), mutant.edits
    plain = mutant.document if is_plain(mutant.document) else None
    if pick(16) == 15:
        data, edit = bytes_mutated(data, pick)
        edits, plain = (*edits, edit), None
    return Example(mutant.start, data, edits, (index, order, plain))


def feed(example: Example) -> str:
    index, order, plain = example.facts
    compiled = starts.compiled()[index]
    counts: Any = parse(example.data, "counts.json", "file of counts")
    result = qsac.interpret(compiled, counts, order=order)
    json.dumps(result.to_dict(), allow_nan=False)
    probability = result.success_probability
    if probability is not None and not 0 <= probability <= 1:
        raise WrongError(f"a success probability of {probability}")
    for name in ("fidelity", "token_fidelity"):
        value = result.metrics.get(name)
        if value is not None and not 0 <= value <= 1:
            raise WrongError(f"{name} of {value}")
    predictions = result.values.get("predictions", ())
    for value in (
        value
        for one in ([predictions] if isinstance(predictions, dict) else predictions)
        for value in one["probabilities"]
    ):
        if value is not None and not 0 <= value <= 1:
            raise WrongError(f"a probability of {value}")
    whole = isinstance(plain, dict) and all(type(count) is int for count in plain.values())
    # The shots of several circuits are not one number of the counts.
    if whole and result.shots != sum(plain.values()):
        raise WrongError("another number of shots than there were")
    return "accepted"


KINDS = (Kind("counts", 350, MANY, make, feed, {"accepted": 0.1}),)
