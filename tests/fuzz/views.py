"""Artifacts whose statistics, options or target were changed, resealed: what is read is shown by every view."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from qsac.artifact.compiled import Compiled
from qsac.compiler.compilation import compile as compile_model
from qsac.views.cards import card
from tests.fuzz import commands, starts
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import SOME, Kind
from tests.fuzz.mutations import Document, mutated, text_of
from tests.fuzz.reseal import resealed
from tests.fuzz.scratch import scratch

FIELDS = ("stats", "options", "target")

AUTOMATIC = ("loss", "h1", {"optimisation": 3, "error_budget": "auto"})
"""An artifact that lists the error budgets that were compared, beside those of :data:`~tests.fuzz.starts.COMPILED`."""

COMMANDS = (
    ("view", "FILE", "-o", "PAGE", "-q"),
    ("diff", "WHOLE", "FILE"),
    ("diff", "FILE", "WHOLE", "--json"),
    ("plot", "passes", "FILE", "-o", "PLOT.svg", "-q"),
    ("run", "FILE", "-v"),
    ("run", "FILE", "--shots", "50", "--noise", "--seed", "1"),
    ("interpret", "FILE", "COUNTS"),
    ("verify", "FILE", "--no-simulation"),
)


@dataclass(frozen=True)
class Facts:
    """Which artifact it was, and which command it is given to."""

    index: int
    command: int


@functools.cache
def wholes() -> tuple[Compiled, ...]:
    name, target, options = AUTOMATIC
    return *starts.compiled(), compile_model(starts.EVERY[name], target, verify=False, **options)


@functools.cache
def documents() -> tuple[tuple[Document, ...], ...]:
    """Of each artifact those that are changed in one of :data:`FIELDS`."""
    texts = [json.loads(whole.to_json()) for whole in wholes()]
    return tuple(tuple(Document(str(place), text, field) for field in FIELDS) for place, text in enumerate(texts))


def make(pick: Pick) -> Example:
    """In one of two cases the types stay: that much is read."""
    index = pick(len(documents()))
    start = documents()[index][(0, 0, 0, 1, 2)[pick(5)]]
    mutant = mutated(start, pick, starts.words(), 2, fitting=bool(pick(2)))
    document = resealed(mutant.document, tuple(edit.pointer for edit in mutant.edits))
    command = pick(len(COMMANDS))
    named = f"{COMMANDS[command][0]} {wholes()[index].model.name} for {wholes()[index].target['name']}"
    return Example(named, text_of(document), mutant.edits, Facts(index, command))


@functools.cache
def _folder() -> Path:
    folder = scratch("views")
    for index, whole in enumerate(wholes()):
        (folder / f"{index}.qsac.json").write_text(whole.to_json(), encoding="utf-8")
        counts = {circuit.name: {"0" * len(circuit.bits): 50} for circuit in whole.circuits}
        told = counts if len(counts) > 1 else next(iter(counts.values()))
        (folder / f"{index}.counts.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def feed(example: Example) -> str:
    """``accepted``; what is refused is refused by every view alike."""
    compiled = Compiled.parse(example.data, "fuzzed.qsac.json")
    for shown in (repr(compiled), card(compiled), compiled.explain().text(), repr(compiled.specs()), compiled.draw()):
        if not shown:
            raise WrongError("nothing is shown")
    _shown_by_command(example)
    return "accepted"


def _shown_by_command(example: Example) -> None:
    folder, facts = _folder(), example.facts
    (folder / "fuzzed.qsac.json").write_bytes(example.data)
    names = {
        "FILE": str(folder / "fuzzed.qsac.json"),
        "WHOLE": str(folder / f"{facts.index}.qsac.json"),
        "COUNTS": str(folder / f"{facts.index}.counts.json"),
        "PAGE": str(folder / "page.html"),
        "PLOT.svg": str(folder / "plot.svg"),
    }
    arguments = [names.get(argument, argument) for argument in COMMANDS[facts.command]]
    code, printed = commands.run_here(arguments, folder)
    if code not in commands.CODES:
        raise WrongError(f"exit {code}: {commands.last_line(printed)}")


KINDS = (Kind("views", 30, SOME, make, feed, {"accepted": 0.2, "exit 2": 0.1}),)
