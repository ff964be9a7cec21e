"""Whether all answers to a text agree: closed form, interpreted programs and simulated circuits.

`python -m tests.families.qsa.text_agreement` draws 60 models and compiles each for three machines at all levels. Where
routing searches for long, circuits of many gates are left out.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

import qsac
from qsac.families.outcomes import Outcomes
from qsac.families.registry import family
from qsac.ir.program import Program
from qsac.simulation.statevector import simulate
from qsac.simulation.verification import compare, of_circuit, of_program
from tests.families.qsa.texts import drawn, with_heads

TOLERANCE = 1e-9
"""Largest difference of probabilities, relative to that of acceptance."""

MACHINES, LEVELS = ("h1", "h2", "ibm-fez"), (0, 1, 2, 3)

ROUTED = 24
"""Most two-qubit gates, at -O1, of circuits that are routed by search: 40 take ten seconds."""

Case = tuple[str, int]


def difference(found: Outcomes, wanted: Outcomes) -> float:
    """The largest difference of two outcomes' probabilities, relative to that of acceptance."""
    scale = max(wanted.given, found.given, 1e-6)
    return max(abs(one - other) for _, one, other in compare(found, wanted)) / scale


def of_model(given: dict[str, Any], cases: Iterable[Case]) -> tuple[float, int]:
    """The largest difference between a model's closed form, its programs and its circuits for some machines, and how
    many circuits there were."""
    model = qsac.load(given)
    (step,) = family("attention").plan(model).circuits
    (expected,) = model.readout.expected(model).values()
    built = of_circuit(expected, step.program.subnormalisation)  # heads that see nothing are left out of it
    worst, count, gates = difference(of_program(step.program), built), 0, 0
    for machine, level in cases:
        if machine == "ibm-fez" and level > 1 and gates > ROUTED:
            continue
        blocks: list[Program] = []

        def keep(_: str, result: object, kept: list[Program] = blocks) -> None:
            if isinstance(result, Program):
                kept.append(result)

        compiled = qsac.compile(model, machine, optimisation=level, verify=False, after=keep)
        gates = compiled.stats["two_qubit_gates"]
        wanted = of_circuit(expected, compiled.subnormalisations[0])
        for program in (compiled.programs[0], blocks[-1]):
            worst = max(worst, difference(of_program(program), wanted))
        worst = max(worst, difference(simulate(compiled.circuits[0]), wanted))
        count += 1
    return worst, count


def main(given: Sequence[str] | None = None) -> int:
    """Whether no model disagrees: 0, or 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.families.qsa.text_agreement", description=__doc__)
    parser.add_argument("--models", type=int, default=60, metavar="N", help="how many are drawn (default 60)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first one's seed (default 0)")
    parser.add_argument("--heads", action="store_true", help="models of two or three heads")
    asked = parser.parse_args(given)
    counts = {"loss": 0, "predict": 0, "overlaps": 0, "with alpha": 0, "circuits": 0, "disagree": 0}
    largest = 0.0
    with tempfile.TemporaryDirectory() as home:
        os.environ["QSAC_CACHE_DIR"], os.environ["QSAC_DATA_DIR"] = f"{home}/cache", f"{home}/data"
        for seed in range(asked.first, asked.first + asked.models):
            made = (with_heads if asked.heads else drawn)(seed)
            found, circuits = of_model(made, [(machine, level) for machine in MACHINES for level in LEVELS])
            counts["circuits"] += circuits
            model: Any = qsac.load(made)
            counts[model.readout.type] += 1
            counts["with alpha"] += model.lengths is not None and model.readout.type == "loss"
            counts["disagree"] += found > TOLERANCE
            largest = max(largest, found)
            if found > TOLERANCE:
                print(f"seed {seed} disagrees by {found:.2g}", flush=True)
    print(", ".join(f"{kind} {count}" for kind, count in counts.items()), f"; largest difference {largest:.2g}")
    return int(counts["disagree"] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
