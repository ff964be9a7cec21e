"""Shots: the fused readout against the two circuits as published, for the same standard error of the loss."""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import numpy as np

from tests.bench import measure
from tests.bench.plan import Plan
from tests.bench.table import count, ratio, table

ERROR = 0.05
"""The standard error of the loss that is asked for."""

SHAPES = ((4, 2), (8, 4))
MIXES = (0.0, 0.15, 0.25, 0.35, 0.5, 0.75)
"""How far V is from the evolution that makes the next token of each: 0 predicts it."""

BATCHES, SHOTS = 100, 8000


def document(context: int, dimension: int, mix: float) -> dict[str, Any]:
    """Tokens of an evolution U and V = U exp(i mix G), G a random Hermitian matrix: from good predictions to none."""
    generator = np.random.default_rng([context, dimension])
    forward, turned = (_hermitian(generator, dimension) for _ in range(2))
    state = generator.normal(size=dimension) + 1j * generator.normal(size=dimension)
    rows = [state / np.linalg.norm(state)]
    step = _exponential(forward, 1.0)
    for _ in range(context):
        rows.append(step @ rows[-1])
    value = step @ _exponential(turned, mix)
    return {
        "qsac": 1,
        "name": f"shots-{context}-{dimension}-{mix:g}",
        "tokens": {"type": "inline", "values": _pairs(np.array(rows))},
        "attention": {
            "type": "overlap",
            "kernel": {"type": "monomial", "degree": 2},
            "value": {"type": "matrix", "entries": _pairs(value)},
            "score": {"type": "identity"},
        },
    }


def _hermitian(generator: np.random.Generator, dimension: int) -> Any:
    entries = generator.normal(size=(dimension, dimension)) + 1j * generator.normal(size=(dimension, dimension))
    matrix = entries + entries.conj().T
    return matrix / np.linalg.norm(matrix, 2)


def _exponential(hermitian: Any, factor: float) -> Any:
    values, vectors = np.linalg.eigh(hermitian)
    return (vectors * np.exp(-3j * factor * values)) @ vectors.conj().T


def _pairs(matrix: Any) -> Any:
    return np.stack((matrix.real, matrix.imag), axis=-1).tolist()


def variances(fidelity: float, zeta: float, context: int, pairs: int) -> dict[str, float]:
    """Variance of the loss times the shots: fused, two circuits with equal split, and with the best split.

    Fused (Construction, section 1): (1 - F) / (F zeta). As published, loss = -ln(mu N / (zeta T^2)), where mu and zeta
    are each the share of zeros of a separate circuit, with variance (1 - p) / p per shot.
    """
    mu = fidelity * zeta * context**2 / pairs
    alone = [(1 - mu) / mu, (1 - zeta) / zeta]
    return {
        "fused": (1 - fidelity) / (fidelity * zeta),
        "equal": 2 * sum(alone),
        "best": sum(map(sqrt, alone)) ** 2,
    }


def simulated(context: int, dimension: int, mix: float) -> dict[str, Any]:
    """What a job measures: the exact figures, and the spread of the loss over batches of Aer's shots."""
    import qsac
    from qsac.families.qsa.metrics import closed_form
    from tests.bench import equivalence, multiplexed, optimisers

    model = qsac.load(document(context, dimension, mix))
    exact = closed_form(model)
    compiled = qsac.compile(model, "statevector", verify=True)
    first = 1_000 * round(100 * mix)
    fused = [qsac.run(compiled, shots=SHOTS, seed=first + batch).metrics["loss"] for batch in range(BATCHES)]
    one, other = (
        _shares(optimisers.unrolled(equivalence.measured(circuit)), expected[0].qubits)
        for circuit, expected in multiplexed.multiplexed(model).circuits
    )
    two = [-log(p * model.pairs / (q * context**2)) if p and q else None for p, q in zip(one, other, strict=True)]
    return {
        "fidelity": exact["fidelity"],
        "zeta": exact["zeta"],
        "pairs": model.pairs,
        "fused": _variance(fused),
        "equal": _variance(two),
    }


