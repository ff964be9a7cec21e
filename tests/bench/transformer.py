"""Transformers: qsac against the same construction by hand, and steps of block-encoded ones against its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.bench import measure
from tests.bench.measure import Outcome
from tests.bench.plan import Plan
from tests.bench.table import count, ratio, seconds, table, tiny

VECTORS = measure.ROOT / "tests" / "vectors" / "transformer-reach"

CHEBYSHEV = "T_3"
MODELS: Mapping[str, str] = {
    "reach-1-N7": "attention, 2 heads, N = 7",
    "reach-1-N8": "attention, 2 heads, N = 8",
    "reach-9-N8-general": "attention, 2 heads of general matrices, N = 8",
    "reach-8-N7-taylor2": "attention, softmax-taylor 2, N = 7",
    "reach-8-N7-taylor3": "attention, softmax-taylor 3, N = 7",
    "reach-8-N8-taylor2": "attention, softmax-taylor 2, N = 8",
    "reach-8-N8-taylor3": "attention, softmax-taylor 3, N = 8",
    "reach-4-N7-gelu": "2 heads, GELU of degree 2, N = 7",
    "reach-2-N8-gelu": "2 heads, GELU of degree 2, N = 8",
    "reach-4-N7-cubic": "2 heads, (x + x^3)/2, N = 7",
    "reach-3-N8-cubic": "2 heads, (x + x^3)/2, N = 8",
    "reach-5-N15-d8": "attention, 2 heads, N = 15, d = 8",
    "reach-5-N15-d8-gelu": "2 heads, GELU of degree 2, N = 15, d = 8",
    "reach-6-two-layers": "two layers, N = 8",
    "reach-7-fused-residual": "all positions, attention, N = 8",
    "reach-7-fused-bilinear": "all positions, bilinear, N = 8",
    "reach-7-fused-cube": "all positions, x^3, N = 8",
}
"""Models of tests/vectors/transformer-reach, each with a residual, and d = 4 where nothing else is said."""

CONTROLLED = ("reach-1-N7", "reach-1-N8", "reach-2-N8-gelu", "reach-7-fused-residual")
"""The models of which preparations that are controlled row by row are tried."""

OPTIMISERS = {"qiskit-3": "Qiskit 3", "tket-2-cx": "TKET 2, CX", "tket-2": "TKET 2, ZZPhase"}

TOLERANCE = 1e-8
"""Largest deviation of a circuit's probabilities from the closed form with which its row counts."""

BITS = 6
"""Of scores that amplitude estimation writes into a register."""


@dataclass(frozen=True)
class Way:
    """A way to the state of a model: ``how`` as :func:`built` takes it, or qsac itself."""

    model: str
    how: str
    text: str


WAYS: Mapping[str, tuple[Way, ...]] = {
    "All positions, one head, residual": (
        Way("reach-7-fused-residual", "qsac", "**qsac -O2**"),
        Way("reach-7-fused-residual", "multiplexed", "the same by hand"),
        Way("reach-7-fused-residual", "dilated", "masked scores as a matrix, worked out classically and dilated"),
    ),
    "softmax-taylor 2, position 8": (
        Way("reach-8-N8-taylor2", "qsac", "**qsac -O2**"),
        Way("reach-8-N8-taylor2", "multiplexed", "the same by hand"),
        Way("reach-8-N8-taylor2", "encoded-keys", "keys block-encoded, Hadamard products"),
        Way("reach-8-N8-taylor2", "encoded", "queries and keys block-encoded, Hadamard products"),
    ),
    "softmax-taylor 3, position 8": (
        Way("reach-8-N8-taylor3", "qsac", "**qsac -O2**"),
        Way("reach-8-N8-taylor3", "multiplexed", "the same by hand"),
        Way("reach-8-N8-taylor3", "encoded-keys", "keys block-encoded, Hadamard products"),
        Way("reach-8-N8-taylor3", "encoded", "queries and keys block-encoded, Hadamard products"),
    ),
    "Feed-forward (x + x^3)/2, position 8": (
        Way("reach-3-N8-cubic", "qsac", "**qsac -O2**: copies"),
        Way("reach-3-N8-cubic", "multiplexed", "copies by hand"),
        Way("reach-3-N8-cubic", "even-factor", "QSVT: (3 + T_2)/4 of diag(psi) on psi"),
    ),
    "Feed-forward T_3, position 8": (
        Way(CHEBYSHEV, "qsac", "**qsac -O2**: copies"),
        Way(CHEBYSHEV, "multiplexed", "copies by hand"),
        Way(CHEBYSHEV, "chebyshev", "QSVT: T_3 of diag(psi)"),
    ),
}
"""What is put beside each other, by its title."""


