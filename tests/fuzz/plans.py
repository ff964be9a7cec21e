"""Plans of sweeps: what is accepted has tasks that say the same wherever they are made, and every task that is done
comes to a result or to a refusal that a record holds."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from qsac.errors import QsacError
from qsac.families.reading import load
from qsac.sweeps.plan import Plan
from qsac.sweeps.reading import read
from qsac.sweeps.records import Record
from qsac.sweeps.results import SweepResult
from qsac.sweeps.tasks import KEY, task_key, text_of
from qsac.sweeps.working import work
from tests.fuzz import starts
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import MANY, SOME, Kind
from tests.fuzz.mutations import Document, bytes_mutated, mutated
from tests.fuzz.mutations import text_of as written
from tests.fuzz.scratch import scratch

LOOKED_AT, DONE = 6, 2
"""Tasks of a plan that are made, and of a small one those that are done."""
SMALL, SHOTS = 16, 1000
"""Longest context, and most shots, of a task that is done."""


def _plan(action: str, model: Any, axes: dict[str, list[Any]], **fields: Any) -> dict[str, Any]:
    varied = [{"field": field, "values": values} for field, values in axes.items()]
    return {"qsac_sweep": 1, "name": action, "model": model, "action": action, "axes": varied, **fields}


PLANS: dict[str, dict[str, Any]] = {
    "sizes": _plan(
        "compile",
        starts.MODELS["single"],
        {"/attention/kernel/degree": [1, 2], "target": ["h1", "machine.json"], "optimisation": [0, 1]},
        options={"prefer": "depth", "qubits": 12},
    ),
    "tokens": _plan(
        "compile",
        "model.json",
        {"/tokens/values": [starts.REAL, starts.WIDE]},
        options={"error_budget": 1e-3},
        repeat=2,
    ),
    "files": _plan("compile", "named.json", {"/tokens/path": ["tokens.csv", "others.csv"], "seed": [0, 2**53]}),
    "estimates": _plan(
        "estimate", starts.MODELS["polynomial"], {"context": [4, "1e5"], "dimension": [2, "4"], "target": ["h2"]}
    ),
    "runs": _plan(
        "run",
        starts.MODELS["loss"],
        {"target": ["statevector", "aer"], "/attention/mask": ["causal", "full"]},
        options={"shots": 100},
        repeat=2,
    ),
    "noise": _plan("run", starts.MODELS["single"], {"noise": [True, False]}, options={"target": "h1", "shots": 50}),
    "transformer": _plan(
        "compile", starts.TRANSFORMERS["one"], {"/transformer/layers/0/residual/0": [0.5, 0.25]}, options={"passes": ""}
    ),
}
DOCUMENTS = tuple(Document(name, plan) for name, plan in PLANS.items())


def folder() -> Path:
    """Where plans are, with the files that they name."""
    place = scratch("plans")
    if not (place / "model.json").exists():
        (place / "model.json").write_text(json.dumps(starts.MODELS["loss"]), encoding="utf-8")
        named = {**starts.MODELS["loss"], "tokens": {"type": "file", "path": "tokens.csv"}}
        (place / "named.json").write_text(json.dumps(named), encoding="utf-8")
        for name, rows in (("tokens.csv", starts.REAL), ("others.csv", starts.LONGER)):
            text = "".join(",".join(map(str, row)) + "\n" for row in rows)
            (place / name).write_text(text, encoding="utf-8")
        (place / "machine.json").write_text(json.dumps(starts.MACHINES["ions"]), encoding="utf-8")
    return place


def make(pick: Pick) -> Example:
    start = DOCUMENTS[pick(len(DOCUMENTS))]
    mutant = mutated(start, pick, starts.words(), most=3, fitting=pick(3) == 2)
    data, edits = written(mutant.document), mutant.edits
    if pick(16) == 15:
        data, edit = bytes_mutated(data, pick)
        edits = (*edits, edit)
    return Example(mutant.start, data, edits)


def feed(example: Example) -> str:
    """``accepted``, whatever becomes of the tasks."""
    _read(example)
    return "accepted"


def _read(example: Example) -> Plan:
    path = folder() / "plan.json"
    path.write_bytes(example.data)
    plan, again = read(str(path)), read(path)
    if not isinstance(plan, Plan) or not isinstance(again, Plan):
        raise WrongError("a plan is read as something else")
    if not plan.name.isprintable() or {"/", "\\"} & set(plan.name) or plan.name.startswith("."):
        raise WrongError("the name of a plan cannot name a folder")
    for place in _places(plan):
        task = plan.task(place)
        text = text_of(task)
        if json.loads(text) != task or text_of(again.task(place)) != text:
            raise WrongError("a task is not what its text says, or another one when it is read again")
        if not KEY.fullmatch(task_key(json.loads(text))):
            raise WrongError("a key that names no record")
        if list(plan.settings(place)) != list(plan.fields):
            raise WrongError("a task whose settings are not those of the axes")
        if type(task["options"].get("seed", 0)) is not int:
            raise WrongError("a seed that is no number")
    return plan


def _places(plan: Plan) -> list[int]:
    """The first tasks and the last one."""
    return sorted({*range(min(len(plan), LOOKED_AT)), len(plan) - 1})


def done(example: Example) -> str:
    """As :func:`feed`, then some tasks of a small plan are done, and the table of all is written."""
    plan = _read(example)
    records = {}
    for place in _places(plan)[:DONE]:
        task = plan.task(place)
        if not _is_small(task):
            continue
        key = task_key(task)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = work(text_of({"task": task, "key": key, "spool": None}))
        record = Record.read(text, key)
        if record is None:
            raise WrongError("a worker gives what is no record")
        if record.state == "failed":
            raise WrongError(f"a task failed: {record.body['code']} {record.body['found']}")
        records[key] = text
    if len(plan) <= LOOKED_AT:
        table = SweepResult(plan.name, plan.fields, plan, records)
        rows = json.loads("".join(table.json_parts()))["rows"]
        if [row["key"] for row in rows] != list(plan.keys):
            raise WrongError("results that are not of the plan")
        "".join(table.csv_parts()).encode()
    return "accepted" if records else "accepted, not done"


def _is_small(task: dict[str, Any]) -> bool:
    """Whether a task is worth its time; one that will be refused is."""
    if task["action"] == "estimate":
        return True
    if task["options"].get("shots", 0) > SHOTS or "precision" in task["options"]:
        return False
    if isinstance(task["target"], dict) and int(task["target"].get("qubits", 0)) > 64:
        return False
    try:
        model = load(task["model"])
    except QsacError:
        return True
    context = getattr(model, "context", getattr(model, "tokens", 0))
    return isinstance(context, int) and context <= SMALL and model.dimension <= 4


KINDS = (
    Kind("plans", 150, MANY, make, feed, {"accepted": 0.1}),
    Kind("swept-plans", 40, SOME, make, done, {"accepted": 0.05}),
)