def _shares(circuit: Any, wanted: tuple[int, ...]) -> list[float]:
    """The share of half a batch's shots in which the wanted qubits are zero, for every batch."""
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(method="statevector")
    shares = []
    for batch in range(BATCHES):
        seed = 1_000_003 * len(wanted) + 10_007 * batch  # Aer's shot i is seeded with seed + i
        counts = simulator.run(circuit, shots=SHOTS // 2, seed_simulator=seed).result().get_counts()
        zero = [number for outcome, number in counts.items() if all(outcome[-1 - qubit] == "0" for qubit in wanted)]
        shares.append(sum(zero) / (SHOTS // 2))
    return shares


def _variance(losses: list[float | None]) -> float | None:
    """Variance times a batch's shots; None if a batch had no success."""
    known = [loss for loss in losses if loss is not None]
    return float(np.var(known, ddof=1)) * SHOTS if len(known) == len(losses) else None


def section(plan: Plan) -> str:
    text = [INTRODUCTION.format(error=ERROR, batches=BATCHES, shots=SHOTS, spread=sqrt(2 / (BATCHES - 1)))]
    for context, dimension in SHAPES[:1] if plan.quick else SHAPES:
        rows, failed = [], []
        for mix in MIXES[::2] if plan.quick else MIXES:
            plan.say(f"shots: T = {context}, d = {dimension}, {mix:g}")
            outcome = measure.run("shots", 600, context=context, dimension=dimension, mix=mix)
            if outcome.result is None:
                failed.append(f"{mix:g}: {outcome.failure}")
            else:
                rows.append((mix, outcome.result))
        text.append(f"### T = {context}, d = {dimension}, k = 2\n")
        text.append(_table(context, sorted(rows, key=lambda row: -row[1]["fidelity"])))
        text += [f"No figures for {'; '.join(failed)}.\n"] if failed else []
    return "\n".join(text)


def _table(context: int, rows: list[tuple[float, dict[str, Any]]]) -> str:
    lines = []
    for _, found in rows:
        analytic = variances(found["fidelity"], found["zeta"], context, found["pairs"])
        shots = {name: max(1, round(variance / ERROR**2)) for name, variance in analytic.items()}
        lines.append(
            [
                f"{found['fidelity']:.3f}",
                f"{found['zeta']:.3f}",
                *(count(shots[name]) for name in ("fused", "equal", "best")),
                ratio(analytic["fused"] / analytic["equal"]),
                ratio(analytic["fused"] / analytic["best"]),
                *(
                    ratio(found[name] / analytic[name]) if found[name] and analytic[name] > 1e-9 else ""
                    for name in ("fused", "equal")
                ),
            ]
        )
    header = ["F", "zeta", "fused", "two, equal", "two, best", "fused / equal", "fused / best"]
    return table([*header, "fused, simulated", "two, simulated"], lines)


INTRODUCTION = """\
## Shots

Shots for a standard error of {error:g} of the loss, by the analytic variances: the fused readout, (1 - F) / (F zeta N);
the two circuits as published, for mu and for zeta, with the shots in equal parts, and in the best parts (which need the
answer first). The best split of the two wins for small F, where either takes many shots: one circuit learns F from the
zeta N shots that survive, while two may spend nearly all on mu. For a causal mask the fused readout takes at most half
of the shots in equal parts where zeta <= 1 - (1 - 1/T) / (4 F): at F = 0.35 up to zeta = 0.29 + 0.71/T. The last two
columns are variances found by simulation, over the analytic ones: {batches} batches of {shots:,} shots, of qsac's
circuit, and by Aer of the two circuits of (b) above; they should be 1, with a standard error of {spread:.2f} (the delta
method leaves out terms of the order of one over the successes in a batch). Tokens evolve under a random Hamiltonian,
and V goes from that evolution to others.
"""
