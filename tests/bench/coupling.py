"""On IBM's devices: qsac's own circuits for a coupling graph, against routers that are handed the unrouted circuit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import accumulate
from math import exp, log
from typing import Any

from tests.bench import measure
from tests.bench.cases import COUPLED_CASES, Case
from tests.bench.counts import TOLERANCE
from tests.bench.measure import Outcome
from tests.bench.plan import Plan
from tests.bench.table import count, ratio, seconds, table, tiny

TARGETS = ("ibm-fez", "ibm-kingston", "ibm-nighthawk")
LEVELS = (1, 2)
"""Of qsac; -O3 searches for many minutes longer, for a few gates."""

ROUTERS = ("qiskit-3", "tket-2")
SEEDS = (1, 30, 100)
"""How many of Qiskit's seeds the columns are the best of."""

RARE = {"bqskit-1": "BQSKit 1", "bqskit-3": "BQSKit 3", "mqt-predictor": "mqt.predictor"}
"""Routers that get the smallest case alone, and more time."""
RARE_LIMIT = 300.0

RATIOS = ("equal time", "best")

Result = dict[str, Any]


def section(plan: Plan) -> str:
    targets = TARGETS[:1] if plan.quick else TARGETS
    cases = COUPLED_CASES[:2] if plan.quick else COUPLED_CASES
    # Those that run longest come first.
    jobs: list[tuple[str, Case, int | str]] = [] if plan.quick else [(targets[0], cases[0], how) for how in RARE]
    jobs += [(target, case, how) for target in targets for case in cases for how in (*LEVELS, *ROUTERS)]
    with ThreadPoolExecutor(plan.parallel) as pool:
        found = list(pool.map(lambda job: _run(plan, *job), jobs))
    outcomes = dict(zip(jobs, found, strict=True))
    text = [INTRODUCTION.format(most=SEEDS[-1])]
    ratios: dict[str, dict[tuple[str, str], list[float]]] = {}
    for target in targets:
        text.append(f"### {target}\n")
        own = ratios[target] = {}
        for figure, title in (("gates", "Two-qubit gates, and processor seconds"), ("depth", "Two-qubit depth")):
            rows = []
            for case in cases:
                results = {how: outcomes[target, case, how].result for how in (*LEVELS, *ROUTERS)}
                rows.append(_row(case, figure, results, own))
            means = [ratio(mean(own[figure, kind])) for kind in RATIOS]
            rows.append(["geometric mean", *[""] * (len(HEADER) - 1 - len(means)), *means])
            text.append(f"{title}:\n\n" + table(HEADER, rows))
        text.append(_remarks(target, cases, outcomes))
    text.append(_rare(outcomes))
    text.append("### All devices\n")
    text.append(_together(ratios))
    text.append("### All devices, times\n")
    text.append(table(["", "least processor s", "median", "most"], _times(jobs, outcomes)))
    return "\n".join(text)


def _run(plan: Plan, target: str, case: Case, how: int | str) -> Outcome:
    plan.say(f"coupling: {how} at {case} for {target}")
    if isinstance(how, int):
        return measure.run("qsac", 900, case=asdict(case), optimisation=how, target=target, budget=0.0)
    limit = RARE_LIMIT if how in RARE else max(plan.limit, 600)
    seeds = 3 if plan.quick else SEEDS[-1]
    python = measure.FRAMEWORKS if how == "mqt-predictor" and measure.FRAMEWORKS.exists() else None
    outcome = measure.run("routed", limit, python=python, case=asdict(case), target=target, router=how, seeds=seeds)
    if outcome.result and outcome.result["deviation"] > TOLERANCE:
        return Outcome(None, f"wrong: off by {outcome.result['deviation']:.1e}")
    return outcome


def best_of(result: Result, figure: str, seeds: int) -> tuple[int, float]:
    """The least of a figure over the first seeds of a router, and the processor seconds of all of them."""
    runs = result["runs"][:seeds]
    return min(run[figure] for run in runs), sum(run["processor"] for run in runs)


def within(results: list[Result], figure: str, processor: float) -> int:
    """The least of a figure that routers find in so many processor seconds; Qiskit's first seed counts in any case."""
    found = []
    for place, result in enumerate(results):
        spent = list(accumulate(run["processor"] for run in result["runs"]))
        fit = sum(one <= processor for one in spent)
        if place == 0 or fit:
            found.append(best_of(result, figure, max(1, fit))[0])
    return min(found)


def _row(
    case: Case, figure: str, results: dict[Any, Result | None], ratios: dict[tuple[str, str], list[float]]
) -> list[str]:
    peers = [result for router in ROUTERS if (result := results[router])]
    own = results[2]
    assert own is not None, f"qsac -O2 failed at {case}"
    assert peers, f"no router ended at {case}"
    compared = {
        "equal time": within(peers, figure, own["seconds"]["processor"]),
        "best": min(best_of(result, figure, SEEDS[-1])[0] for result in peers),
    }
    for kind, least in compared.items():
        ratios.setdefault((figure, kind), []).append(own[figure] / least)
    cells = []
    for level in LEVELS:
        result = results[level]
        cells.append(_cell(figure, (result[figure], result["seconds"]["processor"]) if result else None))
    qiskit, tket = (results[router] for router in ROUTERS)
    cells += [_cell(figure, best_of(qiskit, figure, seeds) if qiskit else None) for seeds in SEEDS]
    cells.append(_cell(figure, best_of(tket, figure, 1) if tket else None))
    unrouted = count(peers[0][f"unrouted_{figure}"])
    return [f"{case}, {case.numbers}", unrouted, *cells, *(ratio(own[figure] / least) for least in compared.values())]


