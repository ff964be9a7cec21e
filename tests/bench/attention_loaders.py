"""Loaders of attention that others have run on hardware, beside qsac's: gates, depth and qubits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit, transpile

from tests.bench import measure, optimisers, own_parts, routers
from tests.bench.cases import SEED, Case
from tests.bench.counts import TOLERANCE
from tests.bench.equivalence import measured
from tests.bench.measure import Outcome
from tests.bench.others_loaders import Real, chances, products, qcrank, read
from tests.bench.plan import Plan
from tests.bench.preparations import deviation
from tests.bench.table import count, table, tiny

DEVICE = "ibm-kingston"
SEEDS = 5
"""Of Qiskit, which routes the others' circuits."""

SHAPES = ((4, 4), (8, 4), (16, 8))

WAYS = {
    "qsac": "**qsac**, the table loaded",
    "qcrank-columns": "QCrank, an address a token",
    "qcrank-one": "QCrank, an address a number",
    "attention": "**qsac**, loss of the model",
    "products": "VQT, products of all causal pairs",
}


@dataclass(frozen=True)
class Made:
    """A circuit without measurements at its end, or with them where it is routed, on so many qubits."""

    circuit: QuantumCircuit
    qubits: int
    deviation: float


def tokens(context: int, dimension: int) -> Real:
    """Real unit rows, shape (T, d)."""
    rows = np.random.default_rng([SEED, context, dimension]).normal(size=(context, dimension))
    return np.asarray(rows / np.linalg.norm(rows, axis=1)[:, None])


def made(what: str, context: int, dimension: int, target: str | None, seeds: int) -> Made:
    """A loader of a table of T = 2^m rows, all-to-all or routed for a device; what it has loaded is simulated."""
    rows = tokens(context, dimension)
    if what == "qsac":
        circuit = own_parts.loaded(rows, target or "h1")
        wanted = np.zeros(1 << circuit.num_qubits)
        wanted[: rows.size] = rows.reshape(-1) / np.sqrt(context)
        return Made(circuit, circuit.num_qubits, deviation(circuit, wanted))
    values: NDArray[Any]
    if what == "products":
        written, bits = _products(rows)
        values = _pairs(rows).prod(axis=1)[:, None]
    else:
        values = rows if what == "qcrank-columns" else rows.reshape(-1, 1)
        written, bits = qcrank(values), (len(values) - 1).bit_length()
    circuit = measured(written)
    qubits = written.num_qubits
    if target is not None:
        backend = routers.device(target)
        found = [
            transpile(circuit, target=backend.target, optimization_level=3, seed_transpiler=seed)
            for seed in range(seeds)
        ]
        circuit = min(found, key=optimisers.two_qubit_gates)
    loaded = read(chances(circuit, qubits), bits)[:, -values.shape[1] :]
    return Made(circuit, qubits, float(np.max(np.abs(loaded - values))))


def _pairs(rows: Real) -> Real:
    """Components of queries and keys for all pairs of the causal mask, padded with zeros to 2^n_a."""
    query, key = np.nonzero(np.tri(len(rows)))
    pairs = np.stack([rows[query].reshape(-1), rows[key].reshape(-1)], axis=1)
    size = 1 << (len(pairs) - 1).bit_length()
    return np.concatenate([pairs, np.zeros((size - len(pairs), 2))])


def _products(rows: Real) -> tuple[QuantumCircuit, int]:
    pairs = _pairs(rows)
    return products(pairs), (len(pairs) - 1).bit_length()


def section(plan: Plan) -> str:
    shapes = SHAPES[:1] if plan.quick else SHAPES
    jobs = [(shape, how, target) for shape in shapes for how in WAYS for target in (None, DEVICE)]
    with ThreadPoolExecutor(plan.parallel) as pool:
        outcomes = dict(zip(jobs, pool.map(lambda job: _run(plan, *job), jobs), strict=True))
    text = [INTRODUCTION.format(seeds=SEEDS)]
    for context, dimension in shapes:
        text.append(f"### T = {context}, d = {dimension}, loaders\n")
        text.append(_table(outcomes, (context, dimension)))
    deviations = [one.result.get("deviation", 0.0) for one in outcomes.values() if one.result]
    failures = [
        f" {WAYS[how].strip('*')} at {shape}, {target or 'all-to-all'}: {one.failure}."
        for (shape, how, target), one in outcomes.items()
        if one.result is None
    ]
    return "\n".join([*text, f"Largest deviation of a number: {tiny(max(deviations))}.{''.join(failures)}\n"])


def _run(plan: Plan, shape: tuple[int, int], how: str, target: str | None) -> Outcome:
    plan.say(f"loaders: {how} at {shape}")
    context, dimension = shape
    if how == "attention":
        case = asdict(Case(context, dimension))
        return measure.run("qsac", 600, case=case, optimisation=2, target=target or "h1", budget=0.0)
    outcome = measure.run(
        "others_loader",
        max(plan.limit, 300),
        what=how,
        context=context,
        dimension=dimension,
        target=target,
        seeds=SEEDS,
    )
    if outcome.result and outcome.result["deviation"] > TOLERANCE:
        return Outcome(None, f"wrong: off by {outcome.result['deviation']:.1e}")
    return outcome


def _table(outcomes: dict[Any, Outcome], shape: tuple[int, int]) -> str:
    rows = []
    for how, name in WAYS.items():
        free, routed = (outcomes[shape, how, target].result for target in (None, DEVICE))
        cells = [count(one[figure]) if one else "" for one in (free, routed) for figure in ("gates", "depth")]
        rows.append([name, count(free["qubits"]) if free else "", *cells])
    header = ["", "qubits", "two-qubit gates", "two-qubit depth", f"gates, {DEVICE}", f"depth, {DEVICE}"]
    return table(header, rows)


INTRODUCTION = f"""\
## Loaders of others

Loaders of attention that others have run on hardware, re-derived from their papers: **QCrank** (arXiv 2507.10699, on
IBM's, Quantinuum's and neutral-atom machines) stores n_d real numbers at each of 2^n_a addresses as angles, 2^n_a CX
for each data qubit, up to n_a of them at once; **VQT's dot product** (arXiv 2508.18464, on ibm-kingston) stores pairs
of numbers so and multiplies them by one more CX, an address for each component of each pair of tokens. All get the same
real tokens.

They are not the same thing. QCrank's numbers are expectation values of qubits, one by one; qsac's loader makes rows the
amplitudes of a register, as the inner products of attention need them. VQT's circuit ends with products of components,
which are read out one by one, averaged and weighted classically; qsac's last row ("loss of the model") has scores,
kernel, values and the fidelity with the targets. On {DEVICE} Qiskit's level 3 routes the others' circuits, the fewest
gates of {{seeds}} seeds; qsac routes its own. Every circuit is simulated, and its numbers (for qsac its amplitudes or
its closed form) are compared to 1e-8.
"""
