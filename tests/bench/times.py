"""Compile time and peak memory: qsac against baselines that optimise a circuit already written for them."""

from __future__ import annotations

from dataclasses import asdict

from tests.bench import measure
from tests.bench.cases import LARGE, SMALL, Case
from tests.bench.counts import TOLERANCE
from tests.bench.measure import Outcome
from tests.bench.plan import Plan
from tests.bench.table import count, megabytes, ratio, seconds, table, tiny

PEERS = {"qiskit-3": "Qiskit 3", "tket-1": "TKET 1, ZZPhase", "tket-2": "TKET 2, ZZPhase"}


def section(plan: Plan) -> str:
    text = [INTRODUCTION.format(limit=f"{plan.limit:g}", repeats=plan.repeats)]
    for case in (Case(8, 4),) if plan.quick else (SMALL, LARGE):
        text.append(f"### T = {case.context}, d = {case.dimension}, k = {case.degree}\n")
        text.append(_case_table(plan, case))
    return "\n".join(text)


def _case_table(plan: Plan, case: Case) -> str:
    # 2 m + n qubits have to fit.
    target = "h2" if case.context > 256 else "h1"
    complex_case = Case(case.context, case.dimension, case.degree, complex=True)
    lines: list[list[str]] = []
    base = None
    for name, which, write in (
        ("real, in memory", case, False),
        ("real, artifact written", case, True),
        ("complex, in memory", complex_case, False),
        ("complex, artifact written", complex_case, True),
    ):
        plan.say(f"times: qsac, {name} at {case}")
        outcome = measure.run("compile", 600, case=asdict(which), target=target, write=write, repeats=plan.repeats)
        if base is None and outcome.result:
            base = outcome.result["seconds"]["wall"]
        lines.append(_line(f"**qsac -O2**, {name}", outcome, None))
    check = case.context <= 64
    for optimiser, name in PEERS.items():
        plan.say(f"times: {name} at {case}")
        outcome = measure.run(
            "optimise_plain", plan.limit, case=asdict(case), target=target, optimiser=optimiser, check=check
        )
        lines.append(_line(f"{name}, on qsac's -O0 circuit", outcome, base))
    if case == LARGE:
        lines.append([f"any, on (c): {NOT_BUILT}", *[""] * 6])
        return table(HEADER, lines)
    for optimiser, name in {"qiskit-3": "Qiskit 3", "tket-1": "TKET 1, ZZPhase", "tket-2-cx": "TKET 2, CX"}.items():
        plan.say(f"times: {name} on (c) at {case}")
        outcome = measure.run("optimise_fused", plan.limit, case=asdict(case), optimiser=optimiser, check=check)
        lines.append(_line(f"{name}, on (c)", outcome, base))
    return table(HEADER, lines)


def _line(name: str, outcome: Outcome, base: float | None) -> list[str]:
    result = outcome.result
    if result is None:
        return [name, outcome.failure, *[""] * 5]
    deviation = result.get("deviation")
    if deviation is not None and deviation > TOLERANCE:
        return [name, f"wrong: off by {deviation:.1e}", *[""] * 5]
    wall = result["seconds"]["wall"]
    return [
        name,
        seconds(wall),
        seconds(result["seconds"]["processor"]),
        ratio(base / wall) if base else "",
        megabytes(result["memory"]),
        count(result["gates"]),
        tiny(deviation),
    ]


HEADER = ["", "s", "processor s", "qsac in memory / this", "peak MB", "two-qubit gates", "deviation"]

NOT_BUILT = "generic preparation of its 20-qubit index state alone is a million CX"

INTRODUCTION = """\
## Compile time and memory

Library imported, one run at a time, each row in a process of its own. qsac's time is from the model file's content to
the circuit (`verify=False`, median of {repeats}), or to the artifact on disk. The baselines' time is that of the
optimisation alone, once, without building, unrolling and converting their circuit. They get the circuit
that `qsac -O0` writes (T = 1024 needs 24 qubits, hence `h2`), and (c) of the table above. Peak memory is the
whole process's, libraries included. "processor s" counts what all threads computed, which other work on the machine
does not stretch. A baseline's run was stopped after {limit} s. Their results at the smaller size are checked as above.
"""
