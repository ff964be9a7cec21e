"""Simulators: how long each takes for a compiled circuit, and how far the exact ones are from the closed form."""

from __future__ import annotations

from dataclasses import asdict

from tests.bench import measure
from tests.bench.cases import Case
from tests.bench.plan import Plan
from tests.bench.table import count, seconds, table, tiny

CASES = (Case(8, 4), Case(16, 16), Case(64, 4), Case(128, 8), Case(256, 8))
SIMULATORS = ("statevector", "qulacs", "aer")
SHOTS = 1000


def section(plan: Plan) -> str:
    stopped: dict[str, str] = {}
    lines = [_line(plan, case, stopped) for case in (CASES[:2] if plan.quick else CASES)]
    return INTRODUCTION.format(shots=SHOTS, limit=plan.limit, repeats=plan.repeats) + "\n" + table(HEADER, lines)


def _line(plan: Plan, case: Case, stopped: dict[str, str]) -> list[str]:
    cells, gates, qubits = [], None, None
    for simulator in SIMULATORS:
        plan.say(f"simulators: {case}, {simulator}")
        if simulator in stopped:
            cells += [f"not tried: {stopped[simulator]}"] + [""] * (simulator != "aer")
            continue
        outcome = measure.run(
            "simulate", plan.limit, case=asdict(case), simulator=simulator, shots=SHOTS, repeats=plan.repeats
        )
        result = outcome.result
        if result is None:
            stopped[simulator] = outcome.failure
            cells += [outcome.failure] + [""] * (simulator != "aer")
            continue
        gates, qubits = result["gates"], result["qubits"]
        cells.append(seconds(result["wall"]))
        if simulator != "aer":
            cells.append(tiny(result["deviation"]))
    return [str(case), count(qubits), count(gates), *cells]


HEADER = ["(T,d,k)", "qubits", "two-qubit gates", "statevector, s", "deviation", "qulacs, s", "deviation", "aer, s"]

INTRODUCTION = """\
## Simulators

The circuits that qsac compiles for `h2` from generic real tokens, simulated: `statevector` and `qulacs` exactly, `aer`
by {shots:,} shots. Median of up to {repeats} runs after one that is not counted; a run was stopped after {limit:g} s,
with what comes before it, and nothing larger tried. The deviation is that of the fidelity from the closed form.
"""
