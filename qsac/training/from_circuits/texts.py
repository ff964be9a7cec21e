"""Bindings and outcomes as JSON, every number exactly: what a worker is asked for, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import asdict, fields, replace
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from numpy.typing import NDArray

from qsac.compiler.options import Options
from qsac.families.outcome_texts import array_from_json, array_to_json, outcomes_from_json, outcomes_to_json
from qsac.families.outcomes import Outcomes
from qsac.ir.attention import PhaseTable
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.machine.described import described_target
from qsac.machine.target import describe
from qsac.sweeps.tasks import text_of
from qsac.templates.circuits import Circuits
from qsac.templates.file import read_shape, shape_parts
from qsac.training.from_circuits.moves import shifted
from qsac.training.from_circuits.taking import Taking

KEPT = 16
"""Templates that a worker keeps."""


class Binding(NamedTuple):
    """One circuit: the numbers of the op at ``place`` of its program in place of its own, none for the program as it
    is; and the seed of its shots."""

    place: int | None
    values: NDArray[Any] | None
    seed: int


class Job(NamedTuple):
    """Bindings of one of a template's ``circuits``, counted by ``circuit``: those of a program of its shape."""

    circuits: Circuits
    circuit: int
    program: Program
    bindings: tuple[Binding, ...]


def outcomes_of(taking: Taking, job: Job) -> list[Outcomes]:
    """The outcomes of each binding."""
    derived: dict[Hashable, object] = {}
    found = []
    for number, (place, values, seed) in enumerate(job.bindings):
        program = job.program
        if place is not None and values is not None:
            # Under a name of its own, as what is computed of other tables is kept.
            program = shifted(program, place, values, f"shifted {number}")
        found.append(taking.outcomes(job.circuits.of(job.circuit, program, derived), seed))
    return found


# Jobs


def task_of(taking: Taking, job: Job) -> dict[str, Any]:
    """The task of a job, JSON-ready."""
    phases = {str(place): op.phases.values for place, op in enumerate(job.program.ops) if isinstance(op, PhaseTable)}
    return {
        "action": "outcomes",
        "taking": asdict(taking),
        "template": _circuits_text(job.circuits),
        "circuit": job.circuit,
        "tables": {name: array_to_json(table.values) for name, table in job.program.tables.items()},
        "phases": {place: array_to_json(values) for place, values in phases.items()},
        "subnormalisation": job.program.subnormalisation,
        "bindings": [
            [place, None if values is None else array_to_json(values), seed] for place, values, seed in job.bindings
        ],
    }


def done(task: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a task of :func:`task_of`."""
    circuits, circuit = _circuits(task["template"]), task["circuit"]
    shape = circuits.shapes[circuit].program
    tables = {
        name: Table(
            array_from_json(values),
            derivation=shape.tables[name].derivation,
            complex=not shape.tables[name].real,
            pattern=shape.tables[name],
        )
        for name, values in task["tables"].items()
    }
    phases = {int(place): Table(array_from_json(values)) for place, values in task["phases"].items()}
    ops = (
        replace(op, phases=phases[place]) if isinstance(op, PhaseTable) else op for place, op in enumerate(shape.ops)
    )
    program = replace(shape, tables=tables, ops=tuple(ops), subnormalisation=task["subnormalisation"])
    bindings = tuple(
        Binding(place, None if values is None else array_from_json(values), seed)
        for place, values, seed in task["bindings"]
    )
    job = Job(circuits, circuit, program, bindings)
    return {"outcomes": [outcomes_to_json(one) for one in outcomes_of(Taking(**task["taking"]), job)]}


def results(body: Mapping[str, Any]) -> list[Outcomes]:
    """The outcomes in the result of a task."""
    return [outcomes_from_json(one) for one in body["outcomes"]]


_texts: WeakKeyDictionary[Circuits, str] = WeakKeyDictionary()
"""Texts of circuits that were written already: one is in many tasks."""


def _circuits_text(circuits: Circuits) -> str:
    if circuits not in _texts:
        _texts[circuits] = text_of(
            {
                "target": describe(circuits.target),
                "options": {field.name: getattr(circuits.options, field.name) for field in fields(Options)},
                "shapes": [shape_parts(shape) for shape in circuits.shapes],
            }
        )
    return _texts[circuits]


@lru_cache(maxsize=KEPT)
def _circuits(text: str) -> Circuits:
    found = json.loads(text)
    shapes = tuple(map(read_shape, found["shapes"]))
    return Circuits(described_target(found["target"]), Options(**found["options"]), shapes)
