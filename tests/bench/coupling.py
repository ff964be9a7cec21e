"""On IBM's devices: qsac's own circuits for a coupling graph, against routers that are handed the unrouted circuit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from math import exp, log
from typing import Any

from tests.bench import measure
from tests.bench.cases import COUPLED_CASES, Case
from tests.bench.counts import TOLERANCE
from tests.bench.measure import Outcome
from tests.bench.plan import Plan
from tests.bench.table import count, ratio, seconds, table, tiny

TARGETS = ("ibm-fez", "ibm-kingston", "ibm-nighthawk")
LEVELS = (2,)
"""Of qsac; -O3 searches for many minutes longer, for a few gates."""

ROUTERS = ("qiskit-3", "tket-2")
SEEDS = 5
"""Of Qiskit."""

HEADER = ["", "unrouted", "qsac -O2", "Qiskit 3", "TKET 2", "ratio"]


def section(plan: Plan) -> str:
    targets = TARGETS[:1] if plan.quick else TARGETS
    cases = COUPLED_CASES[:2] if plan.quick else COUPLED_CASES
    keys = [(target, case) for target in targets for case in cases]
    jobs = [(target, case, how) for target, case in keys for how in (*LEVELS, *ROUTERS)]
    with ThreadPoolExecutor(plan.parallel) as pool:
        found = list(pool.map(lambda job: _run(plan, *job), jobs))
    outcomes = dict(zip(jobs, found, strict=True))
    text = [INTRODUCTION.format(seeds=SEEDS)]
    ratios: dict[tuple[str, int], list[float]] = {}
    for target in targets:
        text.append(f"### {target}\n")
        for figure, title in (("gates", "Two-qubit gates"), ("depth", "Two-qubit depth")):
            rows = []
            for case in cases:
                results = {how: outcomes[target, case, how].result for how in (*LEVELS, *ROUTERS)}
                rows.append(_row(case, figure, results, ratios))
            means = [ratio(_mean(ratios[figure, level][-len(cases) :])) for level in LEVELS]
            rows.append(["geometric mean", *[""] * 4, *means])
            text.append(f"{title}:\n\n" + table(HEADER, rows))
        text.append(_remarks(target, cases, outcomes))
    text.append("### All devices\n")
    rows = [
        [f"two-qubit {figure}, -O{level}", ratio(_mean(ratios[figure, level])), ratio(max(ratios[figure, level]))]
        for figure in ("gates", "depth")
        for level in LEVELS
    ]
    text.append(table(["", "geometric mean", "largest ratio"], rows))
    return "\n".join(text)


def _run(plan: Plan, target: str, case: Case, how: int | str) -> Outcome:
    plan.say(f"coupling: {how} at {case} for {target}")
    if isinstance(how, int):
        return measure.run("qsac", 900, case=asdict(case), optimisation=how, target=target, budget=0.0)
    outcome = measure.run("routed", max(plan.limit, 300), case=asdict(case), target=target, router=how, seeds=SEEDS)
    if outcome.result and outcome.result["deviation"] > TOLERANCE:
        return Outcome(None, f"wrong: off by {outcome.result['deviation']:.1e}")
    return outcome


def _row(
    case: Case, figure: str, results: dict[Any, dict[str, Any] | None], ratios: dict[tuple[str, int], list[float]]
) -> list[str]:
    peers = [results[router] for router in ROUTERS]
    best = min(result[figure] for result in peers if result)
    unrouted = next(result[f"unrouted_{figure}"] for result in peers if result)
    cells = []
    for level in LEVELS:
        own = results[level]
        assert own is not None, f"qsac -O{level} failed at {case}"
        ratios.setdefault((figure, level), []).append(own[figure] / best)
        cells.append(ratio(own[figure] / best))
    found = [count(result[figure]) if result else "-" for result in results.values()]
    return [f"{case}, {case.numbers}", count(unrouted), *found, *cells]


def _mean(values: list[float]) -> float:
    return exp(sum(map(log, values)) / len(values))


def _remarks(target: str, cases: tuple[Case, ...], outcomes: dict[Any, Outcome]) -> str:
    """Times, the largest deviation of a baseline, and what gave no figures."""
    times = []
    for how in (*LEVELS, *ROUTERS):
        walls = [result["seconds"]["wall"] for case in cases if (result := outcomes[target, case, how].result)]
        name = f"qsac -O{how}" if isinstance(how, int) else how
        times.append(f"{name} {seconds(min(walls))} to {seconds(max(walls))} s")
    deviations = [
        result["deviation"] for case in cases for how in ROUTERS if (result := outcomes[target, case, how].result)
    ]
    failures = [
        f" {how} at {case}, {case.numbers}: {outcomes[target, case, how].failure}."
        for case in cases
        for how in ROUTERS
        if outcomes[target, case, how].result is None
    ]
    largest = tiny(max(deviations))
    return f"Times: {', '.join(times)}; largest deviation of a baseline {largest}.{''.join(failures)}\n"


INTRODUCTION = """\
## Coupling graphs

IBM's devices, exact. qsac places, routes and lays its multiplexors out along the coupling graph
([coupling graphs](coupling.md)); the baselines get qsac's own circuit as emitted, at -O2, for the same gates
without a coupling graph ("unrouted"). Qiskit's `transpile` at level 3 for the device's own target, the best of {seeds}
seeds; TKET: level 2 of pytket-qiskit's `IBMQBackend`, offline, from the device's configuration and properties.
Each column shows the fewest gates and the least depth that were found, even in two different circuits.
Ratios are to the better of both baselines.

qsac's rows passed its own verification to 1e-9, maps applied. A baseline's row counts only if all its circuits,
simulated, give the closed form to 1e-8. Two runs at a time.
"""
