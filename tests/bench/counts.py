"""Two-qubit gates, depth and qubits, all-to-all and exact: qsac against baselines."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from tests.bench import gains, measure
from tests.bench.cases import GATE_CASES, Case
from tests.bench.constructions import COMPLEX_ONLY
from tests.bench.constructions import NAMES as CONSTRUCTIONS
from tests.bench.measure import Outcome
from tests.bench.plan import Plan
from tests.bench.table import count, ratio, seconds, table, tiny

OPTIMISERS = {
    "qiskit-3": "Qiskit 3",
    "tket-2-cx": "TKET 2, CX",
    "tket-2": "TKET 2, ZZPhase",
    "tket-3": "TKET 3, ZZPhase",
    "bqskit-3": "BQSKit 3",
}
SLOW = {"bqskit-3": 600.0}
"""Optimisers that get more seconds than the plan's, and fewer cases: see :func:`_too_long`."""

SMALLEST = {"multiplexed": 2, "fused": 4, "diagonal": 4, "indexed": 2}
"""How many of the cases a slow optimiser gets of each construction."""

BUDGET = 1e-2
"""What -O3 may spend (infidelity)."""
TOLERANCE = 1e-8
"""Largest deviation of a baseline's probabilities from the closed form with which its row counts."""

Series = tuple[str, str]

ORDER: tuple[Series, ...] = (
    ("qsac", "1"),
    ("qsac", "2"),
    ("qsac", "3"),
    ("qsac", "3, budget"),
    *((construction, optimiser) for construction in CONSTRUCTIONS for optimiser in OPTIMISERS),
)


@dataclass(frozen=True)
class Row:
    case: Case
    series: Series
    outcome: Outcome


def _series(plan: Plan, series: Series, cases: tuple[Case, ...]) -> Iterator[Row]:
    """One way to compile over all cases, in order of size; what did not end is not tried on anything larger."""
    stopped: Case | None = None
    for case in cases:
        if series[0] in COMPLEX_ONLY and not case.complex:
            continue
        if stopped is not None:
            yield Row(case, series, Outcome(None, f"not tried: did not end at {stopped}"))
            continue
        if _too_long(plan, series, case):
            yield Row(case, series, Outcome(None, "left to `--full`"))
            continue
        plan.say(f"counts: {' '.join(series)} at {case}")
        outcome = _run(plan, series, case)
        if outcome.result is None:
            stopped = case
        elif outcome.result.get("deviation", 0.0) > TOLERANCE:
            outcome = Outcome(None, f"wrong: off by {outcome.result['deviation']:.1e}")
        yield Row(case, series, outcome)


def _too_long(plan: Plan, series: Series, case: Case) -> bool:
    """Whether a slow optimiser's run is left to `--full`: all but the four smallest cases, and (a) but for one."""
    construction, optimiser = series
    return (
        optimiser in SLOW and plan.limit < SLOW[optimiser] and case not in GATE_CASES[: SMALLEST.get(construction, 0)]
    )


def _run(plan: Plan, series: Series, case: Case) -> Outcome:
    construction, optimiser = series
    if construction == "qsac":
        budget = BUDGET if "budget" in optimiser else 0.0
        return measure.run("qsac", 600, case=asdict(case), optimisation=int(optimiser[0]), target="h1", budget=budget)
    limit = plan.limit if plan.quick else max(plan.limit, SLOW.get(optimiser, 0.0))
    return measure.run("peer", limit, case=asdict(case), construction=construction, optimiser=optimiser)


def rows(plan: Plan) -> list[Row]:
    """Every series on every case; several series run at once, each of them in order."""
    cases = GATE_CASES[:2] if plan.quick else GATE_CASES
    optimisers = list(OPTIMISERS)[:1] if plan.quick else list(OPTIMISERS)
    # Those that run longest come first.
    every: list[Series] = [(made, how) for how in reversed(optimisers) for made in CONSTRUCTIONS]
    every += [series for series in ORDER if series[0] == "qsac"]
    with ThreadPoolExecutor(plan.parallel) as pool:
        found = pool.map(lambda series: list(_series(plan, series, cases)), every)
        return [row for part in found for row in part]


