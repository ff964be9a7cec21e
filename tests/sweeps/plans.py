"""A plan of twelve small tasks, and what tests change in it."""

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import SMALL

TOKENS = [[[1, 0], [1, 1], [0, 2], [1, 3]], [[1, 0], [1, 2], [2, 1]], [[2, 1], [1, 1], [0, 1], [1, 1]]]

PLAN: dict[str, Any] = {
    "qsac_sweep": 1,
    "name": "twelve",
    "model": SMALL,
    "action": "compile",
    "axes": [{"field": "/tokens/values", "values": TOKENS}, {"field": "optimisation", "values": [0, 2]}],
    "options": {"target": "h2"},
    "repeat": 2,
}


def changed(**fields: Any) -> dict[str, Any]:
    """The plan with other fields, those that are None left out."""
    return {name: value for name, value in {**PLAN, **fields}.items() if value is not None}


def written(folder: Path, plan: dict[str, Any] = PLAN) -> str:
    """The path of a file of the plan."""
    path = folder / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return str(path)


def outputs(folder: Path) -> tuple[bytes, bytes]:
    """What a sweep has written."""
    return (folder / "results.json").read_bytes(), (folder / "results.csv").read_bytes()
