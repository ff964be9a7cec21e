"""Programs beside what others take for the same: gates, success, errors by shots, and times."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

import qsac
from qsac.counting.formulas import op_cost
from qsac.families.outcomes import Index, Outcomes
from qsac.families.program.search.digital import call_gates
from qsac.families.program.search.verification import found_keys
from qsac.families.program.search.walks import given_keys, searched
from qsac.families.reading import load
from qsac.ir.attention import LoadWhole, PhaseState
from qsac.numerics.bounded_polynomials import threshold_polynomial
from qsac.numerics.echo_estimation import echo, fibonacci, loads, most_likely, planned
from qsac.numerics.signal_processing import phases_of
from qsac.numerics.tomography import accepted_shots, by_reference, estimated, split, turned_probabilities
from tests.bench import measure, program_peers
from tests.bench.cases import SEED
from tests.bench.plan import Plan
from tests.bench.table import count, seconds, table

Real = NDArray[np.float64]
Rows = list[list[str]]

VECTORS = measure.ROOT / "tests" / "vectors" / "programs"

DIGITAL = 5
"""Bits of a digital oracle for a margin of 0.4."""

POLYNOMIALS = {
    7: "at most 221, 2.6e-3, 0.280",
    9: "at most 281, 1.3e-3",
    13: "at most 401, 4.0e-5, 0.278",
}
"""By the degree of the inverse: what a straightforward circuit takes, its infidelity, its success as far as known."""


def section(plan: Plan) -> str:
    rng = np.random.default_rng(SEED)
    rows: Rows = []
    for part in (_search_rows, _echo_rows, _layer_rows, _training_rows, _other_rows):
        plan.say(f"programs: {part.__name__}")
        rows += part(plan, rng)
    header = ["", "qsac", "aim", "others"]
    return "\n".join([INTRODUCTION, table(header, rows)])


def _eight(rng: np.random.Generator, width: int = 4, **program: Any) -> Any:
    tokens = rng.normal(size=(8, width)).tolist()
    own = {"type": "search", "threshold": 0.6, "margin": 0.4, "mask": "full", "rows": [0], "schedule": "typical"}
    return load({"qsac": 1, "name": "search", "tokens": {"type": "inline", "values": tokens}, "program": own | program})


def _compiled(model: Any, **options: Any) -> Any:
    return qsac.compile(model, "h2", verify=False, **options)


# Search


def _search_rows(plan: Plan, rng: np.random.Generator) -> Rows:
    twelve = {"type": "overlap", "degree": 12}
    one, two = (_compiled(_eight(rng, oracle=twelve, most=most)) for most in (2, 1))
    scope = one.programs[0].scope
    reflection = next(op for op in one.programs[0].ops if isinstance(op, PhaseState) and op.state == "uniform")
    call = one.stats["two_qubit_gates"] - op_cost(reflection, scope, "zzphase")
    keys = np.asarray(one.programs[0].tables["keys"].values, dtype=np.float64)
    kinds = ["block-diagonal"] + ([] if plan.quick else ["controlled preparations"])
    peers = [f"Qiskit 3: {program_peers.load(keys, kind):,} CZ ({kind})" for kind in kinds]
    block = program_peers.load(keys, "block-diagonal")
    digital = call_gates(8, 4, DIGITAL)
    rows = [
        ["load of keys, T = 8, d = 4, real, as a whole unitary", f"{_load_gates(rng)} gates", "16", "; ".join(peers)],
        [
            "search: oracle call, margin 0.4, degree 12",
            f"{call} gates, {one.stats['qubits']} qubits",
            "at most 205",
            f"12 loads of Qiskit: more than {12 * block:,} CZ; arithmetic, {DIGITAL} bits: {digital:,} by a formula",
        ],
    ]
    successes = _successes(rng, 3 if plan.quick else 300)
    gates = [found.stats["two_qubit_gates"] for found in (one, two)]
    free = [found.stats["error_free_probability"] for found in (one, two)]
    rows.append(
        [
            "search: one and two rounds, T = 8",
            f"{gates[0]} / {gates[1]} gates, P(found) {successes[0]:.3f} / {successes[1]:.3f}, "
            f"free of errors on h2 {free[0]:.2f} / {free[1]:.2f}",
            "0.79 / 0.63 free of errors",
            "exact oracle: 0.781 / 0.945",
        ]
    )
    sample = _eight(rng, strategy="sample", most=1)
    taken = _compiled(sample).stats["two_qubit_gates"]
    found = float(np.mean([_sampled(rng) for _ in range(3 if plan.quick else 300)]))
    rows.append(
        [
            "search: sample of two copies, T = 8",
            f"{taken} gates, {taken / found:,.0f} for a key of score 1 that is found",
            "at most 34",
            f"search, one round: {gates[0] / successes[0]:,.0f} for a key; uniform samples: 8 tries",
        ]
    )
    number = 5 if plan.quick else 1000
    for degree, kind in ((12, "typical"), (20, "guarantee")):
        share = _missed(rng, number, degree, kind) / number
        name = f"search: rows missed of {number:,}, asked 1%, {kind}, degree {degree}"
        rows.append([name, f"{100 * share:.1f}%", "at most 1%", ""])
    return rows


def _load_gates(rng: np.random.Generator) -> int:
    """A load of the keys by itself: of one that ends in a Bell basis, with the gate that leads out of it."""
    model = _eight(rng, oracle={"type": "overlap", "degree": 12}, most=2)
    program = model.plan.circuits[0].program
    load_op = next(op for op in program.ops if isinstance(op, LoadWhole))
    return op_cost(load_op, program.scope, "zzphase") + load_op.bell


def _marked(rng: np.random.Generator, most: int) -> Real:
    """Eight rows of which row 0 scores at most so many above the margin's lower end, itself among them."""
    while True:
        rows = rng.normal(size=(8, 4))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        if int((np.abs(rows @ rows[0]) >= 0.4).sum()) <= most:
            return np.asarray(rows)


