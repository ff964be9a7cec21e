"""Single states: two-qubit gates and depth, all-to-all and exact, against libraries and a formula."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.bench import measure
from tests.bench.cases import SEED
from tests.bench.measure import Outcome
from tests.bench.plan import Plan
from tests.bench.table import count, seconds, table, tiny

State = NDArray[np.complex128]
Generator = np.random.Generator


def _complex(generator: Generator, size: int) -> State:
    return np.asarray(generator.normal(size=size) + 1j * generator.normal(size=size))


def _product(generator: Generator, qubits: int) -> State:
    state = np.ones(1, dtype=np.complex128)
    for _ in range(qubits):
        state = np.kron(state, _complex(generator, 2))
    return state


def _rank_two(generator: Generator, qubits: int) -> State:
    """Of Schmidt rank 2 over the halves of the qubits."""
    half = qubits // 2
    pairs = [(_complex(generator, 1 << half), _complex(generator, 1 << (qubits - half))) for _ in range(2)]
    return np.asarray(sum(np.kron(left, right) for left, right in pairs))


def _on(qubits: int, places: list[int]) -> State:
    state = np.zeros(1 << qubits, dtype=np.complex128)
    state[places] = 1
    return state


def _sparse(generator: Generator, qubits: int) -> State:
    """As many random amplitudes as there are qubits, on random basis states."""
    state = np.zeros(1 << qubits, dtype=np.complex128)
    state[generator.choice(len(state), qubits, replace=False)] = _complex(generator, qubits)
    return state


KINDS: dict[str, Callable[[Generator, int], State]] = {
    "complex": lambda generator, qubits: _complex(generator, 1 << qubits),
    "real": lambda generator, qubits: generator.normal(size=1 << qubits).astype(np.complex128),
    "product": _product,
    "uniform": lambda _, qubits: np.ones(1 << qubits, dtype=np.complex128),
    "W": lambda _, qubits: _on(qubits, [1 << place for place in range(qubits)]),
    "GHZ": lambda _, qubits: _on(qubits, [0, (1 << qubits) - 1]),
    "rank 2": _rank_two,
    "sparse": _sparse,
}

GENERIC = range(3, 9)
"""Qubits of random states, complex and real."""

STRUCTURED = 6
"""Qubits of the others."""

TOLERANCE = 1e-7
"""Largest deviation of an amplitude with which a row counts; BQSKit's synthesis is numerical."""

OWN = {"qsac-2": "**qsac -O2**", "qsac-3": "**qsac -O3**"}
PEERS = {"qclib": "qclib", "qiskit": "Qiskit", "tket": "TKET", "pennylane": "PennyLane", "bqskit": "BQSKit"}


def amplitudes(kind: str, qubits: int) -> State:
    """A state of unit norm."""
    state = KINDS[kind](np.random.default_rng([SEED, qubits, list(KINDS).index(kind)]), qubits)
    return np.asarray(state / np.linalg.norm(state))


def formula(qubits: int) -> int:
    """The leading term of arXiv 2603.16492 for a general state, (11/12) 2^n CX."""
    return ceil(11 / 12 * 2**qubits)


def section(plan: Plan) -> str:
    cases = [(kind, qubits) for kind in ("complex", "real") for qubits in (GENERIC[:1] if plan.quick else GENERIC)]
    cases += [(kind, 3 if plan.quick else STRUCTURED) for kind in list(KINDS)[2:]]
    ways = [*OWN, *PEERS]
    jobs = [(kind, qubits, how) for kind, qubits in cases for how in ways if how != "bqskit" or qubits <= 3]
    with ThreadPoolExecutor(plan.parallel) as pool:
        outcomes = dict(zip(jobs, pool.map(lambda job: _run(plan, *job), jobs), strict=True))
    text = [INTRODUCTION]
    parts = {f"Random {kind} states": [case for case in cases if case[0] == kind] for kind in ("complex", "real")}
    parts["States with structure"] = [case for case in cases if case[0] not in ("complex", "real")]
    for title, chosen in parts.items():
        for figure, what in (("gates", "two-qubit gates"), ("depth", "two-qubit depth")):
            text.append(f"### {title}: {what}\n")
            text.append(
                _table(chosen, figure, outcomes, with_formula=figure == "gates" and title.startswith("Random c"))
            )
    return "\n".join([*text, _remarks(outcomes)])


def _run(plan: Plan, kind: str, qubits: int, how: str) -> Outcome:
    plan.say(f"states: {how}, {kind}, {qubits} qubits")
    limit = 600 if how in OWN else max(plan.limit, 300)
    outcome = measure.run("state", limit, kind=kind, qubits=qubits, how=how)
    if outcome.result and outcome.result["deviation"] > TOLERANCE:
        return Outcome(None, f"wrong: off by {outcome.result['deviation']:.1e}")
    return outcome


def _table(cases: list[tuple[str, int]], figure: str, outcomes: dict[Any, Outcome], *, with_formula: bool) -> str:
    rows = []
    for kind, qubits in cases:
        results = [outcomes.get((kind, qubits, how), Outcome(None)).result for how in (*OWN, *PEERS)]
        cells = [count(result[figure]) if result else "" for result in results]
        rows.append([f"n = {qubits}, {kind}", *cells, *([count(formula(qubits))] if with_formula else [])])
    header = ["", *OWN.values(), *PEERS.values(), *(["(11/12) 2^n"] if with_formula else [])]
    return table(header, rows)


def _remarks(outcomes: dict[Any, Outcome]) -> str:
    """Times, the largest deviation, and what gave no figures."""
    times = []
    for how, name in (OWN | PEERS).items():
        walls = [one.result["seconds"]["processor"] for key, one in outcomes.items() if key[2] == how and one.result]
        if walls:
            times.append(f"{name.strip('*')} {seconds(min(walls))} to {seconds(max(walls))} s")
    deviations = [one.result["deviation"] for one in outcomes.values() if one.result]
    failures: dict[tuple[str, str], list[str]] = {}
    for (kind, qubits, how), one in outcomes.items():
        if one.result is None:
            failures.setdefault(((OWN | PEERS)[how].strip("*"), one.failure), []).append(f"{kind}, n = {qubits}")
    missing = [f"{name}, {'; '.join(which)}: {why}" for (name, why), which in failures.items()]
    worst = tiny(max(deviations, default=None))
    text = f"Processor seconds: {', '.join(times)}; largest deviation of an amplitude {worst}."
    return text + (f" No figures for {'. '.join(missing)}." if missing else "") + "\n"


INTRODUCTION = """\
## States

One state on n qubits from |0..0>, up to a global phase: random complex and real amplitudes (seeded normal numbers), and
states with structure. qsac compiles a table of one row for `h1`, without measurement; one ZZPhase and one CX count the
same. The others get the amplitudes, too:

- **qclib**: the fewest gates of its initialisers for general (low rank, multiplexed gates), product (by Schmidt
  decomposition) and sparse states (merging), then Qiskit's `transpile` at level 3;
- **Qiskit**: `StatePreparation`, then level 3;
- **TKET**: `StatePreparationBox`, then `FullPeepholeOptimise`;
- **PennyLane**: `MottonenStatePreparation`, to RY, RZ and CNOT, with its `cancel_inverses` and `merge_rotations`;
- **BQSKit**: synthesis of the state at level 1 (LEAP, to an infidelity of 1e-15), three qubits only, at most 300 s;
- the last column of the first table is the leading term of the formula of arXiv 2603.16492, the lowest for general
  states that was published. It is a formula, no circuit.

Every circuit is simulated and compared with the state, amplitude by amplitude, to 1e-7.
"""
