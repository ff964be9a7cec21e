"""How qsac's gates and compile time grow with the context and the dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from tests.bench import measure
from tests.bench.cases import CONTEXTS, DIMENSIONS, Case
from tests.bench.plan import Plan
from tests.bench.table import count, seconds, table


def _measured(plan: Plan, cases: Sequence[Case]) -> list[tuple[Case, int, float]]:
    found = []
    for case in cases:
        plan.say(f"scaling: {case}, {case.numbers}")
        outcome = measure.run("compile", 600, case=asdict(case), target="h2", write=False, repeats=min(3, plan.repeats))
        if outcome.result is None:
            raise RuntimeError(f"qsac at {case}: {outcome.failure}")
        found.append((case, outcome.result["gates"], outcome.result["seconds"]["wall"]))
    return found


def _slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    return float(np.polyfit(np.log(xs), np.log(ys), 1)[0])


def section(plan: Plan) -> str:
    contexts = (16, 32) if plan.quick else CONTEXTS if plan.limit < 100 else (*CONTEXTS, 4096)
    dimensions = (16, 32) if plan.quick else DIMENSIONS
    text = [INTRODUCTION]
    for complex_numbers in (False, True):
        cases = [Case(context, 16, complex=complex_numbers) for context in contexts]
        text.append(_part(plan, cases, "T", [case.context for case in cases]))
        cases = [Case(64, dimension, complex=complex_numbers) for dimension in dimensions]
        text.append(_part(plan, cases, "d", [case.dimension for case in cases]))
    return "\n".join(text)


def _part(plan: Plan, cases: list[Case], name: str, sizes: list[int]) -> str:
    measured = _measured(plan, cases)
    rows = [
        [
            str(size),
            count(gates),
            f"{gates / (case.context * case.dimension):.2f}",
            seconds(wall),
            f"{wall / gates * 1e6:.0f}",
        ]
        for size, (case, gates, wall) in zip(sizes, measured, strict=True)
    ]
    slopes = [_slope(sizes, [float(row[place]) for row in measured]) for place in (1, 2)]
    rows.append(["slope (log-log)", f"{slopes[0]:.2f}", "", f"{slopes[1]:.2f}", ""])
    fixed = "d = 16" if name == "T" else "T = 64"
    title = f"### Against {name}, {fixed}, k = 1, {cases[0].numbers} tokens\n"
    return title + "\n" + table([name, "two-qubit gates", "gates / (T d)", "s", "µs a gate"], rows)


INTRODUCTION = """\
## Scaling

qsac -O2 for `h2`, in memory, `verify=False`, medians. Slopes are fitted to all points. Two-qubit gates grow as T and
as d (slope 1); a time's slope stays below 1 as long as what does not grow still counts.
"""