def _model_of(rows: Real, **program: Any) -> Any:
    own = {"type": "search", "threshold": 0.6, "margin": 0.4, "mask": "full", "rows": [0]} | program
    tokens = {"type": "inline", "values": rows.tolist()}
    return load({"qsac": 1, "name": "search", "tokens": tokens, "program": own})


def _successes(rng: np.random.Generator, rows: int) -> list[float]:
    """P(the marked key and accepted) of one and of two rounds at degree 12, the mean over rows with one marked key."""
    found: list[list[float]] = [[], []]
    for _ in range(rows):
        states = _marked(rng, 1)
        for place, most in enumerate((2, 1)):
            program = {"oracle": {"type": "overlap", "degree": 12}, "most": most, "schedule": "typical"}
            search = _model_of(states, **program).system
            (one,) = searched(search)
            index = given_keys(search, one).index
            assert index is not None
            found[place].append(float(index.marginal[0]))
    return [float(np.mean(one)) for one in found]


def _sampled(rng: np.random.Generator) -> float:
    """P(a marked key and accepted) of a sample of two copies."""
    search = _model_of(_marked(rng, 1), strategy="sample", most=1).system
    (one,) = searched(search)
    index = given_keys(search, one).index
    assert index is not None
    return float(index.marginal[0])


def _missed(rng: np.random.Generator, rows: int, degree: int, kind: str) -> int:
    """How many rows miss a key above the margin with the planned shots, drawn from exact outcomes."""
    missed = 0
    for _ in range(rows):
        program = {"oracle": {"type": "overlap", "degree": degree}, "most": 2, "schedule": kind, "failure": 0.01}
        search = _model_of(_marked(rng, 2), **program).system
        seen = {}
        for one in searched(search):
            number = search.planned[one.keys][one.number]
            index = given_keys(search, one).index
            assert index is not None
            chances = np.append(index.marginal, max(0.0, 1 - index.marginal.sum()))
            counts = rng.multinomial(number, chances / chances.sum())[:-1].astype(np.float64)
            seen[one.name] = Outcomes(number, counts.sum(), {"found": counts.sum()}, Index(counts, counts))
        keys = set(found_keys(search, seen, {})["found"]["0"]["keys"])
        missed += not {int(key) for key in np.flatnonzero(search.scores[0] >= 0.8)} <= keys
    return missed


# Feed-forward