def document(name: str) -> dict[str, Any]:
    """The model file's content of one of :data:`MODELS`, or of T_3."""
    if name != CHEBYSHEV:
        given: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["model"]
        return given
    from qsac.families.reading import load
    from tests.bench.block_encodings import chebyshev

    return chebyshev(load(document("reach-3-N8-cubic")))[0].canonical


def built(name: str, how: str) -> Any:
    """The circuit of a model that is written by hand, a :class:`~tests.bench.hand_written.Written`."""
    from qsac.families.reading import load
    from tests.bench import block_encodings
    from tests.bench.hand_written import written

    model: Any = load(document("reach-3-N8-cubic" if how == "chebyshev" else name))
    match how:
        case "multiplexed" | "controlled":
            return written(model, how)
        case "dilated":
            return block_encodings.dilated_scores(model)
        case "encoded" | "encoded-keys":
            return block_encodings.encoded_scores(model, row_is_known=how == "encoded-keys")
        case "even-factor":
            return block_encodings.even_factor(model)
        case "chebyshev":
            return block_encodings.chebyshev(model)[1]
    raise ValueError(f"nobody writes circuits {how}")


def _run(plan: Plan, name: str, how: str, optimiser: str) -> Outcome:
    plan.say(f"transformers: {how} {optimiser} of {name}")
    if how == "qsac":
        return measure.run("transformer", 600, name=name)
    outcome = measure.run("written", plan.limit, name=name, how=how, optimiser=optimiser)
    if outcome.result is not None and outcome.result["deviation"] > TOLERANCE:
        return Outcome(None, f"wrong: off by {outcome.result['deviation']:.1e}")
    return outcome


Key = tuple[str, str, str]


def _measured(plan: Plan) -> dict[Key, Outcome]:
    models = ("reach-1-N7", "reach-8-N7-taylor2") if plan.quick else tuple(MODELS)
    optimisers = tuple(OPTIMISERS)[:1] if plan.quick else tuple(OPTIMISERS)
    keys: dict[Key, None] = {}
    for name in models:
        keys |= dict.fromkeys([(name, "qsac", ""), *((name, "multiplexed", how) for how in optimisers)])
    if not plan.quick:
        keys |= dict.fromkeys((name, "controlled", "qiskit-3") for name in CONTROLLED)
    for way in _ways(plan):
        keys |= dict.fromkeys((way.model, way.how, how) for how in (("",) if way.how == "qsac" else optimisers))
    with ThreadPoolExecutor(plan.parallel) as pool:
        return dict(zip(keys, pool.map(lambda key: _run(plan, *key), keys), strict=True))


def _ways(plan: Plan) -> Iterable[Way]:
    return () if plan.quick else [way for ways in WAYS.values() for way in ways]


def section(plan: Plan) -> str:
    found = _measured(plan)
    text = [INTRODUCTION.format(limit=f"{plan.limit:g}"), "### Two-qubit gates\n", _gates(found)]
    text += ["### Depth, qubits and time\n", _rest(found)]
    if plan.quick:
        return "\n".join(text)
    text += [CONTROLLED_TEXT, _controlled(found), BLOCK_TEXT]
    for title, ways in WAYS.items():
        text += [f"#### {title}\n", _beside(found, ways)]
    return "\n".join([*text, _oracle()])


def _best(found: Mapping[Key, Outcome], name: str, how: str) -> dict[str, Any] | None:
    """The result of fewest gates of a circuit's optimisers."""
    results = [outcome.result for (one, way, _), outcome in found.items() if (one, way) == (name, how)]
    return min((result for result in results if result), key=lambda result: result["gates"], default=None)


def _names(found: Mapping[Key, Outcome]) -> list[str]:
    return [name for name, how, _ in found if how == "qsac" and name in MODELS]


def _gates(found: Mapping[Key, Outcome]) -> str:
    shown = [how for how in OPTIMISERS if any(key[2] == how for key in found)]
    lines, missing = [], []
    for name in dict.fromkeys(_names(found)):
        own, best = found[name, "qsac", ""].result, _best(found, name, "multiplexed")
        cells = []
        for how in shown:
            outcome = found[name, "multiplexed", how]
            cells.append(count(outcome.result["gates"]) if outcome.result else "")
            if outcome.result is None:
                missing.append(f"{MODELS[name]}, {OPTIMISERS[how]}: {outcome.failure}")
        gates = count(own["gates"]) if own else ""
        lines.append([MODELS[name], gates, *cells, ratio(own["gates"] / best["gates"]) if own and best else ""])
    text = table(["", "qsac -O2", *(f"by hand, {OPTIMISERS[how]}" for how in shown), "qsac / best by hand"], lines)
    return text + ("\nNo figures for " + "; ".join(missing) + ".\n" if missing else "")


