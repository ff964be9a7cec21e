"""Binding a template: how long angles and circuit take, beside a compilation of the same model."""

from __future__ import annotations

from dataclasses import asdict

from tests.bench import measure
from tests.bench.cases import LARGE, SMALL, Case
from tests.bench.plan import Plan
from tests.bench.table import count, table


def section(plan: Plan) -> str:
    cases = [Case(8, 4)] if plan.quick else [SMALL, LARGE]
    both = [Case(case.context, case.dimension, complex=given) for case in cases for given in (False, True)]
    lines = [_line(plan, case) for case in both]
    return INTRODUCTION.format(repeats=plan.repeats) + "\n" + table(HEADER, lines)


def _line(plan: Plan, case: Case) -> list[str]:
    name = f"{case}, {case.numbers}"
    plan.say(f"binding: {name}")
    target = "h2" if case.context > 256 else "h1"
    outcome = measure.run("bind", 600, case=asdict(case), target=target, repeats=plan.repeats)
    result = outcome.result
    if result is None:
        return [name, outcome.failure, *[""] * 6]
    times = [f"{1000 * result[part]['wall']:.1f}" for part in ("template", "angles", "emit", "bind", "compile")]
    times.insert(2, f"{1000 * result['angles']['processor']:.1f}")
    return [name, count(result["gates"]), *times]


HEADER = [
    "(T,d,k)",
    "two-qubit gates",
    "template once, ms",
    "angles, ms",
    "of it processor",
    "emission, ms",
    "binding in all, ms",
    "compilation, ms",
]

INTRODUCTION = """\
## Binding templates

`template.angles(tokens)` and `template.bind(tokens, verify=False)` for new tokens each time, median of {repeats} after
a first one that is not counted; `qsac.compile` of the same model for comparison. A binding holds the angles, one
emission, and the statistics of the artifact, whose text is written later.
"""