def _echo_rows(plan: Plan, rng: np.random.Generator) -> Rows:
    gates = {}
    for width in (2, 6):
        program = {
            "type": "feed-forward",
            "layers": [{"weights": rng.normal(size=(1, width)).tolist()}],
            "inputs": rng.normal(size=(1, width)).tolist(),
            "estimate": {"orders": [1, 5]},
        }
        parts = _compiled(load({"qsac": 1, "name": "echo", "program": program})).parts_stats
        first, fifth = (part["two_qubit_gates"] for part in parts)
        each = (fifth - first) // 4
        gates[width] = f"{each}k - {each - first}"
    orders, shots = planned(0.008)
    off = []
    for value in rng.uniform(-1, 1, 50 if plan.quick else 2000):
        overlap = (1 + value) / 2
        hits = [float(rng.binomial(shots, float(echo(overlap, order)))) for order in orders]
        off.append(abs(2 * most_likely(orders, hits, [shots] * len(orders)).overlap - 1 - value))
    reached = float(np.quantile(off, 0.99))
    tests = program_peers.hadamard_shots(reached, rng)
    return [
        ["feed-forward: echo of order k, two / three qubits", f"{gates[2]} / {gates[6]} gates", "3k - 1 / 13k - 5", ""],
        [
            f"feed-forward: 99% error {reached:.4f} of an overlap",
            f"{shots * len(orders):,} shots, {loads(orders, shots):,} loads, one job",
            "0.008 with at most 7,000 loads",
            f"Hadamard test: {tests:,} shots of two loads; qiskit-algorithms' iterative estimation is adaptive, and "
            "not installed here",
        ],
    ]


# Layers


def _layer_rows(plan: Plan, rng: np.random.Generator) -> Rows:
    kernel = {"type": "softmax-taylor", "degree": 2}
    tokens = {"type": "inline", "values": rng.normal(size=(8, 3)).tolist()}
    parts, qubits = {}, 0
    for method in ("bases", "reference"):
        program = {
            "type": "layers",
            "layers": [{"attention": {"kernel": kernel, "mask": "full"}}],
            "tomography": {"method": method},
        }
        compiled = _compiled(load({"qsac": 1, "name": "layers", "tokens": tokens, "program": program}))
        parts[method] = max(part["two_qubit_gates"] for part in compiled.parts_stats)
        qubits = qubits or compiled.stats["qubits"]
    accepted = 3500
    by_bases, other = _tomography(rng, 20 if plan.quick else 200, accepted)
    published = accepted_shots(32, 0.04, reference=True)
    return [
        [
            "layers: row of attention, T = 8, d = 3 and the row sum, degree 2",
            f"{parts['bases']} gates, {qubits} qubits",
            "at most 90",
            f"by a reference state: {parts['reference']} gates",
        ],
        [
            "layers: tomography of 32 components, 95% of largest errors",
            f"{by_bases:.3f} with {accepted:,} accepted shots",
            "0.04",
            f"reference state, as many shots: {other:.3f}; published rule 36 ln D / error^2: {published:,} shots",
        ],
    ]


