"""States and tables through other packages' compilers, with and without the plug-ins: gates, depth and time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.bench import measure
from tests.bench.cases import SEED
from tests.bench.in_hosts import HOSTS
from tests.bench.measure import Outcome
from tests.bench.plan import Plan
from tests.bench.table import count, ratio, seconds, table, tiny

TOLERANCE = 1e-7
"""Largest deviation of an amplitude with which a row counts."""


class Asked(NamedTuple):
    """A random table of ``rows`` states of ``qubits`` qubits, real or complex; a state where there is one row."""

    rows: int
    qubits: int
    real: bool

    def __str__(self) -> str:
        what = f"{self.rows} rows, d = {1 << self.qubits}" if self.rows > 1 else f"state, n = {self.qubits}"
        return f"{what}, {'real' if self.real else 'complex'}"


CASES = [
    *(Asked(1, qubits, real) for real in (False, True) for qubits in range(3, 8)),
    *(Asked(rows, qubits, real) for real in (False, True) for rows, qubits in ((4, 2), (8, 2), (4, 3), (8, 3))),
]
QUICK = [Asked(1, 3, False), Asked(2, 2, True)]


def numbers(asked: Asked) -> NDArray[np.complex128]:
    """Rows of unit norm."""
    rng = np.random.default_rng([SEED, asked.rows, asked.qubits, asked.real])
    shape = asked.rows, 1 << asked.qubits
    rows = rng.normal(size=shape) + (0 if asked.real else 1j * rng.normal(size=shape))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.complex128)


def section(plan: Plan) -> str:
    cases = QUICK if plan.quick else CASES
    jobs = [(host, asked, plugin) for host in HOSTS for asked in cases for plugin in (False, True)]
    with ThreadPoolExecutor(plan.parallel) as pool:
        outcomes = dict(zip(jobs, pool.map(lambda job: _run(plan, *job), jobs), strict=True))
    text = [INTRODUCTION]
    for host in HOSTS:
        text.append(f"### {host}\n")
        text.append(_table(host, cases, outcomes))
    return "\n".join([*text, _remarks(outcomes)])


def _run(plan: Plan, host: str, asked: Asked, plugin: bool) -> Outcome:
    plan.say(f"hosts: {host}, {asked}, {'with' if plugin else 'without'} the plug-in")
    outcome = measure.run("host", max(plan.limit, 300), host=host, asked=asked, plugin=plugin)
    if outcome.result and outcome.result["deviation"] > TOLERANCE:
        return Outcome(None, f"wrong: off by {outcome.result['deviation']:.1e}")
    return outcome


def _table(host: str, cases: list[Asked], outcomes: dict[Any, Outcome]) -> str:
    rows = []
    for asked in cases:
        without, own = (outcomes[host, asked, plugin].result or {} for plugin in (False, True))
        if not without and not own:
            continue
        quotient = own["gates"] / without["gates"] if own and without.get("gates") else None
        cells = [count(one.get("gates")) for one in (without, own)]
        cells += [ratio(quotient), *(count(one.get("depth")) for one in (without, own))]
        cells += [seconds(one["seconds"]["processor"] if one else None) for one in (without, own)]
        rows.append([str(asked), *cells])
    return table(["", "gates", "**with qsac**", "ratio", "depth", "**with qsac**", "s", "**with qsac**"], rows)


def _remarks(outcomes: dict[Any, Outcome]) -> str:
    """The largest deviation, and what gave no figures."""
    deviations = [one.result["deviation"] for one in outcomes.values() if one.result]
    failures = [
        f"{host}, {asked}{', with qsac' if plugin else ''}: {one.failure}"
        for (host, asked, plugin), one in outcomes.items()
        if one.failure
    ]
    text = f"Largest deviation of an amplitude {tiny(max(deviations, default=None))}."
    return text + (f" No figures for {'; '.join(failures)}." if failures else "") + "\n"


INTRODUCTION = """\
## Hosts

Random states, and tables of them (seeded normal numbers) by an index in a uniform superposition, through the compilers
of other packages as their users call them, alone and with qsac's plug-in: two-qubit gates, their depth, and processor
seconds.

- **Qiskit**: `transpile` at level 3 to CX and u, all qubits connected, `init_method="qsac"`; a table is a `RowsGate`,
  which without the plug-in is uniformly controlled rotations and a diagonal;
- **Qiskit, FakeFez**: the same for a model of `ibm_fez`, routed;
- **pytket**: `StatePreparationBox`, `boxes_pass`, `DecomposeBoxes`, `FullPeepholeOptimise`, to CX.

Every circuit is simulated and compared with what was asked for, amplitude by amplitude, to 1e-7 and a global phase.
"""