def section(plan: Plan) -> str:
    measured = rows(plan)
    cases = list(dict.fromkeys(row.case for row in measured))
    text = [INTRODUCTION.format(limit=f"{plan.limit:g}", budget=BUDGET)]
    text += [gains.section([[row for row in measured if row.case == case] for case in cases])]
    for case in cases:
        text.append(f"### T = {case.context}, d = {case.dimension}, k = {case.degree}, {case.numbers} tokens\n")
        text.append(_case_table([row for row in measured if row.case == case]))
    return "\n".join(text)


def _case_table(measured: list[Row]) -> str:
    best = next((row.outcome.result for row in measured if row.series == ("qsac", "2")), None)
    lines, missing = [], []
    for series in ORDER:
        row = next((row for row in measured if row.series == series), None)
        if row is None:
            continue
        made, how = series
        name = f"**qsac -O{how[0]}**" if made == "qsac" else f"{CONSTRUCTIONS[made]}, {OPTIMISERS[how]}"
        name += f", budget {BUDGET:g}" if "budget" in how else ""
        result = row.outcome.result
        if result is None:
            missing.append(f"{name}: {row.outcome.failure}")
            continue
        lines.append(
            [
                name,
                count(result["gates"]),
                ratio(best["gates"] / result["gates"]) if best and made != "qsac" else "",
                count(result["depth"]),
                count(result["qubits"]),
                " and ".join(count(gates) for gates in result.get("built", [])),
                seconds(result["seconds"]["wall"]),
                tiny(result.get("deviation")),
            ]
        )
    header = ["", "two-qubit gates", "qsac -O2 / this", "two-qubit depth", "qubits", "as built", "s", "deviation"]
    text = table(header, lines)
    return text + ("\nNo figures for " + "; ".join(missing) + ".\n" if missing else "")


INTRODUCTION = """\
## Two-qubit gates

All-to-all, exact but for the rows of -O3, which may spend an infidelity of {budget:g}. Models have generic tokens
(seeded normal numbers), a causal mask, the kernel s^k and V = W = 1; all rows of a table use the same model file. qsac
compiles for `h1` (ZZPhase); one ZZPhase and one CX count the same. Baselines:

- **(a) as published** (arXiv 2602.06699 v2): Qiskit's generic state preparation of the index state, T controlled
  preparations per loader, unprepared at the end.
- **(b) multiplexors**: what a user who knows uniformly controlled rotations writes by hand: Qiskit's UCRY (and UCRZ)
  gates, one per level, one DiagonalGate per index register for complex tokens; index state and end as in (a).
- **(c) with fused readout**: (b) with qsac's single-circuit readout: the index state is not unprepared.
- **(d) up to diagonals**, for complex tokens: (c) with one general multiplexed gate a level in place of UCRY and UCRZ,
  Qiskit's `UCGate(up_to_diagonal=True)` for Qiskit and BQSKit, pytket's `MultiplexedU2Box(impl_diag=False)` for TKET.
  This is what a competent user writes who knows the fused readout; for real tokens it is (c).
- **(e) with qsac's index state**: (d), or (c) for real tokens, with the index state that qsac makes, in CX, in place of
  generic state preparation. What is left between (e) and qsac is the loaders and what is folded and cancelled.

(a) and (b) need a second circuit for zeta before their result is a fidelity. It is built and checked, and listed
second under "as built" (in u and CX, nothing optimised), but its gates are not counted against them. Each baseline
circuit is passed to Qiskit's `transpile` at level 3 (to {{u, cx}} and to {{rx, ry, rz, cx}}, the better one counts), to
TKET's `FullPeepholeOptimise` with CX, which is level 2 of TKET's all-to-all CX backends, and to levels 2 and 3 of
pytket-quantinuum for H2-1 (ZZPhase), and to level 3 of BQSKit (U3 and CX, one process). All circuits end in
measurements.

The row of a baseline counts only if the optimised circuit, simulated by Qiskit Aer, gives the closed form's
probabilities to 1e-8 ("deviation" is the largest difference); qsac's rows passed its own verification to 1e-9. A
baseline's run was stopped after {limit} s (BQSKit's after 600 s), building and checking included. After a stop it was
not tried on anything larger; the table gives the (T, d, k) of the stop. BQSKit gets the small cases only, except with
`python -m tests.bench --full`. "s" is the time of the optimisation alone, with two runs at a time: a hint, not a
benchmark. qsac reuses qubits by mid-circuit measurement and reset, the baselines' circuits as written do not.
"""