def _rest(found: Mapping[Key, Outcome]) -> str:
    lines = []
    for name in dict.fromkeys(_names(found)):
        own, best = found[name, "qsac", ""].result, _best(found, name, "multiplexed")
        cells = [MODELS[name]]
        for key in ("depth", "qubits"):
            cells += [count(result[key]) if result else "" for result in (own, best)]
        cells += [f"{result['success']:.3f}" if result else "" for result in (own, best)]
        lines.append([*cells, *(seconds(result["seconds"]["wall"]) if result else "" for result in (own, best))])
    header = ["", "two-qubit depth", "by hand", "qubits", "by hand", "success probability", "by hand", "s", "by hand"]
    return table(header, lines)


def _controlled(found: Mapping[Key, Outcome]) -> str:
    lines = []
    for name in CONTROLLED:
        own, outcome = found[name, "qsac", ""].result, found[name, "controlled", "qiskit-3"]
        other = outcome.result
        cells = [count(own["gates"]) if own else "", count(other["gates"]) if other else outcome.failure]
        lines.append([MODELS[name], *cells, f"{other['gates'] / own['gates']:,.0f}" if own and other else ""])
    return table(["", "qsac -O2", "controlled preparations, Qiskit 3", "times as many"], lines)


def _beside(found: Mapping[Key, Outcome], ways: tuple[Way, ...]) -> str:
    lines = []
    for way in ways:
        best = _best(found, way.model, way.how)
        if best is None:
            failures = {outcome.failure for key, outcome in found.items() if key[:2] == (way.model, way.how)}
            lines.append([way.text, *[""] * 5, "; ".join(sorted(failures))])
            continue
        lines.append(
            [
                way.text,
                count(best["gates"]),
                count(best["depth"]),
                count(best["qubits"]),
                f"{best['success']:.3g}",
                count(round(best["gates"] / best["success"])),
                tiny(best["deviation"]),
            ]
        )
    header = ["", "two-qubit gates", "two-qubit depth", "qubits", "success probability", "gates / success", "deviation"]
    return table(header, lines)


def _oracle() -> str:
    outcome = measure.run("iterate", 120, name="reach-7-fused-residual")
    if outcome.result is None:
        return f"No figure for the oracle of scores: {outcome.failure}.\n"
    gates, calls = outcome.result["gates"], 2 * ((1 << BITS) - 1)
    return ORACLE_TEXT.format(gates=gates, bits=BITS, calls=calls, whole=f"{gates * calls:,}")


INTRODUCTION = """\
## Transformers

The models of `tests/vectors/transformer-reach`: real tokens, orthogonal matrices where nothing else is said, residuals,
words after the last position or all positions at once ([Transformers](transformer.md)). qsac compiles for `h1`,
all-to-all and exact; one ZZPhase and one CX count the same.

**By hand** is what a user writes who knows the construction: qsac's own program before any pass, heads side by side and
parked copies included, each op with the library's own parts. Loaders are Qiskit's UCRY gates, one a level; states
without an index StatePreparation; swaps CSWAP; each register has qubits of its own. The circuit goes through Qiskit's
`transpile` at level 3, TKET's `FullPeepholeOptimise` with CX and level 2 of pytket-quantinuum for H2-1 (ZZPhase), at
most {limit} s, building and checking included. So the ratio is that of the compiler alone: the construction is the
same.

A row counts only if the optimised circuit, simulated, gives the closed form's probabilities of every word (or of all
positions, and of the two fidelities) to 1e-8; qsac's rows passed its own verification to 1e-9. Success probabilities
are those of the simulated circuits. "s" is the time of the optimisation alone, qsac's that of the compilation, with two
runs at a time: a hint, not a benchmark.
"""

CONTROLLED_TEXT = """\
### Controlled preparations

The same by hand, but for loaders: one StatePreparation for each row of a table, controlled by the index.
"""

BLOCK_TEXT = """\
### Block encodings

Steps of arXiv 2403.09418 and 2402.16714 beside qsac's ([Block encodings, said honestly](block-encodings.md)), as
circuits that compute the same words or states. They are re-derived, as no circuit of either paper is public; the
optimiser of the three that leaves fewest gates counts. All are simulated; the deviation is that from the closed form.
"""

ORACLE_TEXT = """\
A score that amplitude estimation writes into a register of {bits} bits takes 2 (2^{bits} - 1) = {calls} iterates, there
and back. An iterate of one score of N = 8, d = 4 with UCRY loaders takes {gates} two-qubit gates after Qiskit 3, so one
use of the oracle {calls} x {gates} = {whole}. The oracle is counted, not built.
"""