def _cell(figure: str, found: tuple[int, float] | None) -> str:
    if found is None:
        return "-"
    return f"{count(found[0])} ({seconds(found[1])})" if figure == "gates" else count(found[0])


def mean(values: list[float]) -> float:
    """The geometric mean."""
    return exp(sum(map(log, values)) / len(values))


def _together(ratios: dict[str, dict[tuple[str, str], list[float]]]) -> str:
    """Geometric means and largest ratios over all cases, and means for each device."""
    rows = []
    for figure in ("gates", "depth"):
        for kind in RATIOS:
            values = [value for own in ratios.values() for value in own[figure, kind]]
            each = [ratio(mean(own[figure, kind])) for own in ratios.values()]
            rows.append([f"two-qubit {figure}, {kind}", ratio(mean(values)), ratio(max(values)), *each])
    return table(["qsac -O2 / peer", "geometric mean", "largest ratio", *ratios], rows)


def _times(jobs: list[tuple[str, Case, int | str]], outcomes: dict[Any, Outcome]) -> list[list[str]]:
    """Processor seconds over all cases: least, median and most."""
    series: dict[str, list[float]] = {}
    for job in jobs:
        result, how = outcomes[job].result, job[2]
        if result is None or how in RARE:
            continue
        if isinstance(how, int):
            series.setdefault(f"qsac -O{how}", []).append(result["seconds"]["processor"])
        elif how == "tket-2":
            series.setdefault("TKET 2", []).append(best_of(result, "gates", 1)[1])
        else:
            for seeds in SEEDS:
                series.setdefault(_seeds(seeds), []).append(best_of(result, "gates", seeds)[1])
    ordered = {name: sorted(values) for name, values in series.items()}
    return [
        [name, seconds(values[0]), seconds(values[len(values) // 2]), seconds(values[-1])]
        for name, values in ordered.items()
    ]


def _seeds(number: int) -> str:
    return "Qiskit 3, one seed" if number == 1 else f"Qiskit 3, {number} seeds"


HEADER = [
    "",
    "unrouted",
    *(f"qsac -O{level}" for level in LEVELS),
    *map(_seeds, SEEDS),
    "TKET 2",
    *(f"-O2 / {kind}" for kind in RATIOS),
]


def _remarks(target: str, cases: tuple[Case, ...], outcomes: dict[Any, Outcome]) -> str:
    """The largest deviation of a baseline, and what gave no figures."""
    deviations = [
        result["deviation"] for case in cases for how in ROUTERS if (result := outcomes[target, case, how].result)
    ]
    failures = [
        f" {how} at {case}, {case.numbers}: {outcomes[target, case, how].failure}."
        for case in cases
        for how in ROUTERS
        if outcomes[target, case, how].result is None
    ]
    return f"Largest deviation of a baseline {tiny(max(deviations, default=None))}.{''.join(failures)}\n"


def _rare(outcomes: dict[Any, Outcome]) -> str:
    """What the routers made that get the smallest case alone."""
    said = []
    for (target, case, how), outcome in outcomes.items():
        if how not in RARE:
            continue
        name, result = f"{RARE[how]} at {case}, {case.numbers}, {target}", outcome.result
        if result is None:
            said.append(f"{name}: {outcome.failure}.")
            continue
        gates, processor = best_of(result, "gates", 1)
        said.append(f"{name}: {gates} gates, depth {best_of(result, 'depth', 1)[0]}, {seconds(processor)} s.")
    return f"Others, which get one case and {RARE_LIMIT:g} s: {' '.join(said)}\n" if said else ""


INTRODUCTION = """\
## Coupling graphs

IBM's devices, exact. qsac places, routes and lays its multiplexors out along the coupling graph
([coupling graphs](coupling.md)); the baselines get qsac's own circuit as emitted, at -O2, for the same gates
without a coupling graph ("unrouted"). Qiskit's `transpile` at level 3 for the device's own target, the best of one, 30
and {most} seeds; TKET: level 2 of pytket-qiskit's `IBMQBackend`, offline, from the device's configuration and
properties, which takes no seed. Each column shows the fewest gates and the least depth that were found, even in two
different circuits.

In parentheses stand processor seconds, of all threads, after a first small circuit that is not counted; for
several seeds their sum. The ratios are those of qsac -O2: to what the two find in qsac's own processor time, as many of
Qiskit's seeds as fit, TKET where it fits (equal time), and to the best of all seeds and TKET (best).

qsac's rows passed its own verification to 1e-9, maps applied. A baseline's row counts only if its circuits, each
that is better than those of the seeds before it, give the closed form to 1e-8 when they are simulated. Two runs at a
time. BQSKit and mqt.predictor get the smallest case; BQSKit's circuit has a qubit for each register and all
measurements at its end, as it knows no others. mqt.predictor is looked for in the environment of
`make test-frameworks`, and needs a model that was trained for the device.
"""
