"""Hybrid and variational models beside the circuits of their authors through Qiskit and TKET: gates, depth, time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.bench import measure
from tests.bench.hybrid_models import ALONE, CASES
from tests.bench.measure import Outcome
from tests.bench.plan import Plan
from tests.bench.table import count, ratio, seconds, table, tiny

TOLERANCE = 1e-7
"""Largest deviation of a probability with which a row counts."""

HOW = {"qiskit-3": "Qiskit 3", "tket-3": "TKET 3", "qsac": "**qsac**"}

QUICK = ["overlap of mixed states by inversion, n 2, kept 1, layers 1", "lambeq diagram"]


def section(plan: Plan) -> str:
    cases = QUICK if plan.quick else list(CASES)
    jobs = [(case, how) for case in cases for how in HOW if how == "qsac" or case not in ALONE]
    with ThreadPoolExecutor(plan.parallel) as pool:
        outcomes = dict(zip(jobs, pool.map(lambda job: _run(plan, *job), jobs), strict=True))
    head = ["", "qubits", *HOW.values(), "of the least", "depth", *list(HOW.values())[1:], "s", *list(HOW.values())[1:]]
    missing = Outcome(None)
    rows = [_row(case, {how: outcomes.get((case, how), missing).result or {} for how in HOW}) for case in cases]
    return "\n".join([INTRODUCTION, table(head, rows), _remarks(outcomes)])


def _run(plan: Plan, case: str, how: str) -> Outcome:
    plan.say(f"steps: {case}, {how}")
    outcome = measure.run("hybrid", max(plan.limit, 60), name=case, how=how)
    if outcome.result and outcome.result["deviation"] > TOLERANCE:
        return Outcome(None, f"wrong: off by {outcome.result['deviation']:.1e}")
    return outcome


def _row(case: str, found: dict[str, dict[str, Any]]) -> list[str]:
    theirs = [one["gates"] for how, one in found.items() if how != "qsac" and one]
    own = found["qsac"]
    wires = [next((one["qubits"] for how, one in found.items() if how != "qsac" and one), None), own.get("qubits")]
    quotient = own["gates"] / min(theirs) if own and theirs and min(theirs) else None
    cells = [" / ".join(count(one) or "-" for one in wires)]
    cells += [count(one.get("gates")) for one in found.values()]
    cells += [ratio(quotient), *(count(one.get("depth")) for one in found.values())]
    cells += [seconds(one["seconds"]["processor"] if one else None) for one in found.values()]
    return [case, *cells]


def _remarks(outcomes: dict[Any, Outcome]) -> str:
    """The largest deviation, and what gave no figures."""
    deviations = [one.result["deviation"] for one in outcomes.values() if one.result]
    failures = [f"{case}, {how}: {one.failure}" for (case, how), one in outcomes.items() if one.failure]
    text = f"Largest deviation of a probability {tiny(max(deviations, default=None))}."
    return text + (f" No figures for {'; '.join(failures)}." if failures else "") + "\n"


INTRODUCTION = """\
## Steps

Hybrid and variational models with drawn numbers, as qsac compiles them for `h2` (ZZPhase), beside the circuits of their
authors through others' compilers, all qubits connected: Qiskit's level 3 to CX, the better of two ways to write
one-qubit gates; pytket-quantinuum's level 3 to ZZPhase. Two-qubit gates, their depth, processor seconds; of several
circuits, such as those of all pairs of tokens, the largest, and the seconds of each on average. Qubits are theirs /
ours. Where another row has the same circuit of the authors, it is not compiled again.

- **Overlaps of mixed states**: a swap test; by inversion there are 2^(n - kept) circuits for each overlap, in the Bell
  basis there is one (the artifact's `mixed_overlaps` weighs gates by shots).
- **Real parts**: a Hadamard test, both circuits controlled gate by gate.
- **Neurons** of order 2: nested circuits that repeat until success, with every ancilla post-selected; amplified ones
  succeed always.
- **Quixer**: each gate of each token's circuit controlled by the index; of qsac's circuit the last selection alone. Of
  the published size there is no circuit of the authors, who simulate it.
- The others are the same circuit gate by gate.

Every circuit of others is simulated after it was compiled, and its probabilities compared with the closed form, to
1e-7; those of qsac are verified as by `qsac compile`, but for those of more than 9 qubits.
"""