def _tomography(rng: np.random.Generator, states: int, accepted: int) -> tuple[float, float]:
    """The 95% quantiles of the largest error of a component, by bases and by a reference state."""
    qubits = 5
    found: list[list[float]] = [[], []]
    for _ in range(states):
        state = rng.normal(size=1 << qubits)
        state /= np.linalg.norm(state)
        basis, each = split(accepted, qubits)
        counts = rng.multinomial(basis, state**2).astype(np.float64)
        turned = [rng.multinomial(each, turned_probabilities(state, q)).astype(np.float64) for q in range(qubits)]
        half = rng.multinomial(accepted // 2, state**2).astype(np.float64)
        reference = np.sqrt(half / half.sum())
        chances = np.concatenate(((reference + state) ** 2, (reference - state) ** 2)) / 4
        interfered = rng.multinomial(accepted // 2, chances / chances.sum()).astype(np.float64).reshape(2, -1)
        estimates = (estimated(counts, turned).values, by_reference(half, interfered, reference).values)
        for errors, estimate in zip(found, estimates, strict=True):
            errors.append(min(float(np.abs(sign * estimate - state).max()) for sign in (1, -1)))
    return float(np.quantile(found[0], 0.95)), float(np.quantile(found[1], 0.95))


# Training


def _training_rows(plan: Plan, rng: np.random.Generator) -> Rows:
    model = load(json.loads((VECTORS / "training-1-order-2.json").read_text())["model"])
    compiled = _compiled(model)
    worst = max(part["two_qubit_gates"] for part in compiled.parts_stats)
    success = compiled.stats["forecast"]["success_probability"]
    system = model.system
    size, instants = len(system.offset), system.steps + 1
    matrix = np.eye(instants * size) - np.kron(np.diag(np.ones(instants - 1), -1), system.matrix)
    peers = []
    for clock in () if plan.quick else (4, 5):
        one = program_peers.hhl(matrix, np.asarray(system.right, dtype=np.float64), clock)
        peers.append(
            f"HHL, {clock} clock bits, Qiskit 3: {one.gates:,} CZ, {one.qubits} qubits, infidelity "
            f"{one.infidelity:.1e}, success {one.success:.3f}"
        )
    degrees = (7,) if plan.quick else tuple(POLYNOMIALS)
    return [
        [
            "training: one parameter, order 2, 3 steps, exact",
            f"{worst} gates, {compiled.stats['qubits']} qubits, success {success:.3f}",
            "at most 34",
            "; ".join(peers),
        ],
        *(_polynomial_row(degree) for degree in degrees),
    ]


def _polynomial_row(degree: int) -> list[str]:
    """The same by a polynomial of a block encoding."""
    fields = json.loads((VECTORS / "training-1-order-2.json").read_text())["model"]
    fields["program"]["solver"] = {"type": "qsvt", "degree": degree}
    compiled = _compiled(load(fields))
    worst = max(part["two_qubit_gates"] for part in compiled.parts_stats)
    told, success = compiled.stats["solver"], compiled.stats["forecast"]["success_probability"]
    return [
        f"training: the same by a polynomial of degree {degree}",
        f"{worst} gates, {compiled.stats['qubits']} qubits, infidelity {told['infidelity']:.1e}, success {success:.3f}",
        POLYNOMIALS[degree],
        "",
    ]


# All of them


def _other_rows(plan: Plan, rng: np.random.Generator) -> Rows:
    begun = time.process_time()
    phases_of(threshold_polynomial(24, 0.6, 0.4))
    solved = time.process_time() - begun
    orders = list(fibonacci(21))[: 2 if plan.quick else 5]
    program = {
        "type": "feed-forward",
        "layers": [{"weights": rng.normal(size=(4, 2)).tolist(), "activation": "tanh"}],
        "inputs": rng.normal(size=(5, 2)).tolist(),
        "estimate": {"orders": orders},
    }
    model = load({"qsac": 1, "name": "network", "program": program})
    _compiled(_eight(rng, strategy="sample", most=1))
    begun = time.process_time()
    compiled = _compiled(model)
    taken = time.process_time() - begun
    found, closed = qsac.run(compiled, "statevector"), model.readout.closed_form(model)
    off = float(np.abs(np.array(found.values["output"]) - closed.values["output"]).max())
    loss = measure.ROOT / "docs" / "examples" / "tfim.json"
    told = _compiled(str(loss), passes="default,+amplify").stats["amplification"]
    (before, after), (few, many) = told["success_probability"], told["two_qubit_gates"]
    return [
        ["polynomial and phases of degree 24", f"{seconds(solved)} s", "0.7 s", ""],
        [f"a program of {count(len(compiled.names))} circuits, compiled", f"{seconds(taken)} s", "less than 2 s", ""],
        ["exact run beside the closed form", f"{max(off, 1e-16):.0e}", "1e-9", ""],
        [
            "loss of docs/examples/tfim.json, amplified",
            f"{many / after:,.0f} gates for an accepted shot ({before:.3f} to {after:.3f} accepted)",
            "1.8 times fewer",
            f"without rounds: {few / before:,.0f}",
        ],
    ]


INTRODUCTION = """\
## Programs

The four programs of docs/programs.md beside what others take for the same, in one run: two-qubit gates of an all-to-all
machine (ZZPhase of any angle for qsac, CZ for Qiskit at level 3), and errors by shots that are drawn from exact
outcomes. The aims were set before. No circuit of the papers is public; Qiskit's loads are a block-diagonal unitary and
controlled state preparations of the same rows, HHL is the textbook's with exact exponentials, whose solution is
simulated.
"""
